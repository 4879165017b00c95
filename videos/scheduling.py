"""A time as a seller writes it, as one moment for everybody."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _


class NoSuchTime(Exception):
    """The clocks of that place never show it, or show it twice; its text says which."""


def moment(written: datetime, zone: str) -> datetime:
    """The moment at which the clocks of `zone` show what was written."""
    place = ZoneInfo(zone)
    first = written.replace(tzinfo=place, fold=0)
    if first.astimezone(UTC).astimezone(place).replace(tzinfo=None) != written:
        raise NoSuchTime(
            _("The clocks are put forward then, and never show that time.")
        )
    if first.utcoffset() != first.replace(fold=1).utcoffset():
        raise NoSuchTime(
            _(
                "The clocks are put back then, and show that time twice. "
                "Choose one before or after."
            )
        )
    return first.astimezone(UTC)
