import json

import pytest
from django.urls import reverse

from tests.factories import make_user, make_video
from videos.feed import api
from videos.feed.events import add_up_events
from videos.models import Impression, Video, WatchEvent

pytestmark = pytest.mark.django_db

VIEWER = "v" * 22


@pytest.fixture
def viewer(client):
    client.cookies["viewer"] = VIEWER
    return client


def send(client, *events):
    return client.post(
        reverse("videos:api_events"),
        json.dumps({"events": list(events)}),
        content_type="application/json",
    )


def test_seen_and_watched_are_written_down(viewer):
    video = make_video()

    answer = send(
        viewer,
        {"video": video.public_id, "kind": "impression", "position": 3},
        {"video": video.public_id, "kind": "watch", "watched_ms": 4200},
    )

    assert answer.status_code == 202
    assert answer.json() == {"recorded": 2}
    impression, watch = Impression.objects.get(), WatchEvent.objects.get()
    assert (impression.video, impression.viewer) == (video, VIEWER)
    assert impression.position == 3
    assert (watch.kind, watch.watched_ms, watch.user) == ("watch", 4200, None)


def test_a_signed_in_person_is_known_without_a_csrf_token(viewer):
    user, video = make_user(), make_video()
    viewer.handler.enforce_csrf_checks = True
    viewer.force_login(user)

    send(viewer, {"video": video.public_id, "kind": "impression"})

    assert Impression.objects.get().user == user


def test_fifty_events_take_no_more_queries_than_two(
    viewer, django_assert_max_num_queries
):
    videos = [make_video() for _ in range(25)]
    events = [
        {"video": video.public_id, "kind": kind}
        for video in videos
        for kind in ("impression", "watch")
    ]

    with django_assert_max_num_queries(3):
        send(viewer, *events)

    assert Impression.objects.count() == WatchEvent.objects.count() == 25


@pytest.mark.parametrize(
    "event",
    [
        {"video": "VIDEO", "kind": "purchase"},
        {"video": "VIDEO", "kind": "watch", "watched_ms": -1},
        {"video": "VIDEO", "kind": "watch", "watched_ms": 3_600_001},
        {"video": "VIDEO", "kind": "watch", "watched_ms": "long"},
        {"video": "x" * 17, "kind": "watch"},
        {"kind": "watch"},
        "watch",
    ],
)
def test_one_bad_event_refuses_the_whole_batch(viewer, event):
    video = make_video()
    if isinstance(event, dict) and event.get("video") == "VIDEO":
        event = event | {"video": video.public_id}

    answer = send(viewer, {"video": video.public_id, "kind": "impression"}, event)

    assert answer.status_code == 400
    assert Impression.objects.exists() is False
    assert WatchEvent.objects.exists() is False


def test_more_than_fifty_events_are_refused(viewer):
    video = make_video()
    events = [{"video": video.public_id, "kind": "impression"}] * 51

    assert send(viewer, *events).status_code == 400
    assert Impression.objects.exists() is False


def test_without_a_pseudonym_nothing_is_written(client):
    video = make_video()

    answer = send(client, {"video": video.public_id, "kind": "impression"})

    assert answer.status_code == 400
    assert Impression.objects.exists() is False


def test_unknown_and_hidden_videos_are_passed_over(viewer):
    shown = make_video()
    hidden = make_video(publication=Video.Publication.DRAFT)

    answer = send(
        viewer,
        {"video": shown.public_id, "kind": "impression"},
        {"video": hidden.public_id, "kind": "impression"},
        {"video": "nothing", "kind": "impression"},
    )

    assert answer.json() == {"recorded": 1}
    assert Impression.objects.get().video == shown


def test_a_flood_is_stopped(viewer, monkeypatch):
    monkeypatch.setattr(api.EventThrottle, "rate", "2/min")
    video = make_video()
    event = {"video": video.public_id, "kind": "impression"}

    codes = [send(viewer, event).status_code for _ in range(3)]

    assert codes == [202, 202, 429]
    assert Impression.objects.count() == 2


def test_counters_are_added_up_and_adding_again_changes_nothing(viewer):
    video, other = make_video(), make_video(view_count=5)
    impression = {"video": video.public_id, "kind": "impression"}
    send(viewer, impression, impression, {"video": video.public_id, "kind": "share"})

    for _ in range(2):
        add_up_events()
        video.refresh_from_db()
        assert (video.view_count, video.share_count) == (2, 1)
    other.refresh_from_db()
    assert other.view_count == 5
