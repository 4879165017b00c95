"""Addresses of a video's files: signed for the whole folder, good for a while.

`/media/<audience>/<signature>/<expires>/<folder>/…`: the signature stands before the
folder, so that the relative addresses in playlists keep it, and it is checked without
asking the database.  `expires` is rounded: everybody gets the same address, which
caches and browsers can keep, and a new one is there long before the old one ends.
"""

import re
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.signing import BadSignature, Signer

SHARED, PRIVATE = "shared", "private"
# A folder of one attempt, or a poster beside it: what one signature opens.
PART = r"/[\w-][\w.-]*"
NAME = re.compile(rf"(?P<scope>videos(?:{PART}){{1,2}})(?:{PART})*", re.ASCII)
ADDRESS = re.compile(
    rf"/media/(?P<audience>{SHARED}|{PRIVATE})/(?P<signature>[\w-]+)"
    rf"/(?P<expires>[0-9]{{1,12}})/(?P<name>{NAME.pattern})",
    re.ASCII,
)


@dataclass(frozen=True)
class Grant:
    """What a genuine address opens."""

    name: str
    is_shared: bool
    seconds_left: int


def address_of(name: str, *, is_shared: bool) -> str:
    """Where a browser gets this file, and by relative addresses those beside it."""
    audience = SHARED if is_shared and settings.VIDEO_DELIVERY == "public" else PRIVATE
    expires = expiry()
    signature = _signer().signature(_signed(audience, expires, _scope(name)))
    return f"{settings.VIDEO_URL}{audience}/{signature}/{expires}/{name}"


def expiry() -> int:
    """One moment for all addresses given out now: between one and two lives ahead."""
    life = settings.VIDEO_ADDRESS_SECONDS
    return (int(time.time()) // life + 2) * life


def seconds_left() -> int:
    """How long an address given out now is good."""
    return expiry() - int(time.time())


def read_address(path: str) -> Grant | None:
    """None where the address is not one of ours; without time left it has expired."""
    parts = ADDRESS.fullmatch(path)
    if not parts:
        return None
    signed = _signed(parts["audience"], parts["expires"], parts["scope"])
    try:
        _signer().unsign(f"{signed}:{parts['signature']}")
    except BadSignature:
        return None
    return Grant(
        name=parts["name"],
        is_shared=parts["audience"] == SHARED,
        seconds_left=int(parts["expires"]) - int(time.time()),
    )


def _scope(name: str) -> str:
    parts = NAME.fullmatch(name)
    if not parts:
        raise ValueError(f"no file of a video: {name}")
    return parts["scope"]


def _signed(audience: str, expires: int | str, scope: str) -> str:
    return f"{audience}/{expires}/{scope}"


def _signer() -> Signer:
    return Signer(key=settings.VIDEO_SIGNING_KEY, salt="video")
