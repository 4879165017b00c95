"""Through which video a line was sold: decided once, when the order is made.

The rule, in this order: the video over which the buyer put it into the cart; the last
video with this product in which the buyer tapped a product; the last one watched.
Each counts within a window that the settings give, and only if the video shows it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from checkout.models import CartLine, OrderLine
from videos.feed.touches import PlacedTag, Touch, placed_tags, touches_of

Way = OrderLine.Way


@dataclass(frozen=True)
class PutIn:
    """From which video's sheet a cart line came, by which tag of it, and when."""

    video: int
    tag: int | None
    at: datetime


@dataclass(frozen=True)
class Windows:
    tap: timedelta
    view: timedelta


@dataclass(frozen=True)
class Credit:
    """To which video a sale is due, and to what in it."""

    way: Way
    tag: PlacedTag
    at: datetime


def credit(
    put_in: PutIn | None,
    touches: Iterable[Touch],
    tags: Sequence[PlacedTag],
    now: datetime,
    windows: Windows,
) -> Credit | None:
    """Of one product, whose tags these are, in order of time; None: of no video."""
    first = {tag.video: tag for tag in reversed(tags)}
    if put_in and put_in.video in first and put_in.at >= now - windows.tap:
        tapped = next((tag for tag in tags if tag.pk == put_in.tag), None)
        is_there = tapped is not None and tapped.video == put_in.video
        tag = tapped if is_there else first[put_in.video]
        return Credit(Way.DIRECT, tag, put_in.at)
    lately = [
        touch
        for touch in touches
        if touch.video in first
        and now - (windows.tap if touch.is_tap else windows.view) <= touch.at <= now
    ]
    if not lately:
        return None
    last = max(lately, key=lambda touch: (touch.is_tap, touch.at, touch.video))
    return Credit(Way.AFTER_VIEW, first[last.video], last.at)


def windows() -> Windows:
    return Windows(
        timedelta(hours=settings.ATTRIBUTION_TAP_HOURS),
        timedelta(hours=settings.ATTRIBUTION_VIEW_HOURS),
    )


def credits_of(
    lines: Iterable[CartLine], viewer: str, user
) -> dict[int, Credit | None]:
    """By the cart line's key; two queries for any number of lines."""
    lines = list(lines)
    now, limits = timezone.now(), windows()
    since = now - max(limits.tap, limits.view)
    products = {line.variant.product_id for line in lines}
    touches = touches_of(viewer, user, products, since)
    videos = {touch.video for touch in touches} | {line.video_id for line in lines}
    tags = placed_tags(videos - {None})
    return {
        line.pk: credit(
            put_in(line),
            touches,
            [tag for tag in tags if tag.product == line.variant.product_id],
            now,
            limits,
        )
        for line in lines
    }


def put_in(line: CartLine) -> PutIn | None:
    if line.video_id is None:
        return None
    return PutIn(line.video_id, line.tag_id, line.video_at or line.added_at)


def as_fields(credit: Credit | None) -> dict:
    """What an order line keeps of it."""
    if credit is None:
        return {}
    return {
        "video_id": credit.tag.video,
        "video_title": credit.tag.title,
        "video_way": credit.way,
        "video_touched_at": credit.at,
        "tag_position": credit.tag.position,
        "tag_starts_ms": credit.tag.starts_ms,
    }
