"""Whom beacons and experiments know, as far as it is allowed."""

import pytest
from django.urls import reverse

from tests.factories import make_user, make_video
from tests.feed.experiments import make_experiment
from tests.feed.telling import VIEWER
from tests.feed.test_controls import send_impression, set_mode
from videos.feed import wishing
from videos.models import ExperimentExposure, Impression

pytestmark = pytest.mark.django_db


def test_what_was_said_in_another_browser_counts_for_beacons_at_once(client):
    user, video = make_user(), make_video()
    client.force_login(user)
    client.get("/")
    set_mode(client, "yours")
    wishing.set_mode(user.pk, is_profiled=False)

    send_impression(client, video)

    assert Impression.objects.get().user is None


def test_without_a_profile_each_visit_by_the_api_has_another_pseudonym(client):
    make_video()
    client.cookies["feed"] = "plain"

    names = []
    for _ in range(2):
        client.get("/api/feed")
        names.append(client.cookies["viewer"].value)

    assert names[0] != names[1]


@pytest.mark.parametrize(
    ("said", "is_asked", "count"),
    [("plain", False, 0), ("", True, 0), ("yours", True, 1), ("", False, 1)],
)
def test_who_has_no_profile_takes_no_part(client, settings, said, is_asked, count):
    settings.FEED_ASKS_CONSENT = is_asked
    make_experiment()
    client.cookies["viewer"], client.cookies["feed"] = VIEWER, said

    client.get(reverse("videos:feed"))

    assert ExperimentExposure.objects.count() == count
