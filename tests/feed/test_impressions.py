"""A video that comes on the same screen again within half an hour was shown once."""

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import make_user, make_video
from tests.feed.telling import SECOND, VIEWER, tell, token_of, told, write
from tests.races import at_once, together_after
from videos.feed import event_log, serving, tokens, trials
from videos.feed.counting import add_up_events
from videos.feed.event_log import Batch, Event
from videos.models import Impression, VideoTrial, WatchEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def half_an_hour(settings):
    settings.FEED_IMPRESSION_MINUTES = 30


MINUTE = 60 * SECOND


@pytest.mark.parametrize(
    ("minutes", "count"),
    [([5, 4], 1), ([40, 9], 2), ([9, 40], 2), ([10, 20, 9], 1), ([70, 45, 20], 2)],
)
@pytest.mark.parametrize("is_at_once", [True, False])
def test_a_page_that_is_loaded_anew_shows_nothing_anew(
    viewer, minutes, count, is_at_once
):
    video, other = make_video(), make_video()
    for place, ago in enumerate(minutes):
        token = token_of(video, position=place, ago=ago * MINUTE)
        tell(viewer, told(video, token=token), told(video, "share", token=token))
        if not is_at_once:
            write()
    tell(viewer, told(other))
    write()

    assert Impression.objects.filter(video=video).count() == count
    assert Impression.objects.filter(video=other).count() == 1
    # What was done there was done.
    assert WatchEvent.objects.count() == len(minutes)


def test_for_others_it_is_shown_anew(viewer):
    user, video = make_user(), make_video()
    gone = user.pk
    shown = [Event("impression", video.pk, n, tokens.now_ms()) for n in range(2)]
    user.delete()

    event_log.store([Batch(VIEWER, None, shown), Batch("w" * 22, None, shown)])
    event_log.store([Batch(VIEWER, gone, shown)])

    viewers = Impression.objects.order_by("viewer").values_list("viewer", flat=True)
    # Of who was forgotten nobody can tell whether it was one person.
    assert list(viewers) == ["", "", VIEWER, "w" * 22]


def test_loading_a_page_anew_does_not_use_up_a_trial(viewer, monkeypatch):
    monkeypatch.setattr(serving, "current_recommender", lambda: None)
    video = make_video()
    for ago in (9, 8, 7):
        tell(viewer, told(video, token=token_of(video, ago=ago * MINUTE)))
        write()
        trials.fold_views(timezone.now() + timedelta(minutes=10))

    add_up_events()

    video.refresh_from_db()
    assert VideoTrial.objects.get().shown == 1
    assert video.view_count == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False])
def test_two_workers_see_what_the_other_writes_of_a_viewer(monkeypatch, is_locked):
    """Both have looked before either writes; the control takes locks of its own."""
    if not is_locked:
        together_after(monkeypatch, event_log, "shown_around", 2)
        numbers = itertools.count()
        monkeypatch.setattr(event_log, "crc32", lambda viewer: next(numbers))
    video, at = make_video(), tokens.now_ms()
    shown = [Event("impression", video.pk, 0, at + ago) for ago in (0, 5)]

    results = at_once(
        *(
            lambda one=one: event_log.store([Batch(VIEWER, None, [one])])
            for one in shown
        )
    )

    assert sorted(results) == ([0, 1] if is_locked else [1, 1])
