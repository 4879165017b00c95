from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_seller, make_user, make_video
from videos.feed import matching, ranking_logs, wishing
from videos.feed.gates import public_videos
from videos.feed.model.exposure import ExposureSettings, Pool
from videos.feed.sessions import continue_feed, open_feed
from videos.feed.sources import Source
from videos.feed.watchers import Watcher
from videos.models import Impression, RankingLog, VideoTrial
from videos.periodic import fold_views, purge_rankings

pytestmark = pytest.mark.django_db

VIEWER = "v" * 22


@pytest.fixture(autouse=True)
def every_visit(settings):
    settings.FEED_LOG_PERCENT = 100


def test_each_place_served_is_written_down_once_in_one_query(
    django_assert_num_queries,
):
    videos = [make_video() for _ in range(12)]
    watcher = Watcher(VIEWER)
    first = open_feed(public_videos(), watcher)
    second = continue_feed(public_videos(), watcher, first.next_cursor)

    with django_assert_num_queries(1):
        ranking_logs.note(first, watcher)
    again = continue_feed(public_videos(), watcher, first.next_cursor)
    for page in (second, again):
        ranking_logs.note(page, watcher)

    rows = RankingLog.objects.order_by("place")
    assert [row.video_id for row in rows] == [*first.keys, *second.keys]
    assert [row.place for row in rows] == list(range(12))
    assert {row.visit for row in rows} == {first.visit}
    row = rows[0]
    assert (row.viewer, row.model, row.propensity, row.arm) == (VIEWER, "", 1, None)
    assert row.sources == Source.NEWEST
    assert row.features.keys() == {
        "fresh", "engaging", "fits", "hope", "gain", "owed", "pool", "shown", "known",
    }  # fmt: skip
    assert len(videos) == len(rows)


def test_a_sample_is_of_whole_visits(settings):
    settings.FEED_LOG_PERCENT = 30
    names = [f"visit-number-{n:03}" for n in range(300)]

    share = sum(map(ranking_logs.is_sampled, names)) / len(names)

    assert 0.2 < share < 0.4
    settings.FEED_LOG_PERCENT = 0
    assert not any(map(ranking_logs.is_sampled, names))


def test_the_page_comes_although_the_log_cannot_be_written(client, monkeypatch, caplog):
    video = make_video()

    def fail(rows):
        raise DatabaseError("no room")

    monkeypatch.setattr(RankingLog.objects, "bulk_create", fail)

    page = client.get("/").content.decode()

    assert f'data-clip="{video.public_id}"' in page
    assert "was not written down" in caplog.text
    assert RankingLog.objects.exists() is False


def test_pages_and_the_api_write_the_log(client):
    make_video()

    client.get("/")
    client.get(reverse("videos:api_feed"))

    assert RankingLog.objects.count() == 2


def test_no_pseudonym_is_written_where_there_is_no_profile(client):
    user = make_user()
    make_video()
    client.force_login(user)
    client.get("/")
    client.get("/")
    assert RankingLog.objects.exclude(viewer="").count() == 1

    client.post(reverse("videos:feed_mode"), {"mode": "plain"})
    client.get("/")
    client.get("/")

    assert RankingLog.objects.exclude(viewer="").count() == 1
    assert RankingLog.objects.filter(viewer="").count() == 3


@pytest.mark.parametrize("chance", [0, 1])
def test_a_place_that_chance_gives_has_its_probability(monkeypatch, settings, chance):
    settings.FEED_EXPOSURE = {"trial_share": 0.03, "support_share": 1 / 9}
    monkeypatch.setattr(matching, "LIMITS", ExposureSettings(worth_giving=0))
    known = [make_video() for _ in range(20)]
    new = make_video(published_at=timezone.now() - timedelta(days=20))
    for video in known:
        for n in range(3):
            Impression.objects.create(video=video, viewer=f"v{n}")
    before = timezone.now() - timedelta(minutes=10)
    Impression.objects.update(created_at=before, written_at=before)
    fold_views()
    VideoTrial.objects.update(pool=Pool.OPEN)
    monkeypatch.setattr(matching.np.random, "default_rng", lambda: Rigged(1 - chance))

    page = open_feed(public_videos(), Watcher("w" * 22))

    *merit, last = page.places
    if chance:
        assert (last.key, last.propensity) == (new.pk, pytest.approx(0.3))
        assert last.sources & Source.TRIAL
    else:
        assert last.propensity == pytest.approx(0.7)
        assert not last.sources & Source.TRIAL
    assert {place.propensity for place in merit} == {1.0}


class Rigged:
    def __init__(self, drawn):
        self.drawn = drawn

    def random(self, count):
        return matching.np.full(count, float(self.drawn))


def test_old_rows_go_and_young_ones_stay(settings):
    settings.FEED_LOG_KEEP_DAYS = 30
    video = make_video(seller=make_seller())
    rows = [
        RankingLog.objects.create(visit="v" * 16, video=video, place=n, sources=1)
        for n in range(2)
    ]
    old = timezone.now() - timedelta(days=31)
    RankingLog.objects.filter(pk=rows[0].pk).update(created_at=old)

    purge_rankings()

    assert RankingLog.objects.get() == rows[1]


def test_pseudonyms_are_kept_no_longer_than_in_the_events(settings):
    settings.FEED_EVENTS_PERSONAL_DAYS, settings.FEED_LOG_KEEP_DAYS = 20, 30
    video = make_video()
    for n, days in enumerate([21, 19]):
        row = RankingLog.objects.create(
            visit="v", viewer=VIEWER, video=video, place=n, sources=1
        )
        at = timezone.now() - timedelta(days=days)
        RankingLog.objects.filter(pk=row.pk).update(created_at=at)

    purge_rankings()

    names = RankingLog.objects.order_by("place").values_list("viewer", flat=True)
    assert list(names) == ["", VIEWER]


def test_starting_afresh_reads_no_more_of_the_log_than_ones_own():
    RankingLog.objects.create(
        visit="v", viewer=VIEWER, video=make_video(), place=0, sources=1
    )
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as queries:
        # A small table is read whole, unless there is no other way.
        cursor.execute("SET LOCAL enable_seqscan = off")
        wishing.forget(None, VIEWER)
        cursor.execute(f"EXPLAIN {queries[-1]['sql']}")
        plan = str(cursor.fetchall())

    assert "rankings_of_viewer" in plan
    assert RankingLog.objects.get().viewer == ""
