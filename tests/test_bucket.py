"""The life of a video whose files lie in S3."""

import re
import urllib.request

import pytest
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from tests.buckets import PRIVATE, PUBLIC, VIDEOS, buckets, environment
from tests.clips import make_clip
from tests.factories import make_seller, make_user, make_video
from tests.test_production import example, run_python
from videos.models import Video
from videos.tasks import remove_video_files, transcode_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def s3(settings, monkeypatch):
    with buckets(settings, monkeypatch) as s3:
        yield s3


def keys(bucket):
    return [found.key for found in bucket.objects.all()]


def transcoded(clip):
    video = make_video(status=Video.Status.UPLOADED, folder="")
    with clip.open("rb") as opened:
        video.source.save("clip.mp4", File(opened))
    transcode_video(video.pk)
    video.refresh_from_db()
    assert (video.status, video.failure_reason) == (Video.Status.READY, "")
    return video


@pytest.mark.ffmpeg
def test_a_video_is_uploaded_transcoded_and_stored_in_private_buckets(
    s3, client, eager_tasks, django_capture_on_commit_callbacks
):
    owner = make_user()
    seller = make_seller(owner=owner)
    client.force_login(owner)
    with (
        make_clip(seconds=3).open("rb") as clip,
        django_capture_on_commit_callbacks(execute=True),
    ):
        client.post("/seller/videos/upload/", {"files": clip, "title": "Cups"})

    video = seller.videos.get()
    assert (video.status, video.failure_reason) == (Video.Status.READY, "")
    assert keys(s3.Bucket(PRIVATE)) == [video.source.name]
    assert keys(s3.Bucket(PUBLIC)) == []
    names = [key.removeprefix(f"{video.folder}/") for key in keys(s3.Bucket(VIDEOS))]
    assert {"index.m3u8", "video.mp4", "frame-1.jpg", "audio/init.mp4"} <= {
        re.sub(r"init\w*", "init", name) for name in names
    }
    assert len([n for n in names if n.startswith("360p/") and n.endswith(".m4s")]) == 2


@pytest.mark.ffmpeg
def test_each_object_has_its_type_and_its_cache_header(s3):
    transcoded(make_clip(seconds=3, size="180x320"))

    found = {
        re.search(r"\.\w+$", key)[0]: s3.Object(VIDEOS, key).get()
        for key in keys(s3.Bucket(VIDEOS))
    }

    ever = "max-age=31536000, immutable"
    assert {
        ending: (answer["ContentType"], answer["CacheControl"])
        for ending, answer in found.items()
    } == {
        ".m3u8": ("application/vnd.apple.mpegurl", "max-age=60"),
        ".m4s": ("video/iso.segment", ever),
        ".mp4": ("video/mp4", ever),
        ".jpg": ("image/jpeg", ever),
        ".vtt": ("text/vtt", ever),
    }


@pytest.mark.ffmpeg
def test_a_signed_address_leads_into_the_bucket(s3, client):
    video = transcoded(make_clip(seconds=3, size="180x320"))

    playlist = client.get(video.playlist_url, headers={"accept-encoding": "gzip"})
    segment = client.get(video.playlist_url.replace("index.m3u8", "video.mp4"))
    missing = client.get(video.playlist_url.replace("index", "none"))

    # From here, so that what it names is asked for here too.
    assert playlist.status_code == 200
    assert playlist["Cache-Control"] == "public, max-age=60"
    assert segment.status_code == 302
    assert segment["Cache-Control"] == "private, max-age=900"
    assert "X-Amz-Signature=" in segment["Location"]
    asked = urllib.request.Request(segment["Location"], headers={"Range": "bytes=4-7"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert (answer.status, answer.read()) == (206, b"ftyp")
    assert missing.status_code == 404


@pytest.mark.ffmpeg
def test_a_new_version_replaces_the_old_one_and_deletion_leaves_nothing(s3):
    video = transcoded(make_clip(seconds=1))
    first = video.folder
    Video.objects.filter(pk=video.pk).update(status=Video.Status.FAILED)
    video.refresh_from_db()
    video.queue()
    transcode_video(video.pk)
    video.refresh_from_db()

    assert video.folder != first
    assert {key.rsplit("/", 2)[0] for key in keys(s3.Bucket(VIDEOS))} <= {
        video.folder, f"videos/{video.public_id}",
    }  # fmt: skip

    beside = f"videos/{video.public_id}x/1/index.m3u8"
    storages["videos"].save(beside, ContentFile(b"another's"))
    remove_video_files(video.public_id)
    remove_video_files(video.public_id)

    assert keys(s3.Bucket(VIDEOS)) == [beside]
    assert keys(s3.Bucket(PRIVATE)) == []


def test_two_public_files_of_one_name_are_two_files(s3):
    first = storages["default"].save("captions/captions.vtt", ContentFile(b"one"))
    second = storages["default"].save("captions/captions.vtt", ContentFile(b"two"))

    assert first != second
    assert s3.Object(PUBLIC, first).get()["Body"].read() == b"one"
    assert storages["default"].url(first) == f"https://media.example.com/{first}"


def test_pages_may_load_what_the_buckets_hold():
    done = run_python(
        "-c",
        "from marketplace.settings import *\n"
        "policy = CONTENT_SECURITY_POLICY['DIRECTIVES']\n"
        "print(*policy['media-src'], *policy['connect-src'])",
        environment=example() | environment("https://s3.example.net"),
    )

    for origin in (
        "https://media.example.com/",
        "https://s3.example.net",
        "https://shop-videos.s3.example.net",
    ):
        assert done.stdout.split().count(origin) == 2, done.stderr
    # Uploads go there, nothing is shown from there.
    assert done.stdout.split().count("https://shop-private.s3.example.net") == 1


def test_playlists_and_segments_come_from_the_cdn():
    done = run_python(
        "-c",
        "from marketplace.settings import *\n"
        "policy = CONTENT_SECURITY_POLICY['DIRECTIVES']\n"
        "print(*policy['media-src'], *policy['connect-src'])",
        environment=example() | {"VIDEO_URL": "https://cdn.example.com/media"},
    )

    assert done.stdout.split().count("https://cdn.example.com/media/") == 2, done.stderr


def test_without_buckets_pages_reach_nobody_else():
    names = environment("")
    done = run_python(
        "-c",
        "from marketplace.settings import *\n"
        "print(*CONTENT_SECURITY_POLICY['DIRECTIVES']['connect-src'])",
        environment={k: v for k, v in example().items() if k not in names},
    )

    assert done.stdout.split() == ["'self'", "https://api.stripe.com"], done.stderr
