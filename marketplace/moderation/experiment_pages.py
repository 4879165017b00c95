"""The desk's page of one experiment: what came of it, by which rule; start and stop."""

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.moderation.decisions import trail
from marketplace.moderation.estimate_pages import LABELS as ESTIMATED
from marketplace.moderation.feed_health import in_percent, milliseconds, text_of_day
from marketplace.plots import Axis, Series, plot
from videos.feed import experimenting, gauges
from videos.feed.experiment_figures import Results, metric_named, results_of
from videos.feed.model.statistics import LEAST_VIEWERS, Verdict
from videos.models import Experiment, ExperimentConflict

VERDICTS = {
    Verdict.RUNNING: gettext_lazy("Goes on: nothing can be said yet."),
    Verdict.BETTER: gettext_lazy("Better. Stop it, and make its setting the site’s."),
    Verdict.WORSE: gettext_lazy("Worse. Stop it."),
    Verdict.HARMFUL: gettext_lazy("Does harm: a guarded figure is worse. Stop it."),
    Verdict.NO_DIFFERENCE: gettext_lazy("No difference found among all planned."),
}
LABELS = ESTIMATED | {
    "visit": gettext_lazy("Gain by what follows from the visit"),
    "taste": gettext_lazy("Gain by what goes with all that was liked"),
    "content": gettext_lazy("Gain by what is alike"),
    "followed": gettext_lazy("Gain by a shop that is followed"),
    "trending": gettext_lazy("Gain by what is popular these days"),
}
HOURS = 24 * 7
KEPT_SECONDS = 300


def address_of(experiment) -> str:
    return reverse("admin:videos_experiment_results", args=[experiment.pk])


def experiment_for(model_admin, request, pk, permission) -> Experiment:
    if not request.user.has_perm(f"videos.{permission}_experiment"):
        raise PermissionDenied
    return get_object_or_404(Experiment.objects.prefetch_related("arms"), pk=pk)


def show(model_admin, request, pk):
    experiment = experiment_for(model_admin, request, pk, "view")
    arms = list(experiment.arms.all())
    has_control = sum(arm.is_control for arm in arms) == 1 and len(arms) > 1
    results = known_results(experiment) if has_control else None
    context = model_admin.admin_site.each_context(request) | {
        "title": experiment.name,
        "experiment": experiment,
        "arms": [arm_shown(arm, results) for arm in arms],
        "trying": [arm for arm in arms if arm.changes],
        "changes": changes_shown(arms),
        "results": results,
        "error_percent": in_percent(results.level) if results else "",
        "least_viewers": LEAST_VIEWERS,
        "least_effect": in_percent(experiment.least_effect),
        "outcomes": outcomes_shown(results) if results else [],
        "plots": plots_of(experiment, results) if results else [],
        "may_change": request.user.has_perm("videos.change_experiment"),
    }
    return render(request, "moderation/experiment.html", context)


def known_results(experiment) -> Results:
    """Not older than a few minutes: they are of all its viewers' events."""
    if experiment.status == Experiment.Status.DRAFT:
        # Without viewers there is nothing to add up, and its arms still change.
        return results_of(experiment)
    key = f"experiment:{experiment.pk}:{experiment.status}"
    return cache.get_or_set(key, lambda: results_of(experiment), KEPT_SECONDS)


def arm_shown(arm, results: Results | None):
    times = gauges.histogram(HOURS, f"arm{arm.pk}")
    return {
        "arm": arm,
        "viewers": results.viewers[arm.pk] if results else 0,
        "times": [milliseconds(gauges.percentile(times, p)) for p in (0.5, 0.95, 0.99)],
    }


def changes_shown(arms):
    """Of each number that an arm changes what it is called, the site's, and theirs."""
    trying = [arm.changes for arm in arms if arm.changes]
    changed = dict.fromkeys(
        (setting, key)
        for changes in trying
        for setting, change in changes.items()
        for key in change
    )
    for setting, key in changed:
        # What was tried once may be no setting any more.
        usual = getattr(settings, setting, {}).get(key)
        tried = [changes.get(setting, {}).get(key) for changes in trying]
        yield {
            "label": LABELS.get(key, key),
            "name": f"{setting}.{key}",
            "usual": figure(usual),
            "tried": [figure(value) for value in tried],
        }


def figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def outcomes_shown(results: Results):
    return [
        {
            "arm": outcome.arm,
            "verdict": VERDICTS[outcome.verdict],
            "is_bad": outcome.verdict in {Verdict.WORSE, Verdict.HARMFUL},
            "rows": [
                (
                    one.metric.label,
                    in_percent(one.control.mean),
                    in_percent(one.sample.mean),
                    signed(one.difference.estimate),
                    f"{signed(one.difference.low)} … {signed(one.difference.high)}",
                    p_shown(one.difference.p_value),
                )
                for one in outcome.comparisons
            ],
        }
        for outcome in results.outcomes
    ]


def p_shown(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


def signed(value: float) -> str:
    """Of percentage points."""
    return f"{100 * value:+.2f}"


def plots_of(experiment, results: Results):
    goal = metric_named(experiment.goal)
    made = [
        plot(
            _("%(arm)s: %(goal)s, against the control")
            % {"arm": arm.name, "goal": goal.label},
            Axis(_("viewers up to"), text_of_day, low=days[0], is_whole=True),
            Axis(_("percentage points"), signed),
            [
                Series(
                    _("holds at every moment"),
                    [(day, d.high) for day, d in course],
                    "band",
                    [d.low for _day, d in course],
                ),
                Series(_("estimate"), [(day, d.estimate) for day, d in course]),
            ],
        )
        for arm, course in courses_of(experiment, results)
        if (days := [day for day, _d in course])
    ]
    return [one for one in made if one]


def courses_of(experiment, results: Results):
    """From the first day on which anything can be said."""
    for arm in experiment.arms.all():
        course = results.course.get(arm.pk, [])
        yield arm, [(on.toordinal(), d) for on, d in course if d.high < 1]


@require_POST
def change(request, experiment, act, done, line):
    try:
        act(experiment)
    except ExperimentConflict as conflict:
        messages.error(request, str(conflict))
    else:
        trail(experiment, request.user, line)
        messages.success(request, done)
    return redirect(address_of(experiment))


def start(model_admin, request, pk):
    experiment = experiment_for(model_admin, request, pk, "change")
    return change(
        request,
        experiment,
        experimenting.start,
        _("It runs: from the next page on viewers are in its arms."),
        _("Started"),
    )


def stop(model_admin, request, pk):
    experiment = experiment_for(model_admin, request, pk, "change")
    reason = request.POST.get("reason", "").strip()
    return change(
        request,
        experiment,
        lambda it: experimenting.stop(it, reason),
        _("It is stopped: the next page of everybody has the site’s own settings."),
        _("Stopped. %(reason)s") % {"reason": reason},
    )
