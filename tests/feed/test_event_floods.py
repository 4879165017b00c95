"""More events than may be, and the endpoint without Redis."""

import pytest
import redis
from django.test import Client

from marketplace.redis_breaker import RedisAway
from tests.factories import make_video
from tests.feed.telling import (
    refused,
    tell,
    token_of,
    told,
    waiting,
    write,
)
from videos.feed import event_stream, events
from videos.models import Impression

pytestmark = pytest.mark.django_db


def test_a_flood_of_one_browser_is_stopped_and_counted(viewer, monkeypatch):
    monkeypatch.setattr(events, "OF_A_VIEWER", 2)
    video = make_video()

    codes = [tell(viewer, told(video)).status_code for _ in range(3)]

    assert codes == [202, 202, 429]
    assert refused() == {"flood": 1}
    assert waiting() == 2


def test_a_flood_of_many_browsers_at_one_address_is_stopped(viewer, settings):
    settings.FEED_EVENTS_PER_MINUTE = 3
    video, codes = make_video(), []
    for letter in "abcd":
        browser = Client()
        browser.cookies["viewer"] = letter * 22
        token = token_of(video, viewer=letter * 22)
        codes.append(tell(browser, told(video, token=token)).status_code)

    assert codes == [202, 202, 202, 429]


def test_without_redis_events_are_written_at_once(viewer, no_redis):
    video = make_video()
    token = token_of(video)

    answers = [tell(viewer, told(video, token=token), {}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == {"recorded": 1, "refused": {"forged": 1}}
    assert Impression.objects.get().video == video


def test_without_redis_a_flood_is_stopped_by_each_process(
    viewer, no_redis, monkeypatch
):
    monkeypatch.setattr(events, "OF_A_VIEWER", 2)
    video = make_video()

    answers = [tell(viewer, told(video), told(video, "share")) for _ in range(2)]
    viewer.cookies["viewer"] = "w" * 22
    of_other = told(video, token=token_of(video, viewer="w" * 22))

    assert [answer.status_code for answer in answers] == [202, 429]
    assert tell(viewer, of_other).status_code == 202


def test_a_minute_later_the_count_begins_anew(monkeypatch):
    now = [6000.0]
    monkeypatch.setattr(events.time, "time", lambda: now[0])
    spent = events.Spent()

    assert [spent.is_flood({"who": 2}, 1) for _ in range(3)] == [False, False, True]
    now[0] += 60
    assert spent.is_flood({"who": 2}, 1) is False


def test_redis_that_goes_while_it_is_asked_costs_nothing(viewer, monkeypatch):
    def away(payload):
        raise RedisAway("gone")

    monkeypatch.setattr(event_stream, "push", away)

    assert tell(viewer, told(make_video())).status_code == 202
    assert Impression.objects.count() == 1


def test_redis_without_memory_costs_nothing(viewer, stream, monkeypatch):
    def refuse(*args, **options):
        raise redis.ResponseError("OOM command not allowed")

    monkeypatch.setattr(stream, "xadd", refuse)

    assert tell(viewer, told(make_video())).status_code == 202
    assert Impression.objects.count() == 1


def test_a_full_stream_is_passed_by(viewer, settings):
    settings.FEED_EVENTS_QUEUE = 1
    for _ in range(2):
        tell(viewer, told(make_video()))

    assert (waiting(), Impression.objects.count()) == (1, 1)
    write()
    assert Impression.objects.count() == 2
