"""Who is in which arm, what that changes, and what is read from it."""

from collections import Counter
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from checkout.ordering import place_order
from tests.factories import make_checkout, make_video
from tests.feed.test_events import VIEWER
from tests.races import at_once, together_before
from videos import periodic
from videos.feed import experiment_figures, experimenting, gauges
from videos.feed.experiment_figures import results_of
from videos.feed.experimenting import (
    Arm,
    arm_at,
    arms_for,
    assigned,
    place_of,
    tuned,
)
from videos.feed.gates import public_videos
from videos.feed.model.statistics import Verdict
from videos.feed.sessions import open_feed
from videos.feed.trials import load_trials, save_trials
from videos.feed.watchers import Watcher
from videos.models import (
    Experiment,
    ExperimentArm,
    ExperimentConflict,
    ExperimentExposure,
    VideoTrial,
    WatchEvent,
)

SITE = {"visit": 3.0, "taste": 2.0, "content": 0.5, "followed": 1.0, "trending": 0.5}


@pytest.fixture(autouse=True)
def parts(settings):
    settings.FEED_PARTS = SITE
    settings.FEED_VALUES = {"tap": 1.0, "cart": 3.0, "purchase": 12.0, "refund": 12.0}
    settings.FEED_EXPOSURE = {"trial_share": 0.0, "support_share": 0.0}
    settings.FEED_TRIED = {"FEED_PARTS": 1000, "FEED_VALUES": 1000, "FEED_EXPOSURE": 1}


def arms_of(weights, experiment=1):
    return [
        Arm(number, experiment, f"arm {number}", weight, {})
        for number, weight in enumerate(weights)
    ]


def make_experiment(
    *, name="More of the visit", changes=None, is_started=True, **fields
):
    experiment = Experiment.objects.create(name=name, **fields)
    experiment.arms.create(name="control", is_control=True)
    changes = {"FEED_PARTS": {"visit": 9}} if changes is None else changes
    experiment.arms.create(name="other", changes=changes)
    if is_started:
        experimenting.start(experiment)
        cache.delete(experimenting.RUNNING)
    return experiment


def viewer_in(experiment, name):
    """The first pseudonym that lands in this arm."""
    [arms] = [
        a for a in experimenting.read_running() if a[0].experiment == experiment.pk
    ]
    names = (f"{number:022d}" for number in range(1000))
    return next(v for v in names if assigned([arms], v)[0].name == name)


def test_arms_get_viewers_by_their_weights():
    arms = arms_of([1, 3, 6])

    found = Counter(assigned([arms], f"viewer {n}")[0].pk for n in range(10_000))

    # Five standard deviations.
    for arm, share in zip(arms, (0.1, 0.3, 0.6), strict=True):
        assert (
            abs(found[arm.pk] - 10_000 * share)
            < 5 * (10_000 * share * (1 - share)) ** 0.5
        )


def test_the_arm_is_always_the_same_and_another_in_each_experiment():
    viewers = [f"viewer {n}" for n in range(1000)]
    first, second = arms_of([1, 1]), arms_of([1, 1], experiment=2)

    both = Counter(
        (a.pk, b.pk) for a, b in (assigned([first, second], v) for v in viewers)
    )

    assert assigned([first], VIEWER) == assigned([first], VIEWER)
    assert place_of(1, "abc") == pytest.approx(0.97957, abs=1e-4)
    assert all(180 < count < 320 for count in both.values())


def test_places_at_the_edges_have_an_arm():
    arms = arms_of([1, 1])

    assert [arm_at(arms, place).pk for place in (0, 0.4999, 0.5, 0.99999)] == [
        0,
        0,
        1,
        1,
    ]


@pytest.mark.django_db
def test_a_viewer_of_the_arm_has_its_settings_while_the_page_is_made():
    experiment = make_experiment()

    with arms_for(viewer_in(experiment, "other")):
        assert tuned("FEED_PARTS") == SITE | {"visit": 9}
    assert tuned("FEED_PARTS") == SITE
    with arms_for(viewer_in(experiment, "control")):
        assert tuned("FEED_PARTS") == SITE
    with arms_for(""):
        assert tuned("FEED_PARTS") == SITE


@pytest.mark.django_db
def test_when_it_is_stopped_the_next_page_has_the_site_s_settings(
    django_capture_on_commit_callbacks,
):
    experiment = make_experiment()
    viewer = viewer_in(experiment, "other")
    with arms_for(viewer) as arms:
        assert len(arms) == 1

    with django_capture_on_commit_callbacks(execute=True):
        experimenting.stop(experiment, "worse")

    with arms_for(viewer) as arms:
        assert arms == ()
        assert tuned("FEED_PARTS") == SITE
    assert (experiment.status, experiment.why_stopped) == ("stopped", "worse")


@pytest.mark.django_db
def test_an_exposure_is_kept_once(client, django_assert_num_queries):
    experiment = make_experiment()
    client.cookies["viewer"] = VIEWER

    for _ in range(2):
        client.get(reverse("videos:feed"))
    cache.clear()
    client.get(reverse("videos:feed"))

    exposure = ExperimentExposure.objects.get()
    assert (exposure.viewer, exposure.experiment) == (VIEWER, experiment)
    assert sum(gauges.histogram(1, f"arm{exposure.arm_id}")) == 1
    with django_assert_num_queries(0), arms_for(VIEWER):
        pass


@pytest.mark.django_db
def test_orders_and_reports_of_its_viewers_are_noted(client):
    make_experiment()
    client.cookies["viewer"] = VIEWER
    client.get(reverse("videos:feed"))

    place_order(*make_checkout(viewer=VIEWER), "key")
    place_order(*make_checkout(viewer="w" * 22), "key 2")
    video = make_video()
    url = reverse("moderation:report", args=["video", video.public_id])
    client.post(url, {"reason": "misleading", "email": "eve@example.com"})

    exposure = ExperimentExposure.objects.get()
    assert exposure.ordered_at is not None
    assert exposure.reported_at is not None


@pytest.mark.django_db
def test_two_may_not_change_the_same_setting():
    make_experiment()
    changes = {"FEED_PARTS": {"visit": 1, "taste": 1}}
    second = make_experiment(name="Again", is_started=False, changes=changes)

    with pytest.raises(ExperimentConflict, match="changes the same setting"):
        second.start()

    assert Experiment.objects.get(pk=second.pk).status == "draft"
    make_experiment(name="Another", changes={"FEED_PARTS": {"content": 1}})


@pytest.mark.django_db
def test_what_has_no_control_does_not_start_nor_stop():
    experiment = make_experiment(is_started=False)
    with pytest.raises(ExperimentConflict):
        experiment.stop("never ran")
    experiment.arms.filter(is_control=True).delete()

    with pytest.raises(ExperimentConflict):
        experiment.start()


@pytest.mark.django_db
def test_it_starts_and_stops_once():
    experiment = make_experiment()
    with pytest.raises(ExperimentConflict):
        experiment.start()
    experiment.stop("enough")

    with pytest.raises(ExperimentConflict):
        experiment.stop("again")
    with pytest.raises(ExperimentConflict):
        experiment.start()
    assert experiment.why_stopped == "enough"


@pytest.mark.parametrize(
    "changes",
    [
        {"SECRET_KEY": {"visit": 1}},
        {"FEED_PARTS": {"nothing": 1}},
        {"FEED_PARTS": {"visit": "4"}},
        {"FEED_PARTS": {"visit": -1}},
        {"FEED_PARTS": {"visit": True}},
        {"FEED_PARTS": 4},
        ["FEED_PARTS"],
        {"FEED_VALUES": {"like": 1}},
        {"FEED_VALUES": {"cart": float("nan")}},
        {"FEED_EXPOSURE": {"trial_share": 1.5}},
        {"FEED_EXPOSURE": {"quotas": 10}},
        {"FEED_WORTH": {"like": 1}},
    ],
)
def test_only_numbers_of_settings_that_may_be_tried(changes):
    with pytest.raises(ValidationError, match="FEED_EXPOSURE .0–1.: trial_share"):
        ExperimentArm(name="other", changes=changes).clean()


@pytest.mark.django_db
def test_an_arm_gives_more_places_to_trials():
    known = [make_video() for _ in range(20)]
    new = make_video(published_at=timezone.now() - timedelta(days=20))
    keys = [video.pk for video in known]
    save_trials(load_trials(keys, None), range(len(keys)))
    VideoTrial.objects.update(pool=VideoTrial.Pool.OPEN, shown=400)
    experiment = make_experiment(changes={"FEED_EXPOSURE": {"trial_share": 1}})

    pages = {}
    for name in ("control", "other"):
        viewer = viewer_in(experiment, name)
        with arms_for(viewer):
            pages[name] = open_feed(public_videos(), Watcher(viewer)).keys

    assert new.pk not in pages["control"]
    assert new.pk == pages["other"][-1]


@pytest.mark.django_db
def test_an_arm_has_other_value_weights_and_what_is_learnt_has_the_site_s():
    video = make_video()
    values = dict.fromkeys(["tap", "cart", "purchase", "refund"], 0)
    experiment = make_experiment(changes={"FEED_VALUES": values | {"cart": 4}})

    with arms_for(viewer_in(experiment, "other")):
        tried = load_trials([video.pk], None).taps.worth
    with arms_for(viewer_in(experiment, "control")):
        served = load_trials([video.pk], None).taps.worth

    assert tried == pytest.approx([4 * 0.25])
    assert served == load_trials([video.pk], None).taps.worth
    assert served == pytest.approx([1 + 3 * 0.25 + 12 * 0.2 - 12 * 0.0125])


def test_the_control_changes_nothing():
    with pytest.raises(ValidationError):
        ExperimentArm(is_control=True, changes={"FEED_PARTS": {"visit": 1}}).clean()
    ExperimentArm(changes={"FEED_PARTS": {"visit": 1}}).clean()


def expose(arm, count, share, *, days=0, ordered=0, reported=0):
    """So many viewers, of whom that share watches a video to the end."""
    now = timezone.now() - timedelta(days=days)
    video = make_video(duration_ms=1000)
    rows = ExperimentExposure.objects.bulk_create(
        ExperimentExposure(
            experiment=arm.experiment,
            arm=arm,
            viewer=f"{arm.pk} {days} {number}",
            created_at=now,
            ordered_at=now if number < ordered else None,
            reported_at=now if number < reported else None,
        )
        for number in range(count)
    )
    events = WatchEvent.objects.bulk_create(
        WatchEvent(
            video=video,
            viewer=row.viewer,
            watched_ms=900 if number < share * count else 100,
        )
        for number, row in enumerate(rows)
    )
    pks = [event.pk for event in events]
    WatchEvent.objects.filter(pk__in=pks).update(created_at=now)


def begun(**fields):
    experiment = make_experiment(**fields)
    began = timezone.now() - timedelta(days=9)
    Experiment.objects.filter(pk=experiment.pk).update(started_at=began)
    experiment.refresh_from_db()
    return experiment, *experiment.arms.all()


@pytest.mark.django_db
def test_a_better_arm_is_found_from_what_its_viewers_watched():
    experiment, control, arm = begun()
    for days in (2, 1):
        expose(control, 300, 0.3, days=days)
        expose(arm, 300, 0.6, days=days)

    results = results_of(experiment)

    [outcome] = results.outcomes
    assert results.viewers == {control.pk: 600, arm.pk: 600}
    assert outcome.verdict == Verdict.BETTER
    completion = outcome.comparisons[0]
    assert completion.difference.estimate == pytest.approx(0.3)
    assert completion.difference.low > 0
    course = results.course[arm.pk]
    assert len(course) == 2
    assert course[1][1] == completion.difference
    assert course[0][1].high - course[0][1].low > course[1][1].high - course[1][1].low


@pytest.mark.django_db
def test_what_was_watched_before_the_exposure_or_seen_by_others_is_left_out():
    experiment, control, arm = begun()
    expose(control, 120, 0.5, days=1)
    viewer = ExperimentExposure.objects.first().viewer
    video = make_video(duration_ms=1000)
    for who, days in [(viewer, 2), ("somebody else", 0)]:
        event = WatchEvent.objects.create(video=video, viewer=who, watched_ms=10)
        at = timezone.now() - timedelta(days=days)
        WatchEvent.objects.filter(pk=event.pk).update(created_at=at)

    [outcome] = results_of(experiment).outcomes

    assert outcome.comparisons[0].control.mean == 0.5
    assert outcome.comparisons[0].sample.count == 0
    assert outcome.verdict == Verdict.RUNNING


@pytest.mark.django_db
def test_reports_stop_what_is_watched_more():
    experiment, control, arm = begun()
    expose(control, 600, 0.3)
    expose(arm, 600, 0.6, reported=90)

    [outcome] = results_of(experiment).outcomes

    assert outcome.verdict == Verdict.HARMFUL


@pytest.mark.django_db
def test_with_as_many_as_were_planned_and_no_difference_it_is_over():
    experiment, control, arm = begun(viewers_planned=200)
    expose(control, 200, 0.5)
    expose(arm, 200, 0.5)

    results = results_of(experiment)

    assert results.outcomes[0].verdict == Verdict.NO_DIFFERENCE
    # By 2 · ((1.96 + 0.84) · 0.5 / 0.02)².
    assert results.viewers_once == 9812


@pytest.mark.django_db
def test_results_are_one_query_however_many_viewers(django_assert_num_queries):
    experiment, control, arm = begun()
    expose(control, 100, 0.5, ordered=3)
    expose(arm, 100, 0.5, days=1)

    with django_assert_num_queries(2):
        results = results_of(experiment)

    assert results.outcomes[0].comparisons[2].control.total == 3


@pytest.mark.django_db
def test_when_it_is_over_its_sums_are_kept_and_its_viewers_forgotten(monkeypatch):
    monkeypatch.setattr(experiment_figures, "FORGOTTEN_AT_ONCE", 50)
    experiment, control, arm = begun()
    for each, share in [(control, 0.3), (arm, 0.6)]:
        expose(each, 120, share, ordered=5)
    running = make_experiment(name="B", changes={"FEED_PARTS": {"taste": 1}})
    expose(running.arms.first(), 3, 1, days=1)
    before = results_of(experiment)
    experiment.stop("enough")
    periodic.settle_experiments()
    assert ExperimentExposure.objects.count() == 243

    Experiment.objects.filter(pk=experiment.pk).update(
        stopped_at=timezone.now() - timedelta(hours=2)
    )
    for _ in range(2):
        periodic.settle_experiments()

    assert ExperimentExposure.objects.count() == 3
    experiment.refresh_from_db()
    assert results_of(experiment) == before


def start_both():
    drafts = [make_experiment(name=name, is_started=False) for name in ("A", "B")]
    return at_once(*(draft.start for draft in drafts))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_that_change_the_same_setting_one_starts():
    results = start_both()

    assert sum(isinstance(result, ExperimentConflict) for result in results) == 1
    assert Experiment.objects.running().count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_would(monkeypatch):
    """The negative control: both have looked before either says that it runs."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self: self)
    together_before(monkeypatch, Experiment, "save", 2)
    monkeypatch.setattr(Experiment.objects, "create", made_without_waiting)

    assert start_both() == [None, None]
    assert Experiment.objects.running().count() == 2


def made_without_waiting(**fields):
    [made] = Experiment.objects.bulk_create([Experiment(**fields)])
    return made
