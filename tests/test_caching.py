import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCacheClient
from django.urls import reverse

from marketplace import redis_breaker
from marketplace.caching import ForgivingCache
from tests.factories import make_video

KEPT = {"one": 1}


@pytest.fixture
def away(no_cache):
    pass


@pytest.mark.parametrize("is_known", [False, True])
def test_without_redis_it_is_an_empty_cache(away, monkeypatch, is_known):
    if is_known:
        cache.get("one")  # and for some seconds Redis is not asked again

        def ask(*args, **kwargs):
            raise AssertionError

        monkeypatch.setattr(ForgivingCache, "_cache", property(ask))

    assert cache.set("one", 1) is None
    assert (cache.get("one"), cache.get("one", "none")) == (None, "none")
    assert cache.get_or_set("one", lambda: 2, 60) == 2
    assert cache.add("one", 1)
    assert not cache.touch("one")
    assert not cache.delete("one")
    assert "one" not in cache
    assert cache.get_many(["one"]) == {}
    assert cache.set_many(KEPT) == cache.set_many(KEPT, 60) == ["one"]
    assert cache.delete_many(KEPT) is None
    with pytest.raises(ValueError, match="one"):
        cache.incr("one")


def test_a_client_of_redis_is_made_once(monkeypatch):
    made = []

    def make(self, *args, **options):
        made.append(self)
        init(self, *args, **options)

    init = redis.Redis.__init__
    monkeypatch.setattr(redis.Redis, "__init__", make)
    own = ForgivingCache(settings.CACHES["default"]["LOCATION"], {})

    own.set("one", 1)
    assert (own.get("one"), own.get("two")) == (1, None)

    assert len(made) == 1


@pytest.mark.parametrize("key", ["allauth:rl:login", "allauth.mfa.totp.used?user=1"])
def test_without_redis_a_process_remembers_what_was_tried(away, key):
    assert [cache.add(key, "y", timeout=30) for _ in range(2)] == [True, False]
    cache.set(key, [1.5], 60)
    assert cache.get(key, []) == [1.5]
    cache.delete(key)
    assert cache.get(key, []) == []


@pytest.mark.parametrize("error", [redis.OutOfMemoryError, redis.ReadOnlyError])
def test_a_redis_that_takes_nothing_more_is_as_good_as_none(monkeypatch, error):
    monkeypatch.setattr(redis_breaker, "until", {})

    def refuse(*args, **kwargs):
        raise error

    monkeypatch.setattr(RedisCacheClient, "set", refuse)

    assert cache.set("one", 1) is None
    assert cache.get("one") is None


def test_it_says_once_that_it_does_without(away, caplog):
    for _ in range(3):
        cache.get("one")

    assert len(caplog.records) == 1


@pytest.mark.django_db
def test_the_feed_goes_on_without_redis(away, client):
    for _ in range(15):
        make_video()

    page = client.get("/api/feed").json()
    # What a visit was shown is forgotten: the next page begins another.
    after = client.get("/api/feed", {"cursor": page["next"]}).json()

    assert (len(page["videos"]), len(after["videos"])) == (10, 10)
    assert client.get("/").status_code == 200
    assert client.get(reverse("discovery:shop")).status_code == 200
