"""Captions as WebVTT: read to cues and written anew, as plain text."""

import re

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

MOST_BYTES = 500_000
MOST_CUES = 2000
TIMING = re.compile(
    r"^(?:(\d{1,2}):)?([0-5]\d):([0-5]\d)\.(\d{3})\s+-->\s+"
    r"(?:(\d{1,2}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?:\s.*)?$"
)
MARKUP = re.compile(r"<[^>]*>?")


class UnreadableCaptions(Exception):
    """Its text tells the seller what is wrong with the file."""


def rewritten(upload) -> ContentFile:
    if upload.size > MOST_BYTES:
        raise UnreadableCaptions(_("The captions are too long."))
    try:
        text = upload.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableCaptions(_("The captions must be saved as UTF-8.")) from error
    if not text.startswith("WEBVTT"):
        raise UnreadableCaptions(_("A WebVTT file begins with the word WEBVTT."))
    cues = [cue for block in _blocks(text) if (cue := _cue(block))]
    if not cues or len(cues) > MOST_CUES:
        raise UnreadableCaptions(_("There are no captions in this file, or too many."))
    text = "\n\n".join(["WEBVTT", *cues]) + "\n"
    return ContentFile(text.encode(), name="captions.vtt")


def _blocks(text: str) -> list[list[str]]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return [block.split("\n") for block in re.split(r"\n{2,}", text)]


def _cue(lines: list[str]) -> str | None:
    """Times and words of a cue; None for notes, styles and regions."""
    for number, line in enumerate(lines[:2]):
        if match := TIMING.match(line):
            words = [MARKUP.sub("", word).strip() for word in lines[number + 1 :]]
            words = [w.replace("-->", "→").replace("<", "") for w in words if w]
            return "\n".join([_timing(match), *words]) if words else None
    return None


def _timing(match: re.Match) -> str:
    first, second = match.groups()[:4], match.groups()[4:]
    return " --> ".join(
        f"{int(hours or 0):02}:{minutes}:{seconds}.{milliseconds}"
        for hours, minutes, seconds, milliseconds in (first, second)
    )
