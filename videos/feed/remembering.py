"""What a viewer saw: kept in the cache up to some moment, what came since is asked for.

So a page goes by all of it at the cost of the latest, and still by what has happened
since the one before.  The database is the truth: what the cache has lost is read anew.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from videos.feed.viewing import (
    NO_PAST,
    OF_VIEWER,
    REMEMBERED,
    Past,
    Views,
    all_past,
    news,
)
from videos.models.event import RECENT, past_of_account, past_of_viewer

LASTS_SECONDS = 6 * 3600
# Clocks of two machines may differ by a minute, and writing may take another.
OVERLAP = timedelta(minutes=2)
# A token holds for a day.  What waited for longer is there when all is read anew.
LATE = timedelta(days=2)
# How a video was met: it need not come again; how it ended is known; and how.
SEEN, TOLD, FINISHED, TAPPED = 1, 2, 4, 8
ROW = np.dtype([("at", "i8"), ("video", "i8"), ("how", "u1")])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Memory:
    """Of a browser, or of an account in any: each video once, the latest last."""

    until: datetime
    rows: np.ndarray

    def with_news(self, until: datetime, rows: Iterable[tuple]) -> "Memory":
        new = np.array(list(rows), ROW)
        return Memory(until, in_order(np.concatenate([self.rows, new])))

    def since(self, moment: datetime) -> np.ndarray:
        return self.rows[np.searchsorted(self.rows["at"], microseconds(moment)) :]

    def packed(self) -> tuple:
        """By columns, which takes two thirds less than rows do."""
        columns = b"".join(self.rows[name].tobytes() for name in ROW.names)
        return self.until, len(self.rows), zlib.compress(columns, 1)

    @classmethod
    def unpacked(cls, until, count, packed) -> "Memory":
        columns, rows, start = zlib.decompress(packed), np.empty(count, ROW), 0
        for name in ROW.names:
            rows[name] = np.frombuffer(columns, ROW[name], count, start)
            start += rows[name].nbytes
        return cls(until, rows)


NOTHING = np.empty(0, ROW)


def in_order(rows):
    """Each video once: when it was met last, and all that is known of how."""
    videos, which = np.unique(rows["video"], return_inverse=True)
    found = np.zeros(len(videos), ROW)
    found["video"] = videos
    np.maximum.at(found["at"], which, rows["at"])
    np.bitwise_or.at(found["how"], which, rows["how"])
    return found[np.argsort(found["at"], kind="stable")]


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MOMENT


def past_of(viewer: str, user_pk: int | None, afresh: datetime | None = None) -> Past:
    """In one query.  `afresh`: what was kept of the account before does not count.

    It is forgotten then, but the cache may have been away, or a page just then at work.
    """
    if not viewer and not user_pk:
        return NO_PAST
    now, names = timezone.now(), names_of(viewer, user_pk)
    kept = {
        name: Memory.unpacked(*packed) for name, packed in cache.get_many(names).items()
    }
    if afresh and any(m.until < afresh + OVERLAP for m in kept.values()):
        kept = {}
    if len(kept) < len(names):
        asked = all_past(viewer, user_pk)
        kept = dict.fromkeys(names, Memory(now, NOTHING))
    else:
        after = min(memory.until for memory in kept.values()) - OVERLAP
        asked = news(viewer, user_pk, after, after - LATE)
    found = told(asked)
    memories = {
        name: memory.with_news(now, found.get(name == past_of_viewer(viewer), ()))
        for name, memory in kept.items()
    }
    keep(memories, kept)
    return past_from(memories, viewer, now)


def told(rows) -> dict[bool, list[tuple]]:
    """By whether it is of the viewer; as rows of a memory."""
    found = {True: [], False: []}
    for whose, at, video, is_shown, is_told, has_finished, has_tapped in rows:
        how = is_shown * SEEN | is_told * TOLD | has_finished * FINISHED
        how |= has_tapped * TAPPED
        found[whose == OF_VIEWER].append((microseconds(at), video, how))
    return found


def keep(memories, kept):
    """Where anything has come to them."""
    changed = {
        name: memory.packed()
        for name, memory in memories.items()
        if not len(kept[name].rows) or not np.array_equal(memory.rows, kept[name].rows)
    }
    if changed:
        cache.set_many(changed, LASTS_SECONDS)


def past_from(memories, viewer, now) -> Past:
    lately = now - timedelta(days=settings.FEED_REPEAT_DAYS)
    seen = [memory.since(lately) for memory in memories.values()]
    seen = np.concatenate([rows["video"][rows["how"] & SEEN > 0] for rows in seen])
    own = memories.get(past_of_viewer(viewer)) if viewer else None
    views = own.since(now - RECENT) if own else NOTHING
    views = views[views["how"] & TOLD > 0][-REMEMBERED:]
    # Nobody opens a product of a video that does not interest them.
    finished, tapped = (
        (views["how"] & how > 0).astype(float) for how in (FINISHED | TAPPED, TAPPED)
    )
    nobody_else = np.zeros(len(views), np.int64)
    return Past(
        Views(nobody_else, views["video"].copy(), finished, tapped),
        frozenset(seen.tolist()),
    )


def names_of(viewer, user_pk) -> list[str]:
    names = [past_of_viewer(viewer)] if viewer else []
    return [*names, past_of_account(user_pk)] if user_pk else names
