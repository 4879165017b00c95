"""Videos that somebody reported, as the page that takes reports tells it."""

from datetime import datetime

from videos.models import WatchEvent
from videos.models.event import event_id


def record_report(reference: int, video: int, user: int | None, at: datetime) -> None:
    """In the caller's transaction: there if the report is, and told twice, once.

    Without a pseudonym, as a purchase: the report, of the same moment, bears an account
    or an address, and would lead from it to all that the browser watched.
    """
    kind = WatchEvent.Kind.REPORT
    event = WatchEvent(
        id=event_id(at, kind, reference),
        kind=kind,
        video_id=video,
        user_id=user,
        created_at=at,
    )
    WatchEvent.objects.bulk_create([event], ignore_conflicts=True)
