"""A partition of each day: made, made nameless, dropped; and how they came to be."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import make_user, make_video
from videos.feed import event_partitions
from videos.feed.event_partitions import AHEAD_DAYS, MODELS, days_of, keep_partitions
from videos.models import Impression, WatchEvent
from videos.periodic import keep_partitions as keep_partitions_task

pytestmark = pytest.mark.django_db

TODAY = date(2031, 5, 20)
DAY = timedelta(days=1)
TABLES = [model._meta.db_table for model in MODELS]


def show(day, **fields):
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Impression.objects.create(
        video=fields.pop("video", None) or make_video(), created_at=at, **fields
    )


def lies_in(event):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM videos_impression WHERE id = %s",
            [event.pk],
        )
        return cursor.fetchone()[0]


def check_foreign_keys():
    """Those of what was just added are due at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture(autouse=True)
def only_these_days(settings):
    settings.FEED_EVENTS_KEEP_DAYS, settings.FEED_EVENTS_PERSONAL_DAYS = 400, 90
    check_foreign_keys()


def test_days_to_come_have_their_partitions_and_repeating_makes_no_more():
    for _ in range(2):
        keep_partitions(TODAY)

        for table in TABLES:
            ahead = [day for day in days_of(table) if day >= TODAY]
            assert sorted(ahead) == [TODAY + n * DAY for n in range(AHEAD_DAYS + 1)]


def test_an_event_goes_to_its_day():
    keep_partitions(TODAY)

    assert lies_in(show(TODAY, viewer="v")) == "videos_impression_20310520"


def test_no_day_is_refused_and_strays_get_a_place_of_their_own():
    stray = show(TODAY - 3 * DAY, viewer="v")
    assert lies_in(stray) == "videos_impression_default"

    keep_partitions(TODAY)

    assert lies_in(stray) == "videos_impression_20310517"
    stray.refresh_from_db()
    assert stray.viewer == "v"


def test_after_a_time_nobody_knows_whose_events_they_were():
    user, video = make_user(), make_video()
    keep_partitions(TODAY - 100 * DAY)
    days = [TODAY - n * DAY for n in (95, 91, 90)]
    shown = [show(day, viewer="v", user=user, video=video) for day in days]
    assert [lies_in(event)[18:] for event in shown[:2]] == ["20310214", "default"]
    check_foreign_keys()

    for _ in range(2):
        keep_partitions(TODAY)

    kept = Impression.objects.order_by("created_at")
    assert [(seen.viewer, seen.user, seen.video) for seen in kept] == [
        ("", None, video),
        ("", None, video),
        ("v", user, video),
    ]
    # A key is made of the pseudonym, too.
    assert {seen.pk for seen in kept} & {event.pk for event in shown} == {shown[2].pk}


def test_days_of_long_ago_are_dropped(settings):
    settings.FEED_EVENTS_KEEP_DAYS = 200
    keep_partitions(TODAY - 201 * DAY)
    show(TODAY - 201 * DAY)
    show(TODAY - 203 * DAY)
    kept = show(TODAY - 200 * DAY)
    check_foreign_keys()

    keep_partitions(TODAY)

    assert list(Impression.objects.filter(created_at__year=2030)) == [kept]
    assert min(days_of("videos_impression")) == TODAY - 200 * DAY


def test_one_day_that_cannot_be_made_holds_up_nothing_else(monkeypatch, caplog):
    make = event_partitions.make_partitions

    def locked(table, today):
        if table == "videos_impression":
            raise event_partitions.OperationalError("lock timeout")
        make(table, today)

    monkeypatch.setattr(event_partitions, "make_partitions", locked)

    keep_partitions(TODAY)

    assert TODAY in days_of("videos_watchevent")
    assert TODAY not in days_of("videos_impression")
    assert "lock timeout" in caplog.text


def test_the_clock_keeps_them():
    keep_partitions_task()

    assert timezone.now().date() + AHEAD_DAYS * DAY in days_of("videos_impression")


def test_a_question_about_one_viewer_is_not_asked_of_every_day():
    today = timezone.now().date()
    keep_partitions(today - 300 * DAY)

    plan = Impression.objects.recent().filter(viewer="v").explain()

    assert f"videos_impression_{today:%Y%m%d}" in plan
    assert f"videos_impression_{today - 300 * DAY:%Y%m%d}" not in plan


def test_what_was_there_before_is_carried_over():
    """The tables as they were, with rows of several days, through the migration."""
    user, video, now = make_user(), make_video(), timezone.now()
    times = [now - timedelta(days=40), now - timedelta(days=1), now]
    before = [(video.pk, "v", None, times[0]), (video.pk, "w", user.pk, times[1])]
    check_foreign_keys()
    with connection.cursor() as cursor:
        make_former_tables(cursor)
        for row in before:
            cursor.execute(
                "INSERT INTO videos_impression"
                " (video_id, viewer, user_id, created_at, position)"
                " VALUES (%s, %s, %s, %s, 3)",
                row,
            )
        cursor.execute(
            "INSERT INTO videos_watchevent"
            " (video_id, viewer, kind, watched_ms, created_at)"
            " VALUES (%s, 'w', 'tag', 0, %s), (%s, 'w', 'share', 0, %s)",
            [video.pk, times[1], video.pk, times[2]],
        )
    migration = import_module("videos.migrations.0018_events_by_day")
    editor = SimpleNamespace(connection=connection)

    migration.part_by_day(None, editor)
    migration.count_up_to_now(None, editor)

    shown = Impression.objects.order_by("created_at")
    assert list(shown.values_list("video", "viewer", "user", "created_at")) == before
    assert [seen.position for seen in shown] == [3, 3]
    assert shown[0].written_at == times[0]
    assert shown[0].pk.int >> 80 == int(times[0].timestamp() * 1000)
    assert sorted(WatchEvent.objects.values_list("kind", flat=True)) == ["share", "tag"]
    assert times[0].date() in days_of("videos_impression")
    video.refresh_from_db()
    assert (video.view_count, video.share_count) == (2, 1)


def make_former_tables(cursor):
    cursor.execute("DROP TABLE videos_impression, videos_watchevent")
    cursor.execute("DELETE FROM videos_eventprogress")
    for table, own in {
        "videos_impression": "position smallint NOT NULL",
        "videos_watchevent": "kind varchar(6) NOT NULL, watched_ms integer NOT NULL",
    }.items():
        cursor.execute(
            f"CREATE TABLE {table} ("
            " id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
            " video_id bigint NOT NULL REFERENCES videos_video,"
            " viewer varchar(40) NOT NULL,"
            " user_id bigint REFERENCES accounts_user,"
            f" created_at timestamptz NOT NULL, {own})"
        )
        cursor.execute(f"CREATE INDEX {table}_x ON {table} (created_at)")
