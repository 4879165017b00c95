"""What viewers saw, watched and tapped, written in bulk and never changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from videos.models import Impression, Video, WatchEvent

IMPRESSION = "impression"
KINDS = [IMPRESSION, *WatchEvent.Kind.values]
MAX_EVENTS = 50
MAX_WATCHED_MS = 3_600_000


@dataclass(frozen=True)
class Event:
    video: str
    kind: str
    watched_ms: int = 0
    position: int = 0


def record_events(events: Iterable[Event], viewer: str, user=None) -> int:
    """Write those of published videos; three queries for any number of them."""
    events = list(events)
    names = {event.video for event in events}
    videos = dict(
        Video.objects.published()
        .filter(public_id__in=names)
        .values_list("public_id", "pk")
    )
    known = [event for event in events if event.video in videos]
    whose = {"viewer": viewer, "user": user}
    Impression.objects.bulk_create(
        Impression(video_id=videos[e.video], position=e.position, **whose)
        for e in known
        if e.kind == IMPRESSION
    )
    WatchEvent.objects.bulk_create(
        WatchEvent(
            video_id=videos[e.video], kind=e.kind, watched_ms=e.watched_ms, **whose
        )
        for e in known
        if e.kind != IMPRESSION
    )
    return len(known)


def add_up_events(since=timedelta(hours=1)) -> int:
    """Bring the counters of lately watched videos up to date; safe to repeat."""
    lately = timezone.now() - since
    watched = Impression.objects.filter(created_at__gte=lately).values("video")
    shared = WatchEvent.objects.filter(created_at__gte=lately).values("video")
    stale = Video.objects.filter(pk__in=watched.union(shared))
    return stale.update(
        view_count=count_of(Impression.objects.all()),
        share_count=count_of(WatchEvent.objects.filter(kind=WatchEvent.Kind.SHARE)),
    )


def count_of(events):
    """How many of these events the outer video has."""
    own = events.filter(video=OuterRef("pk")).order_by().values("video")
    return Coalesce(Subquery(own.annotate(count=Count("pk")).values("count")), 0)
