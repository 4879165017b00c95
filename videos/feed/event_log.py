"""Writes events to the database, many at a time and each once.

An event's key is made of what it is, so a batch that comes again, because a worker
was killed before it could say that it had written it, changes nothing.
"""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import NamedTuple
from zlib import crc32

from django.conf import settings
from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from marketplace.accounts.models import User
from videos.feed import event_stream
from videos.models import FeedChoice, Impression, ProductTag, Video, WatchEvent
from videos.models.event import event_id

logger = logging.getLogger(__name__)

IMPRESSION = "impression"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# At once from the stream: up to ten thousand events.
BATCHES = 200
# Held by who writes; who wants to know what is complete waits for it (`written_until`).
WRITING = 0x66656564
ONCE = "ON CONFLICT DO NOTHING"
COMMON = ["id", "video_id", "viewer", "user_id", "created_at"]
VIDEO, VIEWER, AT = (COMMON.index(n) for n in ("video_id", "viewer", "created_at"))
# Held by who looks whether a viewer was shown a video before.
VIEWER_LOCKS = 64
COLUMNS = {
    Impression: [*COMMON, "position"],
    WatchEvent: [
        *COMMON, "kind", "watched_ms", "share", "loops", "is_skip", "product_id",
        "quantity",
    ],
}  # fmt: skip


class Event(NamedTuple):
    """What a browser told, with what its token says of the video."""

    kind: str
    video: int
    position: int
    shown_ms: int
    nth: int = 0
    watched_ms: int = 0
    share: int = 0
    loops: int = 0
    is_skip: bool = False
    product: int | None = None

    @property
    def at(self) -> datetime:
        """When it was shown; on one page, in the order of the places."""
        past = timedelta(milliseconds=self.shown_ms, microseconds=self.position % 1000)
        return EPOCH + past

    def key(self, viewer):
        return event_id(
            self.at, viewer, self.video, self.position, self.kind, self.nth,
            self.product,
        )  # fmt: skip


class Batch(NamedTuple):
    """Of one browser."""

    viewer: str
    user: int | None
    events: list[Event]


class Known(NamedTuple):
    """What the database says of what is about to be written."""

    durations: dict[int, int]  # of the videos that the public may watch
    tagged: set[tuple[int, int]]  # videos with their products
    # Accounts that are, and from when on what they see is put beside their name.
    users: dict[int, datetime]

    def whose(self, viewer: str, user: int | None, event: Event) -> tuple:
        if user is None or user in self.users and event.at >= self.users[user]:
            return viewer, user
        # Whose account was erased meanwhile is not known any more.
        return (viewer if user in self.users else ""), None


def pack(batch: Batch) -> bytes:
    return json.dumps(batch, separators=(",", ":")).encode()


def unpack(payload: bytes) -> Batch:
    viewer, user, events = json.loads(payload)
    return Batch(viewer, user, [Event(*event) for event in events])


def drain(seconds: float = 4) -> int:
    """Write what waits on the stream, first the new; how many events were.

    A batch leaves the stream after it is committed.  Several may do this at once.
    """
    return sum(
        write_all(take, seconds)
        for take in (event_stream.take_new, event_stream.take_over)
    )


def write_all(take, seconds):
    ends, written = time.monotonic() + seconds, 0
    while time.monotonic() < ends and (waiting := take(BATCHES)):
        written += store(readable(waiting))
        event_stream.settle(waiting)
    return written


def readable(waiting) -> list[Batch]:
    batches = []
    for one in waiting:
        try:
            batches.append(unpack(one.payload))
        except (ValueError, TypeError):
            # Written by no version that is known here; it would never be.
            logger.exception("A batch of events cannot be read: %r", one.payload[:500])
    return batches


@transaction.atomic
def store(batches: Iterable[Batch]) -> int:
    """How many were new: a few queries for any number."""
    batches = list(batches)
    with connection.cursor() as cursor:
        # Before anything is looked up: what somebody starts afresh from is either seen
        # here, or waits until this is committed.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [WRITING])
        rows = rows_of(batches, look_up(batches))
        rows[Impression] = shown_anew(cursor, rows[Impression])
        return sum(copy_in(cursor, model, rows[model]) for model in rows if rows[model])


def rows_of(batches, known: Known) -> dict:
    rows = {Impression: [], WatchEvent: []}
    for viewer, user, events in batches:
        for event in events:
            if event.video in known.durations:
                model = Impression if event.kind == IMPRESSION else WatchEvent
                if row := row_of(event, known.whose(viewer, user, event), known):
                    rows[model].append(row)
    return rows


def look_up(batches) -> Known:
    events = [event for batch in batches for event in batch.events]
    videos = {event.video for event in events}
    published = Video.objects.published().filter(pk__in=videos)
    tags = ()
    if any(event.product for event in events):
        tags = ProductTag.objects.filter(video__in=videos)
        tags = tags.order_by().values_list("video", "product")
    durations = dict(published.order_by().values_list("pk", "duration_ms"))
    users = {batch.user for batch in batches if batch.user is not None}
    return Known(durations, set(tags), beginnings(users) if users else {})


def beginnings(users) -> dict[int, datetime]:
    """Of these accounts, those that are; each since when it has not started afresh."""
    afresh = FeedChoice.objects.filter(user=OuterRef("pk"), kind=FeedChoice.Kind.AFRESH)
    rows = User.objects.filter(pk__in=users).order_by()
    since = Subquery(afresh.values("created_at")[:1])
    # Tokens tell the time in whole milliseconds.
    return {
        user: at - timedelta(microseconds=at.microsecond % 1000) if at else EPOCH
        for user, at in rows.values_list("pk", since)
    }


def row_of(event: Event, whose, known: Known) -> tuple | None:
    """None for a product that the video does not show."""
    common = (event.key(whose[0]), event.video, *whose, event.at)
    if event.kind == IMPRESSION:
        return (*common, event.position)
    if event.product and (event.video, event.product) not in known.tagged:
        return None
    watched = seen(event, known.durations[event.video])
    return (*common, event.kind, *watched, event.is_skip, event.product, 0)


def shown_anew(cursor, rows: list[tuple]) -> list[tuple]:
    """Without what the same browser was shown shortly before, or after.

    Whoever loads a page again and again shows no video to more people.
    """
    lasts = timedelta(minutes=settings.FEED_IMPRESSION_MINUTES)
    viewers = {row[VIEWER] for row in rows} - {""}
    if not lasts or not viewers:
        return rows
    # Two who write for one viewer see each other's.  In one order, and a few locks for
    # any number of viewers.
    locks = sorted({crc32(viewer.encode()) % VIEWER_LOCKS for viewer in viewers})
    cursor.execute("SELECT pg_advisory_xact_lock(%s, unnest(%s))", [WRITING, locks])
    shown = shown_around(rows, viewers, lasts)
    kept = []
    for row in sorted(rows, key=itemgetter(AT)):
        times = shown[row[VIEWER], row[VIDEO]]
        if row[VIEWER] and any(abs(row[AT] - at) < lasts for at in times):
            continue
        times.append(row[AT])
        kept.append(row)
    return kept


def shown_around(rows, viewers, lasts) -> dict[tuple, list[datetime]]:
    """When these videos were shown to these viewers at about that time."""
    times = [row[AT] for row in rows]
    known = Impression.objects.filter(
        viewer__in=viewers,
        video__in={row[VIDEO] for row in rows},
        created_at__gt=min(times) - lasts,
        created_at__lt=max(times) + lasts,
    )
    found = defaultdict(list)
    for viewer, video, at in known.order_by().values_list(
        "viewer", "video", "created_at"
    ):
        found[viewer, video].append(at)
    return found


def seen(event: Event, duration_ms: int) -> tuple[int, int, int]:
    """Time, share and loops, no more than fits into each other."""
    if not duration_ms:
        return event.watched_ms, event.share, event.loops
    watched_ms = min(event.watched_ms, duration_ms * (event.loops + 1))
    share = min(event.share, 1000 * watched_ms // duration_ms)
    return watched_ms, share, min(event.loops, watched_ms // duration_ms)


def copy_in(cursor, model, rows) -> int:
    """By way of a table of this connection, from there what is not there yet."""
    table, columns = model._meta.db_table, ", ".join(COLUMNS[model])
    incoming = f"incoming_{table}"
    cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {incoming}"
        f" (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
    )
    cursor.execute(f"DELETE FROM {incoming}")
    copy_to(cursor, f"{incoming} ({columns})", rows)
    # In one order, so that two who write the same do not wait for each other.
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {incoming}"
        f" ORDER BY id {ONCE}"
    )
    return cursor.rowcount


def copy_to(cursor, where, rows):
    with cursor.copy(f"COPY {where} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
