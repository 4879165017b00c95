"""Work on videos that somebody asked for."""

import logging
import socket
import time
from datetime import timedelta

from celery import current_task, shared_task
from celery.signals import worker_ready
from django.db import transaction

from marketplace import draining
from marketplace.user_files import STORAGE_FAILURES, private_files
from marketplace.video_files import video_files
from videos import capacity, children, leftovers, transcoding
from videos.ffmpeg import FFmpegError, UnreadableVideo
from videos.leases import WorkerStops
from videos.models import LeaseLost, Video
from videos.refusals import words_for

logger = logging.getLogger(__name__)

# A worker without memory keeps its message for so long before it puts it back, so
# that the messages stay for machines that have some.
PATIENCE_SECONDS = 20
DISK_PAUSE = timedelta(seconds=30)


@shared_task
def transcode_video(video_pk):
    """Claim, work, settle.  The row is the truth, and a message only a wake-up.

    The video that it names may be done, or another's turn may come first: the worker
    takes the next of those that wait, so a seller with many cannot hold up the rest.
    """
    leftovers.remove_work_folders()
    if not _wait_for_memory():
        transcode_video.delay(video_pk)
        return
    children.launcher()  # gets ready while the database is asked
    video = _claim_next()
    if video is None:
        return
    try:
        _work_on(video)
    except LeaseLost as lost:
        logger.warning("Stopped: %s is no longer held here.", lost)


@worker_ready.connect
def tidy(**_details):
    """What a killed worker left on this disk goes when the next one starts."""
    leftovers.remove_work_folders()


def machine_name():
    return socket.gethostname()


def _worker_name():
    """Celery's name of this worker, at the machine's own name."""
    request = current_task and current_task.request
    name, _, _ = (request and request.hostname or "python").partition("@")
    return f"{name}@{machine_name()}"


def _wait_for_memory():
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not capacity.has_memory(machine_name()):
        if draining.is_asked() or time.monotonic() > give_up_at:
            return False
        time.sleep(1)
    return not draining.is_asked()


@transaction.atomic
def _claim_next():
    """None where nothing is due, or where another worker was quicker to the memory."""
    Video.objects.lock_machine(machine_name())
    if not capacity.has_memory(machine_name()):
        return None
    return Video.objects.claim_next(_worker_name())


def _work_on(video):
    if not capacity.has_disk(video.source_bytes):
        logger.warning("No room on the disk for video %s.", video.pk)
        return video.hand_back(words_for("disk"), pause=DISK_PAUSE)
    try:
        transcoding.transcode(video)
    except UnreadableVideo as error:
        logger.info("Video %s is refused: %s", video.pk, error)
        video.refuse(words_for(error.refusal))
    except WorkerStops:
        logger.warning("Video %s is handed back: the worker stops.", video.pk)
        video.hand_back()
        transcode_video.delay(video.pk)
    except (FFmpegError, *STORAGE_FAILURES) as error:
        logger.warning("Video %s, attempt %s: %s", video.pk, video.attempt, error)
        video.release(words_for("again" if video.attempts_left else "processing"))
    return None


@shared_task
def remove_video_files(public_id):
    """After a video is deleted: its source and everything made from it."""
    leftovers.remove_tree(video_files(), f"videos/{public_id}")
    leftovers.remove_tree(private_files(), f"sources/{public_id}")
