import pytest
from django.conf import settings

from marketplace import redis_breaker
from tests.feed.experiments import SITE
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


@pytest.fixture
def tried_settings(settings):
    """What the site says where no experiment says otherwise, and what one may try."""
    settings.FEED_PARTS = SITE
    settings.FEED_VALUES = {"tap": 1.0, "cart": 3.0, "purchase": 12.0, "refund": 12.0}
    settings.FEED_EXPOSURE = {"trial_share": 0.0, "support_share": 0.0}
    settings.FEED_TRIED = {"FEED_PARTS": 1000, "FEED_VALUES": 1000, "FEED_EXPOSURE": 1}
