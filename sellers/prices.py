"""Prices as people and files write them."""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from marketplace.money import exponent, to_minor

# What Stripe takes in one payment: eight digits.
HIGHEST_MINOR = 99_999_999
NOT_PART_OF_A_NUMBER = re.compile(r"[\s\u00a0\u202f'’]|[A-Z]{3}|[€$£¥]")
DIGITS = re.compile(r"[+-]?(\d{1,24}(\.\d{0,12})?|\.\d{1,12})", re.ASCII)
THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,])\d{3}")


class BadPrice(ValueError):
    """Says to a person why the text is not a price."""


def plain_decimal(text: str) -> Decimal | None:
    """Digits with one point at most: no exponents, no “NaN”, nothing endless."""
    return Decimal(text) if DIGITS.fullmatch(text) else None


def plain_number(text: str, digits: int) -> str:
    """“1.299,00 €” and “1,299.00” are both “1299.00”."""
    number = NOT_PART_OF_A_NUMBER.sub("", text.strip())
    comma, point = number.rfind(","), number.rfind(".")
    if comma >= 0 and point >= 0:
        group, mark = (".", ",") if comma > point else (",", ".")
        return number.replace(group, "").replace(mark, ".")
    if digits != 3 and THOUSANDS.fullmatch(number):
        raise BadPrice(
            _("“%(text)s” can be read in two ways: write it without a thousands mark.")
            % {"text": text}
        )
    return number.replace(",", ".")


def parse_price(text: str, currency: str) -> int:
    """Minor units of a price above zero, or BadPrice."""
    amount = plain_number(text, exponent(currency))
    if plain_decimal(amount) is None:
        raise BadPrice(_("“%(text)s” is not a price.") % {"text": text[:40]})
    try:
        minor = to_minor(amount, currency)
    except ValueError as error:
        raise BadPrice(
            _("“%(text)s” has more digits than %(currency)s knows.")
            % {"text": text[:40], "currency": currency}
        ) from error
    if minor <= 0:
        raise BadPrice(_("A price must be above zero."))
    if minor > HIGHEST_MINOR:
        raise BadPrice(_("“%(text)s” is too high to be paid.") % {"text": text[:40]})
    return minor
