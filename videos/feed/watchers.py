"""Whom a page is for, as far as they allow that to be known, and what they wished."""

import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Expression, OuterRef, Q
from django.db.models.functions import JSONObject

from marketplace.accounts import details
from marketplace.prepared import Given
from videos.feed.viewers import PSEUDONYM, viewer_of
from videos.models import FeedChoice

# How the feed is made: chosen without an account, this cookie says it.
MODE_COOKIE = "feed"
# Under which name the other wishes of a browser without an account are kept.
BROWSER_COOKIE = "feed_choices"
COOKIE_SECONDS = 365 * 24 * 3600
PLAIN, YOURS = FeedChoice.Kind.PLAIN, FeedChoice.Kind.YOURS
# What an account's details have of the feed, and by what.
WISHES, BROWSER = "wishes", "browser"
SUBJECTS = ["video", "seller", "product", "category"]

EMPTY: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Watcher:
    """Without a profile, `viewer` is empty and nothing is asked about the past."""

    viewer: str = ""
    user_pk: int | None = None
    is_profiled: bool = True
    # Nobody has said yes or no, and the site wants to know.
    is_asked: bool = False
    country: str = ""
    # Not to be shown.
    videos: frozenset[int] = EMPTY
    sellers: frozenset[int] = EMPTY
    products: frozenset[int] = EMPTY
    # Liked, and not to be counted.
    dropped_sellers: frozenset[int] = EMPTY
    dropped_categories: frozenset[int] = EMPTY
    # What was kept of the account before counts no more.
    began_afresh_at: datetime | None = None

    @property
    def follower_pk(self) -> int | None:
        """Whose followed shops may count."""
        return self.user_pk if self.is_profiled else None


@dataclass
class Wishes:
    """What rows of `FeedChoice` say."""

    modes: list[str] = field(default_factory=list)
    about: dict = field(default_factory=lambda: defaultdict(set))
    began_afresh_at: datetime | None = None

    def add(self, kind, at=None, **subjects):
        if kind in (PLAIN, YOURS):
            self.modes.append(kind)
        if kind == FeedChoice.Kind.AFRESH:
            self.began_afresh_at = datetime.fromisoformat(at)
        for name, pk in subjects.items():
            if pk is not None:
                self.about[kind, name].add(pk)

    def keys(self, kind, name):
        return frozenset(self.about.get((kind, name), ()))


def browser_of(request) -> str:
    value = request.COOKIES.get(BROWSER_COOKIE, "")
    return value if PSEUDONYM.fullmatch(value) else ""


def watcher_of(request) -> Watcher:
    """Without a query where a page is read by an account; a guest's wishes are one."""
    user = request.user
    if user.is_authenticated:
        found = details.all_of(request)
        rows, country = found[WISHES], found[details.COUNTRY]
    else:
        rows, country = of_browser(browser_of(request)), ""
    wishes = Wishes()
    for row in rows:
        wishes.add(**row)
    mode = mode_by(wishes.modes, request)
    is_profiled = mode == YOURS if mode else not settings.FEED_ASKS_CONSENT
    of = wishes.keys
    return Watcher(
        viewer=viewer_of(request) if is_profiled else "",
        user_pk=user.pk,
        is_profiled=is_profiled,
        is_asked=not mode and settings.FEED_ASKS_CONSENT,
        country=country or "",
        videos=of("not_interested", "video"),
        sellers=of("hidden", "seller"),
        products=of("hidden", "product"),
        dropped_sellers=of("dropped", "seller"),
        dropped_categories=of("dropped", "category"),
        began_afresh_at=wishes.began_afresh_at,
    )


def mode_by(modes, request) -> str:
    """The account's word comes before the browser's; empty where neither has one."""
    if PLAIN in modes:
        # Of two clicks at once on both, the careful one counts.
        return PLAIN
    said = modes[0] if modes else request.COOKIES.get(MODE_COOKIE, "")
    return said if said in (PLAIN, YOURS) else ""


def wishes_of_account() -> Expression:
    """Of an outer query's account, with those of the browser that it is used in."""
    mine = Q(user=OuterRef("pk")) | Q(browser=Given(BROWSER, CharField()))
    wishes = FeedChoice.objects.filter(mine).order_by()
    return ArraySubquery(wishes.values(json=JSONObject(**as_json())))


def browser_given(request) -> str | None:
    """No wish is of an unknown browser; those of accounts have an empty one."""
    return browser_of(request) or None


def as_json():
    subjects = {name: f"{name}_id" for name in SUBJECTS}
    return {"kind": "kind", "at": "created_at"} | subjects


def of_browser(browser):
    if not browser:
        return []
    return FeedChoice.objects.filter(browser=browser).values("kind", *SUBJECTS)


def is_profiled(request) -> bool:
    """For beacons: whether what was watched may be kept under somebody's name."""
    said = request.COOKIES.get(MODE_COOKIE, "")
    if said != PLAIN and request.user.is_authenticated:
        # The cookie may be a guest's, or older than what was said in another browser.
        of_mine = FeedChoice.objects.filter(user=request.user, kind__in=[PLAIN, YOURS])
        said = mode_by(of_mine.values_list("kind", flat=True), request)
    return said == YOURS if said in (PLAIN, YOURS) else not settings.FEED_ASKS_CONSENT


def account_of(request) -> int | None:
    """Put beside what was done; without a profile nobody's name is."""
    user = request.user
    return user.pk if user.is_authenticated and is_profiled(request) else None


def participant_of(request) -> str:
    """Who takes part in experiments: nobody without a profile, for whom no setting is.

    By the cookie, which the first page puts right, so that no page asks for it.
    """
    mode = mode_by([], request)
    says_yes = mode == YOURS if mode else not settings.FEED_ASKS_CONSENT
    return viewer_of(request) if says_yes else ""


def keep_cookie(response, name, value):
    response.set_cookie(
        name,
        value,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def remember_mode(request, response, watcher):
    """The cookie says what the account says, for the beacons of this browser."""
    mode = PLAIN if not watcher.is_profiled else YOURS
    said = request.COOKIES.get(MODE_COOKIE)
    is_known = said or mode == PLAIN
    if watcher.user_pk and not watcher.is_asked and is_known and said != mode:
        keep_cookie(response, MODE_COOKIE, mode)
    return response


new_browser = partial(secrets.token_urlsafe, 16)
