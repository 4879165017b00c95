"""What the arms of an experiment did, and what may be said about it so far."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from videos.feed.endings import FINISHED_FROM
from videos.feed.model.statistics import (
    LEVEL,
    Difference,
    Sample,
    Verdict,
    compare,
    decide,
    sample_size,
)
from videos.models import Experiment, ExperimentArm, ExperimentExposure


@dataclass(frozen=True)
class Metric:
    name: str
    label: str
    # Fixed before anything is seen: about the largest difference to be expected.
    scale: float
    is_more_better: bool = True

    def turned(self, difference: Difference) -> Difference:
        """So that more is better."""
        if self.is_more_better:
            return difference
        return Difference(
            -difference.estimate,
            -difference.high,
            -difference.low,
            difference.p_value,
        )


METRICS = [
    Metric("completion", _("Videos watched to the end"), 0.03),
    Metric("taps", _("Viewers who opened a product"), 0.02),
    Metric("orders", _("Viewers who ordered"), 0.01),
    Metric("reports", _("Viewers who reported something"), 0.01, is_more_better=False),
]
GUARDS = ["completion", "orders", "reports"]
# By then the last events of its viewers are written.
SETTLES = timedelta(hours=1)
FORGOTTEN_AT_ONCE = 20_000

# A viewer's events count from the exposure on.  Each viewer is one value: what one
# does many times says no more than that it was the same viewer.
BY_DAY = """
    SELECT exposure.arm_id, exposure.created_at::date,
        count(*),
        count(*) FILTER (WHERE plays > 0),
        coalesce(sum(finished::float / plays) FILTER (WHERE plays > 0), 0),
        coalesce(sum((finished::float / plays) ^ 2) FILTER (WHERE plays > 0), 0),
        count(*) FILTER (WHERE has_tapped),
        count(exposure.ordered_at),
        count(exposure.reported_at)
    FROM videos_experimentexposure exposure
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE event.kind = 'watch') AS plays,
            count(*) FILTER (
                WHERE event.kind = 'watch'
                AND event.watched_ms >= %(enough)s * video.duration_ms
            ) AS finished,
            coalesce(bool_or(event.kind IN ('tag', 'cart')), FALSE) AS has_tapped
        FROM videos_watchevent event
        JOIN videos_video video ON video.id = event.video_id
        WHERE event.viewer = exposure.viewer
        AND event.created_at >= %(since)s
        AND event.created_at >= exposure.created_at
        AND event.kind IN ('watch', 'tag', 'cart')
    ) done
    WHERE exposure.experiment_id = %(experiment)s
    GROUP BY 1, 2
    ORDER BY 2
"""


@dataclass(frozen=True)
class Comparison:
    """An arm held against the control by one metric."""

    metric: Metric
    arm: ExperimentArm
    sample: Sample
    control: Sample
    difference: Difference


@dataclass(frozen=True)
class Outcome:
    arm: ExperimentArm
    comparisons: list[Comparison]
    verdict: Verdict


@dataclass(frozen=True)
class Results:
    viewers: dict[int, int]  # by arm
    outcomes: list[Outcome]
    # Of each arm: after each day the goal's difference, by all viewers so far.
    course: dict[int, list[tuple[date, Difference]]]
    level: float
    # What a test that looks once would need.
    viewers_once: int

    @property
    def has_started(self) -> bool:
        return any(self.viewers.values())


def results_of(experiment: Experiment) -> Results:
    """By one query, and the arms."""
    arms = list(experiment.arms.all())
    by_day = read_days(experiment)
    control = next(arm for arm in arms if arm.is_control)
    tried = [arm for arm in arms if not arm.is_control]
    level = LEVEL / (len(METRICS) * max(len(tried), 1))
    totals = {arm.pk: total(by_day[arm.pk].values()) for arm in arms}
    viewers = {arm.pk: totals[arm.pk]["viewers"].count for arm in arms}
    is_full = min(viewers.values()) >= experiment.viewers_planned
    goal = metric_named(experiment.goal)
    outcomes = []
    for arm in tried:
        pair = totals[control.pk], totals[arm.pk]
        found = [compared(metric, arm, pair, level) for metric in METRICS]
        outcomes.append(Outcome(arm, found, verdict_of(found, goal, is_full)))
    spread = max(totals[control.pk][goal.name].variance, 1e-6) ** 0.5
    return Results(
        viewers=viewers,
        outcomes=outcomes,
        course={
            arm.pk: course(by_day[control.pk], by_day[arm.pk], goal, level)
            for arm in tried
        },
        level=level,
        viewers_once=sample_size(spread, experiment.least_effect),
    )


def metric_named(name: str) -> Metric:
    return next(metric for metric in METRICS if metric.name == name)


def compared(metric, arm, pair, level) -> Comparison:
    control, sample = (samples[metric.name] for samples in pair)
    difference = compare(control, sample, metric.scale, level)
    return Comparison(metric, arm, sample, control, difference)


def verdict_of(found: list[Comparison], goal: Metric, is_full: bool) -> Verdict:
    turned = {one.metric.name: one.metric.turned(one.difference) for one in found}
    guards = {name: turned[name] for name in GUARDS if name != goal.name}
    return decide(turned[goal.name], guards, is_full)


def read_days(experiment: Experiment) -> dict[int, dict[date, dict[str, Sample]]]:
    """Samples by arm, day of the first page, and metric."""
    found = defaultdict(dict)
    rows = experiment.kept or read_sums(experiment)
    for arm, on, viewers, watchers, shares, squares, *done in rows:
        samples = dict(zip(["taps", "orders", "reports"], done, strict=True))
        found[arm][date.fromisoformat(on)] = {
            "viewers": Sample(viewers, 0, 0),
            "completion": Sample(watchers, shares, squares),
            **{name: Sample(viewers, n, n) for name, n in samples.items()},
        }
    return found


def read_sums(experiment: Experiment) -> list[list]:
    """Plain values, which can be kept."""
    if experiment.started_at is None:
        return []
    values = {
        "experiment": experiment.pk,
        "since": experiment.started_at,
        "enough": FINISHED_FROM,
    }
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, values)
        return [[arm, on.isoformat(), *sums] for arm, on, *sums in cursor.fetchall()]


def settle_stopped() -> int:
    """Keep the sums of what is over, and forget who took part."""
    over = Experiment.objects.filter(
        status=Experiment.Status.STOPPED, stopped_at__lt=timezone.now() - SETTLES
    )
    with_viewers = over.filter(
        Exists(ExperimentExposure.objects.filter(experiment=OuterRef("pk")))
    )
    for experiment in with_viewers:
        settle(experiment)
    return len(with_viewers)


def settle(experiment: Experiment) -> None:
    if not experiment.kept:
        Experiment.objects.filter(pk=experiment.pk).update(kept=read_sums(experiment))
    viewers = ExperimentExposure.objects.filter(experiment=experiment)
    # Some at a time: a large one is many short transactions.
    while viewers.filter(pk__in=viewers.values("pk")[:FORGOTTEN_AT_ONCE]).delete()[0]:
        pass


def total(days) -> dict[str, Sample]:
    names = ["viewers", *(metric.name for metric in METRICS)]
    sums = {name: Sample() for name in names}
    for samples in days:
        sums = {name: sums[name] + samples[name] for name in names}
    return sums


def course(control, arm, metric, level) -> list[tuple[date, Difference]]:
    """How the goal's interval closed, day by day."""
    sums, found = [Sample()] * 2, []
    for on in sorted({*control, *arm}):
        for place, days in enumerate([control, arm]):
            if on in days:
                sums[place] += days[on][metric.name]
        found.append((on, compare(*sums, metric.scale, level)))
    return found
