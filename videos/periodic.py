"""Work on videos that the clock asks for."""

import contextlib
import logging
import shutil
import time
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from videos.feed import events
from videos.models import Video
from videos.models.video import REQUEUE_AFTER
from videos.refusals import words_for
from videos.tasks import transcode_video

logger = logging.getLogger(__name__)

# No upload takes longer; a web process that was killed leaves its file behind.
STALE_SECONDS = 24 * 3600


@shared_task
def sweep_videos():
    """Take up what a killed worker or a lost message left behind."""
    for video in Video.objects.lapsed():
        if video.attempts_left:
            _send_again(video)
        else:
            _give_up(video)
    _remove_work_folders()
    _remove_stale_uploads()


def _unchanged(video):
    """The row as it was read, so that one that moved on is left alone."""
    return Video.objects.lapsed().filter(pk=video.pk, attempt=video.attempt)


def _send_again(video):
    waiting = _unchanged(video).update(
        status=Video.Status.UPLOADED, lease_expires_at=timezone.now() + REQUEUE_AFTER
    )
    if waiting:
        logger.info("Video %s is sent again.", video.pk)
        transcode_video.delay_on_commit(video.pk)


def _give_up(video):
    failed = _unchanged(video).update(
        status=Video.Status.FAILED,
        failure_reason=words_for("processing"),
        lease_expires_at=None,
    )
    if failed:
        logger.warning("Video %s failed at every attempt.", video.pk)


def _remove_work_folders():
    """Of killed workers of this machine; a running one holds the row."""
    busy = set(
        Video.objects.filter(status=Video.Status.PROCESSING).values_list(
            "pk", "attempt"
        )
    )
    for folder in settings.VIDEO_WORK_ROOT.glob("*-*"):
        pk, _, attempt = folder.name.partition("-")
        if (int(pk), int(attempt)) not in busy:
            shutil.rmtree(folder, ignore_errors=True)


@shared_task
def count_events():
    """Bring views and shares up to date from what was recorded."""
    events.add_up_events()


def _remove_stale_uploads():
    stale = time.time() - STALE_SECONDS
    for file in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir():
        with contextlib.suppress(FileNotFoundError):  # moved to its place meanwhile
            if file.stat().st_mtime < stale:
                file.unlink()
