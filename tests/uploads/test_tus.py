"""tus 1.0.0 header by header: its owner, a stranger, nobody."""

import base64
import hashlib
from datetime import timedelta

import pytest
from django.conf import settings as site_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.user_files import private_files
from tests.factories import make_seller, make_user
from tests.uploading import (
    FILM,
    address_of,
    begin,
    make_upload,
    metadata,
    patch,
    send,
)
from videos import parts
from videos.models import Upload, Video

pytestmark = pytest.mark.django_db


def head(client, upload):
    return send(client, "HEAD", address_of(upload))


def test_an_upload_in_two_pieces_becomes_one_waiting_video(shop, owner, seller, sent):
    answer = begin(shop)
    upload = Upload.objects.get()
    assert (answer.status_code, answer["Location"]) == (201, address_of(upload))
    assert answer["Upload-Offset"] == "0"

    first = patch(shop, upload, 0, FILM[:6000])
    second = patch(shop, upload, 6000, FILM[6000:])

    assert (first.status_code, first["Upload-Offset"]) == (204, "6000")
    assert (second.status_code, second["Upload-Offset"]) == (204, "10240")
    video = Video.objects.get()
    assert (video.seller, video.uploaded_by) == (seller, owner)
    assert (video.title, video.source_name) == ("Summer dress", "Summer_dress.mp4")
    assert (video.status, video.source_bytes) == (Video.Status.UPLOADED, len(FILM))
    assert video.source.name.startswith(f"sources/{video.public_id}/")
    assert private_files().open(video.source.name).read() == FILM
    assert video.source_sha256 == hashlib.sha256(FILM).hexdigest()
    assert sent == [video.pk]
    assert not parts.path_of(upload.public_id).exists()


def test_the_source_is_the_very_file_that_was_received(shop, seller, sent):
    upload = make_upload(seller=seller, received=FILM[:-1])
    received = parts.path_of(upload.public_id).stat().st_ino

    patch(shop, upload, len(FILM) - 1, FILM[-1:])

    source = private_files().path(Video.objects.get().source.name)
    with open(source, "rb") as file:
        assert file.read() == FILM
    assert parts.Path(source).stat().st_ino == received


def test_creation_takes_the_first_bytes_along(shop, sent):
    answer = begin(shop, body=FILM)

    assert (answer.status_code, answer["Upload-Offset"]) == (201, str(len(FILM)))
    assert sent == [Video.objects.get().pk]


def test_head_tells_where_to_go_on(shop, seller):
    begin(shop, body=FILM[:100])
    upload = Upload.objects.get()

    answer = head(shop, upload)

    assert answer.status_code == 200
    assert (answer["Upload-Offset"], answer["Upload-Length"]) == ("100", "10240")
    assert answer["Upload-Metadata"] == metadata(filename="Summer_dress.mp4")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Tus-Resumable"] == "1.0.0"
    assert answer["Upload-Expires"].endswith("GMT")


def test_the_server_says_what_it_can(shop, settings):
    settings.VIDEO_MAX_BYTES = 5000

    answer = send(
        shop, "OPTIONS", reverse("videos:tus_uploads"), **{"Tus-Resumable": ""}
    )

    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Max-Size"] == "5000"
    assert answer["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert set(answer["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "checksum", "expiration", "termination",
    }  # fmt: skip


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_an_upload_is_there_for_its_seller_alone(client, method):
    upload = make_upload(seller=make_seller(), received=FILM[:10])
    headers = {"Upload-Offset": 10}

    assert send(client, method, address_of(upload), **headers).status_code == 403
    stranger = make_user()
    client.force_login(stranger)
    assert send(client, method, address_of(upload), **headers).status_code == 403
    make_seller(owner=stranger)
    assert send(client, method, address_of(upload), **headers).status_code == 404

    upload.refresh_from_db()
    assert (upload.offset, upload.state) == (10, Upload.State.RECEIVING)


def test_each_step_needs_the_csrf_token(owner, seller):
    upload = make_upload(seller=seller)
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    assert begin(client).status_code == 403
    assert patch(client, upload, 0, FILM).status_code == 403
    assert send(client, "DELETE", address_of(upload)).status_code == 403
    assert list(Upload.objects.values_list("offset", "state")) == [(0, "receiving")]


@pytest.mark.parametrize("version", ["", "0.2.2"])
def test_another_version_is_refused_before_anything_is_done(shop, seller, version):
    upload = make_upload(seller=seller)

    for answer in (
        begin(shop, **{"Tus-Resumable": version}),
        patch(shop, upload, 0, FILM, **{"Tus-Resumable": version}),
    ):
        assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")
    assert list(Upload.objects.values_list("offset", flat=True)) == [0]


@pytest.mark.parametrize("offset", ["", "-1", "x"])
def test_bytes_without_their_place_are_refused(shop, seller, offset):
    upload = make_upload(seller=seller)

    assert patch(shop, upload, offset, FILM).status_code == 400


@pytest.mark.parametrize("offset", [0, 99, 101, 20_000])
def test_bytes_for_another_place_are_refused(shop, seller, offset):
    upload = make_upload(seller=seller, received=FILM[:100])

    assert patch(shop, upload, offset, b"xyz").status_code == 409

    upload.refresh_from_db()
    assert upload.offset == 100
    assert parts.path_of(upload.public_id).read_bytes() == FILM[:100]


def test_another_type_of_body_is_refused(shop, seller):
    upload = make_upload(seller=seller)
    form = "application/x-www-form-urlencoded"

    answer = send(
        shop, "PATCH", address_of(upload), FILM, content_type=form,
        **{"Upload-Offset": 0},
    )  # fmt: skip

    assert answer.status_code == 415
    assert Upload.objects.get().offset == 0


def test_one_byte_too_many_is_refused_and_nothing_of_it_kept(shop, seller):
    upload = make_upload(seller=seller, received=FILM[:-1])

    assert patch(shop, upload, len(FILM) - 1, b"xy").status_code == 413

    assert parts.path_of(upload.public_id).stat().st_size == len(FILM) - 1


def test_no_bytes_change_nothing(shop, seller):
    upload = make_upload(seller=seller, received=FILM[:100])

    answer = patch(shop, upload, 100, b"")

    assert (answer.status_code, answer["Upload-Offset"]) == (204, "100")


def checksum(algorithm, body):
    digest = hashlib.new(algorithm, body).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_that_fits_is_accepted(shop, seller, algorithm):
    upload = make_upload(seller=seller)
    body = FILM[:5000]

    answer = patch(shop, upload, 0, body, **checksum(algorithm, body))

    assert (answer.status_code, answer["Upload-Offset"]) == (204, "5000")
    assert parts.path_of(upload.public_id).read_bytes() == body


def test_a_checksum_that_does_not_fit_takes_back_the_whole_piece(shop, seller, sent):
    upload = make_upload(seller=seller, received=FILM[:100])

    answer = patch(shop, upload, 100, FILM[100:], **checksum("sha1", b"other"))

    assert answer.status_code == 460
    assert Upload.objects.get().offset == 100
    assert patch(shop, upload, 100, FILM[100:]).status_code == 204
    assert private_files().open(Video.objects.get().source.name).read() == FILM


@pytest.mark.parametrize("header", ["crc32 AAAA", "sha1 !", "sha1"])
def test_a_checksum_that_cannot_be_checked_is_refused(shop, seller, header):
    upload = make_upload(seller=seller)

    answer = patch(shop, upload, 0, FILM, **{"Upload-Checksum": header})

    assert answer.status_code in (400, 460)
    assert Upload.objects.get().offset == 0


def test_the_last_piece_sent_again_makes_no_second_video(shop, seller, sent):
    upload = make_upload(seller=seller, received=FILM[:-1])
    for _ in range(2):
        answer = patch(shop, upload, len(FILM) - 1, FILM[-1:])

    assert answer.status_code == 409
    assert head(shop, upload)["Upload-Offset"] == str(len(FILM))
    assert patch(shop, upload, len(FILM), b"").status_code == 204
    assert Video.objects.count() == 1
    assert len(sent) == 1


def test_a_canceled_upload_is_gone_with_its_bytes(shop, seller):
    upload = make_upload(seller=seller, received=FILM[:100])

    assert send(shop, "DELETE", address_of(upload)).status_code == 204

    assert not parts.path_of(upload.public_id).exists()
    assert head(shop, upload).status_code == 410
    assert patch(shop, upload, 100, FILM[100:]).status_code == 410
    assert send(shop, "DELETE", address_of(upload)).status_code == 410


def test_a_finished_upload_is_not_canceled(shop, seller, sent):
    begin(shop, body=FILM)
    upload = Upload.objects.get()

    assert send(shop, "DELETE", address_of(upload)).status_code == 410

    video = Video.objects.get()
    assert private_files().exists(video.source.name)


def test_an_expired_upload_is_gone(shop, seller):
    past = timezone.now() - timedelta(seconds=1)
    upload = make_upload(seller=seller, received=FILM[:100], expires_at=past)

    assert head(shop, upload).status_code == 410
    assert patch(shop, upload, 100, FILM[100:]).status_code == 410


def test_each_piece_puts_the_end_off(shop, seller):
    soon = timezone.now() + timedelta(minutes=1)
    upload = make_upload(seller=seller, expires_at=soon)

    patch(shop, upload, 0, FILM[:10])

    upload.refresh_from_db()
    keep = timedelta(hours=site_settings.VIDEO_UPLOAD_KEEP_HOURS)
    left = upload.expires_at - timezone.now()
    assert keep - timedelta(minutes=1) < left <= keep


def test_a_client_without_patch_says_so_in_a_header(shop, seller):
    upload = make_upload(seller=seller)

    answer = send(
        shop, "POST", address_of(upload), FILM[:10],
        **{"X-HTTP-Method-Override": "PATCH", "Upload-Offset": 0},
    )  # fmt: skip

    assert (answer.status_code, answer["Upload-Offset"]) == (204, "10")


def test_other_methods_are_refused(shop, seller):
    upload = make_upload(seller=seller)

    assert send(shop, "PUT", address_of(upload)).status_code == 405
    assert shop.get(reverse("videos:tus_uploads")).status_code == 405
