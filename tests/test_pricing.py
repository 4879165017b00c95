from hypothesis import given
from hypothesis import strategies as st

from checkout import pricing
from checkout.pricing import TaxRate

GERMANY = TaxRate(1900, is_included=True)
CANADA = TaxRate(500, is_included=False)

taxes = st.builds(TaxRate, st.integers(0, 3000), is_included=st.booleans())
orders = st.lists(
    st.tuples(
        st.lists(
            st.tuples(st.integers(1, 10**9), st.integers(1, 99)), min_size=1, max_size=6
        ),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=4,
)


def one_order(lines, shipping, tax, commission=1000):
    priced = [pricing.line_amounts(*line, tax, commission) for line in lines]
    return pricing.order_amounts(priced, shipping, tax)


def test_german_prices_have_their_tax_inside():
    order = one_order([(1999, 2)], 490, GERMANY)

    assert order.total_minor == 2 * 1999 + 490
    assert order.lines[0].tax_minor == 638
    assert order.shipping.tax_minor == 78
    assert order.tax_minor == 716


def test_canadian_tax_comes_on_top_of_goods_and_delivery():
    order = one_order([(1999, 2)], 490, CANADA)

    assert order.lines[0].tax_minor == 200
    assert order.shipping.tax_minor == 25
    assert order.total_minor == 3998 + 490 + 225


def test_commission_is_on_the_price_without_tax_on_top():
    german, canadian = (
        one_order([(1999, 2)], 490, tax).lines[0] for tax in (GERMANY, CANADA)
    )

    assert german.commission_minor == canadian.commission_minor == 400


def test_delivery_is_free_from_the_sellers_limit_on():
    assert pricing.delivery_price(490, 5000, 4999) == 490
    assert pricing.delivery_price(490, 5000, 5000) == 0
    assert pricing.delivery_price(490, None, 10**9) == 490


def test_a_country_outside_the_table_has_the_merchants_default_on_top():
    assert pricing.tax_rate("DE") == GERMANY
    assert pricing.tax_rate("US") == TaxRate(0, is_included=False)
    assert pricing.tax_rate("XX", 700) == TaxRate(700, is_included=False)


@given(orders, taxes, st.integers(0, 5000))
def test_the_parts_of_any_cart_add_up_to_what_is_paid(parts, tax, commission):
    made = [one_order(lines, shipping, tax, commission) for lines, shipping in parts]
    group = pricing.group_amounts(made)

    on_top = 0 if tax.is_included else group.tax_minor
    shown = group.items_shown_minor + group.shipping_shown_minor
    assert group.total_minor == sum(order.total_minor for order in made)
    assert group.total_minor == group.items_minor + group.shipping_minor
    assert group.total_minor == shown + on_top
    assert 0 <= group.tax_minor <= group.total_minor


@given(orders, taxes, st.integers(0, 5000))
def test_a_sellers_order_costs_the_same_whoever_else_is_in_the_cart(
    parts, tax, commission
):
    made = [one_order(lines, shipping, tax, commission) for lines, shipping in parts]

    for (lines, shipping), order in zip(parts, made, strict=True):
        assert order == one_order(lines, shipping, tax, commission)
        assert 0 <= order.commission_minor <= order.items_minor
