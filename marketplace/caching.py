"""The cache, of which nothing but speed depends: without Redis it is an empty one."""

import logging
import time
from functools import wraps

import redis
from django.core.cache.backends.redis import RedisCache

logger = logging.getLogger(__name__)

# Gone, without memory, or a replica now; whatever else it says is a fault of ours.
AWAY = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.OutOfMemoryError,
    redis.ReadOnlyError,
)
# After Redis did not answer, a process does without it for so long.
AWAY_SECONDS = 5


def without_redis(name, answer):
    """The method of that name, answering as an empty cache where Redis is away.

    `answer` is called with the arguments of the method.
    """
    method = getattr(RedisCache, name)

    @wraps(method)
    def forgiving(self, *args, **kwargs):
        if time.monotonic() < ForgivingCache.away_until:
            return answer(*args, **kwargs)
        try:
            return method(self, *args, **kwargs)
        except AWAY as error:
            ForgivingCache.away_until = time.monotonic() + AWAY_SECONDS
            logger.warning("Going on without the cache: %s", error)
            return answer(*args, **kwargs)

    return forgiving


def missing(key, *args, **kwargs):
    raise ValueError(f"Key {key!r} not found.")


class ForgivingCache(RedisCache):
    """Pages take longer for a while, and none fails."""

    away_until = 0.0

    get = without_redis("get", lambda key, default=None, **kwargs: default)
    set = without_redis("set", lambda *args, **kwargs: None)
    # As if it had been kept: the next one will not find it.
    add = without_redis("add", lambda *args, **kwargs: True)
    touch = without_redis("touch", lambda *args, **kwargs: False)
    delete = without_redis("delete", lambda *args, **kwargs: False)
    has_key = without_redis("has_key", lambda *args, **kwargs: False)
    incr = without_redis("incr", missing)
    get_many = without_redis("get_many", lambda *args, **kwargs: {})
    set_many = without_redis("set_many", lambda data, **kwargs: list(data))
    delete_many = without_redis("delete_many", lambda *args, **kwargs: None)
