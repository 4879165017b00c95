"""What buyers are told of things that are sent later than at once."""

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sellers.models import StockLevel, Variant

FEW = 5


@dataclass(frozen=True)
class Note:
    """Whether it can be had now: a sentence, and how the badge looks."""

    kind: str
    text: str
    # How many the form offers, and why no more.
    most: int = 1
    limit_text: str = ""


def note_on(variant: Variant) -> Note:
    """On the page of the product and in the sheet over a video."""
    if not variant.orderable:
        return Note("bad", _("Sold out"))
    kind, text = state_of(variant)
    if not variant.limit:
        return Note(kind, text, variant.orderable)
    limit_text = _("At most %(most)s per buyer.") % {"most": variant.limit}
    return Note(kind, text, min(variant.limit, variant.orderable), limit_text)


def state_of(variant: Variant) -> tuple[str, str]:
    left = variant.available
    if text := text_of_offer(variant.stock):
        return "lamp", text
    if left > FEW:
        return "good", _("In stock")
    if variant.orderable > left:
        return "warn", _("%(left)s in stock, more on back-order") % {"left": left}
    return "warn", _("Only %(left)s left") % {"left": left}


def text_of_offer(level: StockLevel) -> str:
    """Empty where it is sent at once."""
    if level.is_pre_order:
        text = _("Pre-order: sent from %(day)s")
        return text % {"day": date_format(level.ships_on)}
    if level.available:
        return ""
    if level.expected_on:
        text = _("Back-order: sent from %(day)s")
        return text % {"day": date_format(level.expected_on)}
    return _("Back-order: sent as soon as it is there again")


def text_of_line(quantity: int, later: int, ships_on: date | None) -> str:
    """In the cart and on the order; empty where everything is sent at once."""
    if not later:
        return ""
    facts = {"later": later, "day": date_format(ships_on) if ships_on else ""}
    if later < quantity:
        text = ngettext(
            "%(later)s of them is sent from %(day)s",
            "%(later)s of them are sent from %(day)s",
            later,
        )
        open_text = ngettext(
            "%(later)s of them is sent as soon as it is there",
            "%(later)s of them are sent as soon as they are there",
            later,
        )
        return (text if ships_on else open_text) % facts
    text = _("Sent from %(day)s") if ships_on else _("Sent as soon as it is there")
    return text % facts
