"""From the browser into the bucket: its seller, a stranger, nobody; part by part."""

import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from tests.buckets import PRIVATE
from tests.factories import make_seller, make_user
from tests.uploading import FILM, address_of, make_upload, patch
from tests.uploads.in_bucket import (
    JSON,
    MEGABYTE,
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
from videos import multipart
from videos.models import Upload, Video

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "length", [1, 5 * MEGABYTE, 5 * MEGABYTE + 1, 1024**3, 5 * 1024**4]
)
def test_parts_are_as_s3_wants_them(length):
    sizes = list(multipart.sizes(length).values())

    assert sum(sizes) == length
    assert len(sizes) <= 10_000
    assert all(size >= 5 * MEGABYTE for size in sizes[:-1])
    assert len(set(sizes[:-1])) <= 1


def test_the_page_sends_there_only_where_there_is_a_bucket(shop, s3, settings):
    page = shop.get(reverse("videos:upload")).content.decode()
    assert f'data-endpoint="{reverse("videos:begin_upload")}" data-direct' in page

    settings.STORAGES = settings.STORAGES | {
        "private": settings.STORAGES["staticfiles"]
    }
    page = shop.get(reverse("videos:upload")).content.decode()
    assert f'data-endpoint="{reverse("videos:tus_uploads")}"' in page
    assert begin(shop, 10).status_code == 404


def test_a_film_in_parts_becomes_a_video_where_it_lies(shop, seller, s3, sent):
    film = films(parts=3)
    upload = send(shop, film)
    assert upload.offset == len(film)
    assert list(objects(s3)) == []

    answer = finish(shop, upload)

    video = Video.objects.get()
    assert answer.json() == {
        "state": "finished",
        "title": "film",
        "url": reverse("videos:studio", args=[video.public_id]),
    }
    assert video.source.name == upload.object_name
    assert (video.public_id, video.seller) == (upload.public_id, seller)
    assert (video.source_bytes, video.source_name) == (len(film), "film.mp4")
    [(name, kept)] = objects(s3).items()
    assert name == video.source.name
    assert hashlib.sha256(kept).digest() == hashlib.sha256(film).digest()
    assert parts_in_bucket() == []
    assert sent == [video.pk]


def test_an_upload_goes_on_with_the_parts_that_are_missing(shop, s3, sent):
    film = films(parts=6)
    upload = begun(shop, film)
    first = ask(shop, upload)
    assert (first["offset"], len(first["parts"])) == (0, multipart.BATCH)
    put(first["parts"][0], film)
    put(first["parts"][2], film)

    looked = shop.get(address_of(upload, "upload_parts")).json()
    again = ask(shop, upload)

    assert looked == {"offset": 10 * MEGABYTE, "length": len(film)}
    assert [part["start"] // (5 * MEGABYTE) for part in again["parts"]] == [1, 3, 4, 5]
    for part in again["parts"]:
        put(part, film)
    assert ask(shop, upload)["parts"] == []
    finish(shop, upload)
    assert list(objects(s3).values()) == [film]


def test_an_address_is_good_for_a_while_and_for_its_part_s_bytes_alone(shop, s3):
    film = films(parts=2)
    parts = ask(shop, begun(shop, film))["parts"]

    for part in parts:
        said = parse_qs(urlsplit(part["url"]).query)
        assert said["X-Amz-Expires"] == ["900"]
        assert said["X-Amz-SignedHeaders"] == ["content-length;host"]
    assert urlsplit(parts[0]["url"]).path.startswith(f"/{PRIVATE}/sources/")
    assert "film" not in parts[0]["url"]


def test_a_part_of_another_size_does_not_count(shop, s3, sent):
    film = films(parts=2)
    upload = begun(shop, film)
    first, last = ask(shop, upload)["parts"]
    put(first, film)
    put(last, film + b"more")  # the stand-in for S3 checks no signatures
    put(last | {"end": last["end"] + 4}, film + b"more")

    assert len(ask(shop, upload)["parts"]) == 1
    assert finish(shop, upload).status_code == 410
    assert not Video.objects.exists()
    put(last, film)
    assert finish(shop, upload).status_code == 200
    assert list(objects(s3).values()) == [film]


def test_an_incomplete_upload_is_no_video(shop, s3):
    film = films(parts=2)
    upload = begun(shop, film)
    assert finish(shop, upload).status_code == 410
    put(ask(shop, upload)["parts"][0], film)

    assert finish(shop, upload).status_code == 410

    assert not Video.objects.exists()
    assert Upload.objects.get().state == Upload.State.RECEIVING


def test_an_object_of_another_size_is_no_video(shop, s3):
    upload = send(shop, films(parts=1))
    s3.Object(PRIVATE, upload.object_name).put(Body=b"something else")
    multipart._abort(**multipart._multipart(upload))

    assert finish(shop, upload).status_code == 410

    assert not Video.objects.exists()


def test_finish_answers_as_often_as_it_is_asked(shop, s3, sent):
    upload = send(shop, films(parts=2))

    answers = [finish(shop, upload).json() for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert Video.objects.count() == len(sent) == 1
    assert ask(shop, upload)["parts"] == []


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_its_parts_obey_its_seller_alone(shop, s3, method):
    upload = begun(shop, films(parts=2))
    ask(shop, upload)
    stranger, nobody = Client(), Client()
    owner = make_user()
    make_seller(owner=owner)
    stranger.force_login(owner)
    address = address_of(upload, "upload_parts")

    assert getattr(stranger, method)(address).status_code == 404
    assert getattr(nobody, method)(address).status_code == 302
    assert nobody.post(reverse("videos:begin_upload")).status_code == 302
    assert len(parts_in_bucket()) == 1
    assert Upload.objects.get().state == Upload.State.RECEIVING


@pytest.mark.parametrize("method", ["post", "delete"])
def test_each_needs_the_csrf_token(shop, owner, s3, method):
    upload = begun(shop, films(parts=1))
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    assert begin(client, 10).status_code == 403
    answer = getattr(client, method)(address_of(upload, "upload_parts"))
    assert answer.status_code == 403


def test_tus_and_parts_keep_to_their_own_uploads(shop, seller, s3):
    direct, by_tus = begun(shop, films(parts=1)), make_upload(seller=seller)

    assert patch(shop, direct, 0, FILM).status_code == 404
    assert shop.post(address_of(by_tus, "upload_parts")).status_code == 404


@pytest.mark.parametrize(
    ("length", "name", "status", "words"),
    [
        (10, "notes.txt", 422, "not a video"),
        (0, "film.mp4", 422, "empty"),
        (1024**3 + 1, "film.mp4", 413, "too large"),
        ("many", "film.mp4", 400, "length"),
        (-1, "film.mp4", 400, "length"),
    ],
)
def test_what_is_refused_before_its_bytes(shop, s3, length, name, status, words):
    answer = begin(shop, length, name)

    assert answer.status_code == status
    assert words in answer.json()["errors"][0]
    assert not Upload.objects.exists()


def test_quotas_are_those_of_all_uploads(shop, seller, s3, settings):
    settings.VIDEO_UPLOADS_OPEN_BYTES = 15_000
    make_upload(seller=seller)  # by tus

    too_much = begin(shop, 10_000)
    settings.VIDEO_UPLOADS_OPEN = 1
    too_many = begin(shop, 1)

    assert too_much.status_code == too_many.status_code == 429
    assert "would be larger than" in too_much.json()["errors"][0]
    assert "1 uploads are unfinished" in too_many.json()["errors"][0]


def test_the_rate_limit_is_that_of_all_uploads(shop, s3, settings):
    limits = settings.ACCOUNT_RATE_LIMITS | {"upload": "1/h/user"}
    settings.ACCOUNT_RATE_LIMITS = limits

    assert [begin(shop, 10).status_code for _ in range(2)] == [201, 429]


def test_what_is_canceled_is_gone_at_once(shop, s3):
    film = films(parts=2)
    upload = begun(shop, film)
    parts = ask(shop, upload)["parts"]
    put(parts[0], film)

    shop.delete(address_of(upload, "upload_parts"))

    assert parts_in_bucket() == []
    for answer in (
        shop.post(address_of(upload, "upload_parts")),
        shop.delete(address_of(upload, "upload_parts")),
        finish(shop, upload),
    ):
        assert answer.status_code == 410
    assert objects(s3) == {}


def test_an_assembled_upload_can_still_be_canceled(shop, s3, sent):
    film = films(parts=1)
    finish(shop, send(shop, film))
    again = send(shop, film)
    assert finish(shop, again).json()["state"] == "duplicate"

    shop.post(address_of(again, "cancel_upload"))

    assert list(objects(s3)) == [Video.objects.get().source.name]


def test_the_same_file_again_waits_for_its_seller_s_word(shop, s3, sent):
    film, other = films(parts=2), films(parts=2)
    finish(shop, send(shop, film))
    assert finish(shop, send(shop, other)).json()["state"] == "finished"
    again = send(shop, film)

    answers = [finish(shop, again).json() for _ in range(2)]

    twin = Video.objects.get(source_etag=again.etag or Upload.objects.last().etag)
    for answer in answers:
        assert answer["state"] == "duplicate"
        assert answer["url"] == reverse("videos:studio", args=[twin.public_id])
    assert finish(shop, again, twice="1").json()["state"] == "finished"
    assert Video.objects.count() == 3


def test_a_bucket_that_is_down_costs_nothing(shop, s3, settings, sent):
    upload = send(shop, films(parts=1))
    down = settings.STORAGES["private"]
    options = down["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:9"}
    up = settings.STORAGES
    settings.STORAGES = up | {"private": down | {"OPTIONS": options}}

    answers = [
        finish(shop, upload),
        shop.post(address_of(upload, "upload_parts"), headers=JSON),
    ]
    settings.STORAGES = up

    for answer in answers:
        assert answer.status_code == 503
        assert "Nothing is lost" in answer.json()["errors"][0]
    assert finish(shop, upload).status_code == 200
