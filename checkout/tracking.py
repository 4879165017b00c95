"""What carriers report, in the format of EasyPost's tracker events."""

import hashlib
import hmac
import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime


class BadTrackingEvent(Exception):
    """Not signed by the carrier service, or not an event that can be read."""


@dataclass(frozen=True)
class TrackingUpdate:
    event_id: str
    tracking_number: str
    status: str
    message: str
    happened_at: datetime


def read_updates(body: bytes, signature: str, secret: str) -> list[TrackingUpdate]:
    """The steps that an event lists; empty for an event about something else.

    The signature is EasyPost's: HMAC-SHA256 of the body under the NFKD form of the
    secret, in the header X-Hmac-Signature.  Raises BadTrackingEvent.
    """
    key = unicodedata.normalize("NFKD", secret).encode()
    expected = "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise BadTrackingEvent("the signature does not match")
    try:
        event = json.loads(body)
        tracker = event["result"]
        if tracker.get("object") != "Tracker":
            return []
        return [_update(tracker, detail) for detail in tracker["tracking_details"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadTrackingEvent(f"unreadable: {error!r}") from error


def _update(tracker, detail):
    happened_at = parse_datetime(detail["datetime"])
    if happened_at is None or happened_at.tzinfo is None:
        raise ValueError(f"no time: {detail['datetime']!r}")
    return TrackingUpdate(
        # A step has no id of its own; its time and status name it.
        event_id=f"{tracker['id']}:{detail['datetime']}:{detail['status']}"[:80],
        tracking_number=tracker["tracking_code"],
        status=detail["status"],
        message=detail["message"] or "",
        happened_at=happened_at,
    )
