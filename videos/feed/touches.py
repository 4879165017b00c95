"""What one viewer did lately with the videos that show some products."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q

from videos.models import ProductTag, WatchEvent

# Less is passing by.
WATCHED_FROM_MS = 2000
TAPS = [WatchEvent.Kind.TAG, WatchEvent.Kind.CART]


@dataclass(frozen=True)
class Touch:
    """The last time that the viewer watched a video, or tapped a product in it."""

    video: int
    at: datetime
    is_tap: bool


@dataclass(frozen=True)
class PlacedTag:
    """A product's place in a video: the first, second, ... that comes up, and when."""

    pk: int
    video: int
    product: int
    starts_ms: int
    title: str  # of the video
    position: int


def touches_of(
    viewer: str, user, products: Collection[int], since: datetime
) -> list[Touch]:
    """In this browser since it was opened, and anywhere while signed in."""
    mine = Q(pk__in=[])
    if viewer:
        mine |= Q(viewer=viewer)
    if user is not None:
        mine |= Q(user=user)
    watched = Q(kind=WatchEvent.Kind.WATCH, watched_ms__gte=WATCHED_FROM_MS)
    # First the viewer's own, which are few; a product may be shown in many videos.
    events = WatchEvent.objects.filter(mine, created_at__gte=since)
    events = events.filter(watched | Q(kind__in=TAPS))
    showing = ProductTag.objects.filter(product__in=products).values("video")
    rows = events.filter(video__in=showing).order_by().values_list("video", "kind")
    lately = rows.annotate(Max("created_at"))
    return [Touch(video, at, kind in TAPS) for video, kind, at in lately]


def placed_tags(videos: Collection[int]) -> list[PlacedTag]:
    """All tags of these videos, each video's in order of time."""
    count: dict[int, int] = {}
    found = []
    rows = ProductTag.objects.filter(video__in=videos).order_by("starts_ms", "pk")
    rows = rows.values_list("pk", "video", "product", "starts_ms", "video__title")
    for pk, video, *tag in rows:
        count[video] = count.get(video, 0) + 1
        found.append(PlacedTag(pk, video, *tag, count[video]))
    return found
