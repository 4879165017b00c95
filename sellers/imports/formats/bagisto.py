"""Bagisto: simple products, and configurable ones with their variants below."""

from django.utils.translation import gettext as _

from sellers.imports.drafts import DraftPicture, DraftProduct, Drafts, DraftVariant
from sellers.imports.table import Row, Table


def is_written_by(columns: frozenset[str]) -> bool:
    return {"sku", "type", "name", "url_key", "attribute_family_code"} <= columns


def read_drafts(table: Table) -> Drafts:
    by_sku = {row["sku"].casefold(): row for row in table.rows}
    products = [row for row in table.rows if not row["parent_sku"]]
    return Drafts(products=[draft_of(row, by_sku) for row in products])


def draft_of(row: Row, by_sku: dict[str, Row]) -> DraftProduct:
    draft = DraftProduct(
        row=row.number,
        handle=row["url_key"] or row["sku"],
        title=row["name"],
        description=row.first("description", "short_description"),
        category=row["categories"].split(",")[0].replace("/", " > "),
    )
    for url in row["images"].split(","):
        if url.strip():
            draft.pictures.append(DraftPicture(row.number, url.strip(), row["name"]))
    kind = row["type"].casefold()
    if kind == "simple":
        draft.variants = [variant_of(row, [])]
    elif kind == "configurable":
        add_variants(draft, row, by_sku)
    else:
        text = _("Products of type “%(type)s” cannot be sold here.")
        draft.refusal = text % {"type": row["type"]}
    return draft


def add_variants(draft: DraftProduct, row: Row, by_sku: dict[str, Row]) -> None:
    """“sku=SP-005,color=Yellow,size=M|sku=SP-006,color=Yellow,size=L”."""
    for part in filter(None, row["configurable_variants"].split("|")):
        facts = dict(p.split("=", 1) for p in part.split(",") if "=" in p)
        variant_row = by_sku.get(facts.pop("sku", "").casefold())
        if variant_row is None:
            draft.refusal = _("The file does not have all variants of this product.")
            return
        draft.options = list(facts)
        draft.variants.append(variant_of(variant_row, list(facts.values())))


def variant_of(row: Row, choices: list[str]) -> DraftVariant:
    price, before = row["price"], ""
    if row["special_price"]:
        price, before = row["special_price"], price
    return DraftVariant(
        row=row.number,
        choices=choices,
        sku=row["sku"],
        price=price,
        compare_at=before,
        stock=row["inventories"].rpartition("=")[2],
        weight=row["weight"],
        weight_unit="kg",
    )
