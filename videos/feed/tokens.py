"""Signed words that a page of the feed gives out with each video that it shows.

An event counts for the video that its token names, so nobody votes for one that was
not shown to them.  The viewer is signed, not written: a token is no use to another.
"""

import re
import time
from typing import NamedTuple

from django.core.signing import Signer
from django.utils.crypto import constant_time_compare
from django.utils.http import base36_to_int, int_to_base36

LASTS_MS = 24 * 3600 * 1000
# The clocks of two web machines may differ by so much.
SKEW_MS = 60_000
# Of 43 characters so many, 132 bits: the token comes with every event.
SIGNATURE = 22
MAX_POSITION = 32_767
TOKEN = re.compile(
    r"([0-9a-z]{1,12})\.([0-9a-z]{1,4})\.([0-9a-z]{1,9})\.([\w-]{22})", re.ASCII
)


class BadToken(Exception):
    """Why it is no good, in one word."""


class Shown(NamedTuple):
    """A video on a page: which, in which place, and when in milliseconds."""

    video: int
    position: int
    at_ms: int


def now_ms() -> int:
    return int(time.time() * 1000)


def sign(viewer: str, video: int, position: int = 0, at_ms: int | None = None) -> str:
    at_ms = now_ms() if at_ms is None else at_ms
    numbers = (video, min(position, MAX_POSITION), at_ms)
    shown = ".".join(map(int_to_base36, numbers))
    return f"{shown}.{_signature(_signer(), viewer, shown)}"


def read(token: object, viewer: str, at_ms: int) -> Shown:
    """What this viewer was shown; BadToken for what this site did not give them."""
    match = TOKEN.fullmatch(token) if isinstance(token, str) else None
    if match is None:
        raise BadToken("forged")
    *numbers, signature = match.groups()
    if not _is_signed(viewer, ".".join(numbers), signature):
        raise BadToken("forged")
    shown = Shown(*map(base36_to_int, numbers))
    if shown.at_ms > at_ms + SKEW_MS:
        raise BadToken("early")
    if shown.at_ms < at_ms - LASTS_MS:
        raise BadToken("late")
    return shown


def _signer():
    return Signer(salt="videos.feed.tokens")


def _signature(signer, viewer, shown, key=None):
    return signer.signature(f"{viewer}:{shown}", key)[:SIGNATURE]


def _is_signed(viewer, shown, signature):
    signer = _signer()
    # A key that was changed is good until the pages made with it are closed.
    return any(
        constant_time_compare(signature, _signature(signer, viewer, shown, key))
        for key in (signer.key, *signer.fallback_keys)
    )
