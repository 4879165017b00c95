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
    Value,
    Window,
)
from django.db.models.functions import RowNumber
from django.utils import timezone

from marketplace.prepared import Given, Prepared
from videos.feed.endings import FINISHED_FROM
from videos.models import Impression, WatchEvent
from videos.models.event import RECENT

# Of each viewer so many impressions are remembered, the latest; docs/feed.md says what
# more of them would bring.
REMEMBERED = 200
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
    latest = ended(shown.annotate(place=place)).filter(place__lte=REMEMBERED)
    return views_of(viewers, latest.order_by("created_at", "pk").values_list(*COLUMNS))


@dataclass(frozen=True)
class Past:
    """Of one viewer: how the latest impressions ended, and what need not come again."""

    views: Views
    seen: frozenset[int]


NO_VIEWS = Views(*np.empty((2, 0), np.int64), *np.empty((2, 0)))
NO_PAST = Past(NO_VIEWS, frozenset())


def past_of(viewer: str, user_pk: int | None) -> Past:
    """Both in one query: many days are as many partitions, to be planned for once."""
    if not viewer and not user_pk:
        return NO_PAST
    now = timezone.now()
    rows = PAST.rows(
        bool(viewer),
        bool(user_pk),
        viewer=viewer,
        user=user_pk,
        recently=now - RECENT,
        lately=now - timedelta(days=settings.FEED_REPEAT_DAYS),
        tomorrow=now + DAY,
    )
    told = sorted(row[:4] for row in rows if row[-1])
    return Past(
        views_of([viewer], ((viewer, *row[1:]) for row in told)),
        frozenset(row[1] for row in rows),
    )


def past(has_viewer, has_user):
    viewer = Q(viewer=Given("viewer", CharField()))
    user = Q(user=Given("user", BigIntegerField()))
    if not has_viewer:
        return seen_lately(user)
    seen = seen_lately(viewer | user if has_user else viewer)
    return latest(viewer).union(seen, all=True)


PAST = Prepared(past)
TIMES = {
    name: Given(name, DateTimeField()) for name in ("recently", "lately", "tomorrow")
}


def latest(viewer):
    """As `views_before` finds them, where one viewer alone is asked about."""
    recently = TIMES["recently"], TIMES["tomorrow"]
    shown = Impression.objects.shown_between(*recently).filter(viewer)
    shown = ended(shown, WatchEvent.objects.shown_between(*recently))
    shown = shown.order_by("-created_at", "-pk")[:REMEMBERED]
    return told_of(shown, F("created_at"), F("finished"), F("tapped"), Value(True))


def seen_lately(mine):
    """In this browser, or by this person in any; each video once."""
    shown = Impression.objects.shown_between(TIMES["lately"], TIMES["tomorrow"])
    shown = shown.filter(mine).order_by().values("video")
    return told_of(shown, Max("created_at"), *[Value(False)] * 3)


def told_of(impressions, at, *columns):
    names = ["has_finished", "has_tapped", "is_latest"]
    columns = dict(zip(names, columns, strict=True))
    told = impressions.annotate(at=at, **columns)
    return told.values_list("at", "video", *columns)
