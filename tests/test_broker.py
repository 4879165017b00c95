"""A worker whose Redis is killed while it has tasks in hand."""

import logging
from contextlib import contextmanager
from uuid import uuid4

import pytest
import redis
from kombu import transport
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis

from marketplace.broker import Transport
from marketplace.celery import app

KOMBUS = "kombu.transport.redis:Transport"


@contextmanager
def message_in_hand():
    """It was taken and not acknowledged: its connection, and itself."""
    queue = f"broker-{uuid4().hex}"
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        channel.queue_declare(queue)
        with app.connection_for_write() as other:
            other.SimpleQueue(queue).put({"task": "any"})
        yield connection, channel.basic_get(queue)
        channel.qos._on_collect.cancel()  # else it is given back as Python ends


def lose(connection):
    """As Celery does when Redis is killed while it waits for the next message."""
    channel = connection.default_channel
    reads = ["as its channel is closed", "as all channels are closed"]

    def broken_off():
        reads.pop()
        if not reads:
            channel._in_poll = None
            channel._disconnect_pools()
        raise redis.ConnectionError("Connection closed by server.")

    channel._in_poll, channel._brpop_read = True, broken_off
    connection.collect()


def acknowledge(message):
    """A task that ended meanwhile, on a thread or in a child of the worker."""
    message.ack_log_error(logging.getLogger(__name__), (redis.ConnectionError,))


def test_a_lost_connection_is_closed():
    with message_in_hand() as (connection, _message):
        lose(connection)

        connection.close()


def test_a_task_that_ends_after_its_connection_is_not_the_end_of_the_worker():
    with message_in_hand() as (connection, message):
        lose(connection)

        acknowledge(message)

    assert message.acknowledged is False


@pytest.fixture
def kombus_own(monkeypatch):
    """The control: once these fail, kombu has mended it, and ours can go."""
    monkeypatch.setitem(TRANSPORT_ALIASES, "redis", KOMBUS)
    monkeypatch.setattr(transport, "_transport_cache", {})


def test_kombus_own_breaks_where_a_task_ends_and_where_it_is_closed(kombus_own):
    with message_in_hand() as (connection, message):
        lose(connection)

        with pytest.raises(AttributeError, match="hostname"):
            acknowledge(message)
        with pytest.raises(AttributeError, match="hostname"):
            connection.close()


@pytest.mark.parametrize("address", ["redis://localhost", "redis+socket:///tmp/r.sock"])
def test_both_ways_to_write_an_address_mean_ours(address):
    with app.connection(address) as connection:
        assert connection.get_transport_cls() is Transport
    assert issubclass(Transport, kombu_redis.Transport)
