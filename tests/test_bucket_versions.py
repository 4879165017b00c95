"""Another file, another cut, the old one kept: with the files in S3."""

import hashlib
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from marketplace.user_files import private_files
from tests.buckets import PRIVATE, VIDEOS, buckets
from tests.clips import make_clip
from tests.factories import make_seller, make_user, make_video
from tests.uploads import in_bucket
from videos import leftovers, transcoding, trimming, uploads, versions
from videos.captioning import cues_of, save_track
from videos.captions import Cue
from videos.cutting import Span
from videos.models import Video
from videos.periodic import sweep_files, sweep_videos
from videos.tasks import transcode_video

pytestmark = [pytest.mark.django_db, pytest.mark.ffmpeg]
Status, Publication = Video.Status, Video.Publication
SIZE = "180x320"


@pytest.fixture(autouse=True)
def s3(settings, monkeypatch, tmp_path):
    settings.VIDEO_WORK_ROOT = tmp_path / "work"
    monkeypatch.setattr(transcode_video, "delay_on_commit", lambda pk: None)
    with buckets(settings, monkeypatch) as s3:
        yield s3


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def shop(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def video(owner):
    """Three seconds, published, with words in its first and its second half."""
    video = make_video(
        seller=make_seller(owner=owner), status=Status.UPLOADED, folder=""
    )
    with make_clip(seconds=3, size=SIZE).open("rb") as clip:
        video.source.save("clip.mp4", File(clip))
    made(video)
    save_track(video, "en", [Cue(0, 1000, "First"), Cue(1500, 2500, "Second")])
    return video


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def shorter():
    return make_clip(seconds=1, size=SIZE)


def made(video):
    transcode_video(video.pk)
    video.refresh_from_db()
    assert (video.status, video.failure_reason) == (Status.READY, "")


def sources(s3):
    return [found.key for found in s3.Bucket(PRIVATE).objects.all()]


def folders(s3, video):
    """Of the video's own folder in the bucket, what has files."""
    found = s3.Bucket(VIDEOS).objects.filter(Prefix=f"videos/{video.public_id}/")
    return {each.key.split("/")[2] for each in found}


def replace(video, file):
    with file.open("rb") as opened:
        uploads.replace(video, File(opened, name=file.name))
    video.refresh_from_db()


def cues(video):
    return cues_of(video.captions.get())


def test_a_file_sent_into_the_bucket_takes_the_place_of_the_old_one(
    s3, shop, video, shorter, commits
):
    film, former = shorter.read_bytes(), video.source.name
    answer = in_bucket.begin(shop, len(film), replaces=video.public_id)
    assert answer.status_code == 201
    upload = video.replacements.get()
    for part in in_bucket.ask(shop, upload)["parts"]:
        assert in_bucket.put(part, film) == 200
    with commits():
        assert in_bucket.finish(shop, upload).status_code == 200
    video.refresh_from_db()
    assert video.is_changing
    assert former in sources(s3)

    with commits():
        made(video)

    assert video.duration_ms == pytest.approx(1000, abs=60)
    assert video.publication == Publication.IN_REVIEW
    assert sources(s3) == [video.source.name]
    assert folders(s3, video) == {"2", "captions"}
    assert cues(video)[0].text == "First"
    assert video.source_sha256 == hashlib.sha256(film).hexdigest()
    upload.refresh_from_db()
    assert video.source_etag == upload.etag
    assert in_bucket.offered(shop, film)


def test_its_source_is_not_taken_for_an_orphan(
    s3, shop, video, shorter, commits, monkeypatch
):
    """Nor is one that lies in the folder of the upload that brought it."""
    replace(video, shorter)
    with commits():
        made(video)
    moved = f"sources/of-the-upload/{video.source.name.rpartition('/')[2]}"
    private_files().save(moved, video.source.open())
    Video.objects.filter(pk=video.pk).update(source=moved)
    private_files().save("sources/broken-off/abc", ContentFile(b"bytes"))
    monkeypatch.setattr(leftovers, "GRACE", timedelta(0))

    sweep_files()

    assert moved in sources(s3)
    assert "sources/broken-off/abc" not in sources(s3)


def test_a_cut_and_the_whole_again_are_made_from_the_one_source(s3, video, commits):
    source, full = video.source.name, video.source_ms
    with commits():
        trimming.trim(video, Span(1000, 2500))
        made(video)

    assert video.duration_ms == pytest.approx(1500, abs=60)
    assert video.publication == Publication.PUBLISHED
    assert cues(video) == [Cue(500, 1500, "Second")]
    assert folders(s3, video) == {"2", "captions"}

    with commits():
        trimming.trim(video, Span(500, 2500))
        made(video)
    assert video.duration_ms == pytest.approx(2000, abs=60)
    assert [cue.text for cue in cues(video)] == ["First", "Second"]
    with commits():
        trimming.trim(video, Span(0, full))
        made(video)

    assert video.duration_ms == pytest.approx(3000, abs=60)
    assert cues(video) == [Cue(0, 1000, "First"), Cue(1500, 2500, "Second")]
    assert sources(s3) == [source]
    assert folders(s3, video) == {"4", "captions"}
    files = s3.Bucket(VIDEOS).objects.filter(
        Prefix=f"videos/{video.public_id}/captions/"
    )
    assert [file.key for file in files] == [video.captions.get().file]


def test_the_old_file_is_kept_instead_of_the_new_one(s3, video, shorter, commits):
    former, folder = video.source.name, video.folder
    replace(video, shorter)
    assert len(sources(s3)) == 2

    with commits():
        versions.keep_former(video)
    sweep_videos()

    video.refresh_from_db()
    assert (video.source.name, video.folder) == (former, folder)
    assert (video.status, video.is_changing) == (Status.READY, False)
    assert sources(s3) == [former]
    assert folders(s3, video) == {"1", "captions"}


def test_a_new_file_that_is_refused_leaves_the_old_one(s3, video, tmp_path, commits):
    former, folder = video.source.name, video.folder
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a film")
    replace(video, broken)

    transcode_video(video.pk)

    video.refresh_from_db()
    assert (video.status, video.folder) == (Status.FAILED, folder)
    assert video.is_watchable
    assert folders(s3, video) == {"1", "captions"}
    with commits():
        versions.keep_former(video)
    assert sources(s3) == [former]


@pytest.mark.django_db(transaction=True)
def test_a_bucket_that_is_down_at_the_swap_costs_nothing_that_was_made(
    s3, video, shorter, monkeypatch
):
    former = video.source.name
    replace(video, shorter)
    down = EndpointConnectionError(endpoint_url="https://s3.example.net")
    with monkeypatch.context() as patch:
        patch.setattr(private_files(), "delete", lambda name: raised(down))
        made(video)

    assert f"{video.folder}/index.m3u8" in {
        found.key for found in s3.Bucket(VIDEOS).objects.all()
    }
    assert former in sources(s3)
    Video.objects.update(has_leftovers=True)
    monkeypatch.setattr(leftovers, "GRACE_OF_A_ROW", timedelta(0))
    sweep_videos()
    assert sources(s3) == [video.source.name]
    assert not Video.objects.get(pk=video.pk).has_leftovers


def raised(error):
    raise error


def test_what_is_replaced_while_it_is_fetched_keeps_its_own_sum(
    video, shorter, monkeypatch
):
    Video.objects.filter(pk=video.pk).update(
        source_sha256="", status=Status.UPLOADED, attempts_left=3
    )
    fetch = transcoding.Lease.keep

    def replace_meanwhile(lease, *arguments):
        monkeypatch.setattr(transcoding.Lease, "keep", fetch)
        replace(Video.objects.get(pk=video.pk), shorter)
        return fetch(lease, *arguments)

    monkeypatch.setattr(transcoding.Lease, "keep", replace_meanwhile)

    transcode_video(video.pk)

    video.refresh_from_db()
    digest = hashlib.sha256(shorter.read_bytes()).hexdigest()
    assert video.source_sha256 == digest


def test_texts_of_a_video_come_from_here_and_the_rest_from_the_bucket(client, video):
    captions, storyboard = video.captions.get().url, video.storyboard_url

    for address, begins in ((captions, b"WEBVTT"), (storyboard, b"WEBVTT")):
        answer = client.get(address)
        assert (answer.status_code, answer.content[:6]) == (200, begins)
        assert answer["Content-Type"] == "text/vtt"
    sheet = client.get(storyboard.replace("storyboard.vtt", "storyboard.jpg"))
    assert sheet.status_code == 302
    assert storages["videos"].exists(video.captions.get().file)
