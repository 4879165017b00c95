"""What is read from the viewers of an experiment's arms, and when it is over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import make_video
from tests.feed.experiments import begun, expose, make_experiment
from videos import periodic
from videos.feed import experiment_figures
from videos.feed.experiment_figures import results_of
from videos.feed.model.statistics import Verdict
from videos.models import (
    Experiment,
    ExperimentExposure,
    WatchEvent,
)

pytestmark = pytest.mark.usefixtures("tried_settings")


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
