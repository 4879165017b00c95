"""What makes all clips equally loud: EBU R128, by one gain for the whole clip.

A linear gain keeps the difference between soft and loud that `loudnorm` in one pass
would flatten; measuring costs a decoding of the sound alone.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from videos import encoding, ffmpeg

TARGET_LUFS = -14
# What is softer is silence or the noise of a microphone.
SILENCE_LUFS = -50
LOUDEST_GAIN_DB = 20
# The measure needs blocks of 400 ms; of a click or a word it says little.
SHORTEST_MS = 1000
# What the limiter takes away is given back, up to here.
LARGEST_CORRECTION_DB = 6


@dataclass(frozen=True)
class Loudness:
    lufs: float
    peak_dbfs: float


@dataclass(frozen=True)
class Levelling:
    """The gain that brings a clip's sound to the target, and what it was before."""

    gain_db: float = 0.0
    lufs: float | None = None


def levelling(
    source: Path,
    probe: ffmpeg.Probe,
    limits: ffmpeg.Limits,
    on_line: Callable[[str], None] = lambda line: None,
    found: Loudness | None = None,
) -> Levelling:
    """Without a figure where there is no sound, or none that can be heard.

    `found` is how loud it is, where that has been measured already.
    """
    if probe.audio_index is None:
        return Levelling()
    measure = functools.partial(_measured, source, probe, limits, on_line)
    found = found or measure()
    if found is None or found.lufs < SILENCE_LUFS:
        return Levelling()
    return Levelling(_gain_db(found, probe, measure), found.lufs)


def _gain_db(found: Loudness, probe: ffmpeg.Probe, measure: Callable) -> float:
    gain = min(LOUDEST_GAIN_DB, TARGET_LUFS - found.lufs)
    if gain > 0 and probe.duration_ms < SHORTEST_MS:
        return 0.0
    if found.peak_dbfs + gain <= encoding.PEAK_DBFS:
        return gain
    limited = measure(gain)
    lost = max(0, TARGET_LUFS - limited.lufs) if gain < LOUDEST_GAIN_DB else 0
    return gain + min(LARGEST_CORRECTION_DB, lost)


def _measured(
    source, probe, limits, on_line, gain: float | None = None
) -> Loudness | None:
    command = encoding.loudness_command(source, probe, gain)
    output = ffmpeg.run([ffmpeg.binary(), *command], limits=limits, on_line=on_line)
    return loudness_in(output)


def loudness_in(output: str) -> Loudness | None:
    """The last figures that the measuring filter printed; they cover the whole."""
    found = dict(
        line.removeprefix("lavfi.r128.").split("=", 1)
        for line in output.splitlines()
        if line.startswith(("lavfi.r128.I=", "lavfi.r128.sample_peak="))
    )
    if "I" not in found:
        return None
    peak = float(found["sample_peak"])
    return Loudness(float(found["I"]), 20 * math.log10(peak) if peak > 0 else -math.inf)
