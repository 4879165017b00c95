"""Money in whole minor units: the only module that rounds or formats."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.core import UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language, to_locale

BASIS_POINTS = 10_000


def exponent(currency: str) -> int:
    """Digits behind the point: 2 for EUR, 0 for JPY, 3 for KWD (CLDR, ISO 4217)."""
    return get_currency_precision(currency)


def to_major(amount_minor: int, currency: str) -> Decimal:
    return Decimal(amount_minor).scaleb(-exponent(currency))


def to_minor(amount: Decimal | str, currency: str) -> int:
    """Whole minor units, half up; raises ValueError where that would lose digits."""
    scaled = Decimal(amount).scaleb(exponent(currency))
    whole = scaled.to_integral_value(ROUND_HALF_UP)
    if whole != scaled:
        raise ValueError(f"{amount} has more digits than {currency} knows")
    return int(whole)


def format_minor(amount_minor: int, currency: str) -> str:
    """As people read it: 1999 EUR is “€19.99” in English, “19,99 €” in German."""
    return format_in(get_language() or "en", amount_minor, currency)


@lru_cache(maxsize=4096)
def format_in(language: str, amount_minor: int, currency: str) -> str:
    amount = to_major(amount_minor, currency)
    try:
        return format_currency(amount, currency, locale=to_locale(language))
    except UnknownLocaleError:
        return format_currency(amount, currency, locale="en")


def portion(amount_minor: int, basis_points: int) -> int:
    """That many hundredths of a per cent, half up."""
    exact = Decimal(amount_minor) * basis_points / BASIS_POINTS
    return int(exact.to_integral_value(ROUND_HALF_UP))


def portion_within(amount_minor: int, basis_points: int) -> int:
    """The part of a gross amount that a rate on top of the net makes up."""
    net = Decimal(amount_minor) * BASIS_POINTS / (BASIS_POINTS + basis_points)
    return amount_minor - int(net.to_integral_value(ROUND_HALF_UP))


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Shares in proportion to `weights` that add up exactly (largest remainder)."""
    total = sum(weights)
    if not total:
        raise ValueError("an amount cannot be split over weights of zero")
    shares = [amount_minor * weight // total for weight in weights]
    remainders = [amount_minor * weight % total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in by_remainder[: amount_minor - sum(shares)]:
        shares[i] += 1
    return shares
