"""Work on videos that somebody asked for."""

import logging
from datetime import timedelta

from celery import shared_task
from django.core.files.storage import default_storage
from django.utils import timezone

from marketplace.user_files import private_files
from videos import transcoding
from videos.ffmpeg import FFmpegError, UnreadableVideo
from videos.models import LeaseLost, Video
from videos.refusals import words_for

logger = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=20)


@shared_task
def transcode_video(video_pk):
    """Claim, work, settle.  The row is the truth: a second message does nothing."""
    video = Video.objects.filter(pk=video_pk).first()
    if video is None or not video.claim():
        return
    try:
        _transcode(video)
    except LeaseLost as lost:
        logger.warning("Stopped: %s is no longer held here.", lost)


def _transcode(video):
    try:
        transcoding.transcode(video)
    except UnreadableVideo as error:
        logger.info("Video %s is refused: %s", video.pk, error)
        video.mark_failed(words_for(error.refusal))
    except (FFmpegError, OSError) as error:
        logger.warning("Video %s, attempt %s: %s", video.pk, video.attempt, error)
        if video.attempts_left:
            video.release(retry_at=timezone.now() + RETRY_AFTER)
        else:
            video.mark_failed(words_for("processing"))


@shared_task
def remove_video_files(public_id):
    """After a video is deleted: its source and everything made from it."""
    transcoding.remove_tree(default_storage, f"videos/{public_id}")
    transcoding.remove_tree(private_files(), f"sources/{public_id}")
