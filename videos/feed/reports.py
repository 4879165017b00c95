"""Videos that somebody reported, as the page that takes reports tells it."""

from datetime import datetime

from videos.models import WatchEvent
from videos.models.event import event_id


def record_report(
    reference: int, video: int, viewer: str, user: int | None, at: datetime
) -> None:
    """In the caller's transaction: there if the report is, and told twice, once."""
    kind = WatchEvent.Kind.REPORT
    event = WatchEvent(
        id=event_id(at, kind, reference),
        kind=kind,
        video_id=video,
        viewer=viewer,
        user_id=user,
        created_at=at,
    )
    WatchEvent.objects.bulk_create([event], ignore_conflicts=True)
