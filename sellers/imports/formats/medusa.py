"""Medusa: a row a variant, with a price column for each currency."""

from django.utils.translation import gettext as _

from sellers.imports.drafts import (
    DraftPicture,
    DraftProduct,
    Drafts,
    DraftVariant,
    Problem,
)
from sellers.imports.table import Row, Table

OPTIONS = range(1, 4)
PRICE = "variant price "


def is_written_by(columns: frozenset[str]) -> bool:
    return {"product handle", "product title", "variant title"} <= columns


def read_drafts(table: Table) -> Drafts:
    drafts = Drafts()
    by_handle: dict[str, list[Row]] = {}
    for row in table.rows:
        if handle := row.first("product handle", "product id"):
            by_handle.setdefault(handle.casefold(), []).append(row)
        else:
            text = _("The row has no handle.")
            drafts.problems.append(Problem(row.number, "", "Product Handle", text))
    drafts.products = [draft_of(rows) for rows in by_handle.values()]
    return drafts


def draft_of(rows: list[Row]) -> DraftProduct:
    head = rows[0]
    names = (head[f"variant option {place} name"] for place in OPTIONS)
    draft = DraftProduct(
        row=head.number,
        handle=head.first("product handle", "product id"),
        title=head["product title"],
        description=head["product description"],
        options=list(filter(None, names)),
    )
    for row in rows:
        draft.variants += variants_of(row, len(draft.options))
    for place in range(1, 11):
        if url := head[f"product image {place}"]:
            draft.pictures.append(DraftPicture(head.number, url))
    return draft


def variants_of(row: Row, options: int) -> list[DraftVariant]:
    """One a currency: only that of the shop is taken."""
    choices = [row[f"variant option {place} value"] for place in OPTIONS][:options]
    prices = {
        column.removeprefix(PRICE).upper(): cell
        for column, cell in row.cells.items()
        if column.startswith(PRICE) and cell
    }
    return [
        DraftVariant(
            row=row.number,
            choices=choices,
            sku=row["variant sku"],
            price=price,
            stock=row["variant inventory quantity"],
            weight=row["variant weight"],
            currency=currency,
        )
        for currency, price in (prices or {"": ""}).items()
    ]
