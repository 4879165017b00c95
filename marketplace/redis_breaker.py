"""Doing without Redis for a while after it did not answer: one rule for all who can.

Whoever cannot, such as the queues, waits for it instead.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import redis

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Gone, restarting, without memory, or a replica now.  Some of that has no class of its
# own: its disk is full, or its master is gone.  What else it says is a fault of ours.
AWAY = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.OutOfMemoryError,
    redis.ReadOnlyError,
)
REFUSALS = ("OOM command", "MISCONF ", "NOREPLICAS ", "MASTERDOWN ")
# So long a process does without it; nobody else waits for an answer meanwhile.
AWAY_SECONDS = 5


class RedisAway(Exception):
    """Redis does not answer, or not as it should."""


# Until when this process leaves which Redis alone.
until: dict[str, float] = {}


def ask(url: str, question: Callable[[], T]) -> T:
    """The answer of the Redis at this address, or RedisAway, for some time at once."""
    if time.monotonic() < until.get(url, 0.0):
        raise RedisAway
    try:
        return question()
    except redis.RedisError as error:
        if not is_away(error):
            raise
        until[url] = time.monotonic() + AWAY_SECONDS
        logger.warning("Going on without Redis for a while: %s", error)
        raise RedisAway(str(error)) from error


def is_away(error: redis.RedisError) -> bool:
    # In a pipeline its words come after those of redis-py.
    said = str(error)
    return isinstance(error, AWAY) or any(words in said for words in REFUSALS)
