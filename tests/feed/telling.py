"""A browser that tells what it showed, and the worker that writes it down."""

import json

from django.urls import reverse

from videos.feed import event_log, event_stream, tokens

VIEWER = "v" * 22
SECOND = 1000


def token_of(video, *, viewer=VIEWER, position=0, ago=60 * SECOND):
    """As a page gave it so long ago."""
    return tokens.sign(viewer, video.pk, position, tokens.now_ms() - ago)


def told(video, kind="impression", *, token=None, **fields):
    return {"token": token or token_of(video), "kind": kind, **fields}


def post(client, body):
    url = reverse("videos:api_events")
    return client.post(url, body, content_type="application/json")


def tell(client, *events):
    return post(client, json.dumps({"events": list(events)}))


def write():
    """What the worker would: how many events were new."""
    return event_log.drain(seconds=20)


def waiting():
    return event_stream.length()


def refused():
    """Of today."""
    return next(iter(event_stream.refused().values()), {})
