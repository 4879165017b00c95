import pytest

from tests.buckets import buckets
from tests.factories import make_seller, make_user
from videos import receiving
from videos.tasks import transcode_video


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def seller(owner):
    return make_seller(owner=owner)


@pytest.fixture
def shop(client, owner, seller):
    """A browser in which the seller's owner is signed in."""
    client.force_login(owner)
    return client


@pytest.fixture
def sent(monkeypatch):
    """The videos sent to be transcoded."""
    sent = []
    monkeypatch.setattr(transcode_video, "delay_on_commit", sent.append)
    return sent


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(receiving, "BLOCK", 512)
    monkeypatch.setattr(receiving, "PIECE", 100)


@pytest.fixture
def s3(settings, monkeypatch):
    with buckets(settings, monkeypatch) as s3:
        yield s3
