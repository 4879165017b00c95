"""A storage that is down, slow or full, a disk without room: nothing half appears."""

import contextlib
import logging
import os
import subprocess
import sys

import pytest

from marketplace.file_storages import disk_storages
from tests.clips import make_clip
from tests.faults import assert_one_whole_output_set, files_below, upload
from tests.storages import Trouble
from videos import capacity, leases, storing, transcoding
from videos.ffmpeg import FFmpegError
from videos.models import Video
from videos.tasks import transcode_video
from videos.wholeness import require_whole

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]
Status = Video.Status
MEGABYTE = 1024**2


@pytest.fixture(autouse=True)
def not_sent(monkeypatch):
    monkeypatch.setattr(transcode_video, "delay_on_commit", lambda video_pk: None)


@pytest.fixture
def trouble(settings, monkeypatch):
    settings.STORAGES = settings.STORAGES | {
        "videos": {
            "BACKEND": "tests.storages.TroubledStorage",
            "OPTIONS": {"location": settings.VIDEO_ROOT},
        }
    }
    for name in ("failing_saves", "is_after_write", "seconds_per_save"):
        monkeypatch.setattr(Trouble, name, getattr(Trouble, name))
    return Trouble


def work_on(video):
    Video.objects.filter(pk=video.pk).update(due_at=None)
    transcode_video(video.pk)
    video.refresh_from_db()


def test_a_storage_that_is_down_for_a_moment_delays_and_costs_no_attempt(trouble):
    video = upload(make_clip())
    trouble.failing_saves = 2

    work_on(video)

    assert (video.status, video.attempt) == (Status.READY, 1)
    assert_one_whole_output_set(video)


def test_a_file_that_was_stored_before_the_failure_is_not_stored_twice(trouble):
    video = upload(make_clip())
    trouble.failing_saves, trouble.is_after_write = 2, True

    work_on(video)

    assert (video.status, video.attempt) == (Status.READY, 1)
    assert_one_whole_output_set(video)


def test_a_storage_that_stays_down_publishes_nothing_and_loses_nothing(
    trouble, monkeypatch
):
    monkeypatch.setattr(storing, "STORAGE_PATIENCE_SECONDS", 0)
    video = upload(make_clip())
    trouble.failing_saves = 1000

    work_on(video)
    assert (video.status, video.folder) == (Status.UPLOADED, "")
    assert files_below(f"videos/{video.public_id}") == []
    trouble.failing_saves = 0
    work_on(video)

    assert (video.status, video.attempt) == (Status.READY, 2)
    assert_one_whole_output_set(video)


def test_a_slow_storage_does_not_cost_the_lease(trouble, monkeypatch):
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.1)
    renewed = []
    renew = Video.renew_lease

    def renew_and_note(video, progress_percent):
        renewed.append(progress_percent)
        renew(video, progress_percent)

    monkeypatch.setattr(Video, "renew_lease", renew_and_note)
    video = upload(make_clip())
    trouble.seconds_per_save = 0.2

    work_on(video)

    assert video.status == Status.READY
    assert sum(percent >= transcoding.ENCODED for percent in renewed) >= 4


def make_output(folder):
    """What ffmpeg leaves: a playlist, and two files of a box each."""
    folder.mkdir()
    (folder / "playlist.m3u8").write_text("#EXTM3U\ns0.m4s\ns1.m4s\n#EXT-X-ENDLIST\n")
    for name in ("s0.m4s", "s1.m4s"):
        (folder / name).write_bytes((12).to_bytes(4) + b"mdat" + b"data")
    return folder


def test_a_whole_output_is_accepted(tmp_path):
    require_whole(make_output(tmp_path / "360p"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("s1.m4s", b""),
        ("s1.m4s", (12).to_bytes(4) + b"mdat" + b"da"),
        ("s1.m4s", (12).to_bytes(4) + b"mdat" + b"data" + bytes(8)),
        ("s1.m4s", None),
        ("playlist.m3u8", b""),
        ("playlist.m3u8", b"#EXTM3U\ns0.m4s\n"),
        ("playlist.m3u8", None),
    ],
)
def test_an_output_that_was_cut_off_is_never_published(tmp_path, name, content):
    folder = make_output(tmp_path / "360p")
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)

    with pytest.raises(FFmpegError):
        require_whole(folder)


@contextlib.contextmanager
def small_disk(path, megabytes):
    """A file system of its own."""
    path.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(disk, megabytes):
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(megabytes * MEGABYTE))
    return ballast


linux = pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")


@linux
def test_a_full_disk_is_seen_before_the_work_and_resumes_when_freed(settings, tmp_path):
    video = upload(make_clip())
    with small_disk(tmp_path / "disk", 96) as disk:
        settings.VIDEO_WORK_ROOT = disk / "work"
        ballast = fill(disk, 40)

        work_on(video)
        assert (video.status, video.attempts_left) == (Status.UPLOADED, 3)
        assert "no room" in video.failure_reason
        ballast.unlink()
        work_on(video)

        assert video.status == Status.READY
        assert not any(settings.VIDEO_WORK_ROOT.iterdir())


@linux
def test_a_disk_that_fills_up_during_the_work_leaves_nothing_behind(
    settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(capacity, "SPARE_DISK_BYTES", 0)
    # Noise, which cannot be compressed to fit.
    video = upload(make_clip(size="540x960", seconds=4, options=NOISE))
    Video.objects.update(source_bytes=0)
    with small_disk(tmp_path / "disk", 8) as disk:
        settings.VIDEO_WORK_ROOT = disk / "work"
        ballast = fill(disk, 7)

        work_on(video)
        assert (video.status, video.attempts_left) == (Status.UPLOADED, 2)
        assert not any(settings.VIDEO_WORK_ROOT.iterdir())
        assert files_below(f"videos/{video.public_id}") == []
        ballast.unlink()
        work_on(video)

        assert video.status == Status.READY


def lies_on(settings, folder):
    """What is made of videos goes there from now on."""
    disk = disk_storages(settings.PRIVATE_ROOT, folder)
    settings.STORAGES = settings.STORAGES | {"videos": disk["videos"]}


NOISE = ("-vf", "noise=alls=40:allf=t")


class FreeRoom(logging.Handler):
    """Frees the disk as soon as the storage was found full."""

    def __init__(self, ballast):
        super().__init__()
        self.ballast = ballast

    def emit(self, record):
        if "does not take" in record.msg:
            self.ballast.unlink(missing_ok=True)


@linux
def test_a_full_storage_waits_with_the_finished_work_until_there_is_room(
    settings, tmp_path
):
    video = upload(make_clip(size="540x960", seconds=3))
    logger = logging.getLogger("videos.storing")
    with small_disk(tmp_path / "disk", 4) as disk:
        lies_on(settings, disk / "video")
        ballast = disk / "ballast"
        with contextlib.suppress(OSError):
            ballast.write_bytes(bytes(4 * MEGABYTE))
        logger.addHandler(handler := FreeRoom(ballast))

        work_on(video)
        logger.removeHandler(handler)

        assert not ballast.exists()
        assert (video.status, video.attempt) == (Status.READY, 1)
        assert_one_whole_output_set(video)
