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
from tests.feed.experiments import SITE, make_experiment
from tests.feed.test_events import VIEWER
from tests.races import at_once, together_before
from videos.feed import experimenting, gauges
from videos.feed.experimenting import (
    Arm,
    arm_at,
    arms_for,
    assigned,
    place_of,
    tuned,
)
from videos.feed.gates import public_videos
from videos.feed.sessions import open_feed
from videos.feed.trials import load_trials, save_trials
from videos.feed.watchers import Watcher
from videos.models import (
    Experiment,
    ExperimentArm,
    ExperimentConflict,
    ExperimentExposure,
    VideoTrial,
)

pytestmark = pytest.mark.usefixtures("tried_settings")


def arms_of(weights, experiment=1):
    return [
        Arm(number, experiment, f"arm {number}", weight, {})
        for number, weight in enumerate(weights)
    ]


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
