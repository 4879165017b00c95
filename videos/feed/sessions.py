"""One visit to the feed: an order fixed at its start, handed out page by page.

The order is kept in the cache under an unguessable name; a cursor is that name and
a place in it.  So no video comes twice in a visit, whatever is published meanwhile.
"""

import re
import secrets
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.utils import timezone

from videos.feed import matching
from videos.feed.ranking import Candidate, rank
from videos.models import Impression, Video

PAGE_SIZE = 10
# How many videos are ranked at a time; a visit that reaches the end ranks again.
CANDIDATES = 500
LASTS_SECONDS = 6 * 3600

CURSOR = re.compile(r"([\w-]{16})\.(\d{1,6})")


class BadCursor(Exception):
    """Not a cursor that this site gave out."""


@dataclass(frozen=True)
class Page:
    keys: list[int]
    next_cursor: str | None
    position: int


def open_feed(videos, viewer: str, first: int | None = None) -> Page:
    """The first page of a new visit, opening with the video `first`."""
    order = best_of(videos, viewer)
    if first is not None:
        order = [first, *(key for key in order if key != first)]
    name = secrets.token_urlsafe(12)
    cache.set(cache_key(name), order, LASTS_SECONDS)
    return page_of(order, name, 0)


def continue_feed(videos, viewer: str, cursor: str) -> Page:
    """The page at the cursor; a visit that was forgotten starts anew."""
    match = CURSOR.fullmatch(cursor)
    if not match:
        raise BadCursor(cursor)
    name, start = match[1], int(match[2])
    order = cache.get(cache_key(name))
    if order is None:
        return open_feed(videos, viewer)
    if start >= len(order):
        order = order + best_of(videos.exclude(pk__in=order), viewer)
        cache.set(cache_key(name), order, LASTS_SECONDS)
    return page_of(order, name, start)


def best_of(videos, viewer: str) -> list[int]:
    """The newest, and what the model finds for this viewer: in order, on one list."""
    match = matching.match(viewer)
    candidates = candidates_among(videos, viewer, match.keys.tolist())
    suits = match.affinities([candidate.pk for candidate in candidates])
    fitting = [c._replace(affinity=suits[c.pk]) for c in candidates]
    return match.with_trials(rank(fitting, timezone.now()), PAGE_SIZE)


def candidates_among(videos, viewer, found) -> list[Candidate]:
    fields = [name for name in Candidate._fields if name != "affinity"]
    if viewer:
        seen = Impression.objects.recent().filter(viewer=viewer, video=OuterRef("pk"))
        videos = videos.annotate(is_seen=Exists(seen))
    else:
        fields.remove("is_seen")
    newest = videos.order_by("-published_at", "-pk")[:CANDIDATES]
    rows = list(newest.values_list(*fields))
    missing = set(found) - {row[0] for row in rows}
    if missing:
        rows += videos.filter(pk__in=missing).order_by().values_list(*fields)
    return [Candidate(*row) for row in rows]


def page_of(order: list[int], name: str, start: int) -> Page:
    end = start + PAGE_SIZE
    # A full list may have more behind it: the next page looks.
    has_more = end < len(order) or (len(order) >= CANDIDATES and start < len(order))
    return Page(
        keys=order[start:end],
        next_cursor=f"{name}.{end}" if has_more else None,
        position=start,
    )


def cache_key(name: str) -> str:
    return f"feed:{name}"


def public_videos():
    return Video.objects.published().exclude(published_at=None)


def followed_videos(user):
    return public_videos().filter(seller__followers__user=user)
