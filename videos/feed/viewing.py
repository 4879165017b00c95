"""How impressions ended: of one viewer, or of all that came since some time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.db.models import (
    BigIntegerField,
    CharField,
    DateTimeField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    SmallIntegerField,
    Value,
    Window,
)
from django.db.models.functions import RowNumber
from django.utils import timezone

from marketplace.prepared import Given, Prepared
from videos.feed.endings import FINISHED_FROM
from videos.models import Impression, WatchEvent
from videos.models.event import RECENT

# Of one viewer so many impressions are looked at, the latest; docs/feed.md says what
# more of them would bring.  Where videos are learnt from, there are many viewers.
REMEMBERED, OF_EACH = 500, 200
WATCHED = WatchEvent.Kind.WATCH
TAPS = [WatchEvent.Kind.TAG, WatchEvent.Kind.CART]
COLUMNS = ["viewer", "video", "finished", "tapped"]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Views:
    """Impressions, each once for a viewer and a video, and how they ended: 0 or 1."""

    viewers: np.ndarray  # places in a list of viewers
    videos: np.ndarray  # keys
    finished: np.ndarray
    tapped: np.ndarray

    def __len__(self):
        return len(self.videos)


def ended(impressions, events=None):
    """With how each ended, of which the browser told at any time since."""
    events = WatchEvent.objects.recent() if events is None else events
    events = events.filter(viewer=OuterRef("viewer"), video=OuterRef("video"))
    enough = OuterRef("video__duration_ms") * FINISHED_FROM
    # Nobody opens a product of a video that does not interest them.
    is_tapped = Exists(events.filter(kind__in=TAPS))
    is_watched = Exists(events.filter(kind=WATCHED, watched_ms__gte=enough))
    return impressions.annotate(tapped=is_tapped, finished=is_watched)


def views_of(viewers: list[str], rows: Iterable[tuple]) -> Views:
    """From viewer, video, whether it was finished and tapped, in order of time."""
    number = {viewer: place for place, viewer in enumerate(viewers)}
    once = {(number[row[0]], row[1]): row[2:4] for row in rows}
    endings = np.array(list(once.values()), float).reshape(-1, 2)
    finished, tapped = endings.T
    pairs = np.array(list(once), np.int64).reshape(-1, 2)
    return Views(*pairs.T, np.maximum(finished, tapped), tapped)


def views_before(viewers: list[str], until) -> Views:
    """The latest of each of these viewers, in order of time."""
    shown = Impression.objects.recent().filter(
        viewer__in=viewers, written_at__lte=until
    )
    place = Window(
        RowNumber(), partition_by=F("viewer"), order_by=F("created_at").desc()
    )
    latest = ended(shown.annotate(place=place)).filter(place__lte=OF_EACH)
    return views_of(viewers, latest.order_by("created_at", "pk").values_list(*COLUMNS))


@dataclass(frozen=True)
class Past:
    """Of one viewer: how the latest impressions ended, and what need not come again."""

    views: Views
    seen: frozenset[int]


NO_VIEWS = Views(*np.empty((2, 0), np.int64), *np.empty((2, 0)))
NO_PAST = Past(NO_VIEWS, frozenset())

# Whose a row is: this browser's, or this account's in any.
OF_VIEWER, OF_ACCOUNT = 1, 0


def all_past(viewer: str, user_pk: int | None) -> list[tuple]:
    """All in one query: many days are as many partitions, to be planned for once.

    Of each row whose it is, when it was shown, the video, and whether it was shown, how
    it ended is known, it was finished, and tapped.
    """
    now = timezone.now()
    return PAST.rows(
        bool(viewer),
        bool(user_pk),
        viewer=viewer,
        user=user_pk,
        recently=now - RECENT,
        lately=now - timedelta(days=settings.FEED_REPEAT_DAYS),
        tomorrow=now + DAY,
    )


def news(viewer: str, user_pk: int | None, after, since) -> list[tuple]:
    """The same of what was written after, of videos shown since."""
    return NEWS.rows(
        bool(viewer),
        bool(user_pk),
        viewer=viewer,
        user=user_pk,
        after=after,
        since=since,
        tomorrow=timezone.now() + DAY,
    )


def past(has_viewer, has_user):
    parts = [latest(), seen_lately(*VIEWER)] if has_viewer else []
    return united([*parts, seen_lately(*ACCOUNT)] if has_user else parts)


def newly_written(has_viewer, has_user):
    parts = [shown_since(*VIEWER), told_since()] if has_viewer else []
    return united([*parts, shown_since(*ACCOUNT)] if has_user else parts)


PAST = Prepared(past, is_binary=True)
NEWS = Prepared(newly_written, is_binary=True)
RECENTLY, LATELY, SINCE, AFTER, TOMORROW = (
    Given(name, DateTimeField())
    for name in ("recently", "lately", "since", "after", "tomorrow")
)
VIEWER = OF_VIEWER, Q(viewer=Given("viewer", CharField()))
ACCOUNT = OF_ACCOUNT, Q(user=Given("user", BigIntegerField()))
IS, IS_NOT = Value(True), Value(False)


def united(parts):
    first, *others = parts
    return first.union(*others, all=True) if others else first


def latest():
    """As `views_before` finds them, where one viewer alone is asked about."""
    shown = Impression.objects.shown_between(RECENTLY, TOMORROW).filter(VIEWER[1])
    shown = ended(shown, WatchEvent.objects.shown_between(RECENTLY, TOMORROW))
    shown = shown.order_by("-created_at", "-pk")[:REMEMBERED]
    columns = F("created_at"), IS, IS, F("finished"), F("tapped")
    return told_of(shown, OF_VIEWER, *columns)


def seen_lately(whose, mine):
    """Each video once."""
    shown = Impression.objects.shown_between(LATELY, TOMORROW)
    shown = shown.filter(mine).order_by().values("video")
    return told_of(shown, whose, Max("created_at"), IS, IS_NOT, IS_NOT, IS_NOT)


def shown_since(whose, mine):
    shown = Impression.objects.shown_between(SINCE, TOMORROW)
    shown = shown.filter(mine, written_at__gt=AFTER).order_by()
    return told_of(shown, whose, F("created_at"), IS, IS, IS_NOT, IS_NOT)


def told_since():
    """How videos ended that may have been shown before."""
    enough = F("video__duration_ms") * FINISHED_FROM
    is_watched, is_tapped = Q(kind=WATCHED, watched_ms__gte=enough), Q(kind__in=TAPS)
    events = WatchEvent.objects.shown_between(SINCE, TOMORROW)
    events = events.filter(VIEWER[1], is_watched | is_tapped, written_at__gt=AFTER)
    columns = F("created_at"), IS_NOT, IS_NOT, is_watched, is_tapped
    return told_of(events.order_by(), OF_VIEWER, *columns)


def told_of(rows, whose, *columns):
    names = ["at", "is_shown", "is_told", "has_finished", "has_tapped"]
    columns = dict(zip(names, columns, strict=True))
    told = rows.annotate(whose=Value(whose, SmallIntegerField()), **columns)
    return told.values_list("whose", "at", "video", *names[1:])
