"""WooCommerce: a row a product, and rows of type “variation” under a parent."""

from django.utils.translation import gettext_lazy as _

from sellers.imports.drafts import (
    DraftPicture,
    DraftProduct,
    Drafts,
    DraftVariant,
    Problem,
)
from sellers.imports.table import Row, Table

ATTRIBUTES = range(1, 4)
SOLD_ON = {"1": True, "notify": True, "0": False}
WEIGHTS = {"weight (lbs)": "lb", "weight (kg)": "kg", "weight (oz)": "oz"}
REFUSALS = {
    "grouped": _("A group of products is not a product: sell the single ones."),
    "external": _("A product sold elsewhere cannot be bought here."),
    "downloadable": _("Downloads cannot be sold here: nothing would be shipped."),
    "virtual": _("Services cannot be sold here: nothing would be shipped."),
}


def is_written_by(columns: frozenset[str]) -> bool:
    return {"type", "sku", "name", "regular price"} <= columns


def kinds_of(row: Row) -> list[str]:
    return [kind.strip() for kind in row["type"].casefold().split(",")]


def read_drafts(table: Table) -> Drafts:
    drafts = Drafts()
    parents: dict[str, tuple[Row, DraftProduct]] = {}
    for row in table.rows:
        if "variation" not in kinds_of(row):
            draft = draft_of(row)
            drafts.products.append(draft)
            for name in filter(None, [row["sku"], f"id:{row['id']}"]):
                parents[name.casefold()] = (row, draft)
    for row in table.rows:
        if "variation" in kinds_of(row):
            if found := parents.get(row["parent"].casefold()):
                add_variation(row, *found)
            else:
                text = _(
                    "The product “%(name)s” that it belongs to is not in the file."
                )
                drafts.problems.append(
                    Problem(
                        row.number, row["sku"], "Parent", text % {"name": row["parent"]}
                    )
                )
    for row, draft in parents.values():
        finish(row, draft)
    return drafts


def draft_of(row: Row) -> DraftProduct:
    draft = DraftProduct(
        row=row.number,
        handle=row["sku"] or f"woocommerce-{row['id']}",
        title=row["name"],
        description=row.first("description", "short description"),
        category=row["categories"].split(",")[0],
        tax=tax_of(row),
        delivery=row["shipping class"],
    )
    draft.refusal = next(
        (str(REFUSALS[kind]) for kind in kinds_of(row) if kind in REFUSALS), ""
    )
    for url in row["images"].split(","):
        if url.strip():
            draft.pictures.append(DraftPicture(row.number, url.strip(), row["name"]))
    if "variable" not in kinds_of(row):
        draft.variants.append(variant_of(row, []))
    return draft


def tax_of(row: Row) -> str:
    """An empty class is the standard one, where the file speaks of tax at all."""
    status = row["tax status"].casefold()
    if status == "none":
        return "none"
    return row["tax class"] or ("standard" if status else "")


def variant_of(row: Row, choices: list[str]) -> DraftVariant:
    """The sale price is what one pays, the regular one what it was."""
    price, before = row["regular price"], ""
    if row["sale price"]:
        price, before = row["sale price"], price
    weight, unit = weight_of(row)
    is_sold_out = row["in stock?"] == "0"
    return DraftVariant(
        row=row.number,
        choices=choices,
        sku=row["sku"],
        price=price,
        compare_at=before,
        stock="0" if is_sold_out else row["stock"],
        is_sold_on=SOLD_ON.get(row["backorders allowed?"].casefold()),
        weight=weight,
        weight_unit=unit,
    )


def attributes_of(row: Row) -> dict[str, list[str]]:
    """Name → values; of a variation one value, or none for “any”."""
    found = {}
    for place in ATTRIBUTES:
        if name := row[f"attribute {place} name"]:
            values = row[f"attribute {place} value(s)"].split(",")
            found[name] = [value.strip() for value in values if value.strip()]
    return found


def add_variation(row: Row, parent: Row, draft: DraftProduct) -> None:
    """“Any size” stands for one variant of each size of the parent."""
    offered, chosen = attributes_of(parent), attributes_of(row)
    choices = [[]]
    for name, values in offered.items():
        picked = chosen.get(name) or values
        choices = [[*choice, value] for choice in choices for value in picked]
    for choice in choices:
        variant = variant_of(row, choice)
        if len(choices) > 1:
            variant.sku = "-".join([row["sku"], *choice]) if row["sku"] else ""
        if not variant.weight:
            variant.weight, variant.weight_unit = weight_of(parent)
        draft.variants.append(variant)


def weight_of(row: Row) -> tuple[str, str]:
    pairs = ((row[column], unit) for column, unit in WEIGHTS.items() if row[column])
    return next(pairs, ("", "g"))


def finish(row: Row, draft: DraftProduct) -> None:
    """A variable product has the options that its attributes name."""
    if "variable" not in kinds_of(row):
        return
    draft.options = list(attributes_of(row))
    if not draft.variants:
        draft.refusal = _("The file has no variations of this product.")
