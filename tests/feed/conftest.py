import pytest
from django.conf import settings

from marketplace import redis_breaker
from tests.feed.telling import VIEWER
from videos.feed import event_stream, events


@pytest.fixture
def stream(monkeypatch):
    """An empty one; what is known of Redis is forgotten afterwards."""
    monkeypatch.setattr(redis_breaker, "until", {})
    server = event_stream.client(settings.REDIS_URL)
    for key in server.scan_iter(match="feed:*"):
        server.delete(key)
    return server


@pytest.fixture
def viewer(client, stream):
    client.cookies["viewer"] = VIEWER
    return client


@pytest.fixture
def no_redis(stream, settings, monkeypatch):
    monkeypatch.setattr(events, "spent", events.Spent())
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
