import json

import pytest

from checkout import taxes
from checkout.ordering import place_order
from checkout.pricing import TaxRate
from checkout.taxes import BadTaxTable
from sellers.models import Product
from tests.factories import (
    make_cart,
    make_checkout,
    make_product,
    make_shipping_rate,
    make_variant,
)

TaxClass = Product.TaxClass


def on_top(basis_points):
    return TaxRate(basis_points, is_included=False)


@pytest.mark.parametrize(
    ("country", "region", "standard"),
    [
        ("DE", "", TaxRate(1900, is_included=True)),
        ("DE", "Bayern", TaxRate(1900, is_included=True)),
        ("US", "CA", on_top(0)),
        ("CA", "", on_top(500)),
        ("CA", "AB", on_top(500)),
        ("CA", "ON", on_top(1300)),
        ("CA", "  new   brunswick ", on_top(1500)),
        ("XX", "", on_top(700)),
        ("", "", on_top(700)),
    ],
)
def test_the_standard_rate_of_a_place(settings, country, region, standard):
    settings.DEFAULT_TAX_BASIS_POINTS = 700

    assert taxes.rates_for(country, region)[TaxClass.STANDARD] == standard


def test_reduced_is_the_standard_rate_where_the_table_knows_no_other():
    germany, norway = taxes.rates_for("DE"), taxes.rates_for("NO")

    assert germany[TaxClass.REDUCED] == TaxRate(700, is_included=True)
    assert norway[TaxClass.REDUCED] == norway[TaxClass.STANDARD]
    assert norway[TaxClass.ZERO] == TaxRate(0, is_included=True)


def test_the_built_in_table_is_a_good_one():
    assert len(taxes.read_table(taxes.BUILT_IN)) > 40


def test_an_operators_table_takes_the_place_of_ours(settings, tmp_path):
    path = tmp_path / "rates.json"
    texas = {"name": "Texas", "basis_points": 625}
    table = {"US": {"basis_points": 0, "regions": {"TX": texas}}}
    path.write_text(json.dumps(table))
    settings.TAX_RATES_FILE = str(path)

    assert taxes.rates_for("US", "tx")[TaxClass.STANDARD] == on_top(625)
    assert taxes.rates_for("DE")[TaxClass.STANDARD] == on_top(0)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"DE": 19}',
        '{"DE": {"basis_points": 19.5}}',
        '{"DE": {"basis_points": -1}}',
        '{"DE": {"basis_points": true}}',
        '{"DE": {"basis_points": 1900, "rate": 1}}',
        '{"DE": {"basis_points": 1, "regions": {"BY": {"basis_points": 10001}}}}',
        '{"DE": {"reduced_basis_points": 700}}',
        '{"DE": {"basis_points": 1, "regions": []}}',
        '{"DE": {"basis_points": 1, "is_included": "no"}}',
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, text):
    path = tmp_path / "rates.json"
    path.write_text(text)

    with pytest.raises(BadTaxTable, match=str(path)):
        taxes.read_table(path)


@pytest.mark.django_db
def test_each_line_has_the_rate_of_its_product():
    book = make_product(tax_class=TaxClass.REDUCED)
    cart = make_cart(variant=make_variant(product=book, price_minor=1070))
    cart.lines.create(variant=make_variant(product=book, option_values=["gift"]))
    gift = cart.lines.last().variant
    gift.product = make_product(seller=book.seller)
    gift.save()
    make_shipping_rate(seller=book.seller, price_minor=0)

    order = place_order(*make_checkout(cart=cart), "key").orders.get()

    lines = order.lines.values_list("tax_basis_points", "tax_minor")
    assert list(lines) == [(700, 70), (1900, 160)]
    assert order.tax_minor == 230


@pytest.mark.django_db
def test_an_order_to_a_region_has_its_tax_on_top():
    cart = make_cart(variant=make_variant(price_minor=1000))
    address = {"country": "CA", "region": "Ontario", "postal_code": "K1A 0B1"}

    group = place_order(*make_checkout(cart=cart, address=address), "key")

    assert not group.is_tax_included
    assert group.tax_minor == 130 + 64
    assert group.total_minor == 1000 + 490 + 194
