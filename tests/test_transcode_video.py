"""The task: claimed once, taken up again, never published twice."""

import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from os import environ, kill
from pathlib import Path

import psutil
import pytest
from django.core.files import File
from django.db import connection
from django.utils import timezone

from marketplace.celery import app as celery_app
from marketplace.celery import waiting_messages
from marketplace.video_files import video_files
from tests.clips import make_clip, make_file
from tests.factories import make_video
from tests.races import at_once
from videos import leases, transcoding
from videos.models import LeaseLost, Video, VideoConflict
from videos.models.processing import LEASE
from videos.periodic import sweep_videos
from videos.tasks import transcode_video


@pytest.fixture(autouse=True)
def empty_queue():
    with celery_app.connection_for_write() as connection:
        celery_app.amqp.queues["media"](connection.default_channel).purge()


@pytest.fixture
def sent(monkeypatch):
    """Which videos were sent to the workers."""
    sent = []
    monkeypatch.setattr(transcode_video, "delay_on_commit", sent.append)
    return sent


def make_upload(*, clip=None, **fields):
    fields = {"status": Video.Status.UPLOADED, "folder": ""} | fields
    video = make_video(**fields)
    if clip:
        with clip.open("rb") as opened:
            video.source.save("film.mp4", File(opened))
    return video


def lapse(video):
    past = timezone.now() - timedelta(seconds=1)
    Video.objects.filter(pk=video.pk).update(lease_expires_at=past)


def end_pause(video):
    Video.objects.filter(pk=video.pk).update(due_at=timezone.now())


@pytest.mark.django_db
def test_a_claimed_video_cannot_be_claimed_again():
    video = make_upload()
    rival = Video.objects.get(pk=video.pk)

    assert video.claim()
    assert not rival.claim()
    assert not Video.objects.get(pk=video.pk).claim()
    assert (video.attempt, video.attempts_left) == (1, 2)


@pytest.mark.django_db
def test_a_lapsed_lease_can_be_claimed_and_the_first_worker_publishes_nothing():
    first = make_upload()
    first.claim()
    lapse(first)
    second = Video.objects.get(pk=first.pk)
    assert not second.claim()

    assert second.take_up("Its worker died.")
    assert second.claim()
    with pytest.raises(LeaseLost):
        first.renew_lease(50)
    with pytest.raises(LeaseLost):
        first.mark_ready([], folder="videos/of-the-dead/1")
    second.mark_ready([], folder="videos/of-the-living/2")

    second.refresh_from_db()
    assert second.folder == "videos/of-the-living/2"


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["uploading", "ready", "failed"])
def test_only_a_waiting_video_is_claimed(status):
    video = make_upload(status=status)

    assert not video.claim()
    assert Video.objects.get(pk=video.pk).status == status


@pytest.mark.django_db
def test_the_sweep_takes_up_lapsed_ones_and_leaves_the_others(sent):
    lapsed, busy, waiting = make_upload(), make_upload(), make_upload()
    lapsed.claim()
    lapse(lapsed)
    busy.claim()
    make_upload(due_at=timezone.now() + timedelta(seconds=30))
    make_video()

    sweep_videos()

    assert sorted(sent) == [lapsed.pk, waiting.pk]
    busy.refresh_from_db()
    assert busy.status == Video.Status.PROCESSING


@pytest.mark.django_db
def test_the_sweep_sends_as_many_messages_as_were_lost(
    django_capture_on_commit_callbacks,
):
    videos = [make_upload() for _ in range(3)]
    transcode_video.delay(videos[0].pk)

    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            sweep_videos()

    assert waiting_messages("media") == 3


@pytest.mark.django_db
def test_a_worker_that_was_only_slow_keeps_its_video(sent):
    video = make_upload()
    video.claim()
    lapse(video)
    seen_by_the_sweep = Video.objects.get(pk=video.pk)
    video.renew_lease(10)

    assert not seen_by_the_sweep.take_up("Its worker died.")
    video.renew_lease(20)


@pytest.mark.django_db
def test_pauses_between_attempts_grow():
    video = make_upload()
    pauses = []
    while video.claim():
        started = timezone.now()
        video.release("No room.")
        if video.status == Video.Status.UPLOADED:
            pauses.append((video.due_at - started).total_seconds())

    assert pauses == pytest.approx([15, 60], abs=1)
    assert (video.status, video.failure_reason) == (Video.Status.FAILED, "No room.")


@pytest.mark.django_db
def test_a_killed_worker_is_replaced_within_ninety_seconds():
    sweep = celery_app.conf.beat_schedule["videos.periodic.sweep_videos"]

    assert LEASE.total_seconds() + sweep["schedule"] <= 80


@pytest.mark.django_db
def test_after_three_attempts_it_fails_with_a_reason(sent):
    video = make_upload()
    for _ in range(3):
        assert video.claim()
        lapse(video)
        sweep_videos()
        video.refresh_from_db()

    assert sent == [video.pk, video.pk]
    assert video.status == Video.Status.FAILED
    assert "try again" in video.failure_reason


@pytest.mark.django_db
def test_a_failed_video_can_be_queued_again_and_a_ready_one_not():
    failed = make_upload(
        status=Video.Status.FAILED, attempts_left=0, failure_reason="No."
    )
    ready = make_video()

    failed.queue()
    with pytest.raises(VideoConflict):
        ready.queue()

    assert (failed.status, failed.attempts_left) == (Video.Status.UPLOADED, 3)
    assert failed.failure_reason == ""
    assert Video.objects.get(pk=ready.pk).status == Video.Status.READY


@pytest.mark.django_db
@pytest.mark.ffmpeg
def test_a_message_delivered_twice_makes_one_output_set():
    video = make_upload(clip=make_clip())

    transcode_video(video.pk)
    transcode_video(video.pk)

    video.refresh_from_db()
    assert (video.status, video.attempt) == (Video.Status.READY, 1)
    assert video.progress_percent == 100


@pytest.mark.django_db
@pytest.mark.ffmpeg
def test_a_file_that_is_no_video_fails_at_once_with_a_reason():
    video = make_upload(clip=make_file("film.mp4", b"not a video at all"))

    transcode_video(video.pk)

    video.refresh_from_db()
    assert video.status == Video.Status.FAILED
    assert video.failure_reason.startswith("This file is not a video")
    assert video.attempts_left == 2  # refused for good: no other worker tried
    assert video.is_refused


@pytest.mark.django_db
def test_a_full_disk_is_tried_again_later(monkeypatch, sent):
    video = make_upload(clip=make_file("film.mp4", b"any"))

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(transcoding, "inspect", full)
    transcode_video(video.pk)

    video.refresh_from_db()
    assert video.status == Video.Status.UPLOADED
    assert video.due_at > timezone.now()
    sweep_videos()
    assert sent == []
    end_pause(video)
    sweep_videos()
    assert sent == [video.pk]


@pytest.mark.django_db
def test_a_deleted_video_is_no_error():
    transcode_video(4711)


@pytest.mark.django_db
@pytest.mark.ffmpeg
def test_progress_is_written_while_it_runs(monkeypatch):
    video = make_upload(clip=make_clip(size="540x960", seconds=8))
    seen = []
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0)
    renew = Video.renew_lease

    def renew_and_note(video, progress_percent):
        seen.append(progress_percent)
        renew(video, progress_percent)

    monkeypatch.setattr(Video, "renew_lease", renew_and_note)

    transcode_video(video.pk)

    assert seen == sorted(seen)
    # Not only where the work begins and ends: of four segments, two and more.
    assert len({percent for percent in seen if 2 < percent < 90}) >= 2


def claim_at_once(claim, video_pk, workers=6):
    """How many of several workers, released together, believe to have it."""
    videos = [Video.objects.get(pk=video_pk) for _ in range(workers)]
    return at_once(*(partial(claim, video) for video in videos)).count(True)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_six_workers_one_wins():
    for _ in range(5):
        assert claim_at_once(Video.claim, make_upload().pk) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_condition_all_would_win():
    everybody_has_looked = threading.Barrier(6, timeout=20)

    def look_then_take(video):
        is_free = Video.objects.get(pk=video.pk).status == Video.Status.UPLOADED
        everybody_has_looked.wait()
        if is_free:
            Video.objects.filter(pk=video.pk).update(status=Video.Status.PROCESSING)
        return is_free

    assert claim_at_once(look_then_take, make_upload().pk) == 6


WORKER = """
import sys, django
django.setup()
from pathlib import Path
from django.conf import settings
from django.db import connection
name, media, work, video_pk = sys.argv[1:]
connection.settings_dict["NAME"] = name
settings.STORAGES["videos"]["OPTIONS"]["location"] = Path(media)
settings.VIDEO_WORK_ROOT = Path(work)
from videos.tasks import transcode_video
transcode_video(int(video_pk))
"""


def start_worker(video, settings):
    return subprocess.Popen(
        [
            sys.executable, "-c", WORKER, connection.settings_dict["NAME"],
            str(settings.VIDEO_ROOT), str(settings.VIDEO_WORK_ROOT), str(video.pk),
        ],
        env=environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )  # fmt: skip


def wait_for_ffmpeg(pid):
    """The process id of the encoder that this worker has started."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(psutil.NoSuchProcess):  # one has just ended
            for child in psutil.Process(pid).children(recursive=True):
                if "-filter_complex" in child.cmdline():
                    return child.pid
        time.sleep(0.05)
    raise AssertionError("no ffmpeg was started")


def is_alive(pid):
    try:
        kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def sweep_and_work(video, sent):
    lapse(video)
    end_pause(video)
    sweep_videos()
    for video_pk in sent:
        transcode_video(video_pk)
    video.refresh_from_db()


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@linux
@pytest.mark.ffmpeg
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_delays_the_video_and_loses_nothing(settings, sent):
    video = make_upload(clip=make_clip(size="540x960", seconds=3))
    worker = start_worker(video, settings)
    encoder = wait_for_ffmpeg(worker.pid)

    worker.kill()
    worker.wait()
    time.sleep(0.3)
    assert not is_alive(encoder)
    sweep_and_work(video, sent)

    assert (video.status, video.attempt) == (Video.Status.READY, 2)
    assert video_files().listdir(f"videos/{video.public_id}")[0] == ["2"]
    assert not any(settings.VIDEO_WORK_ROOT.iterdir())


@linux
@pytest.mark.ffmpeg
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_killed_encoder_is_tried_again(settings, sent):
    video = make_upload(clip=make_clip(size="540x960", seconds=3))
    worker = start_worker(video, settings)

    kill(wait_for_ffmpeg(worker.pid), signal.SIGKILL)
    assert worker.wait(timeout=30) == 0
    video.refresh_from_db()
    assert video.status == Video.Status.UPLOADED
    sweep_and_work(video, sent)

    assert (video.status, video.attempt) == (Video.Status.READY, 2)
    assert not any(settings.VIDEO_WORK_ROOT.iterdir())
