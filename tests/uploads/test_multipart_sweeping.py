"""What becomes of parts that nobody goes on with, and who makes the video then."""

import hashlib
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.utils import timezone

from marketplace.user_files import private_files
from tests.buckets import PRIVATE
from tests.clips import make_clip
from tests.factories import make_video
from tests.uploads.in_bucket import (
    ask,
    begin,
    begun,
    films,
    finish,
    objects,
    parts_in_bucket,
    put,
    send,
)
from videos import leftovers, multipart, periodic
from videos.models import Upload, Video
from videos.tasks import transcode_video

pytestmark = pytest.mark.django_db


def age(upload, **fields):
    Upload.objects.filter(pk=upload.pk).update(**fields)


def test_the_sweep_takes_abandoned_parts_away_and_nothing_else(shop, s3):
    film = films(parts=2)
    old, going = begun(shop, film), begun(shop, film)
    for upload in (old, going):
        put(ask(shop, upload)["parts"][0], film)
    age(old, expires_at=timezone.now() - timedelta(seconds=1))

    periodic.sweep_uploads()

    going.refresh_from_db()
    old.refresh_from_db()
    assert parts_in_bucket() == [going.multipart_id]
    assert old.state == Upload.State.EXPIRED
    assert going.state == Upload.State.RECEIVING


def test_parts_that_no_row_knows_are_taken_away_after_a_while(shop, s3, monkeypatch):
    upload = begun(shop, films(parts=2))
    ask(shop, upload)
    upload.refresh_from_db()
    client = private_files().connection.meta.client
    client.create_multipart_upload(Bucket=PRIVATE, Key="sources/lost/of-a-killed-one")
    client.create_multipart_upload(Bucket=PRIVATE, Key="imports/x/another-s")
    with monkeypatch.context() as patch:
        # The stand-in for S3 says that all of them were begun in 2010.
        patch.setattr(multipart, "GRACE", timedelta(days=100 * 365))
        periodic.sweep_uploads()
    assert len(parts_in_bucket()) == 3

    periodic.sweep_uploads()

    left = client.list_multipart_uploads(Bucket=PRIVATE)["Uploads"]
    keys = sorted(each["Key"] for each in left)
    assert keys == ["imports/x/another-s", upload.object_name]


def test_who_closes_the_browser_after_the_last_part_has_a_video(shop, s3, sent):
    film = films(parts=2)
    whole, half = begun(shop, film), begun(shop, films(parts=2))
    for part in ask(shop, whole)["parts"]:
        put(part, film)
    put(ask(shop, half)["parts"][0], film)
    long_ago = timezone.now() - timedelta(minutes=5)
    age(whole, written_at=long_ago)
    age(half, written_at=long_ago)

    periodic.sweep_uploads()
    periodic.sweep_uploads()

    assert Video.objects.get().public_id == whole.public_id
    assert len(sent) == 1


@pytest.fixture
def long_after(monkeypatch):
    for name in ("GRACE", "GRACE_OF_A_ROW"):
        monkeypatch.setattr(leftovers, name, timedelta(0))


def joined(shop, film, **fields):
    """An upload whose parts are an object already, which no video has as yet."""
    begin(shop, len(film), **fields)
    upload = Upload.objects.latest("pk")
    for part in ask(shop, upload)["parts"]:
        put(part, film)
    upload.refresh_from_db()
    multipart.assemble(upload)
    return upload


def test_what_waits_to_replace_a_video_is_not_swept_however_long(
    shop, seller, s3, sent, long_after
):
    video = make_video(seller=seller, has_leftovers=True)
    lost = f"sources/{video.public_id}/former"
    private_files().save(lost, ContentFile(b"bytes"))
    film = films(parts=2)
    upload = joined(shop, film, replaces=video.public_id)

    periodic.sweep_videos()
    assert list(objects(s3)) == [upload.object_name]
    assert finish(shop, upload).status_code == 200
    Video.objects.filter(pk=video.pk).update(has_leftovers=True)
    periodic.sweep_videos()

    video.refresh_from_db()
    assert video.source.name == upload.object_name
    assert objects(s3) == {upload.object_name: film}


def test_what_waits_to_become_a_video_is_no_orphan(shop, s3, sent, long_after):
    film = films(parts=2)
    upload = joined(shop, film)

    periodic.sweep_files()
    assert finish(shop, upload).status_code == 200

    assert Video.objects.get().source.name == upload.object_name
    assert objects(s3) == {upload.object_name: film}


def test_a_sweep_without_its_bucket_is_no_failure_and_the_next_one_does_it(
    shop, s3, settings
):
    upload = begun(shop, films(parts=2))
    ask(shop, upload)
    age(upload, expires_at=timezone.now() - timedelta(seconds=1))
    up, down = settings.STORAGES, settings.STORAGES["private"]
    options = down["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:9"}
    settings.STORAGES = up | {"private": down | {"OPTIONS": options}}
    periodic.sweep_uploads()
    settings.STORAGES = up
    upload.refresh_from_db()
    assert upload.state == Upload.State.EXPIRED
    assert len(parts_in_bucket()) == 1

    periodic.sweep_uploads()

    assert parts_in_bucket() == []


@pytest.mark.ffmpeg
def test_an_upload_in_the_bucket_becomes_a_video_with_its_hash(shop, s3, sent):
    film = make_clip(seconds=3).read_bytes()
    finish(shop, send(shop, film))
    video = Video.objects.get()
    assert video.source_sha256 == ""

    transcode_video(video.pk)

    video.refresh_from_db()
    assert (video.status, video.failure_reason) == (Video.Status.READY, "")
    assert storages["videos"].exists(f"{video.folder}/index.m3u8")
    with private_files().open(video.source.name) as source:
        assert source.read() == film
    assert video.source_sha256 == hashlib.sha256(film).hexdigest()


def rule(**changed):
    return {
        "AllowedOrigins": ["https://shop.example.com"],
        "AllowedMethods": ["PUT"],
    } | (changed)


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule(AllowedMethods=["GET", "HEAD"])],
        [rule(AllowedOrigins=["https://another.example.com"])],
    ],
)
def test_a_command_says_that_the_bucket_refuses_browsers(s3, settings, rules):
    settings.SITE_URL = "https://shop.example.com"
    if rules:
        s3.BucketCors(PRIVATE).put(CORSConfiguration={"CORSRules": rules})

    with pytest.raises(CommandError, match="Add this CORS rule"):
        call_command("checkbucket")


@pytest.mark.parametrize("origin", ["https://shop.example.com", "https://*", "*"])
def test_a_command_says_that_the_bucket_lets_them(s3, settings, origin):
    settings.SITE_URL = "https://shop.example.com"
    rules = [rule(AllowedOrigins=[origin])]
    s3.BucketCors(PRIVATE).put(CORSConfiguration={"CORSRules": rules})
    said = StringIO()

    call_command("checkbucket", stdout=said)

    assert "takes uploads" in said.getvalue()


def test_without_a_bucket_the_command_says_so():
    with pytest.raises(CommandError, match="on the disk"):
        call_command("checkbucket")
