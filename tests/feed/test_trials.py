from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.factories import make_video
from videos.feed import matching, serving, trials
from videos.feed.candidates import candidates_among
from videos.feed.gates import public_videos
from videos.feed.model.exposure import ExposureSettings, Pool
from videos.feed.model.recommender import DIMENSIONS, History, Recommender
from videos.feed.sessions import open_feed
from videos.feed.trials import fold_views, load_trials
from videos.feed.watchers import Watcher
from videos.models import (
    AudienceState,
    Impression,
    PoolDecision,
    Video,
    VideoTrial,
    WatchEvent,
)

pytestmark = pytest.mark.django_db

SETTLED = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    monkeypatch.setattr(serving, "holder", serving.Holder())
    monkeypatch.setattr(serving, "current", lambda: None)


def show(video, viewer, *, watched=0.0, kind=None, ago=SETTLED):
    """An impression and how it ended, so long ago."""
    at = timezone.now() - ago
    Impression.objects.create(video=video, viewer=viewer, created_at=at, written_at=at)
    if watched or kind:
        WatchEvent.objects.create(
            video=video,
            viewer=viewer,
            kind=kind or WatchEvent.Kind.WATCH,
            watched_ms=int(8000 * watched),
        )


def figures(video):
    row = VideoTrial.objects.get(video=video)
    return row.shown, row.finished, row.tapped


def test_what_was_shown_is_folded_in_once():
    good, bad = make_video(), make_video()
    for n in range(6):
        show(good, f"v{n}", watched=0.9)
        show(bad, f"v{n}", watched=0.1)
    show(good, "w", kind=WatchEvent.Kind.TAG)

    counts = [fold_views(), fold_views()]

    assert counts == [13, 0]
    assert figures(good) == (7, 7, 1)
    assert figures(bad) == (6, 0, 0)
    known = load_trials([good.pk, bad.pk], None)
    appeal = dict(zip(known.keys.tolist(), known.bank.mean[:, 0], strict=True))
    assert appeal[good.pk] > 0 > appeal[bad.pk]


def test_an_impression_counts_once_it_has_ended():
    video = make_video()
    show(video, "v", watched=1, ago=timedelta(minutes=1))

    assert fold_views() == 0
    assert fold_views(timezone.now() + SETTLED) == 1
    assert figures(video) == (1, 1, 0)


def test_one_browser_that_asks_often_counts_once():
    video = make_video()
    for _ in range(20):
        show(video, "v", watched=1)

    fold_views()

    assert figures(video) == (1, 1, 0)


def test_what_was_written_late_is_folded_in_all_the_same():
    video, late = make_video(), timezone.now() - timedelta(hours=3)
    show(video, "v", watched=1)
    fold_views()

    Impression.objects.create(video=video, viewer="w", created_at=late)

    assert fold_views(timezone.now() + SETTLED) == 1
    assert figures(video) == (2, 1, 0)


def test_a_long_queue_is_folded_in_bit_by_bit(monkeypatch):
    monkeypatch.setattr(trials, "MOST_AT_ONCE", 4)
    video = make_video()
    for n in range(9):
        show(video, f"v{n}", ago=SETTLED + timedelta(seconds=9 - n))

    while fold_views():
        pass

    assert figures(video)[0] == 9


def test_a_failure_leaves_everything_to_be_counted_again(monkeypatch):
    video = make_video()
    show(video, "v", watched=1)
    with monkeypatch.context() as patched:
        patched.setattr(trials, "save_trials", fail)
        with pytest.raises(OSError, match="no room"):
            fold_views()

    assert fold_views() == 1
    assert figures(video) == (1, 1, 0)
    assert AudienceState.objects.count() == 1


def fail(*args):
    raise OSError("no room")


def test_a_decision_is_written_down_with_its_figures(monkeypatch):
    early = ExposureSettings(mature=5, quotas=(8, 20, 40))
    monkeypatch.setattr(trials, "LIMITS", early)
    videos = [make_video() for _ in range(5)]
    for place, video in enumerate(videos):
        for n in range(12):
            show(video, f"v{n}", watched=1 if n < 3 * place else 0)

    fold_views()

    best, worst = PoolDecision.objects.filter(
        video__in=[videos[4], videos[0]]
    ).order_by("-video_id")
    assert (best.pool_before, best.pool) == (Pool.TRIAL, Pool.SECOND)
    assert worst.pool == Pool.STOPPED
    assert worst.estimate + worst.spread < worst.bar <= best.estimate + best.spread
    assert (worst.shown, worst.finished) == (12, 0)
    assert VideoTrial.objects.get(video=videos[4]).pool == Pool.SECOND


def test_the_better_video_comes_first_and_the_feed_repeats_none():
    videos = [make_video() for _ in range(25)]
    for n in range(12):
        show(videos[7], f"v{n}", watched=1)
        for other in videos[:4]:
            show(other, f"v{n}", watched=0.1)
    fold_views()

    order = open_feed(public_videos(), Watcher("w" * 22))

    assert order.keys[0] == videos[7].pk
    assert len(set(order.keys)) == len(order.keys)


@pytest.mark.parametrize(("hours", "factor"), [(1, 1.32), (25, 1)])
def test_what_has_passed_is_owed_viewers_for_a_day(hours, factor):
    then = timezone.now() - timedelta(hours=hours)
    owed, newer = make_video(published_at=then), make_video()
    trials.save_trials(load_trials([owed.pk, newer.pk], None), range(2))
    VideoTrial.objects.update(pool=Pool.OPEN, shown=400)
    VideoTrial.objects.filter(video=owed).update(shown=240)

    page = open_feed(public_videos(), Watcher("w" * 22))

    found = {place.key: place.features["owed"] for place in page.places}
    assert found == {owed.pk: factor, newer.pk: 1}
    assert page.keys[0] == (owed.pk if factor > 1 else newer.pk)


def test_a_new_video_gets_a_place_although_others_are_known_to_be_good(
    monkeypatch, settings
):
    settings.FEED_EXPOSURE = {"trial_share": 1, "support_share": 1 / 9}
    monkeypatch.setattr(matching, "LIMITS", ExposureSettings(worth_giving=0))
    known = [make_video() for _ in range(20)]
    new = make_video(published_at=timezone.now() - timedelta(days=20))
    for video in known:
        for n in range(3):
            show(video, f"v{n}", watched=1)
    fold_views()
    VideoTrial.objects.update(pool=Pool.OPEN)

    page = open_feed(public_videos(), Watcher("w" * 22))

    assert page.keys[-1] == new.pk


def test_means_and_covariances_are_kept_as_they_were():
    video = make_video()
    show(video, "v", watched=1)
    fold_views()
    before = load_trials([video.pk], None)

    trials.save_trials(before, [0])

    after = load_trials([video.pk], None)
    assert np.array_equal(after.bank.mean, before.bank.mean)
    assert np.array_equal(after.bank.covariance, before.bank.covariance)


def test_what_viewers_have_in_common_is_kept_and_pages_go_by_it():
    video = make_video()
    show(video, "v", watched=1)
    fold_views()

    stored = AudienceState.objects.get().common
    known = trials.known_common()

    assert stored["likings"] == known.likings.tolist()
    assert np.allclose(known.newcomers(1, DIMENSIONS).covariance[0], known.likings)


def test_no_page_asks_for_it_after_a_fold(
    django_assert_num_queries, django_capture_on_commit_callbacks
):
    show(make_video(), "v", watched=1)
    with django_capture_on_commit_callbacks(execute=True):
        fold_views()

    with django_assert_num_queries(0):
        known = trials.known_common()

    assert AudienceState.objects.get().common["likings"] == known.likings.tolist()


def test_a_state_of_a_release_without_likings_is_read():
    video = make_video()
    show(video, "v", watched=1)
    fold_views()
    state = AudienceState.objects.get()
    del state.common["likings"], state.common["likings_weight"]

    common = trials.common_of(state)

    usual = trials.Common().newcomers(1, DIMENSIONS)
    assert np.array_equal(common.newcomers(1, DIMENSIONS).covariance, usual.covariance)


@pytest.fixture
def model(monkeypatch):
    """Of 60 videos about two subjects, of which two are there."""
    keys = sorted([make_video().pk, make_video().pk])
    keys += range(keys[-1] + 1, keys[-1] + 59)
    texts = [f"{('tea cup', 'steel bolt')[n % 2]} number{n}" for n in range(60)]
    nothing = History(*(np.empty(0, np.int64) for _ in range(5)))
    model = Recommender.fit(keys, [[(text, 1)] for text in texts], nothing)
    monkeypatch.setattr(serving, "current_recommender", lambda: model)
    return model


def test_kinds_of_viewers_are_learnt_from_who_was_met_before(model):
    first, second = Video.objects.order_by("pk")
    show(first, "v", watched=1, ago=timedelta(hours=1))
    fold_views(timezone.now() - timedelta(minutes=30))
    begun = trials.known_common().kinds
    show(second, "v", watched=1)
    show(second, "w", watched=1)

    fold_views()

    known = trials.known_common().kinds
    assert len(begun.counts) == len(model.subjects.centres)
    # Of one of the two it was known before what they watched.
    assert known.counts.sum() == pytest.approx(begun.counts.sum() + 1)


def test_a_page_goes_by_the_kind_of_viewer(model):
    video = Video.objects.order_by("pk").first()
    show(video, "v", watched=1)
    fold_views()
    watcher = Watcher("v")

    def value():
        cache.clear()
        found = matching.match(watcher)
        found = replace(found, recommender=model)
        page = candidates_among(public_videos(), watcher, found.found)
        found.meet(page)
        return found.exposure.audience.viewers.mean[0]

    with_kinds = value()
    AudienceState.objects.update(
        common=AudienceState.objects.get().common | {"kinds": None}
    )

    assert not np.allclose(with_kinds, value())


def test_a_new_video_begins_with_what_its_subject_lets_expect(model):
    key = model.keys[:1]

    theme = load_trials(key, model).bank.mean[0, 1:]

    assert np.allclose(theme, model.subjects.expected(model.vectors[:1])[0])
    assert not np.allclose(theme, model.vectors[0])


def test_a_new_video_begins_with_what_became_of_its_shops_others():
    loved, plain = make_video(), make_video()
    for n in range(12):
        show(loved, f"v{n}", watched=1)
        show(plain, f"v{n}", watched=0.1)
    fold_views()

    new = [make_video(seller=loved.seller), make_video(seller=plain.seller)]
    usual = trials.usual_appeal()
    known = load_trials([video.pk for video in new], None)
    trials.expect_of_shops(known, usual)

    assert known.bank.mean[0, 0] > usual > known.bank.mean[1, 0]


def test_of_a_new_video_is_expected_what_became_of_all_that_were_shown():
    good, *bad = [make_video() for _ in range(6)]
    for n in range(20):
        show(good, f"v{n}", watched=1)
    for video in bad:
        for n in range(4):
            show(video, f"w{n}", watched=0.1)
    fold_views()
    appeals = VideoTrial.objects.values_list("appeal", flat=True)
    expected = np.mean(appeals)
    show(good, "w", watched=1, ago=timedelta())
    fold_views(timezone.now() + SETTLED)

    known, _ = trials.known_trials([make_video().pk], None)

    # Each counts once, though most impressions were of the one that is good.
    assert known.bank.mean[0, 0] == pytest.approx(expected)
    assert expected < 0


def test_the_site_gives_as_many_places_as_were_measured(settings):
    """The simulated audience is asked with the model's own settings."""
    measured = ExposureSettings()

    assert replace(measured, **settings.FEED_EXPOSURE) == measured
