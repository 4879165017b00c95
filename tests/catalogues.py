"""Catalogue files as the shop systems write them."""

import csv
import io

from django.core.files.base import ContentFile

from sellers import tasks
from sellers.models import CatalogImport
from tests.factories import make_seller

SHOPIFY = [
    "Handle", "Title", "Body (HTML)", "Type", "Option1 Name", "Option1 Value",
    "Option2 Name", "Option2 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Price", "Variant Compare At Price", "Image Src", "Image Alt Text",
    "Status",
]  # fmt: skip


def shopify_row(**cells):
    """A lamp, but for what is said; names with _ for spaces, as `Variant_Price`."""
    row = {
        "Handle": "floor-lamp",
        "Title": "Floor lamp",
        "Body (HTML)": "<p>Black floor lamp</p>",
        "Option1 Name": "Title",
        "Option1 Value": "Default Title",
        "Variant SKU": "",
        "Variant Grams": "1200",
        "Variant Inventory Qty": "7",
        "Variant Price": "69.99",
        "Status": "active",
    }
    row |= {name.replace("_", " "): cell for name, cell in cells.items()}
    return [row.get(column, "") for column in SHOPIFY]


def glove_rows():
    """One product of two colours: its second row names the colour alone."""
    first = {"Option1_Name": "Colour", "Option1_Value": "Green"}
    second = {"Option1_Name": "", "Option1_Value": "Café", "Title": ""}
    gloves = {"Handle": "gloves", "Title": "Gardening gloves"}
    return [
        shopify_row(**gloves, **first, Variant_Price="9.99", Variant_SKU="G-1"),
        shopify_row(
            **(gloves | second), Variant_Price="15.99", Variant_SKU="G-2"
        ),
    ]  # fmt: skip


def csv_text(rows, *, header=SHOPIFY, delimiter=","):
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return file.getvalue()


def csv_bytes(rows, *, encoding="utf-8", **options):
    return csv_text(rows, **options).encode(encoding)


def lamps(number):
    return [
        shopify_row(Handle=f"lamp-{n}", Title=f"Lamp {n}", Variant_SKU=f"L-{n}")
        for n in range(number)
    ]


def make_import(rows, *, seller=None, data=None, **fields):
    return CatalogImport.objects.create(
        seller=seller or make_seller(),
        file=ContentFile(data or csv_bytes(rows), "products.csv"),
        file_name="products.csv",
        **fields,
    )


def read(rows, **fields):
    catalog_import = make_import(rows, **fields)
    tasks.read_import(catalog_import.pk)
    catalog_import.refresh_from_db()
    return catalog_import
