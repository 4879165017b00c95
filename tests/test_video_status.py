"""What a seller reads of a video that waits, or that failed."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.factories import make_seller, make_user, make_video
from videos import places
from videos.models import Video
from videos.places import place_in_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return make_seller(owner=make_user())


@pytest.fixture
def shop(client, seller):
    client.force_login(seller.members.get().user)
    return client


def page(name, video):
    return reverse(f"videos:{name}", args=[video.public_id])


def test_a_video_that_waits_says_how_many_go_before_it(shop, seller, monkeypatch):
    def wait(**fields):
        return make_video(status=Video.Status.UPLOADED, folder="", **fields)

    def words(video):
        cache.clear()
        return shop.get(page("status", video)).content.decode()

    first, second = wait(), wait()
    own = wait(seller=seller)
    assert "2 videos before yours" in words(own)
    assert "<progress" not in words(own)
    assert "2 videos before yours" in shop.get(page("studio", own)).content.decode()

    first.claim()
    assert "1 video before yours" in words(own)
    second.claim()
    assert "Next, as soon as a worker is free" in words(own)

    wait()
    later = wait(seller=seller)
    monkeypatch.setattr(places, "LAST_PLACE", 2)
    assert "2 or more videos before yours" in words(later)

    own.claim()
    own.hand_back("There is no room.", pause=timedelta(minutes=1))
    said = words(own)
    assert "before yours" not in said
    assert "There is no room." in said


def test_the_upload_page_asks_until_a_video_has_settled_and_says_why_it_failed(
    shop, seller
):
    video = make_video(
        seller=seller,
        status=Video.Status.UPLOADED,
        publication=Video.Publication.DRAFT,
        folder="",
    )

    def told():
        said = shop.get(page("status", video), {"in": "upload"}).content.decode()
        return said, "hx-get" in said, "upload-failure" in said

    assert video.claim()
    video.hand_back("There is <no> room.", pause=timedelta(minutes=1))
    said, is_asking, has_failed = told()
    assert "There is &lt;no&gt; room." in said
    assert (is_asking, has_failed) == (True, False)

    Video.objects.update(status=Video.Status.FAILED)
    assert told()[1:] == (False, True)
    Video.objects.update(status=Video.Status.READY, failure_reason="")
    said, is_asking, has_failed = told()
    assert "to publish it" in said
    assert (is_asking, has_failed) == (False, False)
    Video.objects.update(publication=Video.Publication.PUBLISHED)
    assert "what people see now" in told()[0]


def test_those_who_wait_share_one_look_at_the_queue(
    shop, seller, django_assert_max_num_queries
):
    videos = [make_video(seller=seller, status=Video.Status.UPLOADED) for _ in range(3)]
    place_in_words(videos[0])

    with django_assert_max_num_queries(0):
        assert [place_in_words(video) for video in videos[1:]] == [
            "1 video before yours",
            "2 videos before yours",
        ]


def test_a_refused_file_is_replaced_and_a_failure_that_may_pass_tried_again(
    shop, seller
):
    again, other = "Try again", "Choose another file"
    video = make_video(seller=seller, status=Video.Status.UPLOADING)
    replace = page("replace", video)

    def offers():
        said = shop.get(page("status", video)).content.decode()
        return again in said, other in said and f'href="{replace}"' in said

    video.queue()
    assert video.claim()
    video.refuse("This file is not a video.")
    assert offers() == (False, True)

    # A worker with a newer ffmpeg may read it, so the desk can still queue it.
    video.queue()
    assert video.claim()
    video.mark_failed("The storage was down.")
    assert offers() == (True, False)
    video.queue()
    video.cancel("You stopped it.")
    assert offers() == (True, False)
