"""What somebody tells the feed, and takes back.  Saying it twice changes nothing."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from videos.feed.counting import written_until
from videos.feed.watchers import COOKIE_SECONDS, PLAIN, YOURS, browser_of
from videos.models import FeedChoice, Impression, RankingLog, WatchEvent
from videos.models.event import forget_pasts

# Of one account or browser.
MOST_WISHES = 500


class TooManyWishes(Exception):
    """Some must be taken back first."""


@dataclass(frozen=True)
class Wisher:
    """An account, or else a browser."""

    user_pk: int | None
    browser: str

    @property
    def owner(self) -> dict:
        if self.user_pk:
            return {"user_id": self.user_pk, "browser": ""}
        return {"user_id": None, "browser": self.browser}

    @property
    def choices(self):
        return FeedChoice.objects.of(self.user_pk, self.browser)


def wisher_of(request, browser: str = "") -> Wisher:
    return Wisher(request.user.pk, browser or browser_of(request))


def wish(wisher: Wisher, kind: str, subject) -> FeedChoice:
    """Not interested, hidden, or an interest that counts no more."""
    about = {subject._meta.model_name: subject}
    if already := wisher.choices.filter(kind=kind, **about).first():
        return already
    if wisher.choices.count() >= MOST_WISHES:
        raise TooManyWishes
    # Of two clicks at once, the constraint lets one add it.
    row, _ = FeedChoice.objects.get_or_create(**wisher.owner, kind=kind, **about)
    return row


def set_mode(user_pk: int, is_profiled: bool) -> None:
    """Of an account.  A browser without one keeps it in its cookie."""
    said, other = (YOURS, PLAIN) if is_profiled else (PLAIN, YOURS)
    with transaction.atomic():
        FeedChoice.objects.filter(user=user_pk, kind=other).delete()
        FeedChoice.objects.get_or_create(user_id=user_pk, browser="", kind=said)


def forget(user_pk: int | None, viewer: str) -> None:
    """Nobody can tell any more who watched what: the rows stay as figures.

    The pseudonym that they bear is given up by the caller.
    """
    if user_pk:
        afresh = {"user_id": user_pk, "browser": "", "kind": FeedChoice.Kind.AFRESH}
        at = {"created_at": timezone.now()}
        FeedChoice.objects.update_or_create(**afresh, defaults=at)
        # Events that still wait are written by who sees this; others are waited for.
        written_until()
        Impression.objects.filter(user=user_pk).update(user=None)
        WatchEvent.objects.filter(user=user_pk).update(user=None)
    forget_pasts([viewer] if viewer else [], [user_pk] if user_pk else [])
    if viewer:
        named = RankingLog.objects.filter(viewer=viewer, viewer__gt="")
        named.update(viewer="")


def purge_browsers() -> int:
    """Wishes of browsers whose cookie has ended."""
    ended = timezone.now() - timedelta(seconds=COOKIE_SECONDS)
    of_browsers = FeedChoice.objects.exclude(browser="")
    return of_browsers.filter(created_at__lt=ended).delete()[0]
