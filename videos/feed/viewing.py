"""How impressions ended: of one viewer, or of all that came since some time."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from django.db.models import Exists, F, OuterRef, Window
from django.db.models.functions import RowNumber

from videos.feed.history import FINISHED_FROM
from videos.models import Impression, WatchEvent

# Of each viewer so many impressions are remembered, the latest.
REMEMBERED = 100
WATCHED = WatchEvent.Kind.WATCH
TAPS = [WatchEvent.Kind.TAG, WatchEvent.Kind.CART]
COLUMNS = ["viewer", "video", "finished", "tapped"]


@dataclass(frozen=True)
class Views:
    """Impressions, each once for a viewer and a video, and how they ended: 0 or 1."""

    viewers: np.ndarray  # places in a list of viewers
    videos: np.ndarray  # keys
    finished: np.ndarray
    tapped: np.ndarray

    def __len__(self):
        return len(self.videos)


def ended(impressions):
    """With how each ended, of which the browser told at any time since."""
    events = WatchEvent.objects.recent().filter(
        viewer=OuterRef("viewer"), video=OuterRef("video")
    )
    enough = OuterRef("video__duration_ms") * FINISHED_FROM
    # Nobody opens a product of a video that does not interest them.
    is_tapped = Exists(events.filter(kind__in=TAPS))
    is_watched = Exists(events.filter(kind=WATCHED, watched_ms__gte=enough))
    return impressions.annotate(tapped=is_tapped, finished=is_watched)


def views_of(viewers: list[str], rows: Iterable[tuple]) -> Views:
    """From viewer, video, whether it was finished and tapped, in order of time."""
    number = {viewer: place for place, viewer in enumerate(viewers)}
    once = {(number[row[0]], row[1]): row[2:4] for row in rows}
    endings = np.array(list(once.values()), float).reshape(-1, 2)
    finished, tapped = endings.T
    pairs = np.array(list(once), np.int64).reshape(-1, 2)
    return Views(*pairs.T, np.maximum(finished, tapped), tapped)


def views_before(viewers: list[str], until) -> Views:
    """The latest of each of these viewers, in order of time."""
    shown = Impression.objects.recent().filter(
        viewer__in=viewers, written_at__lte=until
    )
    place = Window(
        RowNumber(), partition_by=F("viewer"), order_by=F("created_at").desc()
    )
    latest = ended(shown.annotate(place=place)).filter(place__lte=REMEMBERED)
    return views_of(viewers, latest.order_by("created_at", "pk").values_list(*COLUMNS))
