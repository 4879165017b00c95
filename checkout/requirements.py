"""What Stripe asks of a connected account, in words; its names for it are paths."""

import re

from django.utils.translation import gettext_lazy as _

# The first that is found in the name counts.
TEXTS = [
    (r"^external_account", _("The bank account that the money goes to")),
    (r"^tos_acceptance", _("Your consent to Stripe's terms")),
    (r"^business_type", _("Whether you are a person or a company")),
    (r"^business_profile\.(url|product_description)", _("What you sell, and where")),
    (r"^business_profile\.mcc", _("What kind of business you have")),
    (r"^business_profile", _("Details of your business")),
    (r"verification\.additional_document", _("A second document, such as a bill")),
    (r"verification\.document", _("A picture of an identity document")),
    (r"verification\.proof_of_liveness", _("A picture of yourself")),
    (r"^company\.(tax_id|vat_id|registration)", _("The tax or register number")),
    (r"^company\.address", _("The address of the company")),
    (r"^company\.verification", _("A document about the company")),
    (r"^company\.(directors|owners|executives)", _("Who runs or owns the company")),
    (r"^company", _("Details of the company")),
    (r"^(owners|directors|executives)", _("Who runs or owns the company")),
    (r"\.(id_number|ssn_last_4)$", _("The identity or tax number of a person")),
    (r"\.dob", _("A date of birth")),
    (r"\.address", _("The address of a person")),
    (r"\.(email|phone)$", _("Email and telephone of a person")),
    (r"\.(first_name|last_name|full_name)", _("The name of a person")),
    (r"^(individual|representative|person_)", _("Details of a person")),
]


def texts_of(names: list[str]) -> list[str]:
    """Each thing once, in Stripe's order; what is not known here in Stripe's words."""
    return list(dict.fromkeys(text_of(name) for name in names))


def text_of(name: str) -> str:
    for pattern, text in TEXTS:
        if re.search(pattern, name):
            return str(text)
    return name.replace(".", " ").replace("_", " ").capitalize()
