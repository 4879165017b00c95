"""The one module that runs ffmpeg, and the child process that looks inside files."""

import functools
import json
import logging
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import IO

import imageio_ffmpeg
from django.conf import settings

from videos import children, codecs, ladder

logger = logging.getLogger(__name__)

INSPECTION = Path(__file__).with_name("inspection.py")

# Debian's build has them all; a build without one is passed over.
NEEDED = ("libx264", "zscale", "tonemap", "bwdif")

TOO_MANY_DECODING_ERRORS = 69
ENDED_BY_SIGNAL = 255  # also when its time is used up: ffmpeg catches that one
# A file that crashes a decoder does so each time.
CRASHES = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL)
INVALID_DATA = 183  # since ffmpeg 6; before, 1 for every reason
TICK_SECONDS = 0.25


class FFmpegError(Exception):
    """The command failed for a reason that may pass: no room, no memory, killed."""


class UnreadableVideo(FFmpegError):
    """The file is not a video that can be read; trying again will not help.

    `refusal` is a key of `refusals.WORDS`, which the seller reads.
    """

    def __init__(self, refusal: str, detail: str = ""):
        super().__init__(detail or refusal)
        self.refusal = refusal


@dataclass(frozen=True)
class Limits:
    wall_seconds: int
    cpu_seconds: int
    memory_bytes: int = 2 * 1024**3
    file_bytes: int = 2 * 1024**3
    # The only files and folders of ours that the command sees.
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Probe:
    """What a source really holds, measured and not believed."""

    duration_ms: int
    width: int  # as displayed: square pixels, the right way up
    height: int
    frame_rate: Fraction
    video_index: int
    video_codec: str
    audio_index: int | None
    transfer: str  # sdr, hlg or pq
    matrix: int  # ISO/IEC 23091-2 MatrixCoefficients
    is_interlaced: bool
    # A browser can play the packets of pictures as they are: H.264 of 8 bits.
    is_plain: bool = False
    has_plain_sound: bool = False  # the same of sound: AAC
    # Of a part of the source: where it begins; `duration_ms` is its length.
    starts_ms: int | None = None


PROBE_LIMITS = Limits(wall_seconds=60, cpu_seconds=30, file_bytes=65536)


def probe(path: Path, on_line: Callable[[str], None] = lambda line: None) -> Probe:
    """Look inside a file, in a limited child process."""
    missing_walls()  # says so once
    output = run(
        [sys.executable, "-I", str(INSPECTION), str(path)],
        limits=replace(PROBE_LIMITS, reads=(path, INSPECTION.parent)),
        failure=functools.partial(UnreadableVideo, "damaged"),
        on_line=on_line,
    )
    facts = json.loads(output)
    if "refused" in facts:
        raise UnreadableVideo(facts["refused"])
    if "unopened" in facts:
        raise FFmpegError(facts["unopened"])
    width, height = ladder.displayed_size(
        facts["width"],
        facts["height"],
        Fraction(facts["pixel_aspect"].replace(":", "/")),
        facts["rotation"],
    )
    return Probe(
        duration_ms=facts["duration_ms"],
        width=width,
        height=height,
        frame_rate=Fraction(facts["frames_per_second"]).limit_denominator(1001),
        video_index=facts["video_index"],
        video_codec=facts["video_codec"],
        audio_index=facts["audio_index"],
        transfer=facts["transfer"],
        matrix=facts["matrix"],
        is_interlaced=facts["is_interlaced"],
        is_plain=_is_plain(facts),
        has_plain_sound=facts["audio_codec"] == "aac",
    )


def _is_plain(facts: dict) -> bool:
    return (
        facts["video_codec"] == "h264"
        and facts["pixel_format"] in ("yuv420p", "yuvj420p")
        and facts["transfer"] == "sdr"
        and not facts["is_interlaced"]
        and facts["rotation"] % 90 == 0
        and not facts["is_mirrored"]
    )


def binary() -> str:
    """The system's ffmpeg when it can do all that is needed, else the wheel's."""
    extra = (codecs.ENCODERS[codec] for codec in settings.VIDEO_EXTRA_CODECS)
    return _binary_with((*NEEDED, *extra))


@functools.cache
def _binary_with(needed: tuple[str, ...]) -> str:
    for path in filter(None, (shutil.which("ffmpeg"), imageio_ffmpeg.get_ffmpeg_exe())):
        lists = [
            subprocess.run(
                [path, "-hide_banner", option],
                capture_output=True, text=True, timeout=30, check=False,
            ).stdout
            for option in ("-encoders", "-filters")
        ]  # fmt: skip
        if all(f" {name} " in "".join(lists) for name in needed):
            return path
    raise FFmpegError(f"no ffmpeg with {', '.join(needed)} was found")


def run(
    command: list[str],
    *,
    limits: Limits,
    failure: Callable[[str], FFmpegError] = FFmpegError,
    on_line: Callable[[str], None] = lambda line: None,
) -> str:
    """Run a command under limits; `on_line` sees its output line by line, at once.

    While there is none it is called all the same, with an empty line, several times a
    second: it may raise to stop.
    """
    with tempfile.TemporaryFile() as errors:
        try:
            output, code, spent = _ended(command, limits, errors, on_line)
        except children.ChildLost as lost:
            raise FFmpegError(str(lost)) from lost
        # ffmpeg sees itself that its time is used up, and exits.
        is_used_up = code == ENDED_BY_SIGNAL and spent > limits.cpu_seconds / 2
        if is_used_up or code == -signal.SIGXCPU:
            raise UnreadableVideo("too_slow")
        if code:
            raise _reason(code, errors, failure)
    return output


def _ended(
    command: list[str], limits: Limits, errors: IO[bytes], on_line
) -> tuple[str, int, float]:
    """What a child has written, its exit code, its CPU seconds."""
    child = children.start([*terms_of(limits, command), *command], errors)
    try:
        output = _read_lines(child, time.monotonic() + limits.wall_seconds, on_line)
        return output, *child.wait(timeout=10)
    finally:
        child.end()


def terms_of(limits: Limits, command: list[str]) -> list[str]:
    """What `walls.build` is told before the command."""
    programs = [sys.prefix, sys.base_prefix, *map(os.path.dirname, command[:1])]
    reads = [*programs, *limits.reads]
    terms = [
        limits.memory_bytes, limits.cpu_seconds, limits.file_bytes,
        len(reads), *reads, len(limits.writes), *limits.writes,
    ]  # fmt: skip
    return [str(term) for term in terms]


@functools.cache
def missing_walls() -> tuple[str, ...]:
    """What the kernel of this machine does not give, or forbids in a container."""
    nothing = Limits(wall_seconds=10, cpu_seconds=5)
    missing = tuple(run([], limits=nothing).splitlines())
    if missing:
        logger.warning(
            "Children that read uploads have no %s here; see docs/video.md.",
            " and no ".join(missing),
        )
    return missing


def _read_lines(child: children.Child, deadline: float, on_line) -> str:
    lines = []
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.output, selectors.EVENT_READ)
        while True:
            if time.monotonic() > deadline:
                raise FFmpegError("it took too long")
            if not selector.select(TICK_SECONDS):
                on_line("")
                continue
            chunk = os.read(child.output, 65536)
            if not chunk:
                return "\n".join([*lines, pending.decode(errors="replace")])
            *whole, pending = (pending + chunk).split(b"\n")
            for line in whole:
                lines.append(line.decode(errors="replace"))
                on_line(lines[-1])


def _reason(code: int, errors, failure) -> FFmpegError:
    errors.seek(0)
    words = errors.read().decode(errors="replace").strip()[-2000:]
    if code in (TOO_MANY_DECODING_ERRORS, INVALID_DATA, *CRASHES):
        return UnreadableVideo("damaged", words or f"exit code {code}")
    if code in (-signal.SIGKILL, -signal.SIGTERM):
        return FFmpegError(f"killed by signal {-code}: {words}")
    return failure(words or f"exit code {code}")
