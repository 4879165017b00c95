"""What browsers tell of the videos they showed: checked, and put on its way.

A request writes nothing to the database; it does where Redis is away or full.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

from django.conf import settings

from marketplace.redis_breaker import RedisAway
from videos.feed import event_log, event_stream, tokens
from videos.feed.event_log import IMPRESSION, Batch, Event
from videos.models import WatchEvent

logger = logging.getLogger(__name__)

Kind = WatchEvent.Kind
# These are written where the deed is done, never told by a browser.
OWN = {Kind.PURCHASE, Kind.REFUND, Kind.REPORT}
KINDS = {IMPRESSION, *Kind.values} - OWN
OF_A_PRODUCT = {Kind.TAG_SEEN, Kind.TAG, Kind.CART}
MAX_EVENTS = 50
MAX_BYTES = 64 * 1024
# Of one browser a minute, however many share its address.
OF_A_VIEWER = 600
# Who comes back to a video has watched it again; so often that counts.
WATCHES = 4
MAX_LOOPS = 20
MAX_KEY = 2**63 - 1
# A video may have begun while the page with its token was still on its way.
SLACK_MS = 2000


class Refused(Exception):
    """Why an event does not count, in one word."""


class BadBatch(Exception):
    """Not a list of at most fifty."""


class Flood(Exception):
    """More than one browser, or one address, can have seen."""


@dataclass(frozen=True)
class Sender:
    viewer: str
    user: int | None
    address: str


class Receipt(NamedTuple):
    recorded: int
    refused: dict[str, int]


class Spent:
    """Of this minute, in this process: what Redis counts while it is there."""

    def __init__(self):
        self.lock, self.minute, self.counts = Lock(), 0, Counter()

    def is_flood(self, limits: dict[str, int], count: int) -> bool:
        minute = int(time.time() // 60)
        with self.lock:
            if minute != self.minute:
                self.minute, self.counts = minute, Counter()
            self.counts.update(dict.fromkeys(limits, count))
            return any(self.counts[who] > limit for who, limit in limits.items())


spent = Spent()


def read_batch(body: bytes) -> list:
    """The events of a request as they were sent; BadBatch for all else."""
    if len(body) > MAX_BYTES:
        raise BadBatch("large")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise BadBatch("malformed") from None
    events = found.get("events") if isinstance(found, dict) else None
    if not isinstance(events, list) or not events:
        raise BadBatch("malformed")
    if len(events) > MAX_EVENTS:
        raise BadBatch("large")
    return events


def receive(sent: list, sender: Sender) -> Receipt:
    """Refuse what cannot be; the rest is on its way when this returns."""
    limits = limits_of(sender)
    try:
        room = event_stream.take_room(limits, len(sent))
    except RedisAway:
        is_flood = spent.is_flood(limits, len(sent))
        room = event_stream.Room(is_flood=is_flood, is_full=True)
    if room.is_flood:
        note_refused({"flood": len(sent)})
        raise Flood
    at_ms = tokens.now_ms()
    events, refused = sort_out(sent, sender.viewer, at_ms)
    if events:
        send(Batch(sender.viewer, sender.user, events), is_full=room.is_full)
    if refused:
        note_refused(refused)
    return Receipt(len(events), refused)


def limits_of(sender: Sender) -> dict[str, int]:
    return {
        f"address:{sender.address}": settings.FEED_EVENTS_PER_MINUTE,
        f"viewer:{sender.viewer}": OF_A_VIEWER,
    }


def send(batch: Batch, *, is_full: bool) -> None:
    """To the worker; where that is no way, straight to where it would write them."""
    if is_full or not is_pushed(batch):
        event_log.store([batch])


def is_pushed(batch: Batch) -> bool:
    try:
        event_stream.push(event_log.pack(batch))
    except RedisAway:
        # What was put there all the same counts once, too.
        return False
    return True


def note_refused(reasons: dict[str, int]) -> None:
    try:
        event_stream.count_refused(reasons)
    except RedisAway:
        logger.warning("Events refused: %s", reasons)


def sort_out(
    sent: Iterable, viewer: str, at_ms: int
) -> tuple[list[Event], dict[str, int]]:
    """Those that count, and how many of the others for which reason."""
    events, refused = [], Counter()
    for one in sent:
        try:
            events.append(check(one, viewer, at_ms))
        except (Refused, tokens.BadToken) as reason:
            refused[str(reason)] += 1
    return events, dict(refused)


def check(sent, viewer: str, at_ms: int) -> Event:
    if not isinstance(sent, dict):
        raise Refused("malformed")
    shown = tokens.read(sent.get("token"), viewer, at_ms)
    kind = sent.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refused("malformed")
    event = Event(kind, *shown)
    if kind == Kind.WATCH:
        return event._replace(**watched(sent, at_ms - shown.at_ms))
    if kind in OF_A_PRODUCT:
        # Without one, a video that has nothing to sell would have sold something.
        return event._replace(product=whole(sent, "product", MAX_KEY, least=1))
    return event


def watched(sent: dict, since_ms: int) -> dict:
    """Nobody watches for longer than the video has been on their page."""
    watched_ms = whole(sent, "watched_ms", max(since_ms, 0) + tokens.SKEW_MS)
    return {
        "nth": whole(sent, "nth", WATCHES - 1),
        "watched_ms": min(watched_ms, max(since_ms, 0) + SLACK_MS),
        "share": whole(sent, "share", 1000),
        "loops": min(whole(sent, "loops", MAX_KEY), MAX_LOOPS),
        "is_skip": sent.get("skip") is True,
    }


def whole(sent: dict, name: str, most: int, least: int = 0) -> int:
    value = sent.get(name, 0)
    if type(value) is not int or value < least:
        raise Refused("malformed")
    if value > most:
        raise Refused("absurd")
    return value
