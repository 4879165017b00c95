"""The choices of a product and the variants that they make."""

from dataclasses import dataclass, field
from datetime import date
from itertools import product as combinations

from django.db import transaction
from django.utils.text import slugify

from marketplace.accounts.models import User
from sellers import stock
from sellers.models import Product, ProductOption, StockLevel, StockMovement, Variant

MAX_OPTIONS = 3
MAX_VARIANTS = 100


class TooManyVariants(ValueError):
    """The options make more combinations than a page can show."""


@dataclass(frozen=True)
class Option:
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Terms:
    """What people can buy beyond what is there, how many each; see StockLevel."""

    policy: str
    ships_on: date | None = None
    backorder_limit: int | None = None
    limit_per_buyer: int | None = None


@dataclass
class VariantRow:
    """One variant as the seller or a file wants it."""

    values: tuple[str, ...]
    price_minor: int
    sku: str = ""
    compare_at_minor: int | None = None
    weight_grams: int = 0
    on_hand: int | None = None
    is_active: bool = True
    # None where nothing was said of it.
    terms: Terms | None = None
    # All that a file says: whether it is sold on when there are none left.
    is_sold_on: bool | None = None
    pk: int | None = None
    variant: Variant | None = field(default=None, compare=False)


def choices_of(options: list[Option]) -> list[tuple[str, ...]]:
    """Every combination, in the order of the options: one empty one without any."""
    choices = list(combinations(*(option.values for option in options)))
    if len(choices) > MAX_VARIANTS:
        raise TooManyVariants
    return choices


def fill_rows(options: list[Option], rows: list[VariantRow]) -> list[VariantRow]:
    """A row for each combination: given ones first, the rest like the first row.

    A row of a product that had no options yet becomes the first combination.
    """
    choices = choices_of(options)
    given = {row.values: row for row in rows if row.values in set(choices)}
    unplaced = [row for row in rows if row.values not in given]
    pattern = rows[0]
    filled = []
    for choice in choices:
        row = given.get(choice)
        if row is None and unplaced and not given:
            row = unplaced.pop(0)
            row.values = choice
        filled.append(row or like(pattern, choice))
    return filled


def like(pattern: VariantRow, values: tuple[str, ...]) -> VariantRow:
    return VariantRow(
        values=values,
        price_minor=pattern.price_minor,
        compare_at_minor=pattern.compare_at_minor,
        weight_grams=pattern.weight_grams,
        terms=pattern.terms,
    )


@transaction.atomic
def save_variants(
    product: Product,
    options: list[Option],
    rows: list[VariantRow],
    by: User | None,
    reason: str = StockMovement.Reason.COUNT,
) -> None:
    """Make the product's options and variants these, keeping who they are.

    Orders hold what they froze and a pointer: a variant that was ever sold or
    counted is taken off sale, never deleted.
    """
    Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    save_options(product, options)
    match_existing(product, rows)
    retire(product, rows)
    name_skus(product, rows)
    existing = [row for row in rows if row.variant]
    for position, row in enumerate(rows):
        write(row, position, product)
    Variant.objects.bulk_update(
        [row.variant for row in existing],
        ["option_values", "sku", "price_minor", "compare_at_minor",
         "weight_grams", "is_active", "position", "limit_per_buyer"],
    )  # fmt: skip
    create_missing(rows)
    # At once and in key order, as buyers lock them.
    levels = stock.lock_levels(row.variant.pk for row in rows)
    set_terms(levels, rows)
    for row in rows:
        if row.on_hand is not None and row.on_hand != row.variant.stock.on_hand:
            stock.count(row.variant, row.on_hand, by, reason)


def save_options(product: Product, options: list[Option]) -> None:
    names = [option.name for option in options]
    if list(product.options.values_list("name", flat=True)) == names:
        return
    product.options.all().delete()
    ProductOption.objects.bulk_create(
        ProductOption(product=product, name=name, position=position)
        for position, name in enumerate(names)
    )


def match_existing(product: Product, rows: list[VariantRow]) -> None:
    """Which variant each row is: by key, else by SKU, else by what is chosen."""
    free = {variant.pk: variant for variant in product.variants.select_related("stock")}
    ways = [
        lambda row, v: row.pk == v.pk,
        lambda row, v: bool(row.sku) and row.sku == v.sku,
        lambda row, v: list(row.values) == v.option_values,
    ]
    for is_same in ways:
        for row in rows:
            if row.variant is None:
                found = next((v for v in free.values() if is_same(row, v)), None)
                row.variant = found and free.pop(found.pk)


def retire(product: Product, rows: list[VariantRow]) -> None:
    """Take variants that no row names off sale, and out of the way of the names."""
    kept = [row.variant.pk for row in rows if row.variant]
    for variant in product.variants.exclude(pk__in=kept):
        if variant.order_lines.exists() or variant.movements.exists():
            mark = f"#{variant.pk}"
            if mark not in variant.option_values:
                variant.option_values = [*variant.option_values, mark]
                variant.sku = f"{variant.sku[:70]}{mark}"
            variant.is_active = False
            variant.save(update_fields=["option_values", "sku", "is_active"])
        else:
            variant.delete()


def name_skus(product: Product, rows: list[VariantRow]) -> None:
    """A SKU for each row that has none, from the address and what is chosen."""
    taken = {row.sku for row in rows if row.sku}
    for row in rows:
        if row.sku:
            continue
        if row.variant and row.variant.sku and row.variant.sku not in taken:
            row.sku = row.variant.sku
        else:
            row.sku = free_sku(product, row, taken)
        taken.add(row.sku)


def free_sku(product: Product, row: VariantRow, taken: set[str]) -> str:
    parts = [product.slug[:40], *(slugify(value)[:12] for value in row.values)]
    stem = "-".join(filter(None, parts)).upper()[:70]
    sku, number = stem, 1
    while sku in taken:
        number += 1
        sku = f"{stem}-{number}"
    return sku


def write(row: VariantRow, position: int, product: Product) -> None:
    variant = row.variant or Variant(product=product)
    variant.option_values = list(row.values)
    variant.sku = row.sku
    variant.price_minor = row.price_minor
    variant.compare_at_minor = row.compare_at_minor
    variant.weight_grams = row.weight_grams
    variant.is_active = row.is_active
    if row.terms:
        variant.limit_per_buyer = row.terms.limit_per_buyer
    variant.position = position
    row.variant = variant


def create_missing(rows: list[VariantRow]) -> None:
    """New variants, and a stock level for each that has none."""
    Variant.objects.bulk_create(row.variant for row in rows if row.variant.pk is None)
    without = [row.variant for row in rows if not hasattr(row.variant, "stock")]
    levels = [StockLevel(variant=variant) for variant in without]
    StockLevel.objects.bulk_create(levels, ignore_conflicts=True)


def set_terms(levels: dict[int, StockLevel], rows: list[VariantRow]) -> None:
    """What was promised before stays promised, whatever is allowed from now on."""
    said = [row for row in rows if row.terms or row.is_sold_on is not None]
    for row in said:
        apply_terms(levels[row.variant.pk], row)
    changed = [levels[row.variant.pk] for row in said]
    StockLevel.objects.bulk_update(changed, ["policy", "ships_on", "backorder_limit"])


def apply_terms(level: StockLevel, row: VariantRow) -> None:
    """A file that says “sold on” does not end a pre-order."""
    if row.terms:
        level.policy = row.terms.policy
        level.ships_on = row.terms.ships_on
        level.backorder_limit = row.terms.backorder_limit
    elif not row.is_sold_on:
        level.policy = StockLevel.Policy.REFUSE
    elif level.policy == StockLevel.Policy.REFUSE:
        level.policy, level.ships_on = StockLevel.Policy.BACK_ORDER, None


def offered(product: Product) -> list[Variant]:
    """The variants of the present options, retired ones left out."""
    length = product.options.count()
    variants = product.variants.select_related("stock")
    return [v for v in variants if len(v.option_values) == length]


def options_of(product: Product) -> list[Option]:
    """The options with the values that the variants use, in their order."""
    return options_among(product.options.all(), offered(product))


def options_among(options, variants: list[Variant]) -> list[Option]:
    found = []
    for place, option in enumerate(options):
        fitting = [v.option_values for v in variants if len(v.option_values) > place]
        used = tuple(dict.fromkeys(values[place] for values in fitting))
        found.append(Option(option.name, used))
    return found
