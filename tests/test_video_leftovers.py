"""Files that no row points to go; what a worker writes, or a row names, stays."""

import os
from datetime import timedelta

import pytest
from botocore.stub import Stubber
from django.core.files.base import ContentFile
from django.utils import timezone
from storages.backends.s3 import S3Storage

from marketplace.user_files import private_files
from marketplace.video_files import video_files
from tests.factories import make_video
from videos import leftovers
from videos.captioning import save_track
from videos.captions import Cue
from videos.models import Video
from videos.periodic import sweep_files, sweep_videos
from videos.tasks import transcode_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(transcode_video, "delay_on_commit", lambda video_pk: None)
    monkeypatch.setattr(private_files(), "_location", str(tmp_path / "private"))
    for name in ("base_location", "location"):
        private_files().__dict__.pop(name, None)
    yield
    for name in ("base_location", "location"):
        private_files().__dict__.pop(name, None)


def save(name, storage=None, age=timedelta(0)):
    storage = storage or video_files()
    assert storage.save(name, ContentFile(b"bytes")) == name
    made_at = (timezone.now() - age).timestamp()
    os.utime(storage.path(name), (made_at, made_at))
    return name


def old(name, storage=None):
    return save(name, storage, age=timedelta(hours=49))


def stays(name, storage=None):
    return (storage or video_files()).exists(name)


def attempt_file(video, attempt):
    return save(f"videos/{video.public_id}/{attempt}/360p/s0.m4s")


def lapse(video):
    past = timezone.now() - timedelta(seconds=1)
    Video.objects.filter(pk=video.pk).update(lease_expires_at=past)


def test_what_a_killed_worker_stored_goes_and_the_next_attempt_stays():
    video = make_video(status=Video.Status.UPLOADED, folder="")
    video.claim()
    half = attempt_file(video, 1)
    lapse(video)
    sweep_videos()
    video.refresh_from_db()
    assert not stays(half)

    video.claim()
    running, late = attempt_file(video, 2), attempt_file(video, 1)
    Video.objects.update(has_leftovers=True)
    sweep_videos()

    assert stays(running)
    assert not stays(late)
    assert not Video.objects.filter(has_leftovers=True).exists()


def test_the_published_set_stays_when_a_later_attempt_fails():
    video = make_video(status=Video.Status.UPLOADED, attempt=1, folder="")
    Video.objects.filter(pk=video.pk).update(folder=f"videos/{video.public_id}/1")
    published, poster = attempt_file(video, 1), save(f"videos/{video.public_id}/p.jpg")
    video.claim()
    half = attempt_file(video, 2)
    video.mark_failed("No.")

    sweep_videos()

    assert stays(published)
    assert stays(poster)
    assert not stays(half)


def test_former_posters_go_after_an_hour():
    video = make_video(has_leftovers=True)
    folder = f"videos/{video.public_id}"
    used, former = old(f"{folder}/poster-1.jpg"), old(f"{folder}/poster-2.jpg")
    fresh = save(f"{folder}/poster-3.jpg")
    Video.objects.filter(pk=video.pk).update(poster=used)

    sweep_videos()

    assert stays(used)
    assert stays(fresh)
    assert not stays(former)
    assert Video.objects.get(pk=video.pk).has_leftovers


def test_a_storage_that_is_down_is_asked_again(monkeypatch):
    video = make_video(status=Video.Status.UPLOADED, folder="")
    video.claim()
    half = attempt_file(video, 1)
    video.cancel("Stopped.")

    with monkeypatch.context() as patch:
        patch.setattr(leftovers, "remove_tree", refuse)
        sweep_videos()
    assert stays(half)
    sweep_videos()

    assert not stays(half)


def refuse(*arguments):
    raise OSError("the storage is down")


def test_files_of_deleted_videos_go_and_those_of_others_stay():
    video = make_video()
    kept = [
        old(f"videos/{video.public_id}/1/index.m3u8"),
        save("videos/just-begun/1/index.m3u8"),
    ]
    gone = old("videos/no-such-video/1/360p/s0.m4s")

    sweep_files()

    assert all(map(stays, kept))
    assert not stays(gone)
    assert not video_files().exists("videos/no-such-video")


def test_sources_without_a_video_go_after_two_days():
    private = private_files()
    video = make_video()
    kept = [
        old(f"sources/{video.public_id}/abc", private),
        save("sources/being-uploaded/abc", private),
    ]
    gone = old("sources/broken-off/abc", private)

    sweep_files()

    assert all(stays(name, private) for name in kept)
    assert not stays(gone, private)


def test_captions_that_no_row_names_go_after_an_hour():
    video = make_video()
    save_track(video, "en", [Cue(0, 1000, "Hello")])
    folder = f"videos/{video.public_id}/captions"
    killed, fresh = old(f"{folder}/1.vtt"), save(f"{folder}/2.vtt")

    sweep_videos()

    assert stays(video.captions.get().file)
    assert stays(fresh)
    assert not stays(killed)
    assert Video.objects.get(pk=video.pk).has_leftovers


def test_a_run_looks_at_a_bounded_number_and_the_next_goes_on(monkeypatch):
    monkeypatch.setattr(leftovers, "MOST_LOOKED_AT", 2)
    for name in ("a", "b", "c", "d", "e"):
        old(f"videos/{name}/1/index.m3u8")

    left = []
    for _ in range(3):
        sweep_files()
        left.append(sorted(video_files().listdir("videos")[0]))

    assert left == [["c", "d", "e"], ["e"], []]


def test_s3_is_asked_page_by_page_from_the_middle():
    """Against botocore's own description of the answers, without a bucket."""
    storage = S3Storage(
        bucket_name="films", access_key="key", secret_key="secret", region_name="x"
    )
    expected = {"Bucket": "films", "Prefix": "videos/", "Delimiter": "/"}
    with Stubber(storage.connection.meta.client) as stub:
        stub.add_response(
            "list_objects_v2",
            {
                "IsTruncated": True,
                "NextContinuationToken": "more",
                "CommonPrefixes": [{"Prefix": "videos/b/"}, {"Prefix": "videos/c/"}],
            },
            expected | {"StartAfter": "videos/a0"},
        )
        stub.add_response(
            "list_objects_v2",
            {"IsTruncated": False, "CommonPrefixes": [{"Prefix": "videos/d/"}]},
            expected | {"StartAfter": "videos/a0", "ContinuationToken": "more"},
        )

        names = list(leftovers._names_after(storage, "videos", "a"))

    assert names == ["b", "c", "d"]


def test_work_folders_of_the_dead_are_removed_and_of_the_living_kept(settings):
    video = make_video(status=Video.Status.UPLOADED, folder="")
    video.claim()
    running = settings.VIDEO_WORK_ROOT / f"{video.pk}-1"
    dead = settings.VIDEO_WORK_ROOT / "4711-1"
    for folder in (running, dead):
        folder.mkdir(parents=True)

    sweep_videos()

    assert running.exists()
    assert not dead.exists()


def test_a_temporary_folder_is_removed_when_nothing_can_still_be_at_it(settings):
    running = settings.VIDEO_WORK_ROOT / "tmprunning"
    dead = settings.VIDEO_WORK_ROOT / "tmpdead"
    for folder in (running, dead):
        folder.mkdir(parents=True)
        (folder / "progressive.mp4").write_bytes(b"frames")
    os.utime(dead, (0, 0))

    sweep_videos()

    assert running.exists()
    assert not dead.exists()


def test_uploads_that_broke_off_yesterday_are_removed(settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    running, broken = tmp_path / "running.upload", tmp_path / "broken.upload"
    for file in (running, broken):
        file.write_bytes(b"bytes")
    os.utime(broken, (0, 0))

    sweep_videos()

    assert running.exists()
    assert not broken.exists()
