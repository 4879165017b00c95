"""The shop systems whose exports are understood, told apart by their columns."""

from django.utils.translation import gettext as _

from sellers.imports.drafts import Drafts
from sellers.imports.formats import bagisto, etsy, medusa, shopify, spree, woocommerce
from sellers.imports.table import Table, UnreadableFile

FORMATS = {
    "shopify": ("Shopify", shopify),
    "woocommerce": ("WooCommerce", woocommerce),
    "etsy": ("Etsy", etsy),
    "medusa": ("Medusa", medusa),
    "spree": ("Spree", spree),
    "bagisto": ("Bagisto", bagisto),
}


def recognise(table: Table) -> str:
    """The name of the format, or UnreadableFile."""
    for name, (_title, module) in FORMATS.items():
        if module.is_written_by(table.columns):
            return name
    raise UnreadableFile(
        _(
            "These columns are not known. Send an export of Shopify, WooCommerce, "
            "Etsy, Medusa, Spree or Bagisto, or fill in the template."
        )
    )


def read_drafts(table: Table, name: str) -> Drafts:
    return FORMATS[name][1].read_drafts(table)


def title_of(name: str) -> str:
    return FORMATS[name][0] if name in FORMATS else ""
