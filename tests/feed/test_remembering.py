"""What is kept of a viewer says the same as the database, at the cost of the latest."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_user, make_video
from videos.feed import remembering, viewing, wishing
from videos.feed.remembering import Memory, past_of
from videos.models import FeedChoice, Impression, WatchEvent
from videos.models.event import past_of_account, past_of_viewer

pytestmark = pytest.mark.django_db

VIEWER, OTHER = "v" * 22, "w" * 22


def show(video, viewer=VIEWER, *, ago=timedelta(hours=1), **fields):
    at = timezone.now() - ago
    Impression.objects.create(video=video, viewer=viewer, created_at=at, **fields)
    return at


def end(video, viewer=VIEWER, *, ago=timedelta(hours=1), share=1.0, kind="watch"):
    WatchEvent.objects.create(
        video=video,
        viewer=viewer,
        kind=kind,
        watched_ms=int(share * video.duration_ms),
        created_at=timezone.now() - ago,
    )


def views_in(past):
    """Of each video whether it was finished and tapped."""
    views = past.views
    endings = zip(views.finished.tolist(), views.tapped.tolist(), strict=True)
    return dict(zip(views.videos.tolist(), endings, strict=True))


def read_anew(viewer, user_pk):
    """As the database alone says it; what is kept stays."""
    names = remembering.names_of(viewer, user_pk)
    kept = cache.get_many(names)
    cache.delete_many(names)
    past = past_of(viewer, user_pk)
    cache.set_many(kept)
    return past


def test_whatever_happens_it_says_what_the_database_says():
    user, random = make_user(), np.random.default_rng(5)
    videos = [make_video(duration_ms=10_000) for _ in range(12)]
    for step in range(40):
        video = videos[random.integers(len(videos))]
        ago = timedelta(minutes=60 - step)
        if random.random() < 0.5:
            owner = {"user": user} if random.random() < 0.5 else {}
            show(video, random.choice([VIEWER, OTHER]), ago=ago, **owner)
        elif shown := Impression.objects.filter(viewer=VIEWER, video=video).last():
            end(
                video,
                ago=timezone.now() - shown.created_at,
                share=random.random() * 1.5,
                kind=str(random.choice(["watch", "tag", "like"])),
            )

        kept, anew = past_of(VIEWER, user.pk), read_anew(VIEWER, user.pk)

        assert kept.seen == anew.seen
        assert views_in(kept) == views_in(anew)
        assert kept.views.videos.tolist() == anew.views.videos.tolist()


def test_the_latest_comes_last_and_the_latest_alone_are_asked_for(
    monkeypatch, django_assert_num_queries
):
    videos = [make_video() for _ in range(4)]
    for nth, video in enumerate(videos[:3]):
        show(video, ago=timedelta(hours=9 - nth))
    past_of(VIEWER, None)
    show(videos[3])
    end(videos[0], ago=timedelta(hours=9))
    monkeypatch.setattr(remembering, "all_past", None)

    with django_assert_num_queries(1):
        past = past_of(VIEWER, None)

    assert past.views.videos.tolist() == [video.pk for video in videos]
    assert past.views.finished.tolist() == [1, 0, 0, 0]


def test_more_are_remembered_than_one_reading_looks_at(monkeypatch):
    monkeypatch.setattr(viewing, "REMEMBERED", 3)
    viewing.PAST.made.cache_clear()
    first, *others = [make_video() for _ in range(5)]
    show(first, ago=timedelta(hours=2))
    past_of(VIEWER, None)
    for video in others:
        show(video)

    kept, anew = past_of(VIEWER, None), read_anew(VIEWER, None)

    viewing.PAST.made.cache_clear()
    assert len(kept.views) == 5
    # How the oldest two ended is not known; they need not come again.
    assert len(anew.views) == 3
    assert kept.seen == anew.seen


def test_what_was_committed_late_is_not_lost():
    early, late = make_video(), make_video()
    show(early)
    past_of(VIEWER, None)
    began = timezone.now() - timedelta(seconds=50)
    show(late)
    Impression.objects.filter(video=late).update(written_at=began)

    assert late.pk in past_of(VIEWER, None).seen


def test_a_video_of_another_browser_of_the_account_is_seen_and_says_nothing_more():
    user, video = make_user(), make_video()
    past_of(VIEWER, user.pk)
    show(video, OTHER, user=user)

    past = past_of(VIEWER, user.pk)

    assert past.seen == {video.pk}
    assert len(past.views) == 0


def test_what_was_shown_long_ago_may_come_again(settings):
    video = make_video()
    show(video, ago=timedelta(days=2))
    assert past_of(VIEWER, None).seen == {video.pk}

    settings.FEED_REPEAT_DAYS = 1

    assert past_of(VIEWER, None).seen == frozenset()


def test_starting_afresh_forgets_at_once(django_capture_on_commit_callbacks):
    user, video = make_user(), make_video()
    show(video, user=user)
    past_of(VIEWER, user.pk)

    with django_capture_on_commit_callbacks(execute=True):
        wishing.forget(user.pk, VIEWER)

    assert cache.get(past_of_viewer(VIEWER)) is None
    assert cache.get(past_of_account(user.pk)) is None
    assert past_of(OTHER, user.pk).seen == frozenset()


def test_starting_afresh_forgets_what_the_cache_could_not():
    user, video = make_user(), make_video()
    show(video, user=user)
    past_of(OTHER, user.pk)
    wishing.forget(user.pk, VIEWER)
    assert cache.get(past_of_account(user.pk)) is not None

    afresh = FeedChoice.objects.get(kind="afresh").created_at

    assert past_of(OTHER, user.pk, afresh).seen == frozenset()


def test_an_account_that_starts_afresh_sees_it_on_its_next_page(client):
    user, video = make_user(), make_video()
    client.force_login(user)
    client.get("/")
    show(video, OTHER, user=user)
    client.get("/")
    kept = cache.get(past_of_account(user.pk))
    client.post(reverse("videos:feed_reset"))
    # As if the cache had been away just then.
    cache.set(past_of_account(user.pk), kept)

    client.get("/")

    again = Memory.unpacked(*cache.get(past_of_account(user.pk)))
    assert video.pk not in again.rows["video"]


def test_with_the_account_goes_what_was_kept(django_capture_on_commit_callbacks):
    user, video = make_user(), make_video()
    show(video, user=user)
    past_of(VIEWER, user.pk)

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        user.delete()

    assert cache.get_many(remembering.names_of(VIEWER, user.pk)) == {}


def test_without_redis_all_is_read_anew(no_cache):
    video = make_video()
    show(video)
    end(video)

    for _ in range(2):
        assert views_in(past_of(VIEWER, None)) == {video.pk: (1, 0)}


def test_it_is_kept_in_few_bytes():
    rows = np.zeros(500, remembering.ROW)
    random = np.random.default_rng(1)
    rows["video"] = random.permutation(100_000)[:500]
    start = remembering.microseconds(timezone.now())
    rows["at"] = start + np.cumsum(random.integers(1, 20_000_000, 500))
    rows["how"] = random.integers(0, 16, 500)
    memory = Memory(timezone.now(), rows)

    packed = memory.packed()

    assert np.array_equal(Memory.unpacked(*packed).rows, rows)
    assert len(packed[-1]) < 5000
