"""After Redis did not answer nobody of a process asks it again for some seconds."""

import pytest
import redis

from marketplace import redis_breaker
from marketplace.redis_breaker import AWAY_SECONDS, RedisAway, ask

URL = "redis://somewhere/1"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(redis_breaker, "until", {})
    now = [1000.0]
    monkeypatch.setattr(redis_breaker.time, "monotonic", lambda: now[0])
    return now


def fail(error):
    def question():
        raise error

    return question


@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError("refused"),
        redis.BusyLoadingError("loading"),
        redis.TimeoutError(),
        redis.OutOfMemoryError(),
        redis.ReadOnlyError(),
        redis.ResponseError("MISCONF Redis is configured to save RDB snapshots, but"),
        redis.ResponseError(
            "Command # 1 (SET a 1) of pipeline caused error: OOM command"
        ),
    ],
)
def test_one_that_is_away_is_asked_again_after_a_while(clock, error):
    with pytest.raises(RedisAway):
        ask(URL, fail(error))

    with pytest.raises(RedisAway):
        ask(URL, lambda: "asked")
    clock[0] += AWAY_SECONDS
    assert ask(URL, lambda: "asked") == "asked"


def test_another_one_may_be_there(clock):
    with pytest.raises(RedisAway):
        ask(URL, fail(redis.ConnectionError()))

    assert ask("redis://elsewhere/1", lambda: "asked") == "asked"


@pytest.mark.parametrize("error", [redis.ResponseError("WRONGTYPE"), ValueError("no")])
def test_our_own_faults_are_no_outage(error):
    with pytest.raises(type(error)):
        ask(URL, fail(error))

    assert ask(URL, lambda: "asked") == "asked"


def test_the_cache_and_the_feed_s_times_share_what_they_know(caplog, settings):
    from django.core.cache import cache

    from videos.feed import gauges

    url = settings.CACHES["default"]["LOCATION"]
    with pytest.raises(RedisAway):
        ask(url, fail(redis.ConnectionError("gone")))

    assert cache.get_or_set("anything", lambda: 1) == 1
    assert sum(gauges.histogram(1)) == 0
    assert len(caplog.records) == 1
