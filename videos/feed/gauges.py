"""How long pages of the feed took, counted in Redis by the hour; and what was refused.

A histogram, not the times themselves: its percentiles are right to a third.  Kept
where the cache is: nobody misses these when it is cleared, and without Redis nothing
is counted.
"""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache, wraps
from itertools import accumulate

import redis
from django.conf import settings
from django.utils import timezone

from marketplace import redis_breaker
from marketplace.redis_breaker import RedisAway
from videos.feed import event_stream, experimenting
from videos.feed.watchers import participant_of

# In milliseconds, each with all that took longer than the one before.
BOUNDS = (
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000,
    5000,
)  # fmt: skip
KEPT = timedelta(days=8)
ALL = "all"


@lru_cache(maxsize=4)
def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=0.2, socket_timeout=0.5)


def ask(question: Callable, otherwise):
    url = cache_url()
    try:
        return redis_breaker.ask(url, lambda: question(client(url)))
    except RedisAway:
        return otherwise


def cache_url() -> str:
    return settings.CACHES["default"]["LOCATION"]


def key_of(hour, name: str) -> str:
    return f"feed:latency:{hour:%Y%m%d%H}:{name}"


def record(milliseconds: float, names=(ALL,)) -> None:
    bucket = bisect_left(BOUNDS, milliseconds)
    hour = timezone.now()

    def question(server):
        with server.pipeline(transaction=False) as asked:
            for name in names:
                asked.hincrby(key_of(hour, name), str(bucket), 1)
                asked.expire(key_of(hour, name), KEPT)
            asked.execute()

    ask(question, None)


def histogram(hours: int = 24, name: str = ALL) -> list[int]:
    """Pages by bucket over so many hours, this one included."""
    now = timezone.now()
    keys = [key_of(now - timedelta(hours=ago), name) for ago in range(hours)]

    def question(server):
        with server.pipeline(transaction=False) as asked:
            for key in keys:
                asked.hgetall(key)
            return asked.execute()

    counts = Counter()
    for found in ask(question, []):
        for bucket, count in found.items():
            counts[int(bucket)] += int(count)
    return [counts[bucket] for bucket in range(len(BOUNDS) + 1)]


def percentile(counts: list[int], share: float) -> float | None:
    """In milliseconds; inside a bucket as if times lay evenly there."""
    wanted = share * sum(counts)
    if not wanted:
        return None
    sums = list(accumulate(counts))
    bucket = next(n for n, passed in enumerate(sums) if passed >= wanted)
    if bucket == len(BOUNDS):
        return float(BOUNDS[-1])
    low = BOUNDS[bucket - 1] if bucket else 0
    inside = (wanted - sums[bucket] + counts[bucket]) / counts[bucket]
    return low + (BOUNDS[bucket] - low) * inside


def refused(days: int = 7) -> Counter:
    """Events that the endpoint did not take, by reason."""
    first = f"{timezone.now() - timedelta(days=days - 1):%Y%m%d}"
    counts = Counter()
    try:
        by_day = event_stream.refused()
    except RedisAway:
        return counts
    for day, reasons in by_day.items():
        if day >= first:
            counts.update(reasons)
    return counts


def served(view):
    """A page of the feed: made by the arms its viewer is in, and timed."""

    @wraps(view)
    def timed(request, *args, **kwargs):
        began = time.perf_counter()
        with experimenting.arms_for(participant_of(request)) as arms:
            response = view(request, *args, **kwargs)
        names = [ALL, *(arm.gauge for arm in arms)]
        record(1000 * (time.perf_counter() - began), names)
        return response

    return timed
