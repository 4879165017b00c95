"""The Redis stream on which events wait for a worker.  Nothing else talks to it.

In the database of the queues: clearing the cache must not take events along.
"""

import socket
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import redis
from django.conf import settings
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from marketplace import redis_breaker

STREAM, GROUP = "feed:events", "writers"
# Should nobody write for so long that even this is reached, the oldest go.
TRIMMED_AT = 4
# A worker that says nothing for so long was killed: another takes its batches over.
TAKEN_OVER_AFTER_MS = 60_000
REFUSED_DAYS = 30


class Waiting(NamedTuple):
    """A batch on the stream."""

    key: bytes
    payload: bytes


class Room(NamedTuple):
    """What is left: of this client's minute, and on the stream."""

    is_flood: bool
    is_full: bool


@lru_cache(maxsize=2)
def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=0.5,
        socket_timeout=2,
        # A connection that Redis closed when it restarted is opened anew, once.
        retry=Retry(NoBackoff(), 1),
    )


def _ask(question):
    url = settings.REDIS_URL
    return redis_breaker.ask(url, lambda: question(client(url)))


def take_room(limits: dict[str, int], count: int) -> Room:
    """Count so many events of each of these clients, each with its limit a minute."""
    minute = int(time.time() // 60)

    def question(server):
        with server.pipeline(transaction=False) as asked:
            for who in limits:
                key = f"feed:rate:{who}:{minute}"
                asked.incrby(key, count)
                asked.expire(key, 120)
            asked.xlen(STREAM)
            return asked.execute()

    *counted, length = _ask(question)
    spent = zip(counted[::2], limits.values(), strict=True)
    return Room(
        is_flood=any(sum_of > limit for sum_of, limit in spent),
        is_full=length >= settings.FEED_EVENTS_QUEUE,
    )


def push(payload: bytes) -> None:
    most = TRIMMED_AT * settings.FEED_EVENTS_QUEUE
    _ask(
        lambda server: server.xadd(
            STREAM, {"batch": payload}, maxlen=most, approximate=True
        )
    )


def count_refused(reasons: dict[str, int]) -> None:
    key = f"feed:refused:{timezone.now():%Y%m%d}"

    def question(server):
        with server.pipeline(transaction=False) as asked:
            for reason, count in reasons.items():
                asked.hincrby(key, reason, count)
            asked.expire(key, REFUSED_DAYS * 24 * 3600)
            asked.execute()

    _ask(question)


def refused() -> dict[str, dict[str, int]]:
    """Of each day, how many for which reason."""

    def question(server):
        keys = sorted(server.scan_iter(match="feed:refused:*"))
        return {key: server.hgetall(key) for key in keys}

    return {
        key.decode().rpartition(":")[2]: {
            reason.decode(): int(count) for reason, count in counts.items()
        }
        for key, counts in _ask(question).items()
    }


def length() -> int:
    return _ask(lambda server: server.xlen(STREAM))


def take_new(count: int) -> list[Waiting]:
    """Batches that no worker has taken; they stay until they are settled."""
    read = {
        "groupname": GROUP,
        "consumername": socket.gethostname(),
        "streams": {STREAM: ">"},
        "count": count,
    }

    def question(server):
        try:
            return server.xreadgroup(**read)
        except redis.ResponseError as error:
            # At first, and after Redis lost everything.
            if not str(error).startswith("NOGROUP"):
                raise
        _make_group(server)
        return server.xreadgroup(**read)

    answer = _ask(question)
    return _batches(answer[0][1]) if answer else []


def take_over(count: int) -> list[Waiting]:
    """Batches of workers that were killed, or failed."""
    answer = _ask(
        lambda server: server.xautoclaim(
            STREAM,
            GROUP,
            socket.gethostname(),
            min_idle_time=TAKEN_OVER_AFTER_MS,
            count=count,
        )
    )
    return _batches(answer[1])


def settle(batches: Iterable[Waiting]) -> None:
    """They are in the database."""
    keys = [batch.key for batch in batches]

    def question(server):
        with server.pipeline(transaction=True) as asked:
            asked.xack(STREAM, GROUP, *keys)
            asked.xdel(STREAM, *keys)
            asked.execute()

    _ask(question)


def _make_group(server):
    try:
        server.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise


def _batches(entries):
    # One that was trimmed away meanwhile has nothing in it.
    return [Waiting(key, fields[b"batch"]) for key, fields in entries if fields]
