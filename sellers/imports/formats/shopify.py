"""Shopify: several rows a product, joined by the handle."""

from django.utils.translation import gettext as _

from sellers.imports.drafts import (
    DraftPicture,
    DraftProduct,
    Drafts,
    DraftVariant,
    Problem,
)
from sellers.imports.table import Row, Table

# The older export and, after it, the names that the newer one uses.
HANDLE = ("handle", "url handle")
BODY = ("body (html)", "body html", "description")
PRICE = ("variant price", "price")
SKU = ("variant sku", "sku")
COMPARE_AT = ("variant compare at price", "compare-at price")
QUANTITY = ("variant inventory qty", "inventory quantity")
WHEN_SOLD_OUT = ("variant inventory policy", "continue selling when out of stock")
SOLD_ON = {"continue": True, "true": True, "deny": False, "false": False}
GRAMS = ("variant grams", "weight value (grams)")
IMAGE = ("image src", "product image url")
IMAGE_ALT = ("image alt text",)
CATEGORY = ("type", "product category", "google shopping / google product category")
# Ours, in files that the site has written; theirs say whether it is taxed at all.
TAX_CLASS = ("tax class",)
IS_TAXED = ("variant taxable", "charge tax")
OPTIONS = range(1, 4)


def is_written_by(columns: frozenset[str]) -> bool:
    has_handle = any(name in columns for name in HANDLE)
    return has_handle and "title" in columns and any(p in columns for p in PRICE)


def read_drafts(table: Table) -> Drafts:
    drafts = Drafts()
    by_handle: dict[str, list[Row]] = {}
    for row in table.rows:
        if handle := row.first(*HANDLE):
            by_handle.setdefault(handle.casefold(), []).append(row)
        else:
            drafts.problems.append(
                Problem(row.number, "", "Handle", _("The row has no handle."))
            )
    drafts.products = [draft_of(rows) for rows in by_handle.values()]
    return drafts


def draft_of(rows: list[Row]) -> DraftProduct:
    head = rows[0]
    names = [head[f"option{place} name"] for place in OPTIONS]
    options = [name for name in names if name]
    if options == ["Title"] and head["option1 value"].casefold() == "default title":
        options = []
    draft = DraftProduct(
        row=head.number,
        handle=head.first(*HANDLE),
        title=head["title"],
        description=head.first(*BODY),
        category=head.first(*CATEGORY),
        tax=tax_of(head),
        delivery=head["delivery profile"],
        options=options,
    )
    if head["gift card"].casefold() == "true":
        draft.refusal = _("Gift cards cannot be sold here.")
    for row in rows:
        if row.first(*PRICE) or row["option1 value"] or row is head:
            draft.variants.append(variant_of(row, len(options)))
        if url := row.first(*IMAGE):
            draft.pictures.append(DraftPicture(row.number, url, row.first(*IMAGE_ALT)))
    return draft


def tax_of(head: Row) -> str:
    """That it is taxed does not say at which rate."""
    is_untaxed = head.first(*IS_TAXED).casefold() == "false"
    return head.first(*TAX_CLASS) or ("none" if is_untaxed else "")


def variant_of(row: Row, options: int) -> DraftVariant:
    return DraftVariant(
        row=row.number,
        choices=[row[f"option{place} value"] for place in OPTIONS][:options],
        sku=row.first(*SKU),
        price=row.first(*PRICE),
        compare_at=row.first(*COMPARE_AT),
        stock=row.first(*QUANTITY),
        is_sold_on=SOLD_ON.get(row.first(*WHEN_SOLD_OUT).casefold()),
        weight=row.first(*GRAMS),
    )
