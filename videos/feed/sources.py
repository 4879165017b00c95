"""Where candidates come from beside what is new, each with how much it says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntFlag

import numpy as np
from django.contrib.postgres.expressions import ArraySubquery
from django.core.cache import cache
from django.db.models import BigIntegerField, Count, F, Func, OuterRef, Q
from django.utils import timezone

from sellers.models import Follow
from videos.feed.endings import LIKED_FROM
from videos.feed.experimenting import tuned
from videos.feed.model.sparse import add_up
from videos.models import WatchEvent

# Of each part of the model, and of followed shops, the best so many.
OF_EACH_PART = 150
OF_FOLLOWED = 50
TRENDING = "feed:trending"
TRENDING_KEPT = 100
TRENDING_HOURS = 48
# The list is made every few minutes; an older one says nothing of now.
TRENDING_SECONDS = 3600
# One browser's say, however often it watches.
FEWEST_WATCHERS = 3
# What says that a video is liked; others say the opposite, or only that it was shown.
LIKING = [
    WatchEvent.Kind.LIKE,
    WatchEvent.Kind.SAVE,
    WatchEvent.Kind.SHARE,
    WatchEvent.Kind.TAG,
    WatchEvent.Kind.CART,
]


class Source(IntFlag):
    """Ways by which a video can come to a list; kept in the ranking log."""

    NEWEST = 1
    VISIT = 2
    TASTE = 4
    CONTENT = 8
    FOLLOWED = 16
    TRENDING = 32
    TRIAL = 64
    NAMED = 128


TREND = int(Source.TRENDING)
PARTS = {Source.VISIT: "visit", Source.TASTE: "taste", Source.CONTENT: "content"}


@dataclass
class Found:
    """What one viewer's past leads to: keys with scores, sources and causes."""

    scores: dict[int, float] = field(default_factory=dict)
    # Added up as numbers: a page has hundreds of them.
    sources: dict[int, int] = field(default_factory=dict)
    because: dict[int, int] = field(default_factory=dict)
    # Not to come again while anything else is left.
    seen: frozenset[int] = frozenset()

    def add_trending(self, trending: dict[int, float]):
        weight = tuned("FEED_PARTS")["trending"]
        for key, share in trending.items():
            self.scores[key] = self.scores.get(key, 0) + weight * share
            self.sources[key] = self.sources.get(key, 0) | TREND


def found_by_model(recommender, liked: Sequence[int], by_name=None) -> Found:
    """A video that several parts find has the sum of their scores.

    `by_name`: how much each part counts, if not as in the feed.
    """
    if recommender is None or not len(liked):
        return Found()
    parts = {
        Source.VISIT: recommender.after(liked, OF_EACH_PART),
        Source.TASTE: recommender.for_taste(liked, OF_EACH_PART),
        Source.CONTENT: recommender.alike(liked, OF_EACH_PART),
    }
    by_name = by_name or tuned("FEED_PARTS")
    weights = {source: by_name[name] for source, name in PARTS.items()}
    keys = np.concatenate([keys for keys, _ in parts.values()])
    scores = [scores * weights[source] for source, (_, scores) in parts.items()]
    keys, scores = add_up(keys, np.concatenate(scores))
    sources: dict[int, int] = {}
    for source, (found, _) in parts.items():
        bit = int(source)
        for key in found.tolist():
            sources[key] = sources.get(key, 0) | bit
    alike = parts[Source.CONTENT][0]
    because = recommender.nearest(liked, alike).tolist() if len(alike) else []
    return Found(
        dict(zip(keys.tolist(), scores.tolist(), strict=True)),
        sources,
        dict(zip(alike.tolist(), because, strict=True)),
    )


def find_trending(now=None) -> dict[int, float]:
    """By how many different browsers liked it lately; the first one has 1."""
    since = (now or timezone.now()) - timedelta(hours=TRENDING_HOURS)
    enough = F("video__duration_ms") * LIKED_FROM
    watched = Q(kind=WatchEvent.Kind.WATCH, watched_ms__gte=enough)
    lately = WatchEvent.objects.filter(created_at__gte=since).order_by()
    liked = lately.filter(watched | Q(kind__in=LIKING))
    rows = (
        liked.values_list("video")
        .annotate(watchers=Count("viewer", distinct=True))
        .filter(watchers__gte=FEWEST_WATCHERS)
        .order_by("-watchers", "-video")[:TRENDING_KEPT]
    )
    rows = list(rows)
    return {video: watchers / rows[0][1] for video, watchers in rows}


def note_trending() -> None:
    """By a job, so that no page adds up events."""
    cache.set(TRENDING, find_trending(), TRENDING_SECONDS)


def trending() -> dict[int, float]:
    return cache.get(TRENDING) or {}


def followed(videos, user_pk):
    """The newest of the shops that somebody follows."""
    of_followed = of_shops_followed(videos, user_pk, OF_FOLLOWED)
    return of_followed.order_by("-published_at", "-pk")[:OF_FOLLOWED]


def of_shops_followed(videos, user_pk, of_each: int):
    """The newest so many of each shop that somebody follows.

    Each shop by an index of its own.  Of all shops together PostgreSQL would look
    through everything that is newer than what they have, or sort all they ever had.
    """
    newest = videos.filter(seller=OuterRef("seller")).order_by("-published_at", "-pk")
    keys = Unnested(ArraySubquery(newest.values("pk")[:of_each]))
    return videos.filter(pk__in=Follow.objects.filter(user=user_pk).values(key=keys))


class Unnested(Func):
    """A row for each element."""

    function = "unnest"
    set_returning = True
    output_field = BigIntegerField()
