"""Operators draft, start and stop experiments, and read what came of them."""

import re

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from marketplace.accounts.models import User
from marketplace.moderation import experiment_pages
from tests.factories import make_staff, make_user
from tests.feed.experiments import begun, expose, make_experiment
from videos.models import Experiment

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(make_staff(User.Role.OPERATOR))
    return client


def address(name, *args):
    return reverse(f"admin:videos_experiment_{name}", args=args)


def draft(**changed):
    arms = [
        {"name": "control", "is_control": "on", "weight": 50, "changes": ""},
        {"name": "other", "weight": 50, "changes": "FEED_PARTS.visit = 4"},
    ]
    form = {
        "name": "More of the visit", "question": "Does it help?", "goal": "taps",
        "least_effect": "0.02", "viewers_planned": "5000",
        "arms-TOTAL_FORMS": 2, "arms-INITIAL_FORMS": 0,
    }  # fmt: skip
    for number, arm in enumerate(arms):
        form |= {f"arms-{number}-{name}": value for name, value in arm.items()}
    return form | changed


def test_an_operator_drafts_starts_and_stops_one(operator):
    operator.post(address("add"), draft())
    experiment = Experiment.objects.get()
    assert [arm.changes for arm in experiment.arms.all()] == [
        {},
        {"FEED_PARTS": {"visit": 4}},
    ]

    operator.post(address("start", experiment.pk))
    experiment.refresh_from_db()
    assert experiment.status == "running"

    answer = operator.post(
        address("stop", experiment.pk), {"reason": "worse"}, follow=True
    )
    experiment.refresh_from_db()
    assert (experiment.status, experiment.why_stopped) == ("stopped", "worse")
    assert "the next page of everybody has the site’s own settings" in (
        answer.content.decode()
    )
    lines = LogEntry.objects.get_for_object(experiment).values_list(
        "changes", flat=True
    )
    assert {"decision": ["", "Stopped. worse"]} in list(lines)


@pytest.mark.parametrize(
    "changed",
    [
        {"arms-1-changes": "SECRET_KEY.visit = 4"},
        {"arms-1-changes": "FEED_PARTS.visit"},
        {"arms-1-changes": "FEED_PARTS.visit = much"},
        {"arms-1-changes": "FEED_PARTS.visit = nan"},
        {"arms-1-changes": "visit = 4"},
        {"arms-1-changes": "FEED_PARTS.visit = 4\nFEED_PARTS.visit = 5"},
        {"arms-0-changes": "FEED_PARTS.visit = 4"},
        {"least_effect": "0"},
        {"viewers_planned": "5"},
    ],
)
def test_a_nonsense_draft_is_refused(operator, changed):
    answer = operator.post(address("add"), draft(**changed))

    assert answer.status_code == 200
    assert not Experiment.objects.exists()


def test_a_draft_is_changed_line_by_line(operator):
    operator.post(address("add"), draft())
    experiment = Experiment.objects.get()
    url = address("change", experiment.pk)
    page = operator.get(url).content.decode()
    assert "FEED_PARTS.visit = 4</textarea>" in page
    assert "<code>FEED_VALUES.cart</code>" in page

    control, other = experiment.arms.all()
    known = {
        "arms-INITIAL_FORMS": 2, "arms-0-id": control.pk, "arms-1-id": other.pk,
        "arms-1-changes": "FEED_PARTS.visit = 2.5\n\nFEED_VALUES.cart=4",
    }  # fmt: skip
    operator.post(url, draft(**known))

    other.refresh_from_db()
    assert other.changes == {"FEED_PARTS": {"visit": 2.5}, "FEED_VALUES": {"cart": 4}}


def test_a_number_is_shown_in_full(operator):
    share = 1 / 24
    changes = {"arms-1-changes": f"FEED_EXPOSURE.trial_share = {share}"}
    operator.post(address("add"), draft(**changes))

    page = operator.get(address("change", Experiment.objects.get().pk))

    assert f"FEED_EXPOSURE.trial_share = {share}</textarea>" in page.content.decode()


def test_what_has_begun_is_not_changed(operator):
    experiment = make_experiment()
    url = address("change", experiment.pk)

    answer = operator.post(url, draft(name="Other"))

    assert answer.status_code == 403
    experiment.refresh_from_db()
    assert experiment.name == "More of the visit"
    assert operator.get(url).status_code == 200


def test_the_page_says_rule_figures_and_verdict(operator):
    experiment, control, arm = begun()
    expose(control, 600, 0.3, days=1)
    expose(arm, 600, 0.6, days=1)

    html = operator.get(address("results", experiment.pk)).content.decode()

    assert "Better. Stop it, and make its setting the site’s." in html
    assert "+30.00" in html
    assert "with an error of 1.2 % each and 5 % together" in html
    assert "Stop and roll back" in html
    assert '<path class="plot-band plot-colour-1"' in html


def rows_of(page, heading):
    """The cells of the table below a heading."""
    table = page.split(f"<h2>{heading}</h2>")[1].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in cells]


def test_what_each_arm_changes_is_a_table(operator):
    experiment = make_experiment(is_started=False)
    experiment.arms.create(
        name="third",
        changes={"FEED_PARTS": {"visit": 0.25}, "FEED_VALUES": {"gone": 7}},
    )

    page = operator.get(address("results", experiment.pk)).content.decode()

    assert rows_of(page, "What they change") == [
        ["Setting", "Usual, now", "other", "third"],
        ["Gain by what follows from the visit FEED_PARTS.visit", "3", "9", "0.25"],
        ["gone FEED_VALUES.gone", "–", "–", "7"],
    ]
    assert "{&quot;" not in page


def test_every_number_that_may_be_tried_has_words(settings):
    keys = {key for name in settings.FEED_TRIED for key in getattr(settings, name)}

    assert keys == set(experiment_pages.LABELS)


def test_where_no_arm_changes_anything_there_is_no_table(operator):
    experiment = Experiment.objects.create(name="Nothing yet")

    page = operator.get(address("results", experiment.pk)).content.decode()

    assert "What they change" not in page


def test_a_draft_without_arms_has_a_page(operator):
    experiment = Experiment.objects.create(name="Empty")

    html = operator.get(address("results", experiment.pk)).content.decode()

    assert "None yet." in html
    assert operator.post(address("start", experiment.pk)).status_code == 302
    experiment.refresh_from_db()
    assert experiment.status == "draft"


def test_a_draft_that_was_looked_at_can_have_another_arm(operator):
    experiment = make_experiment(is_started=False)
    url = address("results", experiment.pk)
    operator.get(url)

    experiment.arms.create(name="third", changes={"FEED_PARTS": {"taste": 1}})

    assert "third" in operator.get(url).content.decode()


@pytest.mark.parametrize("role", [User.Role.MODERATOR, None])
def test_nobody_else_reads_or_changes_one(client, role):
    experiment = make_experiment(is_started=False)
    client.force_login(make_staff(role) if role else make_user())
    refused = 403 if role else 302

    for name in ("results", "start", "stop", "change"):
        url = address(name, experiment.pk)
        assert client.post(url).status_code == refused
    assert client.get(address("results", experiment.pk)).status_code == refused
    experiment.refresh_from_db()
    assert experiment.status == "draft"


def test_an_unknown_one_is_not_found(operator):
    assert operator.get(address("results", 404)).status_code == 404
