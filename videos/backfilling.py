"""Features of videos that were made before features were kept, from what is stored.

The one file that browsers without HLS get is looked at: the source may be large, and
hashes survive another encoding.  How loud the source was is not known from it.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import transaction

from marketplace.user_files import STORAGE_FAILURES
from marketplace.video_files import video_files
from videos import encoding, features, ffmpeg
from videos.models import ContentFeatures, Video

BATCH = 100


def backfill(video: Video) -> bool:
    """Keep the features of what is shown; False where somebody else did, or will."""
    found = _look_at(f"{video.folder}/{encoding.PROGRESSIVE}", video.duration_ms)
    with transaction.atomic():
        unchanged = Video.objects.select_for_update(no_key=True).filter(
            pk=video.pk, folder=video.folder
        )
        # A worker that publishes keeps the features of its own output set.
        if not unchanged.exists():
            return False
        if ContentFeatures.objects.filter(video=video).exists():
            return False
        features.keep_features(video, found)
    return True


def backfill_all(limit: int | None = None) -> Iterator[tuple[Video, str]]:
    """Each video without features, in order, with what went wrong, if anything.

    Whatever was kept stays kept: stopped at any time, the next run does the rest.
    """
    last, left = 0, limit
    while videos := list(Video.objects.without_features(last)[: _next(left)]):
        for video in videos:
            yield video, _attempt(video)
        last = videos[-1].pk
        left = None if left is None else left - len(videos)


def _next(left: int | None) -> int:
    return BATCH if left is None else min(BATCH, left)


def _attempt(video: Video) -> str:
    try:
        backfill(video)
    except (ffmpeg.FFmpegError, *STORAGE_FAILURES) as error:
        return str(error)
    return ""


def _look_at(name: str, duration_ms: int) -> features.Features:
    settings.VIDEO_WORK_ROOT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.VIDEO_WORK_ROOT) as folder:
        work = Path(folder)
        source, samples = work / encoding.PROGRESSIVE, work / "samples.rgb"
        with video_files().open(name) as stored, source.open("wb") as local:
            shutil.copyfileobj(stored, local)
        ffmpeg.run(
            [ffmpeg.binary(), *_command(source, samples, duration_ms)],
            limits=_limits(source, work, duration_ms),
        )
        return features.features_of(samples, duration_ms, None)


def _command(source: Path, samples: Path, duration_ms: int) -> list[str]:
    """From a file of our own making, so nothing needs to be forbidden but addresses."""
    return [
        "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file",
        "-threads", str(settings.VIDEO_THREADS), "-i", f"file:{source}",
        "-map", "0:v:0", "-vf", encoding.samples(duration_ms),
        "-fps_mode", "passthrough", "-f", "rawvideo", str(samples),
    ]  # fmt: skip


def _limits(source: Path, work: Path, duration_ms: int) -> ffmpeg.Limits:
    seconds = 60 + duration_ms // 1000 * settings.VIDEO_MAX_SLOWNESS
    return ffmpeg.Limits(
        wall_seconds=seconds, cpu_seconds=seconds, reads=(source,), writes=(work,)
    )
