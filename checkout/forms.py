"""What buyers type in."""

import re

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from checkout.cart_contents import MAX_QUANTITY
from checkout.models import OrderGroup
from sellers.models import Review


class RefusingForm(forms.Form):
    """A form of a button rather than of fields: it has one thing to say."""

    @property
    def first_error(self):
        return next(iter(self.errors.values()))[0]


def quantity_field():
    text = _("The quantity is a whole number from 1 to 99.")
    return forms.IntegerField(
        min_value=1,
        max_value=MAX_QUANTITY,
        error_messages=dict.fromkeys(
            ["required", "invalid", "min_value", "max_value"], text
        ),
    )


class QuantityForm(RefusingForm):
    quantity = quantity_field()


class AddForm(QuantityForm):
    variant = forms.IntegerField(
        min_value=1,
        max_value=2**63 - 1,
        error_messages=dict.fromkeys(
            ["required", "invalid", "min_value", "max_value"],
            _("Choose what you would like first."),
        ),
    )
    video = forms.CharField(max_length=32, required=False)
    tag = forms.CharField(max_length=18, required=False)
    buy_now = forms.BooleanField(required=False)


class RestoreForm(AddForm):
    added_at = forms.DateTimeField(required=False)


# Where a postal code has one plain shape; elsewhere anything goes.
POSTAL_CODES = {
    **dict.fromkeys(["DE", "FR", "ES", "IT", "FI", "MC"], (r"\d{5}", "12345")),
    **dict.fromkeys(["AT", "BE", "CH", "DK", "HU", "LU", "NO"], (r"\d{4}", "1234")),
    "AU": (r"\d{4}", "2000"),
    "US": (r"\d{5}(-\d{4})?", "94103"),
    "NL": (r"\d{4} ?[A-Za-z]{2}", "1012 AB"),
    "GB": (r"[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}", "SW1A 1AA"),
    "CA": (r"[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d", "K1A 0B1"),
    "PL": (r"\d{2}-?\d{3}", "00-950"),
    "PT": (r"\d{4}-\d{3}", "1000-205"),
    "SE": (r"\d{3} ?\d{2}", "111 52"),
    "CZ": (r"\d{3} ?\d{2}", "110 00"),
}
REGION_REQUIRED = {"US", "CA", "AU"}
AUTOCOMPLETE = {
    "email": "email",
    "name": "shipping name",
    "country": "shipping country",
    "line1": "shipping address-line1",
    "line2": "shipping address-line2",
    "postal_code": "shipping postal-code",
    "city": "shipping address-level2",
    "region": "shipping address-level1",
    "phone": "shipping tel",
}
# Another country or region: other deliveries, another tax.  Relative to the page:
# the cart's checkout or that of what is bought at once.  One question at a time, and
# the last with all that has been typed by then: browsers fill in many fields at once.
QUOTE_AGAIN = {
    "hx-post": "quote/",
    "hx-trigger": "change",
    "hx-include": "closest form",
    "hx-target": "#delivery",
    "hx-swap": "outerHTML",
    "hx-sync": "closest form:queue last",
}
# To the table the region is enough, Stripe Tax goes by the whole address.
TAXED_BY = ["country", "region"]
TAXED_BY_STRIPE = [*TAXED_BY, "line1", "line2", "postal_code", "city"]
ADDRESS_FIELDS = [name for name in AUTOCOMPLETE if name != "email"]


class CheckoutForm(forms.ModelForm):
    """Contact and address.  Deliveries and totals are computed, not believed."""

    # Large enough for every total; compared with ours, never charged.
    shown_total = forms.IntegerField(
        min_value=0, max_value=2**63 - 1, widget=forms.HiddenInput
    )
    shown_items = forms.CharField(
        max_length=10_000, required=False, widget=forms.HiddenInput
    )
    checkout_key = forms.RegexField(r"^[\w-]{20,40}$", widget=forms.HiddenInput)
    save_address = forms.BooleanField(
        required=False, label=_("Keep this address in my account")
    )

    class Meta:
        model = OrderGroup
        fields = list(AUTOCOMPLETE)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, autocomplete in AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = autocomplete
        self.fields["email"].widget.attrs["inputmode"] = "email"
        self.fields["phone"].widget.input_type = "tel"
        for name in TAXED_BY_STRIPE if settings.STRIPE_TAX else TAXED_BY:
            self.fields[name].widget.attrs |= QUOTE_AGAIN
        country = str(self.data.get("country") or self.initial.get("country") or "")
        self.fields["postal_code"].required = country in POSTAL_CODES
        self.fields["region"].required = country in REGION_REQUIRED
        self.fields["region"].error_messages["required"] = _("Which state or province?")

    @property
    def address(self):
        return {name: str(self.cleaned_data[name] or "") for name in ADDRESS_FIELDS}

    def clean(self):
        data = super().clean()
        country = str(data.get("country") or "")
        if country in POSTAL_CODES and "postal_code" in data:
            self.check_postal_code(data["postal_code"], *POSTAL_CODES[country])
        return data

    def check_postal_code(self, code, pattern, example):
        if not re.fullmatch(pattern, code.strip()):
            self.add_error(
                "postal_code",
                gettext("Postal codes there look like %(example)s.")
                % {"example": example},
            )


class ReviewForm(forms.ModelForm):
    class Meta:
        model = Review
        fields = ["rating", "title", "body"]
        error_messages = {"rating": {"required": _("Choose from one to five stars.")}}
        widgets = {
            "rating": forms.RadioSelect(
                choices=[(stars, stars) for stars in range(1, 6)]
            ),
            "body": forms.Textarea(attrs={"rows": 5}),
        }
