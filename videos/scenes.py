"""Small pictures of a whole clip at a steady pace, and where its scenes change."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

SIDE = 32
FRAME_BYTES = SIDE * SIDE * 3
# As far as a sample may lie from the moment that another encoding is sampled at.
INTERVAL_MS = 250
# A longer clip than this many intervals is sampled less often.
MOST_SAMPLES = 1000
# Mean difference of two samples, of 255: a cut stands out from the motion before it.
CUT = 20


@dataclass(frozen=True)
class Scene:
    starts_ms: int
    colour: str


def interval_ms(duration_ms: int) -> float:
    """At most one sample for each quarter of a second; at least one in all."""
    return min(duration_ms, max(INTERVAL_MS, duration_ms / MOST_SAMPLES))


def samples_in(path: Path) -> list[Image.Image]:
    data = path.read_bytes()
    return [
        Image.frombytes("RGB", (SIDE, SIDE), data[start : start + FRAME_BYTES])
        for start in range(0, len(data) - FRAME_BYTES + 1, FRAME_BYTES)
    ]


def scenes_of(samples: list[Image.Image], every_ms: float) -> list[Scene]:
    """Where each begins, to within a sample, and its average colour."""
    if not samples:
        return []
    starts = [0, *cuts(samples)]
    ends = [*starts[1:], len(samples)]
    return [
        Scene(round(start * every_ms), _average(samples[start:end]))
        for start, end in zip(starts, ends, strict=True)
    ]


def cuts(samples: list[Image.Image]) -> list[int]:
    """The first sample of each new scene, by the rule of ffmpeg's `scdet`.

    Steady motion changes every sample alike: only a change of the change is a cut.
    """
    found, before = [], 0.0
    for number in range(1, len(samples)):
        change = _difference(samples[number - 1], samples[number])
        if min(change, abs(change - before)) >= CUT and change > before:
            found.append(number)
        before = change
    return found


def _difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageChops.difference(one, other).tobytes()) / FRAME_BYTES


def _average(samples: list[Image.Image]) -> str:
    data = b"".join(sample.tobytes() for sample in samples)
    channels = (sum(data[n::3]) / (len(data) // 3) for n in range(3))
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)
