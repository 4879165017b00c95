"""Who is told where the files of a video are."""

import re
import time
from types import SimpleNamespace

import pytest

from marketplace import video_addresses
from marketplace.accounts.models import User
from tests.factories import make_seller, make_staff, make_user, make_video
from videos.captioning import save_track
from videos.captions import Cue
from videos.models import Video

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "audience"),
    [
        ({}, "shared"),
        ({"publication": Video.Publication.DRAFT}, "private"),
        ({"publication": Video.Publication.IN_REVIEW}, "private"),
        ({"publication": Video.Publication.REJECTED}, "private"),
    ],
)
def test_only_a_published_video_may_lie_in_shared_caches(fields, audience):
    video = Video(folder="videos/a/1", poster="videos/a/1/poster.jpg", **fields)
    if not fields:
        video.publication = Video.Publication.PUBLISHED

    for address in (video.playlist_url, video.mp4_url, video.poster_url):
        assert address.startswith(f"/media/{audience}/")


def test_a_video_without_files_has_no_addresses():
    assert Video().addresses() == {
        "playlist": "", "mp4": "", "poster": "", "captions": {},
        "seconds": video_addresses.seconds_left(),
    }  # fmt: skip


def test_a_published_video_s_addresses_are_everybody_s(client):
    video = make_video()

    response = client.get(f"/api/videos/{video.public_id}/addresses")

    assert response.json() == video.addresses()
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "change",
    [
        lambda video: video.unpublish(),
        lambda video: video.reject("no"),
        lambda video: video.seller.suspend("no"),
    ],
)
def test_what_is_taken_down_gets_no_address(client, change):
    video = make_video()
    change(video)

    for path in (
        f"/api/videos/{video.public_id}/addresses",
        f"/v/{video.public_id}/video.mp4",
        f"/v/{video.public_id}/poster.jpg",
    ):
        assert client.get(path).status_code == 404


def test_a_draft_s_addresses_are_its_seller_s(client):
    owner = make_user()
    seller = make_seller(owner=owner)
    video = make_video(seller=seller, publication=Video.Publication.DRAFT)
    path = f"/seller/videos/{video.public_id}/addresses/"

    assert client.get(path).status_code == 302
    client.force_login(make_user())
    assert client.get(path).status_code in (302, 404)
    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)
    assert client.get(path).status_code == 404
    client.force_login(owner)
    answer = client.get(path)
    assert answer.json() == video.addresses()
    assert answer.json()["mp4"].startswith("/media/private/")


def test_a_draft_is_shown_at_the_desk(client):
    video = make_video(publication=Video.Publication.IN_REVIEW)
    client.force_login(make_staff(User.Role.MODERATOR))

    page = client.get(f"/admin/videos/video/{video.pk}/change/")

    assert video.mp4_url in page.content.decode()
    assert video.mp4_url.startswith("/media/private/")


def test_the_desk_asks_for_fresh_addresses_and_nobody_else_does(client):
    video = make_video(publication=Video.Publication.IN_REVIEW)
    save_track(video, "en", [Cue(0, 1000, "Hello")])
    path = f"/admin/videos/video/{video.pk}/addresses/"

    assert client.get(path).status_code == 302
    client.force_login(video.seller.members.create(user=make_user()).user)
    assert client.get(path).status_code in (302, 403)
    client.force_login(make_staff())  # of the staff, with no role
    assert client.get(path).status_code == 403
    moderator = make_staff(User.Role.MODERATOR)
    client.force_login(moderator)
    answer = client.get(path)

    assert answer.json() == video.addresses()
    assert answer.json()["captions"] == {"en": video.captions.get().url}
    assert answer.json()["mp4"].startswith("/media/private/")
    assert "no-store" in answer["Cache-Control"]
    assert client.get("/admin/videos/video/0/addresses/").status_code == 404
    page = client.get(f"/admin/videos/video/{video.pk}/change/").content.decode()
    assert f'data-addresses="{path}"' in page


def test_other_sites_are_led_to_the_file_of_the_moment(client, settings):
    video = make_video(poster="videos/test/1/poster.jpg")

    film = client.get(f"/v/{video.public_id}/video.mp4")
    poster = client.get(f"/v/{video.public_id}/poster.jpg")

    assert (film.status_code, film["Location"]) == (302, video.mp4_url)
    assert poster["Location"] == video.poster_url
    assert film["Cache-Control"] == "public, max-age=30"
    settings.VIDEO_DELIVERY = "private"
    assert client.get(f"/v/{video.public_id}/video.mp4").status_code == 404
    page = client.get(video.get_absolute_url()).content.decode()
    assert "og:video" not in page
    assert "contentUrl" not in page


@pytest.mark.parametrize("path", ["/", "/api/feed", "/shop/"])
def test_a_page_that_is_kept_has_no_address_that_has_ended(client, monkeypatch, path):
    make_video(poster="videos/kept/1/poster.jpg")
    first = client.get(path)
    addresses = set(re.findall(r"/media/shared/[\w-]+/\d+/", first.content.decode()))
    assert addresses

    later = time.time() + 3 * 3600
    monkeypatch.setattr(video_addresses, "time", SimpleNamespace(time=lambda: later))
    again = client.get(path).content.decode()

    fresh = set(re.findall(r"/media/shared/[\w-]+/\d+/", again))
    assert fresh
    assert fresh.isdisjoint(addresses)
