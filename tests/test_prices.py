"""Prices as people and files write them."""

import pytest

from sellers.prices import BadPrice, parse_price


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("19.99", "EUR", 1999),
        ("19,99", "EUR", 1999),
        ("1.299,00", "EUR", 129900),
        ("1,299.00", "EUR", 129900),
        ("€ 1 299,00", "EUR", 129900),
        ("46", "EUR", 4600),
        ("USD 5.5", "USD", 550),
        ("1500", "JPY", 1500),
        ("1.250", "KWD", 1250),
        ("0.01", "EUR", 1),
    ],
)
def test_a_price_is_read_in_minor_units(text, currency, minor):
    assert parse_price(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "EUR"),
        ("free", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("-1.00", "EUR"),
        ("0", "EUR"),
        ("1.2345", "EUR"),
        ("1.5", "JPY"),
        ("99999999999999999999.99", "EUR"),
        ("1e999999", "EUR"),
        ("=1+1", "EUR"),
        ("12.34.56", "EUR"),
    ],
)
def test_what_is_no_price_is_refused(text, currency):
    with pytest.raises(BadPrice):
        parse_price(text, currency)


def test_a_price_that_can_be_read_in_two_ways_is_refused():
    with pytest.raises(BadPrice, match="two ways"):
        parse_price("1.299", "EUR")
