"""Catalogues of real shops."""

import pytest

from sellers import pictures
from sellers.imports import formats
from sellers.imports.checking import check
from sellers.imports.table import UnreadableFile, read_table
from tests.real import CATALOGUES


def read(name, currency="EUR"):
    table = read_table((CATALOGUES / name).read_bytes())
    drafts = formats.read_drafts(table, formats.recognise(table))
    return table, [check(draft, currency) for draft in drafts.products]


@pytest.mark.parametrize(
    ("name", "currency", "encoding", "products", "variants"),
    [
        ("shopify/packt_product-data.csv", "EUR", "utf-8", 20, 21),
        ("derived/D_packt_utf16_tab.csv", "EUR", "utf-16", 20, 21),
        ("derived/D_spree_cp1252_semicolon.csv", "USD", "cp1252", 37, 87),
        ("spree/products.csv", "USD", "utf-8", 37, 87),
        ("etsy/etsy_italian_ceramics.csv", "EUR", "utf-8", 27, 27),
        ("woocommerce/sample_products.csv", "EUR", "utf-8-sig", 14, 25),
        ("medusa/exported-products-semicolon.csv", "EUR", "utf-8", 2, 3),
        ("bagisto/products.csv", "EUR", "utf-8", 5, 8),
    ],
)
def test_a_real_file_gives_its_products(name, currency, encoding, products, variants):
    table, checked = read(name, currency)

    good = [one for one in checked if not one.is_refused]
    assert table.encoding == encoding
    assert (len(good), sum(len(one.rows) for one in good)) == (products, variants)


def test_the_hostile_rows_are_refused_one_by_one():
    _table, checked = read("derived/D_packt_hostile_rows.csv")

    refused = {one.draft.handle for one in checked if one.is_refused}
    assert refused == {"neg", "nan", "huge", "empty-title", "Dup"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bagisto/products.xlsx", "workbook"),
        ("spree/product_translations.csv", "columns are not known"),
        ("photos_cc0/hat_1.jpg", "cannot be read|not a text|name the columns"),
    ],
)
def test_other_files_are_refused_with_a_reason(name, reason):
    with pytest.raises(UnreadableFile, match=reason):
        read(name)


def test_photographs_of_phones_and_pictures_of_shops_are_taken():
    files = [*CATALOGUES.glob("photos_cc0/*.jpg"), *CATALOGUES.glob("saleor/images/*")]

    for file in files:
        assert pictures.encode(file.read_bytes()).width <= 1280

    assert len(files) == 26
