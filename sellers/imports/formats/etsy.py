"""Etsy: a row a product; the header comes in the language of the shop's owner."""

from itertools import product as combinations

from sellers.imports.drafts import DraftPicture, DraftProduct, Drafts, DraftVariant
from sellers.imports.table import Row, Table
from sellers.slugs import slug_of

# English, Italian, German, French, Spanish.
TITLE = ("title", "titolo", "titel", "titre", "título")
DESCRIPTION = ("description", "descrizione", "beschreibung", "descripción")
PRICE = ("price", "prezzo", "preis", "prix", "precio")
QUANTITY = ("quantity", "quantità", "menge", "quantité", "cantidad")
IMAGES = ("image", "immagine", "bild", "imagen")
OPTION_NAME = ("variation {} name", "nome variante {}", "variation {} type")
OPTION_VALUES = ("variation {} values", "valori variante {}")


def is_written_by(columns: frozenset[str]) -> bool:
    has_title = any(name in columns for name in TITLE)
    return has_title and any(p in columns for p in PRICE) and "currency_code" in columns


def read_drafts(table: Table) -> Drafts:
    return Drafts(products=[draft_of(row) for row in table.rows])


def draft_of(row: Row) -> DraftProduct:
    title = row.first(*TITLE)
    sku = row["sku"]
    draft = DraftProduct(
        row=row.number,
        handle=f"etsy-{sku}" if sku else slug_of(title, f"row-{row.number}"),
        title=title,
        description=row.first(*DESCRIPTION),
    )
    values = []
    for place in (1, 2):
        name = row.first(*(column.format(place) for column in OPTION_NAME))
        choices = row.first(*(column.format(place) for column in OPTION_VALUES))
        if name and choices:
            draft.options.append(name)
            values.append([choice.strip() for choice in choices.split(",")])
    for choice in combinations(*values):
        draft.variants.append(variant_of(row, list(choice)))
    for place in range(1, 21):
        if url := row.first(*(f"{name}{place}" for name in IMAGES)):
            draft.pictures.append(DraftPicture(row.number, url, title))
    return draft


def variant_of(row: Row, choices: list[str]) -> DraftVariant:
    return DraftVariant(
        row=row.number,
        choices=choices,
        sku="-".join(filter(None, [row["sku"], *choices])) if row["sku"] else "",
        price=row.first(*PRICE),
        stock=row.first(*QUANTITY),
        currency=row["currency_code"],
    )
