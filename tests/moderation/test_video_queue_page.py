"""The desk's video queue: what runs, what waits and why, and how to stop it."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from marketplace.accounts.models import Notification, User
from tests.factories import make_seller, make_staff, make_user, make_video
from videos.models import Video

pytestmark = pytest.mark.django_db
PAGE = "/admin/videos/video/queue/"


def waiting(**fields):
    return make_video(status=Video.Status.UPLOADED, folder="", **fields)


def running(**fields):
    video = waiting(**fields)
    assert video.claim("media@north")
    video.renew_lease(42)
    return video


@pytest.fixture
def moderator(client):
    person = make_staff(User.Role.MODERATOR)
    client.force_login(person)
    return person


def test_it_shows_what_runs_where_and_what_waits_and_why(client, moderator):
    busy = make_seller(name="Busy shop")
    running(title="Running film", seller=busy)
    first, second, of_busy = (
        waiting(title="First film"),
        waiting(title="Second film"),
        waiting(title="Film of the busy", seller=busy),
    )
    pausing = running(title="Pausing film")
    pausing.release("The storage was down.")
    running(title="Failed film").mark_failed("It is no film.")

    page = client.get(PAGE)

    assert page.status_code == 200
    shown = [(v.title, v.why) for v in page.context["waiting"]]
    assert shown == [
        (first.title, "Next, as soon as a worker is free"),
        (second.title, "1 goes before it"),
        (of_busy.title, "1 of its shop is running: others go first"),
    ]
    words = page.content.decode()
    for expected in ("media@north", "42 %", "The storage was down.", "It is no film."):
        assert expected in words


def test_the_empty_queue_says_so(client, moderator):
    words = client.get(PAGE).content.decode()

    assert "No worker is busy." in words
    assert "Nothing waits." in words


@pytest.mark.parametrize("person", ["nobody", "shopper", "staff"])
def test_others_do_not_see_it(client, person):
    if person == "shopper":
        client.force_login(make_user())
    if person == "staff":
        client.force_login(make_staff())

    page = client.get(PAGE)

    assert page.status_code == {"nobody": 302, "shopper": 302, "staff": 403}[person]


def test_canceling_takes_the_lease_tells_the_seller_and_leaves_a_trail(
    client, moderator, django_capture_on_commit_callbacks
):
    owner = make_user()
    video = running(seller=make_seller(owner=owner))

    with django_capture_on_commit_callbacks(execute=False):
        client.post(
            reverse("admin:videos_video_decide", args=[video.pk, "cancel"]),
            {"details": "It blocks the others."},
        )

    video.refresh_from_db()
    assert video.status == Video.Status.FAILED
    assert video.failure_reason == "It blocks the others."
    assert video.lease_expires_at is None
    assert "not processed" in str(Notification.objects.get(user=owner))
    entry = LogEntry.objects.get_for_object(video).first()
    assert entry.actor == moderator
    assert "Processing stopped. It blocks the others." in str(entry.changes)


def test_canceling_too_late_is_said_and_changes_nothing(client, moderator):
    video = make_video()

    page = client.post(
        reverse("admin:videos_video_decide", args=[video.pk, "cancel"]),
        {"details": "Too late."},
        follow=True,
    )

    assert "decided in the meantime" in page.content.decode()
    video.refresh_from_db()
    assert video.status == Video.Status.READY


def test_retrying_from_the_queue_leaves_a_trail(client, moderator):
    video = running()
    video.mark_failed("No.")

    client.post(reverse("admin:videos_video_decide", args=[video.pk, "retry"]))

    video.refresh_from_db()
    assert (video.status, video.attempts_left) == (Video.Status.UPLOADED, 3)
    assert LogEntry.objects.get_for_object(video).first().actor == moderator


def test_with_many_videos_no_query_reads_or_counts_the_whole_table(client, moderator):
    seller = make_seller()
    long_ago = timezone.now() - timedelta(days=9)
    Video.objects.bulk_create(
        Video(
            seller=seller,
            title="Ready",
            public_id=f"ready-{n}",
            status=Video.Status.READY,
            claimed_at=long_ago,
        )
        for n in range(5_000)
    )
    for _ in range(3):
        running()
        waiting(seller=seller)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE videos_video")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(PAGE)

    of_videos = [q["sql"] for q in queries if 'FROM "videos_video"' in q["sql"]]
    assert len(of_videos) == 4
    for sql in of_videos:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan on videos_video" not in plan, plan
