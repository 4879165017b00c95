"""Adds what was newly written to the counters of the videos."""

from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from videos.feed.event_log import WRITING
from videos.models import EventProgress, Impression, Video, WatchEvent

COUNTERS = "counters"
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@transaction.atomic
def written_until() -> datetime:
    """A moment up to which every event that will ever be written is there to see.

    Who writes holds a lock, so this waits for what is about to be committed; what is
    written afterwards bears a later time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITING])
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def begun_before() -> datetime:
    """A moment: whatever cannot be seen yet was, or will be, written after it.

    For jobs that may see an event twice, and do not want to wait for the checkout: it
    writes events amid a payment.  None is older than the transaction that writes it.
    """
    with connection.cursor() as cursor:
        # The statement's own time: who begins while the others are looked at is later.
        cursor.execute(
            "SELECT least(min(xact_start), statement_timestamp()) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND pid != pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def add_up_events() -> int:
    """Bring views and shares up to date; how many videos had new ones."""
    until = written_until()
    with transaction.atomic():
        EventProgress.objects.get_or_create(job=COUNTERS, defaults={"until": BEGINNING})
        # Of two jobs at once, the second waits, and finds nothing left to add.
        progress = EventProgress.objects.select_for_update().get(job=COUNTERS)
        since, progress.until = progress.until, max(progress.until, until)
        seen = Impression.objects.written(since, until)
        shared = WatchEvent.objects.written(since, until).filter(
            kind=WatchEvent.Kind.SHARE
        )
        stale = Video.objects.filter(
            pk__in=seen.values("video").union(shared.values("video"))
        )
        changed = stale.update(
            view_count=F("view_count") + count_of(seen),
            share_count=F("share_count") + count_of(shared),
        )
        progress.save()
    return changed


def count_of(events):
    """How many of these events the outer video has."""
    own = events.filter(video=OuterRef("pk")).order_by().values("video")
    return Coalesce(Subquery(own.annotate(count=Count("pk")).values("count")), 0)
