from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace import money


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("19.99", "EUR", 1999), ("500", "JPY", 500), ("1.234", "KWD", 1234)],
)
def test_each_currency_has_its_own_minor_unit(amount, currency, minor):
    assert money.to_minor(amount, currency) == minor
    assert money.to_major(minor, currency) == Decimal(amount)


def test_a_price_with_more_digits_than_the_currency_is_refused():
    with pytest.raises(ValueError, match="more digits than EUR"):
        money.to_minor("1.999", "EUR")


def test_prices_read_as_people_write_them():
    assert money.format_minor(1999, "EUR") == "€19.99"
    assert money.format_minor(500, "JPY") == "¥500"


def test_a_portion_rounds_half_up():
    assert money.portion(1005, 1000) == 101


def test_the_tax_within_a_gross_price():
    assert money.portion_within(11900, 1900) == 1900


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=9).filter(any),
)
def test_shares_add_up_exactly_and_are_fair(amount, weights):
    shares = money.split(amount, weights)

    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Decimal(amount) * weight / sum(weights)) < 1


def test_nothing_can_be_split_over_no_weight():
    with pytest.raises(ValueError, match="weights of zero"):
        money.split(100, [0, 0])
