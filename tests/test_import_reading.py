"""Files of a catalogue: whatever program wrote them, they are read as they are."""

import re

import pytest

from sellers.imports import formats
from sellers.imports.checking import check
from sellers.imports.report import defused
from sellers.imports.table import UnreadableFile, read_table
from tests.catalogues import SHOPIFY, csv_bytes, csv_text, glove_rows, shopify_row


def checked(rows, currency="EUR", **options):
    table = read_table(csv_bytes(rows, **options))
    drafts = formats.read_drafts(table, formats.recognise(table))
    return [check(draft, currency) for draft in drafts.products]


def refusals(rows, **options):
    return [
        (problem.row, problem.message)
        for one in checked(rows, **options)
        for problem in one.problems
        if problem.is_refusal
    ]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_and_delimiter_gives_the_same_product(encoding, delimiter):
    (gloves,) = checked(glove_rows(), encoding=encoding, delimiter=delimiter)

    assert gloves.problems == []
    assert [row.values for row in gloves.rows] == [("Green",), ("Café",)]
    assert [row.price_minor for row in gloves.rows] == [999, 1599]


def test_the_table_says_what_it_found():
    table = read_table(csv_bytes(glove_rows(), encoding="cp1252", delimiter=";"))

    assert (table.encoding, table.delimiter) == ("cp1252", ";")


def test_the_seller_may_say_the_encoding():
    data = csv_bytes([shopify_row(Title="Łódź")], encoding="cp1250")

    assert read_table(data, "cp1250").rows[0]["title"] == "Łódź"


def test_a_cell_of_several_lines_is_one_row():
    body = "<p>One</p>\n<p>Two, three</p>"

    table = read_table(csv_bytes([shopify_row(**{"Body_(HTML)": body}), shopify_row()]))

    assert [row.number for row in table.rows] == [2, 3]
    assert table.rows[0]["body (html)"] == body


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"PK\x03\x04" + b"\x00" * 100, "workbook"),
        (b"<!doctype html><p>Sign in</p>", "not a CSV"),
        (
            b"a,b\n" + b"\x01\x00\x02" * 100,
            "not a text|cannot be read|name the columns",
        ),
        (b"just one column\nof words\n", "name the columns"),
        (b"colour,shape\nred,round\n", "columns are not known"),
        (b"x" * (10 * 1024 * 1024 + 1), "10 MB"),
    ],
)
def test_what_is_no_catalogue_is_refused_with_a_reason(data, reason):
    with pytest.raises(UnreadableFile, match=reason):
        formats.recognise(read_table(data))


def test_too_many_rows_are_refused():
    data = csv_bytes([]) + b"a,b\n" * 20_001

    with pytest.raises(UnreadableFile, match="rows"):
        read_table(data)


def test_rows_of_one_handle_are_one_product_in_any_case_and_order():
    rows = glove_rows()
    rows.insert(1, shopify_row())
    rows[2][0] = "GLOVES"

    products = checked(rows)

    assert [one.draft.handle for one in products] == ["gloves", "floor-lamp"]
    assert [len(one.rows) for one in products] == [2, 1]


def test_pictures_come_from_every_row():
    rows = [
        shopify_row(Image_Src="https://a.example/1.jpg", Image_Alt_Text="Front"),
        shopify_row(
            Title="", Variant_Price="", Option1_Value="",
            Image_Src="https://a.example/2.jpg",
        ),
    ]  # fmt: skip

    (lamp,) = checked(rows)

    assert [p.url[-5:] for p in lamp.draft.pictures] == ["1.jpg", "2.jpg"]
    assert len(lamp.rows) == 1


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Variant_Price": "-1.00"}, "above zero"),
        ({"Variant_Price": "NaN"}, "not a price"),
        ({"Variant_Price": "99999999999999999999.99"}, "too high"),
        ({"Variant_Price": ""}, "missing"),
        ({"Title": ""}, "no title"),
        ({"Variant_Inventory_Qty": "many"}, "not a number"),
        ({"Variant_Inventory_Qty": "1e999999"}, "not a number"),
        ({"Variant_SKU": "x" * 81}, "too long"),
    ],
)
def test_a_bad_cell_refuses_its_product_with_the_row(cells, reason):
    ((row, message),) = refusals([shopify_row(**cells)])

    assert row == 2
    assert reason in message


def test_a_second_row_without_a_choice_refuses_the_product():
    rows = [shopify_row(Handle="Dup"), shopify_row(Handle="dup")]

    ((row, message),) = refusals(rows)

    assert row == 3
    assert "Row 2 has the same handle" in message


def test_a_european_price_is_understood():
    ((lamp),) = checked([shopify_row(Variant_Price="1.299,00")])

    assert lamp.rows[0].price_minor == 129900


def test_what_is_odd_but_harmless_is_only_noted():
    (lamp,) = checked(
        [
            shopify_row(
                Variant_Compare_At_Price="10", Variant_Inventory_Qty="-3",
                Variant_Grams="heavy", Title="x" * 200,
            )
        ]
    )  # fmt: skip

    assert lamp.is_refused is False
    assert len(lamp.problems) == 4
    assert lamp.rows[0].compare_at_minor is None
    assert lamp.rows[0].on_hand == 0
    assert len(lamp.draft.title) == 140


def test_a_formula_stays_the_text_that_it_is():
    (lamp,) = checked([shopify_row(Title='=HYPERLINK("http://127.0.0.1","x")')])

    assert lamp.draft.title == '=HYPERLINK("http://127.0.0.1","x")'


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_formula_leaves_the_site_defused_and_comes_back_whole(start):
    cell = defused(f"{start}1+1")

    assert cell == f"'{start}1+1"
    table = read_table(csv_text([shopify_row(Title=cell)]).encode())
    assert table.rows[0]["title"] == f"{start}1+1".strip() or start in "\t\r"


def test_scripts_in_a_body_do_not_come_in():
    body = '<img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>'

    (lamp,) = checked([shopify_row(**{"Body_(HTML)": body})])

    assert lamp.description == '<a rel="nofollow ugc noopener">x</a>'


def test_columns_may_be_in_any_order_and_case():
    header = [name.upper() for name in reversed(SHOPIFY)]
    rows = [list(reversed(row)) for row in glove_rows()]

    (gloves,) = checked(rows, header=header)

    assert len(gloves.rows) == 2


WOOCOMMERCE = [
    "ID", "Type", "SKU", "Name", "Description", "In stock?", "Stock", "Weight (lbs)",
    "Sale price", "Regular price", "Categories", "Images", "Parent",
    "Attribute 1 name", "Attribute 1 value(s)", "Attribute 2 name",
    "Attribute 2 value(s)",
]  # fmt: skip


def woocommerce_row(**cells):
    names = [re.sub(r"\W+", "_", column).strip("_") for column in WOOCOMMERCE]
    return [cells.get(name, "") for name in names]


def test_woocommerce_variations_join_their_parent():
    shirt = woocommerce_row(
        Type="variable", SKU="shirt", Name="Shirt", Attribute_1_name="Colour",
        Attribute_1_value_s="Blue, Red", Attribute_2_name="Size",
        Attribute_2_value_s="S, M",
    )  # fmt: skip
    blue = woocommerce_row(
        Type="variation", SKU="shirt-blue", Parent="shirt", Sale_price="15",
        Regular_price="20", Stock="3", Attribute_1_name="Colour",
        Attribute_1_value_s="Blue", Attribute_2_name="Size",
    )  # fmt: skip

    (product,) = checked([shirt, blue], header=WOOCOMMERCE)

    assert product.problems == []
    # “Any size” is a variant of each size.
    assert [row.values for row in product.rows] == [("Blue", "S"), ("Blue", "M")]
    assert [row.price_minor for row in product.rows] == [1500, 1500]
    assert product.rows[0].compare_at_minor == 2000


def test_woocommerce_downloads_are_refused():
    row = woocommerce_row(
        ID="9", Type="simple, downloadable, virtual", Name="Album", Regular_price="15"
    )

    ((number, message),) = refusals([row], header=WOOCOMMERCE)

    assert number == 2
    assert "Downloads" in message


@pytest.mark.parametrize(
    ("cells", "tax_class"),
    [
        ({"Tax_Class": "Reduced"}, "reduced"),
        ({"Variant_Taxable": "FALSE"}, "zero"),
        ({"Variant_Taxable": "TRUE"}, None),
        ({"Charge_tax": "false"}, "zero"),
        ({}, None),
    ],
)
def test_a_file_of_shopify_says_how_it_is_taxed(cells, tax_class):
    names = [name.replace("_", " ") for name in cells]
    rows = [[*shopify_row(), *cells.values()]]

    (product,) = checked(rows, header=[*SHOPIFY, *names])

    assert (product.tax_class, product.problems) == (tax_class, [])


@pytest.mark.parametrize(
    ("status", "name", "tax_class"),
    [
        ("taxable", "", "standard"),
        ("taxable", "reduced-rate", "reduced"),
        ("taxable", "Zero rate", "zero"),
        ("none", "reduced-rate", "zero"),
        ("", "", None),
    ],
)
def test_a_file_of_woocommerce_says_how_it_is_taxed(status, name, tax_class):
    row = woocommerce_row(Type="simple", SKU="a", Name="A", Regular_price="1")
    header = [*WOOCOMMERCE, "Tax status", "Tax class"]

    (product,) = checked([[*row, status, name]], header=header)

    assert (product.tax_class, product.problems) == (tax_class, [])


def test_an_unknown_tax_class_is_noted_and_leaves_it():
    rows = [[*shopify_row(), "luxury"]]

    (product,) = checked(rows, header=[*SHOPIFY, "Tax Class"])

    [problem] = product.problems
    assert (product.tax_class, problem.column, problem.is_refusal) == (
        None,
        "Tax",
        False,
    )


ETSY = [
    "TITOLO", "DESCRIZIONE", "PREZZO", "CURRENCY_CODE", "QUANTITÀ", "IMMAGINE1",
    "NOME VARIANTE 1", "VALORI VARIANTE 1", "SKU",
]  # fmt: skip


def test_etsy_is_understood_in_italian():
    rows = [["Vaso", "Fatto a mano.\n\nUnico.", "46", "EUR", "1", "", "", "", "32"]]

    (vase,) = checked(rows, header=ETSY)

    assert vase.draft.title == "Vaso"
    assert vase.description == "<p>Fatto a mano.</p><p>Unico.</p>"
    assert vase.rows[0].price_minor == 4600
    assert vase.rows[0].on_hand == 1


def test_prices_in_another_currency_are_refused():
    rows = [["Vaso", "", "46", "USD", "1", "", "", "", "32"]]

    ((number, message),) = refusals(rows, header=ETSY)

    assert number == 2
    assert message == "The price is in USD, the shop sells in EUR."
