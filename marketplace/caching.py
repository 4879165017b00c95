"""The cache, of which hardly anything but speed depends: without Redis it is empty."""

from functools import cache, wraps

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

from marketplace.redis_breaker import RedisAway, ask

# How often somebody has tried, and which codes were used: with an empty cache all could
# be tried.  Without Redis each process keeps its own count.
NEVER_EMPTY = ("allauth:rl:", "allauth.mfa.totp.used")
memory = LocMemCache("without-redis", {"max_entries": 20_000})


def without_redis(name, answer):
    """The method of that name, answering as an empty cache where Redis is away.

    `answer` is called with the arguments of the method.
    """
    method = getattr(RedisCache, name)
    remembered = getattr(memory, name)

    @wraps(method)
    def forgiving(self, *args, **kwargs):
        try:
            return ask(self._servers[0], lambda: method(self, *args, **kwargs))
        except RedisAway:
            key = args[0] if args else kwargs.get("key")
            if isinstance(key, str) and key.startswith(NEVER_EMPTY):
                return remembered(*args, **kwargs)
            return answer(*args, **kwargs)

    return forgiving


def missing(key, *args, **kwargs):
    raise ValueError(f"Key {key!r} not found.")


class Client(RedisCacheClient):
    """With one client of a server: to make one takes redis-py longer than to ask it."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._client = cache(self._client)


class ForgivingCache(RedisCache):
    """Pages take longer for a while, and none fails."""

    def __init__(self, server, params):
        super().__init__(server, params)
        self._class = Client

    get = without_redis("get", lambda key, default=None, **kwargs: default)
    set = without_redis("set", lambda *args, **kwargs: None)
    # As if it had been kept: the next one will not find it.
    add = without_redis("add", lambda *args, **kwargs: True)
    touch = without_redis("touch", lambda *args, **kwargs: False)
    delete = without_redis("delete", lambda *args, **kwargs: False)
    has_key = without_redis("has_key", lambda *args, **kwargs: False)
    incr = without_redis("incr", missing)
    get_many = without_redis("get_many", lambda *args, **kwargs: {})
    set_many = without_redis("set_many", lambda data, *args, **kwargs: list(data))
    delete_many = without_redis("delete_many", lambda *args, **kwargs: None)
