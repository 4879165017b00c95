"""Writes down why the places of a page went to whom, for a sample of the visits."""

import logging
import zlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import Error

from videos.feed import experimenting
from videos.feed.watchers import Watcher
from videos.models import RankingLog

if TYPE_CHECKING:
    # numpy: the media worker imports this module too.
    from videos.feed.sessions import Page

logger = logging.getLogger(__name__)

# Of one run; what is left over goes with the next.
MOST_AT_ONCE = 50_000


def is_sampled(visit: str) -> bool:
    """Whole visits, so that what one page led to can be read from the next."""
    return zlib.crc32(visit.encode()) % 100 < settings.FEED_LOG_PERCENT


def note(page: "Page", watcher: Watcher) -> None:
    """In one query; a page is worth more than the note that it was served."""
    if not page.is_new or not is_sampled(page.visit):
        return
    arms = "+".join(arm.gauge for arm in experimenting.current.get())
    rows = [
        RankingLog(
            visit=page.visit,
            viewer=watcher.viewer,
            video_id=place.key,
            place=place.at,
            sources=place.sources,
            because=place.because,
            features=place.features,
            model=page.version,
            propensity=place.propensity,
            arm=arms or None,
        )
        for place in page.places
    ]
    try:
        RankingLog.objects.bulk_create(rows)
    except Error:
        logger.exception("A page of the feed was not written down.")


def purge() -> int:
    """What is older than the settings say; pseudonyms first."""
    named = RankingLog.objects.named_too_long().order_by("created_at").values("pk")
    RankingLog.objects.filter(pk__in=named[:MOST_AT_ONCE]).update(viewer="")
    outdated = RankingLog.objects.outdated().order_by("created_at")
    rows = RankingLog.objects.filter(pk__in=outdated.values("pk")[:MOST_AT_ONCE])
    return rows.delete()[0]
