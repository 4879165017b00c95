"""Spree: a row for the product, then one a variant, then prices in other currencies."""

from sellers.imports.drafts import DraftPicture, DraftProduct, Drafts, DraftVariant
from sellers.imports.table import Row, Table

OPTIONS = range(1, 4)


def is_written_by(columns: frozenset[str]) -> bool:
    return {"slug", "sku", "name", "price"} <= columns


def read_drafts(table: Table) -> Drafts:
    by_slug: dict[str, list[Row]] = {}
    for row in table.rows:
        by_slug.setdefault(row["slug"].casefold(), []).append(row)
    return Drafts(products=[draft_of(rows) for rows in by_slug.values()])


def choices_of(row: Row) -> list[str]:
    return list(filter(None, (row[f"option{place}_value"] for place in OPTIONS)))


def draft_of(rows: list[Row]) -> DraftProduct:
    head = rows[0]
    draft = DraftProduct(
        row=head.number,
        handle=head["slug"] or head["sku"],
        title=head["name"],
        description=head["description"],
        category=head["category1"].replace("->", ">"),
    )
    with_choices = [row for row in rows if choices_of(row)]
    if with_choices:
        names = (with_choices[0][f"option{place}_name"] for place in OPTIONS)
        draft.options = list(filter(None, names))
    # The product's own row is a variant only where there are no others.
    draft.variants = [variant_of(row) for row in with_choices or rows]
    for row in rows:
        for place in range(1, 4):
            if url := row[f"image{place}_src"]:
                draft.pictures.append(DraftPicture(row.number, url, head["name"]))
    return draft


def variant_of(row: Row) -> DraftVariant:
    return DraftVariant(
        row=row.number,
        choices=choices_of(row),
        sku=row["sku"],
        price=row["price"],
        compare_at=row["compare_at_price"],
        stock=row["inventory_count"],
        weight=row["weight"],
        weight_unit=row["weight_unit"] or "g",
        currency=row["currency"],
    )
