"""The one module that runs ffmpeg, and the child process that looks inside files."""

import functools
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg

from videos import ladder

INSPECTION = Path(__file__).with_name("inspection.py")
LIMITED = Path(__file__).with_name("limited.py")

# Debian's build has them all; a build without one is passed over.
NEEDED = ("libx264", "zscale", "tonemap", "bwdif")

TOO_MANY_DECODING_ERRORS = 69


class FFmpegError(Exception):
    """The command failed for a reason that may pass: no room, no memory, killed."""


class UnreadableVideo(FFmpegError):
    """The file is not a video that can be read; trying again will not help.

    `refusal` is a value of `Video.Refusal`, which has the words for the seller.
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


PROBE_LIMITS = Limits(wall_seconds=60, cpu_seconds=30, file_bytes=0)


def probe(path: Path) -> Probe:
    """Look inside a file, in a limited child process."""
    output = run(
        [sys.executable, "-I", str(INSPECTION), str(path)],
        limits=PROBE_LIMITS,
        failure=functools.partial(UnreadableVideo, "damaged"),
    )
    facts = json.loads(output)
    if "refused" in facts:
        raise UnreadableVideo(facts["refused"])
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
    )


@functools.cache
def binary() -> str:
    """The system's ffmpeg when it can do all that is needed, else the wheel's."""
    for path in filter(None, (shutil.which("ffmpeg"), imageio_ffmpeg.get_ffmpeg_exe())):
        lists = [
            subprocess.run(
                [path, "-hide_banner", option],
                capture_output=True, text=True, timeout=30, check=False,
            ).stdout
            for option in ("-encoders", "-filters")
        ]  # fmt: skip
        if all(f" {name} " in "".join(lists) for name in NEEDED):
            return path
    raise FFmpegError(f"no ffmpeg with {', '.join(NEEDED)} was found")


def run(
    command: list[str],
    *,
    limits: Limits,
    failure: Callable[[str], FFmpegError] = FFmpegError,
    on_line: Callable[[str], None] = lambda line: None,
) -> str:
    """Run a command under limits; `on_line` sees its output line by line, at once."""
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [*_limited(limits), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        try:
            output = _read_lines(child, time.monotonic() + limits.wall_seconds, on_line)
            code = child.wait(timeout=10)
        finally:
            _kill(child)
        if code:
            raise _reason(code, errors, failure)
    return output


def _limited(limits: Limits) -> list[str]:
    return [
        sys.executable, "-I", "-S", str(LIMITED), str(os.getpid()),
        str(limits.memory_bytes), str(limits.cpu_seconds), str(limits.file_bytes),
    ]  # fmt: skip


def _read_lines(child, deadline: float, on_line) -> str:
    lines = []
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0, deadline - time.monotonic())):
                raise FFmpegError("it took too long")
            chunk = os.read(child.stdout.fileno(), 65536)
            if not chunk:
                return "\n".join([*lines, pending.decode(errors="replace")])
            *whole, pending = (pending + chunk).split(b"\n")
            for line in whole:
                lines.append(line.decode(errors="replace"))
                on_line(lines[-1])


def _kill(child) -> None:
    """End the child and all that it started; it has a process group of its own."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    child.stdout.close()


def _reason(code: int, errors, failure) -> FFmpegError:
    errors.seek(0)
    words = errors.read().decode(errors="replace").strip()[-2000:]
    if code == TOO_MANY_DECODING_ERRORS:
        return UnreadableVideo("damaged", words)
    if code in (-signal.SIGKILL, -signal.SIGTERM):
        return FFmpegError(f"killed by signal {-code}: {words}")
    return failure(words or f"exit code {code}")
