"""What people did, out of the database, as the arrays that the model learns from."""

from datetime import timedelta

import numpy as np
from django.conf import settings
from django.utils import timezone

from videos.feed.endings import LIKED_FROM
from videos.feed.model.recommender import History
from videos.models import Engagement, WatchEvent

CHUNK = 20_000
# Likes and saves have rows of their own, which are gone when they are taken back.
TOLD = [
    WatchEvent.Kind.WATCH,
    WatchEvent.Kind.SHARE,
    WatchEvent.Kind.TAG,
    WatchEvent.Kind.CART,
]

COLUMNS = np.dtype(
    [("visit", "U40"), ("person", "U48"), ("item", "i8"), ("worth", "f4"), ("at", "f8")]
)


def read_history(days=None) -> History:
    """Of so many days, as settings say."""
    days = settings.FEED_TRAINING_DAYS if days is None else days
    since = timezone.now() - timedelta(days=days)
    parts = [rows for rows in (*watched(since), *engaged(since)) if len(rows)]
    rows = np.concatenate(parts) if parts else np.empty(0, COLUMNS)
    rows = rows[rows["worth"] > 0]
    return History(
        visits=np.unique(rows["visit"], return_inverse=True)[1],
        people=np.unique(rows["person"], return_inverse=True)[1],
        items=rows["item"],
        worth=rows["worth"],
        times=rows["at"],
    )


def watched(since):
    """By viewers who are still told apart."""
    events = WatchEvent.objects.filter(created_at__gte=since, kind__in=TOLD)
    events = events.exclude(viewer="").order_by()
    rows = events.values_list(
        "viewer", "user", "video", "kind", "watched_ms", "video__duration_ms",
        "created_at",
    )  # fmt: skip
    yield from in_chunks(
        (viewer, person(user, viewer), video, worth_of(*signs), at.timestamp())
        for viewer, user, video, *signs, at in rows.iterator(CHUNK)
    )


def engaged(since):
    """Likes and saves belong to a person, and to no visit that is known."""
    rows = Engagement.objects.filter(created_at__gte=since).order_by()
    yield from in_chunks(
        (f"of {user} {at.date()}", person(user, ""), video, worth(kind), at.timestamp())
        for user, video, kind, at in rows.values_list(
            "user", "video", "kind", "created_at"
        ).iterator(CHUNK)
    )


def in_chunks(rows):
    """Arrays of so many rows: the whole need never be objects at one time."""
    chunk = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield np.array(chunk, COLUMNS)
            chunk = []
    yield np.array(chunk, COLUMNS)


def person(user, viewer):
    """Who is signed in is one person in every browser; a guest is one visit."""
    return f"user {user}" if user else viewer


def worth(kind):
    return settings.FEED_WORTH.get(kind, 0)


def worth_of(kind, watched_ms, duration_ms):
    if kind != WatchEvent.Kind.WATCH:
        return worth(kind)
    share = min(watched_ms / max(duration_ms, 1), 1)
    return share * worth(kind) if share >= LIKED_FROM else 0
