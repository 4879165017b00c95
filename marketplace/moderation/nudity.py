"""Videos that may show nudity: the model looks, a moderator decides."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from PIL import Image

from marketplace.moderation import nudity_model
from marketplace.moderation.models import NudityFinding, Report
from marketplace.moderation.screening import report
from marketplace.video_files import video_files
from videos import storyboards
from videos.models import ContentFeatures, Video

# Spread over the storyboard; the kept frames come on top.
MOST_TILES = 20


@dataclass(frozen=True)
class Sample:
    picture: str
    at_ms: int | None
    jpeg: bytes


def check(features: ContentFeatures) -> NudityFinding | None:
    """Look at the pictures of a video; from the threshold on, it is reported."""
    video = features.video
    found = [
        (sight, sample)
        for sample in samples(video)
        for sight in nudity_model.sights(sample.jpeg)
    ]
    sight, sample = max(found, key=lambda one: one[0], default=(None, None))
    percent = round(100 * sight.score) if sight else 0
    with transaction.atomic():
        # Of two workers, or for a file replaced meanwhile, only one report.
        current = ContentFeatures.objects.not_checked().filter(
            pk=features.pk, made_at=features.made_at
        )
        if not current.update(nudity_checked_at=Now()):
            return None
        if percent < settings.VIDEO_NUDITY_PERCENT:
            NudityFinding.objects.filter(video=video).delete()
            return None
        return _report(video, sample, label=sight.label, percent=percent)


def _report(video: Video, sample: Sample, **seen) -> NudityFinding:
    report(video, Report.Reason.NUDITY)
    seen |= {"picture": sample.picture, "at_ms": sample.at_ms}
    finding, _is_new = NudityFinding.objects.update_or_create(
        video=video, defaults=seen
    )
    return finding


def samples(video: Video) -> Iterator[Sample]:
    """The frames kept for the poster, and small pictures from the whole clip."""
    for name in video.frame_names:
        with video_files().open(name) as stored:
            yield Sample(name, None, stored.read())
    if video.has_storyboard:
        yield from _tiles(video)


def _tiles(video: Video) -> Iterator[Sample]:
    name = f"{video.folder}/{storyboards.SHEET}"
    board = storyboards.storyboard_for(video.width, video.height, video.duration_ms)
    with video_files().open(name) as stored, Image.open(stored) as opened:
        sheet = opened.convert("RGB")
    step = max(1, -(-board.tiles // MOST_TILES))
    for number in range(0, board.tiles, step):
        row, column = divmod(number, storyboards.COLUMNS)
        left, top = column * board.width, row * board.height
        tile = sheet.crop((left, top, left + board.width, top + board.height))
        file = io.BytesIO()
        tile.save(file, "JPEG", quality=90)
        yield Sample(name, round((number + 0.5) * board.interval_ms), file.getvalue())
