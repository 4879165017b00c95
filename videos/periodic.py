"""Work on videos that the clock asks for."""

import contextlib
import logging
import time
from datetime import timedelta
from pathlib import Path

from botocore.exceptions import ClientError
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from marketplace.celery import waiting_messages
from marketplace.user_files import STORAGE_FAILURES
from videos import deleting, leftovers, multipart, parts, receiving, uploads
from videos.feed import (
    counting,
    event_log,
    event_partitions,
    experiment_figures,
    ranking_logs,
    wishing,
)
from videos.models import Upload, UploadClosed, Video
from videos.refusals import words_for
from videos.tasks import transcode_video

logger = logging.getLogger(__name__)

# No upload takes longer; a web process that was killed leaves its file behind.
STALE_SECONDS = 24 * 3600
# The request that wrote the last byte also makes the video, unless it was killed.
FINISHED_WITHIN = timedelta(minutes=2)
# S3 is asked for so long about parts that nobody told of; then the page does it.
ASKED_WITHIN = timedelta(hours=1)
# Of one run; what is left over is done by the next.
MOST_AT_ONCE = 500
MOST_TIDIED = 50


@shared_task
def sweep_videos():
    """Take up what a killed worker or a lost message left behind."""
    for video in Video.objects.lapsed()[:MOST_AT_ONCE]:
        if video.take_up(words_for("processing")):
            logger.warning("Video %s: its worker died.", video.pk)
    _send_missing()
    _remove_leftovers()
    leftovers.remove_work_folders()
    _remove_stale_uploads()


def _send_missing():
    """As many messages as videos that are due: Redis may have lost some, or all."""
    due = Video.objects.in_turn().values_list("pk", flat=True)[:MOST_AT_ONCE]
    missing = len(due) - waiting_messages("media")
    for video_pk in due[: max(0, missing)]:
        transcode_video.delay_on_commit(video_pk)


def _remove_leftovers():
    """Of attempts that ended without publishing, while their rows still say so."""
    for video in Video.objects.filter(has_leftovers=True).order_by("pk")[:MOST_TIDIED]:
        try:
            leftovers.remove_from(video)
        except STORAGE_FAILURES as error:
            logger.warning("Files of video %s stay for now: %s", video.pk, error)
            return


@shared_task
def sweep_files():
    """Remove files that no row points to, a bounded number each time."""
    leftovers.remove_orphans()


@shared_task
def publish_scheduled():
    """What was approved before its time."""
    if count := Video.objects.publish_due():
        logger.info("Videos published at their time: %s.", count)


@shared_task
def purge_videos():
    """Remove for good what was deleted long ago."""
    for video_pk in Video.objects.purgeable().values_list("pk", flat=True)[
        :MOST_TIDIED
    ]:
        deleting.purge(video_pk)


@shared_task
def write_events():
    """Bring into the database what browsers have told."""
    event_log.drain()


@shared_task
def keep_partitions():
    """A place for the events of the days to come; those of long ago go."""
    event_partitions.keep_partitions()


@shared_task
def count_events():
    """Bring views and shares up to date from what was recorded."""
    counting.add_up_events()


@shared_task
def fold_views():
    """Learn of each video from those who were shown it, and move its trial on."""
    from videos.feed import trials  # numpy: the media worker imports this module too

    trials.fold_views()


@shared_task
def count_outcomes():
    """What became of opened products: it comes hours after the video was shown."""
    from videos.feed import trials  # numpy, as above

    trials.count_outcomes()


@shared_task
def note_trending():
    """Find what is popular now, once for all pages."""
    from videos.feed import sources  # numpy, as above

    sources.note_trending()


@shared_task
def purge_rankings():
    """Reasons of lists that are old, and wishes of browsers that are gone."""
    ranking_logs.purge()
    wishing.purge_browsers()


@shared_task
def train_feed():
    """Learn anew from what people did."""
    from videos.feed import training  # numpy, as above

    try:
        model = training.train()
    except training.NothingToLearn:
        return
    logger.info("Feed model %s is %s: %s", model, model.status, model.figures)


@shared_task
def settle_experiments():
    """Keep what came of those that are over, and forget who took part."""
    experiment_figures.settle_stopped()


@shared_task
def sweep_uploads():
    """Remove what nobody goes on with; make the videos that a killed process owes."""
    for upload in Upload.objects.expired():
        _settle(upload, receiving.expire)
    Upload.objects.forgettable().delete()
    parts.remove_stale()
    owed_since = timezone.now() - FINISHED_WITHIN
    _sweep_bucket(owed_since)
    owed = Upload.objects.complete().filter(object_name="", written_at__lt=owed_since)
    for upload in owed:
        # Parts may lie on the disk of another machine, which alone can finish them.
        if parts.exists(upload.public_id):
            _settle(upload, uploads.finish)


def _sweep_bucket(owed_since):
    """A browser may be closed after its last part, before it could say so."""
    recent = (owed_since - ASKED_WITHIN, owed_since)
    try:
        for upload in Upload.objects.direct().silent(between=recent)[:MOST_AT_ONCE]:
            _settle(upload, uploads.finish)
        multipart.remove_stale()
    except STORAGE_FAILURES as error:
        logger.warning("The bucket is not swept: %s", error)


def _settle(upload, settle):
    try:
        settle(upload)
    except multipart.UploadIncomplete:
        return  # paused; its time is not up
    except (UploadClosed, parts.NoRoom, ClientError) as error:
        # S3 answered: the others may well be settled.
        logger.warning("Upload %s is left as it is: %s", upload.pk, error)


def _remove_stale_uploads():
    stale = time.time() - STALE_SECONDS
    for file in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir():
        with contextlib.suppress(FileNotFoundError):  # moved to its place meanwhile
            if file.stat().st_mtime < stale:
                file.unlink()
