"""Drafts → what can be saved, and a sentence for each cell that cannot."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from sellers.imports.drafts import DraftProduct, DraftVariant, Problem
from sellers.models import DeliveryProfile, Product
from sellers.pictures import MAX_PICTURES
from sellers.prices import BadPrice, parse_price, plain_decimal
from sellers.rich_text import MAX_CHARACTERS, clean_description
from sellers.variants import (
    MAX_OPTIONS,
    MAX_VARIANTS,
    Option,
    VariantRow,
)

TaxClass = Product.TaxClass
GRAMS = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523"),
}
# As this site, Shopify and WooCommerce call them.
TAX_CLASSES = {
    "standard": TaxClass.STANDARD,
    "reduced": TaxClass.REDUCED,
    "reduced-rate": TaxClass.REDUCED,
    "zero": TaxClass.ZERO,
    "none": TaxClass.ZERO,
    "zero-rate": TaxClass.ZERO,
}
HIGHEST_STOCK = 1_000_000
HIGHEST_GRAMS = 1_000_000


@dataclass
class Checked:
    """A product of the file: ready to be saved unless a problem refuses it."""

    draft: DraftProduct
    currency: str
    description: str = ""
    # None: the file does not say, or in words that are not known.
    tax_class: TaxClass | None = None
    delivery_profile: DeliveryProfile | None = None
    options: list[Option] = field(default_factory=list)
    rows: list[VariantRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return any(problem.is_refusal for problem in self.problems)

    def refuse(self, row: int, column: str, message: str) -> None:
        self.add(row, column, message, True)

    def note(self, row: int, column: str, message: str) -> None:
        self.add(row, column, message, False)

    def add(self, row: int, column: str, message: str, is_refusal: bool) -> None:
        handle = self.draft.handle[:255]
        self.problems.append(Problem(row, handle, column, message[:300], is_refusal))


def check(
    draft: DraftProduct, currency: str, profiles: Iterable[DeliveryProfile] = ()
) -> Checked:
    """A product is taken whole or not at all: one bad row refuses it.

    `profiles`: the seller's, one of which the file may name.
    """
    checked = Checked(draft, currency)
    if draft.refusal:
        checked.refuse(draft.row, _("Type"), str(draft.refusal))
        return checked
    check_text(checked)
    check_tax(checked)
    check_delivery(checked, profiles)
    check_options(checked)
    check_variants(checked)
    check_pictures(checked)
    return checked


def check_text(checked: Checked) -> None:
    draft = checked.draft
    if not draft.title:
        checked.refuse(draft.row, _("Title"), _("The product has no title."))
    elif len(draft.title) > 140:
        draft.title = draft.title[:139].rstrip() + "…"
        checked.note(draft.row, _("Title"), _("Cut to 140 characters."))
    if len(draft.description) > MAX_CHARACTERS:
        checked.refuse(draft.row, _("Description"), _("The description is too long."))
    else:
        checked.description = clean_description(draft.description)


def check_tax(checked: Checked) -> None:
    draft = checked.draft
    checked.tax_class = TAX_CLASSES.get(draft.tax.casefold().replace(" ", "-"))
    if draft.tax and checked.tax_class is None:
        text = _("“%(text)s” is not known, so the tax stays as it is here.")
        checked.note(draft.row, _("Tax"), text % {"text": draft.tax[:40]})


def check_delivery(checked: Checked, profiles: Iterable[DeliveryProfile]) -> None:
    name = checked.draft.delivery.casefold()
    known = {profile.name.casefold(): profile for profile in profiles}
    checked.delivery_profile = known.get(name)
    if name and checked.delivery_profile is None:
        text = _(
            "“%(text)s” is none of your delivery profiles, so the delivery stays as it "
            "is here."
        )
        draft = checked.draft
        checked.note(draft.row, _("Delivery"), text % {"text": draft.delivery[:60]})


def check_options(checked: Checked) -> None:
    draft = checked.draft
    names = [name.casefold() for name in draft.options]
    if len(names) > MAX_OPTIONS or len(set(names)) < len(names):
        checked.refuse(draft.row, _("Options"), _("These options cannot be used."))
    if any(len(name) > 40 for name in names):
        checked.refuse(draft.row, _("Options"), _("An option's name is too long."))


def check_variants(checked: Checked) -> None:
    draft = checked.draft
    variants = [v for v in draft.variants if v.currency in {"", checked.currency}]
    if not variants:
        refuse_without_variants(checked)
        return
    if len(variants) > MAX_VARIANTS:
        text = _("More than %(most)s variants.") % {"most": MAX_VARIANTS}
        checked.refuse(draft.row, _("Options"), text)
        return
    first_row_of: dict[tuple[str, ...], int] = {}
    skus: dict[str, int] = {}
    for variant in variants:
        row = variant_row(checked, variant)
        if row.values in first_row_of:
            refuse_repeat(checked, variant, first_row_of[row.values])
        first_row_of.setdefault(row.values, variant.row)
        if row.sku and row.sku in skus:
            text = _("Row %(row)s has the same SKU.") % {"row": skus[row.sku]}
            checked.refuse(variant.row, _("SKU"), text)
        skus.setdefault(row.sku, variant.row)
        checked.rows.append(row)
    checked.options = options_of(checked)


def refuse_without_variants(checked: Checked) -> None:
    draft = checked.draft
    if not draft.variants:
        checked.refuse(draft.row, _("Price"), _("The product has no price."))
        return
    text = _("The price is in %(theirs)s, the shop sells in %(ours)s.")
    theirs = draft.variants[0].currency[:3]
    checked.refuse(
        draft.row, _("Currency"), text % {"theirs": theirs, "ours": checked.currency}
    )


def refuse_repeat(checked: Checked, variant: DraftVariant, first: int) -> None:
    if variant.choices:
        text = _("Row %(row)s has the same choice of options.")
    else:
        text = _("Row %(row)s has the same handle, and no option tells them apart.")
    checked.refuse(variant.row, _("Options"), text % {"row": first})


def options_of(checked: Checked) -> list[Option]:
    """Each option with its values, in the order in which the file names them."""
    return [
        Option(name, tuple(dict.fromkeys(row.values[place] for row in checked.rows)))
        for place, name in enumerate(checked.draft.options)
    ]


def variant_row(checked: Checked, variant: DraftVariant) -> VariantRow:
    if len(variant.choices) < len(checked.draft.options) or "" in variant.choices:
        checked.refuse(variant.row, _("Options"), _("A choice is missing."))
    padding = [""] * (len(checked.draft.options) - len(variant.choices))
    price = price_of(checked, variant)
    if len(variant.sku) > 80:
        checked.refuse(variant.row, _("SKU"), _("The SKU is too long."))
    return VariantRow(
        values=tuple(value[:80] for value in [*variant.choices, *padding]),
        price_minor=price,
        compare_at_minor=compare_at_of(checked, variant, price),
        sku=variant.sku,
        weight_grams=weight_of(checked, variant),
        on_hand=stock_of(checked, variant),
        is_sold_on=variant.is_sold_on,
    )


def price_of(checked: Checked, variant: DraftVariant) -> int:
    if not variant.price:
        checked.refuse(variant.row, _("Price"), _("The price is missing."))
        return 0
    try:
        return parse_price(variant.price, checked.currency)
    except BadPrice as error:
        checked.refuse(variant.row, _("Price"), str(error))
        return 0


def compare_at_of(checked: Checked, variant: DraftVariant, price: int) -> int | None:
    """The price before, where it is one; nothing here refuses the product."""
    if variant.compare_at.strip("0., ") == "":
        return None
    try:
        before = parse_price(variant.compare_at, checked.currency)
    except BadPrice as error:
        checked.note(variant.row, _("Price before"), str(error))
        return None
    if before <= price:
        text = _("Left out: it is not higher than the price.")
        checked.note(variant.row, _("Price before"), text)
        return None
    return before


def stock_of(checked: Checked, variant: DraftVariant) -> int | None:
    """None where the file does not say."""
    if not variant.stock:
        return None
    value = plain_decimal(variant.stock.replace(",", "."))
    if value is None or value > HIGHEST_STOCK:
        text = _("“%(text)s” is not a number of units.") % {"text": variant.stock[:40]}
        checked.refuse(variant.row, _("Stock"), text)
        return None
    if value < 0:
        checked.note(variant.row, _("Stock"), _("Below zero: taken as none."))
        return 0
    return int(value)


def weight_of(checked: Checked, variant: DraftVariant) -> int:
    value = plain_decimal(variant.weight.replace(",", ".") or "0")
    factor = GRAMS.get(variant.weight_unit.strip().lower().rstrip("s"))
    grams = value * factor if value is not None and factor else None
    if grams is None or not 0 <= grams <= HIGHEST_GRAMS:
        text = _("“%(text)s” is left out.") % {"text": variant.weight[:40]}
        checked.note(variant.row, _("Weight"), text)
        return 0
    return int(grams.to_integral_value())


def check_pictures(checked: Checked) -> None:
    pictures = checked.draft.pictures
    unique = list({picture.url: picture for picture in reversed(pictures)}.values())
    unique.reverse()
    if len(unique) > MAX_PICTURES:
        text = _("Only the first %(most)s are taken.") % {"most": MAX_PICTURES}
        checked.note(checked.draft.row, _("Pictures"), text)
    checked.draft.pictures = unique[:MAX_PICTURES]
