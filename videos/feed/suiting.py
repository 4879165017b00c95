"""How well products suit a viewer, by what they watched and opened in this browser.

By the same signs as the feed, and as “Your feed” tells them: what was finished, and of
what a product was opened or put into the cart.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet

from sellers.models import Product
from videos.feed import serving
from videos.feed.endings import FINISHED_FROM
from videos.feed.gates import bought
from videos.feed.model.products import Products
from videos.feed.sources import Found, found_by_model
from videos.feed.viewing import TAPS, WATCHED
from videos.feed.watchers import Watcher
from videos.models import ProductTag, WatchEvent

# The latest so many signs count.
REMEMBERED = 100
# Of the videos that show a product so many are looked at, the newest.
SHOWING = 10
# What is like the latest so many products, so many of each.
LATEST, ALIKE = 8, 30


@dataclass(frozen=True)
class Liking:
    """Keys of the videos and products, the latest last."""

    videos: tuple[int, ...] = ()
    products: tuple[int, ...] = ()


class Stocked(NamedTuple):
    """A product as far as it can suit somebody."""

    pk: int
    seller_id: int
    category: int | None
    published_at: datetime | None
    videos: list[int]
    # A variant that can be bought and sent there; None where nothing is left.
    offered: int | None

    @property
    def is_buyable(self):
        return self.offered is not None


@dataclass
class Suiting:
    """One viewer who liked something."""

    liking: Liking
    found: Found
    products: Products | None

    @cached_property
    def by_video(self) -> dict[int, float]:
        """How well each suits them: 1 for what they liked, and for the best found.

        Where no part of the model counts anything, what it finds does not either.
        """
        found = self.found.scores
        top = max(found.values(), default=0) or 1
        shares = {pk: score / top for pk, score in found.items()}
        return shares | dict.fromkeys(self.liking.videos, 1.0)

    def shares(self, video_pks: Sequence[int]) -> list[float]:
        return [self.by_video.get(pk, 0.0) for pk in video_pks]

    def gains(self, rows: Sequence[Stocked]) -> np.ndarray:
        """How many times its usual value each product gains."""
        weights = settings.FEED_GOODS
        liked = set(self.liking.videos)
        known = {row.pk for row in rows if liked & set(row.videos)}
        known |= set(self.liking.products)
        by_video = [max(self.shares(row.videos), default=0) for row in rows]
        gains = weights["video"] * np.array(by_video)
        if self.products is not None:
            near = self.products.nearness([row.pk for row in rows], list(known))
            gains += weights["alike"] * near
        counts = Counter(row.category for row in rows if row.pk in known)
        del counts[None]
        most = max(counts.values(), default=1)
        return gains + weights["category"] * np.array(
            [counts[row.category] / most for row in rows]
        )

    def keys(self) -> list[int]:
        """Products to look at beside those that are new."""
        latest = self.liking.products[-LATEST:]
        found = set(latest)
        if self.products is not None:
            for key in latest:
                found.update(self.products.alike(key, ALIKE).tolist())
        return sorted(found)

    def shown_products(self):
        """Keys of the products in the videos that were liked or found, as a query."""
        videos = [*self.liking.videos, *self.found.scores]
        return ProductTag.objects.filter(video__in=videos).values("product")


def suiting(watcher: Watcher) -> Suiting | None:
    """In one query; None where nothing is known, or may be."""
    liking = liking_of(watcher)
    if not liking.videos:
        return None
    serves = serving.current()
    found = found_by_model(serves and serves.recommender, liking.videos)
    return Suiting(liking, found, serves and serves.products)


def liking_of(watcher: Watcher) -> Liking:
    if not watcher.viewer:
        return Liking()
    events = WatchEvent.objects.recent().filter(viewer=watcher.viewer)
    enough = F("video__duration_ms") * FINISHED_FROM
    events = events.filter(Q(kind=WATCHED, watched_ms__gte=enough) | Q(kind__in=TAPS))
    # What the viewer said counts no more.
    if watcher.dropped_sellers:
        events = events.exclude(video__seller__in=watcher.dropped_sellers)
    if watcher.dropped_categories:
        dropped = ProductTag.objects.filter(
            product__category__in=watcher.dropped_categories
        )
        events = events.exclude(video__in=dropped.values("video"))
    rows = events.order_by("-created_at", "-pk").values_list("video", "product")
    latest_last = list(rows[:REMEMBERED])[::-1]
    videos = dict.fromkeys(video for video, _ in latest_last)
    products = dict.fromkeys(product for _, product in latest_last if product)
    return Liking(tuple(videos), tuple(products))


def stocked(products: QuerySet[Product], watcher: Watcher, *more: str) -> QuerySet:
    """Rows of which `Stocked` are made, and more."""
    tags = ProductTag.objects.filter(product=OuterRef("pk")).order_by("-video")
    return products.values_list(
        "pk",
        "seller",
        "category",
        "published_at",
        ArraySubquery(tags.values("video")[:SHOWING]),
        bought(watcher.country, "pk"),
        *more,
    )


def best_shops(rows: Sequence[Stocked], gains: Sequence[float], limit) -> list[int]:
    """Those whose products suit best together."""
    sums = Counter()
    for row, gain in zip(rows, gains, strict=True):
        sums[row.seller_id] += float(gain)
    return [pk for pk, total in sums.most_common(limit) if total > 0]
