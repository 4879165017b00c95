from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from sellers.models import Seller
from tests.factories import make_seller, make_user, make_video
from videos.feed import candidates, sessions
from videos.feed.gates import public_videos
from videos.feed.sessions import BadCursor, continue_feed, open_feed
from videos.feed.watchers import Watcher
from videos.models import Impression, Video

pytestmark = pytest.mark.django_db

VIEWER = "v" * 22
WATCHER = Watcher(VIEWER)


def walk(page):
    """Every page of a visit, from its first."""
    pages = [page.keys]
    while page.next_cursor:
        page = continue_feed(public_videos(), WATCHER, page.next_cursor)
        pages.append(page.keys)
    return pages


def test_a_visit_shows_every_video_once_in_pages_of_ten():
    videos = [make_video() for _ in range(23)]

    pages = walk(open_feed(public_videos(), WATCHER))

    assert [len(page) for page in pages] == [10, 10, 3]
    assert sorted(sum(pages, [])) == sorted(video.pk for video in videos)


def test_a_video_published_meanwhile_can_still_come_and_nothing_comes_twice():
    for _ in range(15):
        make_video(published_at=timezone.now() - timedelta(days=2))
    first = open_feed(public_videos(), WATCHER)
    late = make_video(like_count=1000)

    pages = walk(first)

    keys = sum(pages, [])
    assert len(keys) == len(set(keys)) == 16
    assert pages[1][0] == late.pk


def test_the_same_cursor_gives_the_same_page():
    for _ in range(12):
        make_video()
    first = open_feed(public_videos(), WATCHER)

    again = [continue_feed(public_videos(), WATCHER, first.next_cursor) for _ in "ab"]

    assert again[0].keys == again[1].keys


def test_a_visit_longer_than_one_ranking_goes_on_without_repeats(monkeypatch):
    monkeypatch.setattr(candidates, "NEWEST", 11)
    videos = [make_video() for _ in range(25)]

    pages = walk(open_feed(public_videos(), WATCHER))

    assert sorted(sum(pages, [])) == sorted(video.pk for video in videos)


def test_a_forgotten_visit_starts_anew():
    for _ in range(12):
        make_video()
    first = open_feed(public_videos(), WATCHER)
    cache.clear()

    page = continue_feed(public_videos(), WATCHER, first.next_cursor)

    assert page.is_first
    assert len(page.keys) == 10


@pytest.mark.parametrize("cursor", ["", "x", "a.b", "../../etc.1", "a" * 16 + ".-1"])
def test_a_made_up_cursor_is_refused(cursor):
    with pytest.raises(BadCursor):
        continue_feed(public_videos(), WATCHER, cursor)


def test_the_next_visit_opens_with_what_was_not_seen():
    seen, unseen = make_video(like_count=900), make_video(like_count=1)
    Impression.objects.create(video=seen, viewer=VIEWER)

    assert open_feed(public_videos(), WATCHER).keys == [unseen.pk, seen.pk]
    assert open_feed(public_videos(), Watcher("w" * 22)).keys == [seen.pk, unseen.pk]


def test_a_visit_can_open_with_a_certain_video():
    wanted = make_video(published_at=timezone.now() - timedelta(days=99))
    make_video()

    page = open_feed(public_videos(), WATCHER, first=wanted.pk)

    assert page.keys[0] == wanted.pk
    assert len(page.keys) == 2


def test_only_what_the_public_may_watch_is_shown():
    shown = make_video()
    make_video(publication=Video.Publication.IN_REVIEW)
    make_video(status=Video.Status.PROCESSING)
    make_video(seller=make_seller(status=Seller.Status.SUSPENDED))

    assert open_feed(public_videos(), WATCHER).keys == [shown.pk]


def test_following_shows_only_followed_shops():
    user, shop = make_user(), make_seller()
    followed = make_video(seller=shop)
    make_video()
    shop.followers.create(user=user)

    page = open_feed(sessions.followed_videos(user), WATCHER)

    assert page.keys == [followed.pk]
