"""How quickly pages are made is counted, and never in anybody's way."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from marketplace import redis_breaker
from tests.factories import make_video
from videos.feed import gauges
from videos.feed.gauges import BOUNDS, histogram, percentile, record


@pytest.fixture(autouse=True)
def reached(monkeypatch):
    monkeypatch.setattr(redis_breaker, "until", {})


def counts(by_bound=None):
    by_bound = by_bound or {}
    return [*(by_bound.get(bound, 0) for bound in BOUNDS), 0]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.25, 8.5), (0.5, 10), (0.75, 17.5), (1, 20)]
)
def test_percentiles_lie_between_the_bounds(share, expected):
    assert percentile(counts({10: 50, 20: 50}), share) == expected


def test_of_nothing_there_is_no_percentile():
    assert percentile(counts(), 0.5) is None


def test_what_took_longer_than_all_bounds_took_at_least_that():
    found = counts()
    found[-1] = 3

    assert percentile(found, 0.5) == BOUNDS[-1]


def test_times_are_counted_by_bucket_and_name():
    for milliseconds in (0.4, 1, 8, 9, 99_999):
        record(milliseconds, ["all", "arm1"])
    record(8)

    found = histogram()

    assert (found[0], found[BOUNDS.index(10)], found[-1]) == (2, 3, 1)
    assert sum(histogram(name="arm1")) == 5
    assert sum(histogram(name="arm2")) == 0


def test_hours_that_are_past_are_not_counted(monkeypatch):
    record(8)
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=3))

    assert [sum(histogram(hours)) for hours in (3, 4)] == [0, 1]


def test_without_redis_nothing_is_counted_and_nothing_fails(monkeypatch):
    asked = []

    def away(url):
        asked.append(url)
        raise redis.ConnectionError

    monkeypatch.setattr(gauges, "client", away)

    record(8)
    record(8)

    assert sum(histogram()) == 0
    assert len(asked) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["feed", "feed_page", "api_feed"])
def test_each_page_of_the_feed_is_timed(client, name):
    make_video()

    client.get(reverse(f"videos:{name}"))

    assert sum(histogram(1)) == 1


def test_refused_events_of_the_last_days_are_added_up():
    server = redis.Redis.from_url(settings.REDIS_URL)
    server.delete("nothing", *server.keys("feed:refused:*"))
    now = timezone.now()
    for ago, count in [(0, 2), (6, 3), (7, 5)]:
        key = f"feed:refused:{now - timedelta(days=ago):%Y%m%d}"
        server.hset(key, "flood", count)
        server.expire(key, 60)

    found = gauges.refused(7)

    server.delete(*server.keys("feed:refused:*"))
    assert found == {"flood": 5}
