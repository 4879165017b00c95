"""Redis as Celery's broker, whose lost connections end no worker.

A connection that is lost is closed, and what is left of it asked once more: to give
back the messages that were in hand, or to acknowledge a task that ended meanwhile.
kombu then looks for the address in a transport that has forgotten it.  That is an
AttributeError, after which Celery ends the worker; an error of the connection it
expects, and connects again.
"""

import redis
from kombu.transport import redis as kombu_redis


class Channel(kombu_redis.Channel):
    def _connparams(self, asynchronous=False):
        if self.connection is None or self.connection.client is None:
            raise redis.ConnectionError("this connection is closed")
        return super()._connparams(asynchronous=asynchronous)


class Transport(kombu_redis.Transport):
    Channel = Channel
