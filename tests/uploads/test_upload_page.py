"""What the upload page asks beside the bytes: its owner, a stranger, nobody."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from marketplace.user_files import private_files
from sellers.models import SellerMember
from tests.factories import make_seller, make_user
from tests.uploading import FILM, address_of, make_upload
from videos import parts
from videos.models import Upload, Video

pytestmark = pytest.mark.django_db

PAGES = ["finish_upload", "describe_upload", "cancel_upload"]
JSON = {"accept": "application/json"}


@pytest.mark.parametrize("page", PAGES)
def test_an_upload_obeys_its_seller_alone(client, page):
    upload = make_upload(seller=make_seller(), received=FILM)
    address = address_of(upload, page)
    stranger = make_user()
    make_seller(owner=stranger)

    assert client.post(address, {"title": "Mine now"}).status_code == 302
    client.force_login(stranger)
    assert client.post(address, {"title": "Mine now"}).status_code == 404
    assert client.get(address).status_code == 405

    upload.refresh_from_db()
    assert (upload.state, upload.title) == (Upload.State.RECEIVING, "Film")
    assert not Video.objects.exists()


@pytest.mark.parametrize("page", PAGES)
def test_each_needs_the_csrf_token(owner, seller, page):
    upload = make_upload(seller=seller, received=FILM)
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    assert client.post(address_of(upload, page)).status_code == 403
    assert Upload.objects.get().state == Upload.State.RECEIVING


def test_whose_answer_was_lost_asks_how_it_ended(shop, seller, sent):
    upload = make_upload(seller=seller, received=FILM)

    answers = [
        shop.post(address_of(upload, "finish_upload"), headers=JSON) for _ in range(2)
    ]

    video = Video.objects.get()
    for answer in answers:
        assert answer.json() == {
            "state": "finished",
            "title": "Film",
            "url": reverse("videos:studio", args=[video.public_id]),
        }
    assert sent == [video.pk]


def test_an_upload_that_is_not_complete_is_no_video(shop, seller):
    upload = make_upload(seller=seller, received=FILM[:10])

    answer = shop.post(address_of(upload, "finish_upload"), headers=JSON)

    assert answer.status_code == 410
    assert not Video.objects.exists()


def test_the_same_file_is_used_twice_on_its_seller_s_word(shop, seller, sent):
    for _ in range(2):
        upload = make_upload(seller=seller, received=FILM)
        answer = shop.post(address_of(upload, "finish_upload"), headers=JSON)
    first = Video.objects.get()
    assert answer.json() == {
        "state": "duplicate",
        "title": "Film",
        "url": reverse("videos:studio", args=[first.public_id]),
    }
    page = shop.get(reverse("videos:upload")).content.decode()
    assert "uploaded this very file before" in page

    shop.post(address_of(upload, "finish_upload"), {"twice": "1"})

    assert Video.objects.count() == 2


def test_title_and_description_are_kept_while_the_bytes_come(shop, seller):
    upload = make_upload(seller=seller, received=FILM[:10])
    address = address_of(upload, "describe_upload")

    assert shop.post(address, {"title": "Dress", "description": "Soft"}).json() == {}
    upload.refresh_from_db()
    assert (upload.title, upload.description) == ("Dress", "Soft")
    assert shop.post(address, {"title": "x" * 141}).status_code == 422
    shop.post(address, {"title": ""})
    upload.refresh_from_db()
    assert upload.title == "Dress"


def test_an_upload_is_canceled_by_a_plain_button(shop, seller):
    upload = make_upload(seller=seller, received=FILM[:10])

    for _ in range(2):
        answer = shop.post(address_of(upload, "cancel_upload"))
        assert answer.url == reverse("videos:upload")

    upload.refresh_from_db()
    assert upload.state == Upload.State.CANCELED
    assert not parts.path_of(upload.public_id).exists()


def test_the_page_lists_what_one_has_not_finished_oneself(shop, owner, seller):
    colleague = make_user()
    SellerMember.objects.create(seller=seller, user=colleague)
    make_upload(seller=seller, user=owner, received=FILM[:5120], file_name="mine.mp4")
    make_upload(seller=seller, user=owner, file_name="over.mp4", state="canceled")
    make_upload(seller=seller, user=colleague, file_name="theirs.mp4")

    page = shop.get(reverse("videos:upload")).content.decode()

    assert "mine.mp4" in page
    assert 'data-percent="50"' in page
    assert "over.mp4" not in page
    assert "theirs.mp4" not in page


def send_by_form(shop, **headers):
    film = SimpleUploadedFile("film.mp4", FILM, "video/mp4")
    return shop.post(
        reverse("videos:upload"), {"files": film}, headers=headers, follow=True
    )


def test_the_plain_form_tells_of_the_same_file_too(shop, sent):
    first = send_by_form(shop)
    again = send_by_form(shop)

    words = "has the same file as this one"
    assert words not in first.content.decode()
    assert words in again.content.decode()
    videos = Video.objects.all()
    assert len({video.source_sha256 for video in videos}) == 1
    assert all(private_files().open(v.source.name).read() == FILM for v in videos)


def test_the_plain_form_counts_towards_the_same_limit(shop, sent, settings):
    limits = settings.ACCOUNT_RATE_LIMITS | {"upload": "1/h/user"}
    settings.ACCOUNT_RATE_LIMITS = limits

    send_by_form(shop)
    refused = send_by_form(shop)

    assert refused.status_code == 429
    assert "Too many uploads" in refused.content.decode()
    assert Video.objects.count() == 1
