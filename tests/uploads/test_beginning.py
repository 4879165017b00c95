"""Which uploads may be begun: what is refused before a byte is sent."""

import pytest
from django.conf import settings as site_settings

from sellers.models import Seller
from tests.factories import make_seller, make_user
from tests.uploading import (
    FILM,
    LENGTH,
    address_of,
    begin,
    make_upload,
    random_film,
    send,
)
from videos import parts
from videos.models import Upload, Video

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", [Seller.Status.PENDING, Seller.Status.CLOSED])
def test_a_shop_that_is_not_at_work_begins_nothing(client, status):
    user = make_user()
    make_seller(owner=user, status=status)
    client.force_login(user)

    assert begin(client).status_code == 403
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("length", "name", "status", "words"),
    [
        ("", "a.mp4", 400, "Upload-Length"),
        ("-1", "a.mp4", 400, "Upload-Length"),
        ("1.5", "a.mp4", 400, "Upload-Length"),
        ("9" * 30, "a.mp4", 400, "Upload-Length"),
        (0, "a.mp4", 422, "empty"),
        (10, "a.txt", 422, "not a video"),
        (10, "", 422, "not a video"),
        (5001, "a.mp4", 413, "too large"),
    ],
)
def test_a_wrong_file_is_refused_before_its_bytes_are_sent(
    shop, settings, length, name, status, words
):
    settings.VIDEO_MAX_BYTES = 5000

    answer = begin(shop, length, name=name)

    assert answer.status_code == status
    assert words in answer.content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "header",
    ["filename !!!", "filename w7", "filename /w==", "filename " + "A" * 5000],
)
def test_metadata_that_cannot_be_read_is_refused(shop, header):
    assert begin(shop, **{"Upload-Metadata": header}).status_code == 400
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/x.mp4", "x.mp4"),
        ("..\\..\\x.mp4", "x.mp4"),
        ("-i.mp4", "-i.mp4"),
        (";id\n$(id)\0.mp4", ";id$(id).mp4"),
        ("\u202egpj.mp4", "gpj.mp4"),
        ("n" * 300 + ".mp4", ("n" * 300 + ".mp4")[-255:]),
        ("🎬.mp4", "🎬.mp4"),
    ],
)
def test_a_hostile_file_name_is_only_ever_shown(shop, sent, name, kept):
    begin(shop, name=name, body=FILM)

    video = Video.objects.get()
    assert video.source_name == kept
    assert video.source.name.startswith(f"sources/{video.public_id}/")


def test_what_the_disk_has_no_room_for_is_refused_before_it_is_sent(shop, monkeypatch):
    monkeypatch.setattr(parts, "has_room_for", lambda size: size < 1000)

    assert begin(shop, 1000).status_code == 507
    assert begin(shop, 999).status_code == 201


def test_so_many_uploads_may_be_open_at_a_time(shop, seller, settings):
    settings.VIDEO_UPLOADS_OPEN = 2
    first = make_upload(seller=seller)
    make_upload(seller=make_seller())
    assert begin(shop).status_code == 201

    refused = begin(shop)

    assert refused.status_code == 429
    assert "2 uploads are unfinished" in refused.content.decode()
    assert seller.uploads.count() == 2
    send(shop, "DELETE", address_of(first))
    assert begin(shop).status_code == 201


def test_so_many_bytes_may_be_under_way(shop, seller, settings):
    settings.VIDEO_UPLOADS_OPEN_BYTES = 2 * LENGTH
    begin(shop)

    assert begin(shop, LENGTH + 1).status_code == 429
    assert begin(shop).status_code == 201


def test_a_flood_of_uploads_is_stopped(shop, settings, seller, sent):
    limits = {**site_settings.ACCOUNT_RATE_LIMITS, "upload": "3/h/user"}
    settings.ACCOUNT_RATE_LIMITS = limits

    answers = [begin(shop, 10, body=random_film(10)).status_code for _ in range(5)]

    assert answers == [201, 201, 201, 429, 429]
    assert Upload.objects.count() == 3
