"""Captions as plain cues: read from WebVTT or SubRip, written as WebVTT."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

MOST_BYTES = 500_000
# Each is three fields of a form, of which Django takes a thousand.
MOST_CUES = 300
LONGEST_TEXT = 300
SHORTEST_MS = 100
NEW_CUE_MS = 2500

CLOCK = r"(?:(\d{1,2}):)?([0-5]?\d):([0-5]\d)[.,](\d{3})"
TIMING = re.compile(rf"^\s*{CLOCK}\s+-->\s+{CLOCK}(?:\s.*)?$")
TYPED = re.compile(r"^(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:[.,](\d{1,3}))?$")
VTT_MARKUP = re.compile(r"<[^>]*>?")
# SubRip has no entities and no rule for "<": only its known marks go.
SRT_MARKUP = re.compile(r"</?(?:b|i|u|s|font)\b[^>]*>|\{\\an?\d\}", re.IGNORECASE)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class UnreadableCaptions(Exception):
    """Its text tells the seller what is wrong with the file."""


@dataclass(frozen=True)
class Cue:
    starts_ms: int
    ends_ms: int
    text: str


def read(data: bytes) -> list[Cue]:
    """The cues of an uploaded file, in order, whatever the rules say of them."""
    if len(data) > MOST_BYTES:
        raise UnreadableCaptions(_("The captions are too long."))
    text = _decoded(data)
    is_webvtt = text.startswith("WEBVTT")
    cues = [cue for block in _blocks(text) if (cue := _cue(block, is_webvtt))]
    if not cues:
        raise UnreadableCaptions(
            _("There are no captions in this file. It must be a WebVTT or SRT file.")
        )
    if len(cues) > MOST_CUES:
        raise UnreadableCaptions(
            _("A video may have %(most)s captions at most.") % {"most": MOST_CUES}
        )
    return sorted(cues, key=lambda cue: (cue.starts_ms, cue.ends_ms))


def _decoded(data: bytes) -> str:
    encoding = "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableCaptions(_("The captions must be saved as UTF-8.")) from error


def _blocks(text: str) -> Iterator[list[str]]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return (block.split("\n") for block in re.split(r"\n{2,}", text))


def _cue(lines: list[str], is_webvtt: bool) -> Cue | None:
    """Times and words of a cue; None for notes, styles and regions."""
    for number, line in enumerate(lines[:2]):
        if match := TIMING.match(line):
            words = "\n".join(lines[number + 1 :])
            if is_webvtt:
                words = html.unescape(VTT_MARKUP.sub("", words))
            else:
                words = SRT_MARKUP.sub("", words)
            if words := plain(words):
                times = match.groups()
                return Cue(_milliseconds(*times[:4]), _milliseconds(*times[4:]), words)
    return None


def _milliseconds(hours, minutes, seconds, fraction) -> int:
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    return whole * 1000 + int((fraction or "").ljust(3, "0"))


def plain(text: str) -> str:
    """Lines without what is not text; an empty line would end the cue."""
    text = CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def written(cues: list[Cue]) -> ContentFile:
    """A WebVTT file of nothing but times and escaped text."""
    blocks = [
        f"{_clock(cue.starts_ms)} --> {_clock(cue.ends_ms)}\n"
        + html.escape(cue.text, quote=False)
        for cue in cues
    ]
    text = "\n\n".join(["WEBVTT", *blocks]) + "\n"
    return ContentFile(text.encode())


def _clock(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{milliseconds:03}"


def typed_time(text: str) -> int | None:
    """Milliseconds of “1:02.5”, “62.5” or “62,5”; None where it is no time."""
    match = TYPED.match(text.strip())
    return _milliseconds(*match.groups()) if match else None


def time_to_type(milliseconds: int) -> str:
    """62,500 is 1:02.500."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 60}:{seconds % 60:02}.{milliseconds:03}"


def wrong_times(cues: list[Cue], duration_ms: int) -> dict[int, str]:
    """By the number of the cue, what the seller must change; cues are in order."""
    wrong = {}
    for number, cue in enumerate(cues):
        if cue.starts_ms >= duration_ms:
            wrong[number] = _("This begins when the video is over, at %(end)s.") % {
                "end": time_to_type(duration_ms)
            }
        elif cue.ends_ms <= cue.starts_ms:
            wrong[number] = _("This must end after it begins.")
        elif min(cue.ends_ms, duration_ms) - cue.starts_ms < SHORTEST_MS:
            wrong[number] = _("This is too short to be read.")
    for number, (one, other) in enumerate(pairwise(cues), start=1):
        if other.starts_ms < one.ends_ms and number not in wrong:
            wrong[number] = _(
                "This begins before the caption above it ends, at %(end)s."
            ) % {"end": time_to_type(one.ends_ms)}
    return wrong
