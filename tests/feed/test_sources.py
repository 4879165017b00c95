import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sellers.models import Follow
from tests.factories import make_seller, make_tag, make_user, make_variant, make_video
from tests.races import at_once
from videos.feed import candidates, matching, sessions, trials
from videos.feed.candidates import candidates_among
from videos.feed.gates import public_videos
from videos.feed.sessions import followed_videos, open_feed
from videos.feed.sources import Found, Source, find_trending, note_trending, trending
from videos.feed.trials import count_outcomes, load_trials
from videos.feed.watchers import Watcher
from videos.models import EventProgress, Impression, VideoTrial, WatchEvent

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=200)


def watch(video, viewers, *, share=1.0, kind="watch", ago=timedelta()):
    at = timezone.now() - ago
    rows = WatchEvent.objects.bulk_create(
        WatchEvent(video=video, viewer=viewer, kind=kind, watched_ms=int(8000 * share))
        for viewer in viewers
    )
    WatchEvent.objects.filter(pk__in=[row.pk for row in rows]).update(created_at=at)


def test_trending_is_what_many_browsers_liked_lately():
    loved, liked, passed_over, once_loved, one_fan = (make_video() for _ in range(5))
    watch(loved, ["a", "b", "c", "d"])
    watch(liked, ["a", "b"])
    watch(liked, ["c"], kind="share", share=0)
    watch(passed_over, ["a", "b", "c", "d"], share=0.2)
    watch(once_loved, ["a", "b", "c", "d"], ago=timedelta(days=9))
    watch(one_fan, ["a"] * 30)

    assert find_trending() == {loved.pk: 1.0, liked.pk: 0.75}


@pytest.mark.parametrize(
    "kind", ["tag_seen", "not_interested", "report", "purchase", "refund"]
)
def test_what_says_nothing_good_makes_nothing_trend(kind):
    watch(make_video(), ["a", "b", "c", "d"], kind=kind)

    assert find_trending() == {}


def test_pages_read_what_the_job_found_and_a_lost_cache_is_no_error():
    video = make_video()
    watch(video, "abc")
    note_trending()

    assert trending() == {video.pk: 1.0}
    cache.clear()
    assert trending() == {}


def test_old_videos_come_back_where_they_trend_or_their_shop_is_followed(monkeypatch):
    monkeypatch.setattr(candidates, "NEWEST", 2)
    monkeypatch.setattr(candidates, "FEWEST", 0)
    user, shop = make_user(), make_seller()
    shop.followers.create(user=user)
    then = timezone.now() - LONG_AGO
    followed = make_video(seller=shop, published_at=then)
    popular, lost = make_video(published_at=then), make_video(published_at=then)
    new = [make_video(), make_video()]
    found = Found()
    found.add_trending({popular.pk: 1.0})

    watcher = Watcher("v" * 22, user.pk)
    keys = {*candidates_among(public_videos(), watcher, found).pk.tolist()}

    assert keys == {followed.pk, popular.pk, *(video.pk for video in new)}
    assert lost.pk not in keys


def test_a_followed_shop_comes_first_and_says_so():
    user, shop = make_user(), make_seller()
    shop.followers.create(user=user)
    followed = make_video(seller=shop, published_at=timezone.now() - timedelta(hours=1))
    make_video()

    page = open_feed(public_videos(), Watcher("v" * 22, user.pk))

    assert page.keys[0] == followed.pk
    assert page.places[0].sources == Source.FOLLOWED
    plain = open_feed(public_videos(), Watcher("", user.pk, is_profiled=False))
    assert plain.keys[0] != followed.pk


def test_what_the_same_person_saw_in_another_browser_is_not_repeated(settings):
    settings.FEED_REPEAT_DAYS = 7
    user = make_user()
    seen, unseen = make_video(like_count=900), make_video(like_count=1)
    at = timezone.now() - timedelta(days=6)
    Impression.objects.create(video=seen, viewer="w" * 22, user=user, created_at=at)
    watcher = Watcher("v" * 22, user.pk)

    assert open_feed(public_videos(), watcher).keys == [unseen.pk, seen.pk]
    settings.FEED_REPEAT_DAYS = 5
    assert open_feed(public_videos(), watcher).keys == [seen.pk, unseen.pk]


def test_what_somebody_saw_is_not_repeated_in_a_browser_that_is_just_opened():
    user = make_user()
    seen, unseen = make_video(like_count=900), make_video(like_count=1)
    Impression.objects.create(video=seen, viewer="w" * 22, user=user)

    assert open_feed(public_videos(), Watcher("", user.pk)).keys[0] == unseen.pk
    plain = Watcher("", user.pk, is_profiled=False)
    assert open_feed(public_videos(), plain).keys[0] == seen.pk


def test_what_was_seen_is_asked_once_however_many_lists_are_joined():
    user, shop, video = make_user(), make_seller(), make_video()
    shop.followers.create(user=user)
    watch(video, "abc")
    note_trending()

    with CaptureQueriesContext(connection) as queries:
        open_feed(public_videos(), Watcher("v" * 22, user.pk))

    asked = [query for query in queries if "videos_impression" in query["sql"]]
    assert len(asked) == 1


def test_what_became_of_taps_is_counted_into_the_trial(monkeypatch):
    kinds = {"carted": "cart", "purchased": "tag", "refunded": "share"}
    monkeypatch.setattr(trials, "COUNTED", kinds)
    good, bad = make_video(), make_video()
    known = load_trials([good.pk, bad.pk], None)
    trials.save_trials(known, [0, 1])
    watch(good, "abcdefgh", kind="tag")
    watch(bad, "abcdefgh", kind="share")
    watch(bad, "ab", kind="cart", ago=timedelta(days=3))

    for _ in range(2):
        count_outcomes()

    rows = VideoTrial.objects.values_list("carted", "purchased", "refunded")
    assert rows.get(video=good) == (0, 8, 0)
    assert rows.get(video=bad) == (2, 0, 8)
    worth = load_trials([good.pk, bad.pk], None).taps.worth
    assert worth[0] > worth[1]


def test_a_cart_of_a_page_that_was_open_for_hours_is_counted():
    video = make_video()
    trials.save_trials(load_trials([video.pk], None), [0])
    watch(video, "a", kind="cart", ago=timedelta(hours=5))

    count_outcomes()

    assert VideoTrial.objects.get().carted == 1


def test_what_came_while_no_worker_ran_is_counted():
    video = make_video()
    trials.save_trials(load_trials([video.pk], None), [0])
    now = timezone.now()
    EventProgress.objects.create(job="outcomes", until=now - timedelta(hours=5))
    watch(video, "a", kind="cart")
    WatchEvent.objects.update(written_at=now - timedelta(hours=3))

    count_outcomes()

    assert VideoTrial.objects.get().carted == 1
    assert now - EventProgress.objects.get(job="outcomes").until < timedelta(minutes=1)


def test_what_was_counted_already_is_not_looked_at_again():
    video = make_video()
    trials.save_trials(load_trials([video.pk], None), [0])
    watch(video, "a", kind="cart")

    assert [count_outcomes(), count_outcomes()] == [1, 0]


def test_a_trial_begins_with_what_was_put_in_carts_before(monkeypatch):
    monkeypatch.setattr(trials.serving, "current_recommender", lambda: None)
    video = make_video()
    watch(video, "ab", kind="cart")
    count_outcomes()
    at = timezone.now() - timedelta(minutes=10)
    Impression.objects.create(video=video, viewer="a", created_at=at, written_at=at)

    trials.fold_views()

    assert VideoTrial.objects.get().carted == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_looked_at_again", [True, False])
def test_a_purchase_that_is_not_committed_yet_is_counted_the_next_time(
    monkeypatch, is_looked_at_again
):
    """It bears a time from before; the control takes the count's own time."""
    if not is_looked_at_again:
        monkeypatch.setattr(trials, "begun_before", timezone.now)
    video = make_video()
    trials.save_trials(load_trials([video.pk], None), [0])
    has_paid, has_counted = threading.Event(), threading.Event()

    def pay():
        with transaction.atomic():
            watch(video, "a", kind="purchase")
            has_paid.set()
            assert has_counted.wait(20)

    def count():
        assert has_paid.wait(20)
        count_outcomes()
        has_counted.set()

    assert at_once(pay, count) == [None, None]

    assert VideoTrial.objects.get().purchased == 0
    count_outcomes()
    assert VideoTrial.objects.get().purchased == is_looked_at_again


def test_a_video_with_nothing_to_sell_has_no_commercial_value():
    plain, tagged = make_video(), make_video()
    make_tag(video=tagged, product=make_variant().product)

    match = matching.match(Watcher())
    found = candidates_among(public_videos(), Watcher(), match.found)
    match.affinities(found)

    worth = match.exposure.audience.taps.worth[match.rows]
    worth = dict(zip(found.pk.tolist(), worth.tolist(), strict=True))
    assert worth[plain.pk] == 0
    assert worth[tagged.pk] == pytest.approx(4)


def test_feeds_of_different_followers_are_not_mixed_up():
    users, shops = [make_user() for _ in "ab"], [make_seller() for _ in "ab"]
    for user, shop in zip(users, shops, strict=True):
        shop.followers.create(user=user)
    videos = [make_video(seller=shop) for shop in shops]

    for _ in range(2):
        for user, video in zip(users, videos, strict=True):
            page = open_feed(followed_videos(user), Watcher("v" * 22, user.pk))
            assert page.keys == [video.pk]
    assert len(open_feed(public_videos(), Watcher()).keys) == 2


def test_following_shows_the_newest_of_each_shop_that_is_followed(monkeypatch):
    monkeypatch.setattr(sessions, "FOLLOWED", 4)
    monkeypatch.setattr(sessions, "LEAST_OF_FOLLOWED", 1)
    user, shops = make_user(), [make_seller(), make_seller()]
    for shop in shops:
        Follow.objects.create(user=user, seller=shop)
    now = timezone.now()
    videos = [
        make_video(seller=shop, published_at=now - timedelta(days=days))
        for shop in [*shops, make_seller()]
        for days in (3, 1, 2)
    ]

    found = set(followed_videos(user))

    assert found == {videos[1], videos[2], videos[4], videos[5]}
    assert not followed_videos(AnonymousUser()).exists()
