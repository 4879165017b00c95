from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout import pricing
from checkout.pricing import Commission, Discount, Line, SellerLines, TaxRate

GERMANY = TaxRate(1900, is_included=True)
CANADA = TaxRate(500, is_included=False)
TENTH = Commission(1000)

commissions = st.sampled_from(
    [
        TENTH,
        Commission(0),
        Commission(725, fixed_minor=30, is_on_delivery=True),
        Commission(1500, minimum_minor=50, tax_basis_points=1900),
        Commission(5000, maximum_minor=300, tax_basis_points=700),
        Commission(10_000, is_on_delivery=True, tax_basis_points=1900),
        Commission(0, fixed_minor=10_000, tax_basis_points=2100),
    ]
)

discounts = st.one_of(
    st.none(),
    st.builds(
        Discount, basis_points=st.integers(0, 10_000), is_subsidized=st.booleans()
    ),
    st.builds(
        Discount, amount_minor=st.integers(1, 10**10), is_subsidized=st.booleans()
    ),
    st.builds(Discount, frees_delivery=st.just(True), is_subsidized=st.booleans()),
)


@st.composite
def carts(draw):
    """Parts of some sellers; no two lines with one key, all taxed inside or on top."""
    is_included = draw(st.booleans())
    rates = st.builds(TaxRate, st.integers(0, 3000), is_included=st.just(is_included))
    keys = iter(draw(st.permutations(range(16))))
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        lines = [
            Line(
                key=next(keys),
                unit_price_minor=draw(st.integers(1, 10**9)),
                quantity=draw(st.integers(1, 99)),
                tax=draw(rates),
                commission=draw(commissions),
                is_eligible=draw(st.booleans()),
            )
            for _ in range(draw(st.integers(1, 4)))
        ]
        parts.append(SellerLines(lines, draw(st.integers(0, 10**6))))
    return parts


def make_part(*, prices=((1999, 2),), delivery=490, tax=GERMANY, commission=TENTH):
    lines = [
        Line(key, price, quantity, tax, commission, is_eligible=True)
        for key, (price, quantity) in enumerate(prices)
    ]
    return SellerLines(lines, delivery)


def price_one(discount=None, **fields):
    return pricing.price([make_part(**fields)], discount).orders[0]


def test_german_prices_have_their_tax_inside():
    order = price_one()

    assert order.total_minor == 2 * 1999 + 490
    assert order.lines[0].tax_minor == 638
    assert order.shipping.tax_minor == 78
    assert order.tax_minor == 716


def test_canadian_tax_comes_on_top_of_goods_and_delivery():
    order = price_one(tax=CANADA)

    assert order.lines[0].tax_minor == 200
    assert order.shipping.tax_minor == 25
    assert order.total_minor == 3998 + 490 + 225


def test_commission_is_on_the_price_without_tax_on_top():
    german, canadian = (price_one(tax=tax).lines[0] for tax in (GERMANY, CANADA))

    assert german.commission_minor == canadian.commission_minor == 400


def test_delivery_is_free_from_the_sellers_limit_on():
    assert pricing.delivery_price(490, 5000, 4999) == 490
    assert pricing.delivery_price(490, 5000, 5000) == 0
    assert pricing.delivery_price(490, None, 10**9) == 490


def test_the_tax_on_delivery_follows_the_goods():
    """Two thirds of the goods are books: of 4.90 that is 3.27 at 7 %, 1.63 at 19 %."""
    books = TaxRate(700, is_included=True)
    lines = [Line(1, 2000, 1, books, TENTH), Line(2, 1000, 1, GERMANY, TENTH)]

    order = pricing.price([SellerLines(lines, 490)], None).orders[0]

    assert order.shipping.tax_minor == 21 + 26
    assert order.shipping.total_minor == 490


def test_a_tenth_off_is_taxed_and_commissioned_less():
    order = price_one(Discount(basis_points=1000))

    line = order.lines[0]
    assert (line.discount_minor, line.total_minor) == (400, 3598)
    assert line.tax_minor == 574
    assert line.commission_minor == 360
    assert order.total_minor == 3598 + 490
    assert order.subsidy_minor == 0


def test_what_the_platform_takes_off_is_still_the_sellers():
    order = price_one(Discount(basis_points=1000, is_subsidized=True))

    line = order.lines[0]
    assert (line.discount_minor, line.subsidy_minor, line.total_minor) == (
        400,
        400,
        3598,
    )
    assert line.commission_minor == 400


def test_a_cent_that_does_not_divide_goes_to_one_line():
    order = price_one(Discount(amount_minor=100), prices=[(1000, 1)] * 3)

    assert [line.discount_minor for line in order.lines] == [34, 33, 33]
    assert order.discount_minor == 100


def test_a_coupon_for_more_than_the_goods_leaves_the_delivery_to_pay():
    order = price_one(Discount(amount_minor=10_000))

    assert (order.items_minor, order.total_minor) == (0, 490)
    assert order.tax_minor == 78


def test_free_delivery_frees_the_sellers_whose_things_it_is_for():
    part = make_part()
    other = replace(part, lines=[replace(part.lines[0], key=9, is_eligible=False)])

    freed, not_freed = pricing.price(
        [part, other], Discount(frees_delivery=True)
    ).orders

    assert (freed.shipping.total_minor, freed.shipping_discount_minor) == (0, 490)
    assert (not_freed.shipping.total_minor, not_freed.discount_minor) == (490, 0)


@pytest.mark.parametrize(
    ("price", "cut", "left"), [(1980, 495, 1485), (5125, 1281, 3844)]
)
def test_yen_and_fils_are_whole_minor_units_too(price, cut, left):
    """¥1980 has no digits behind the point, KD 5.125 has three."""
    order = price_one(Discount(basis_points=2500), prices=[(price, 1)], delivery=0)

    assert (order.discount_minor, order.total_minor) == (cut, left)


@given(carts(), discounts)
def test_the_parts_of_any_cart_add_up_to_what_is_paid(parts, discount):
    group = pricing.price(parts, discount)

    is_included = parts[0].lines[0].tax.is_included
    on_top = 0 if is_included else group.tax_minor
    listed = group.items_listed_minor + group.shipping_listed_minor
    assert group.total_minor == sum(order.total_minor for order in group.orders)
    assert group.total_minor == group.items_minor + group.shipping_minor
    assert group.total_minor == listed - group.discount_minor + on_top
    for order in group.orders:
        lines = sum(line.total_minor for line in order.lines)
        assert order.total_minor == lines + order.shipping.total_minor


@given(carts(), discounts)
def test_a_coupon_takes_off_exactly_what_it_says(parts, discount):
    lines = [line for part in parts for line in part.lines if line.is_eligible]
    eligible = sum(line.listed_minor for line in lines)

    group = pricing.price(parts, discount)

    cut = discount.off(eligible) if discount else 0
    freed = sum(order.shipping_discount_minor for order in group.orders)
    assert group.discount_minor == cut + freed
    assert sum(order.subsidy_minor for order in group.orders) == (
        group.discount_minor if discount and discount.is_subsidized else 0
    )


@given(carts(), discounts)
def test_nothing_is_negative_and_nothing_costs_more_with_a_coupon(parts, discount):
    group, listed = (pricing.price(parts, given) for given in (discount, None))

    assert 0 <= group.total_minor <= listed.total_minor
    assert 0 <= group.tax_minor <= group.total_minor
    for order in group.orders:
        for line in order.lines:
            assert 0 <= line.subsidy_minor <= line.discount_minor <= line.listed_minor
            assert 0 <= line.tax_minor <= line.total_minor
            kept = line.commission_minor + line.commission_tax_minor
            assert 0 <= kept <= line.total_minor + line.subsidy_minor
        kept = order.shipping_commission_minor + order.shipping_commission_tax_minor
        brought = order.shipping.total_minor + order.shipping_subsidy_minor
        assert 0 <= kept <= brought


@given(carts(), discounts, st.randoms(use_true_random=False))
def test_the_order_of_lines_and_sellers_does_not_matter(parts, discount, random):
    def by_key(some_parts):
        orders = pricing.price(some_parts, discount).orders
        return {
            line.key: amounts
            for part, order in zip(some_parts, orders, strict=True)
            for line, amounts in zip(part.lines, order.lines, strict=True)
        }

    shuffled = [
        replace(part, lines=random.sample(part.lines, len(part.lines)))
        for part in random.sample(parts, len(parts))
    ]

    assert by_key(shuffled) == by_key(parts)


@given(carts())
def test_a_sellers_order_costs_the_same_whoever_else_is_in_the_cart(parts):
    together = pricing.price(parts, None).orders

    assert together == [pricing.price([part], None).orders[0] for part in parts]
