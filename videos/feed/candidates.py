"""The videos that one page is chosen from, and those of them that may be shown."""

from collections.abc import Collection, Sequence

from django.db.models import Exists, OuterRef, Subquery, Value

from sellers.models import Follow
from videos.feed.gates import NO_GOODS, Goods, goods_of, unhidden
from videos.feed.ranking import Candidate
from videos.feed.sources import Found, Source, followed_keys
from videos.feed.watchers import Watcher
from videos.models import ProductTag, Video

# Of the newest videos so many are ranked.
NEWEST = 500
# Where fewer than a page and one of these may be shown, so many times as many are.
FEWEST, FURTHER = 11, 8
# The gates are asked of so many of the best; of all only where too few of them pass.
GATED = 100
FIELDS = [
    "pk", "seller_id", "published_at", "view_count", "like_count", "save_count",
    "share_count", "is_followed", "tag",
]  # fmt: skip


def candidates_among(videos, watcher: Watcher, found: Found) -> list[Candidate]:
    """The newest, what was found for this viewer, and what followed shops have new."""
    return rows_of(videos, watcher, found, slice(NEWEST))


def further_among(videos, watcher: Watcher, found: Found) -> list[Candidate]:
    """With those that came before the newest, which are sold out or sent nowhere."""
    return rows_of(videos, watcher, found, slice(FURTHER * NEWEST))


def rows_of(videos, watcher, found, newest):
    """In one query."""
    videos = unhidden(videos, watcher)
    chosen = [videos.order_by("-published_at", "-pk").values("pk")[newest]]
    if found.scores:
        keys = list(found.scores)
        chosen.append(videos.filter(pk__in=keys).order_by().values("pk"))
    if watcher.follower_pk:
        chosen.append(followed_keys(videos, watcher.follower_pk))
    first, *rest = chosen
    keys = first.union(*rest) if rest else first
    rows = annotated(Video.objects.filter(pk__in=keys), watcher).order_by()
    return [
        Candidate(*row[:-2], row[0] in found.seen, row[-2], row[-1] is not None)
        for row in rows.values_list(*FIELDS)
    ]


def annotated(videos, watcher):
    """A single tag is looked up for each: of an Exists the planner may make a table."""
    follows = Follow.objects.filter(user=watcher.follower_pk, seller=OuterRef("seller"))
    tags = ProductTag.objects.filter(video=OuterRef("pk")).order_by().values("pk")
    return videos.annotate(
        is_followed=Exists(follows) if watcher.follower_pk else Value(False),
        tag=Subquery(tags[:1]),
    )


def let_through(
    best_first: Sequence[int], watcher: Watcher, enough: int, others: Collection[int]
) -> dict[int, Goods]:
    """The goods of those that pass the gates, out of the best and of some others.

    Of the best at least `enough` pass, if there are so many.
    """
    goods = gated({*best_first[: max(GATED, enough)], *others}, watcher)
    if sum(key in goods for key in best_first[: max(GATED, enough)]) < enough:
        goods |= gated(best_first[max(GATED, enough) :], watcher)
    return goods


def gated(keys, watcher):
    goods = goods_of(list(keys), watcher) if keys else {}
    asked = {key: goods.get(key, NO_GOODS) for key in keys}
    return {key: found for key, found in asked.items() if found.is_shown}


def sources_of(candidate: Candidate, found: Found) -> Source:
    """All ways by which it came to the list."""
    sources = found.sources.get(candidate.pk, Source(0))
    if candidate.is_followed:
        sources |= Source.FOLLOWED
    return sources or Source.NEWEST
