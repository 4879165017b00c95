"""The videos that one page is chosen from, and those of them that may be shown."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from django.db.models import (
    BigIntegerField,
    Exists,
    FloatField,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.lookups import IsNull
from django.db.models.sql.where import WhereNode

from marketplace.prepared import Given, Prepared, given_keys
from sellers.models import Follow
from videos.feed.gates import NO_GOODS, Goods, goods_of
from videos.feed.ranking import Candidate, columns
from videos.feed.sources import Found, Source, followed
from videos.feed.watchers import Watcher
from videos.models import ProductTag

# Of the newest videos so many are ranked.
NEWEST = 500
# Where fewer than a page and one of these may be shown, so many times as many are.
FEWEST, FURTHER = 11, 8
# The gates are asked of so many of the best; of all only where too few of them pass.
GATED = 100
FIELDS = [
    "pk", "seller_id", "published_seconds", "view_count", "like_count", "save_count",
    "share_count", "is_followed", "has_products",
]  # fmt: skip


class Seconds(Func):
    """Since 1970.  Of hundreds of rows Django would make times one by one in Python."""

    # A float at once, where EXTRACT makes a numeric first.
    template = "date_part('epoch', %(expressions)s)"
    output_field = FloatField()

    def get_db_converters(self, connection):
        """None: it is a float already."""
        return []


@dataclass(frozen=True)
class Among:
    """Videos that a feed may be made of; alike where they are found by the same."""

    videos: QuerySet = field(compare=False)
    where: WhereNode

    @classmethod
    def of(cls, videos):
        return cls(videos, videos.query.where)


def candidates_among(
    videos,
    watcher: Watcher,
    found: Found,
    left_out: Collection[int] = (),
    newest: int | None = None,
) -> Candidate:
    """The newest, what was found for this viewer, and what followed shops have new.

    As columns, in one query.
    """
    user_pk = watcher.follower_pk
    rows = ROWS.rows(
        Among.of(videos),
        bool(user_pk),
        newest or NEWEST,
        user=user_pk,
        found=list(found.scores),
        left_out=[*left_out, *watcher.videos],
        sellers=list(watcher.sellers),
    )
    keys, *figures, is_followed, has_products = columns(rows, len(FIELDS))
    is_seen, usual = np.isin(keys, [*found.seen]), np.ones(len(keys))
    return Candidate(keys, *figures, is_seen, is_followed, has_products, usual)


def further_among(videos, watcher: Watcher, found: Found, left_out: Collection[int]):
    """With those that came before the newest, which are sold out or sent nowhere."""
    return candidates_among(videos, watcher, found, left_out, FURTHER * NEWEST)


def rows(among, is_follower, newest):
    user = Given("user", BigIntegerField())
    videos = among.videos.exclude(pk__in=given_keys("left_out"))
    videos = videos.exclude(seller__in=given_keys("sellers"))
    # A single tag is looked up for each, in the index alone: of an Exists the planner
    # may make a table.
    tags = ProductTag.objects.filter(video=OuterRef("pk")).order_by().values("video")
    follows = Follow.objects.filter(user=user, seller=OuterRef("seller"))
    videos = videos.annotate(
        is_followed=Exists(follows) if is_follower else Value(False),
        has_products=IsNull(Subquery(tags[:1]), False),
        published_seconds=Seconds("published_at"),
    )
    newest_first = videos.order_by("-published_at", "-pk").values_list(*FIELDS)
    chosen = [videos.filter(pk__in=given_keys("found")).order_by()]
    if is_follower:
        chosen.append(followed(videos, user))
    return newest_first[:newest].union(*(part.values_list(*FIELDS) for part in chosen))


ROWS = Prepared(rows, is_binary=True)


def let_through(keys: Collection[int], watcher: Watcher) -> dict[int, Goods]:
    """What those of these have to sell that pass the gates."""
    goods = goods_of(keys, watcher) if keys else {}
    asked = {key: goods.get(key, NO_GOODS) for key in keys}
    return {key: found for key, found in asked.items() if found.is_shown}


def sources_of(candidate: Candidate, found: Found) -> Source:
    """All ways by which it came to the list."""
    sources = Source(found.sources.get(candidate.pk, 0))
    if candidate.is_followed:
        sources |= Source.FOLLOWED
    return sources or Source.NEWEST
