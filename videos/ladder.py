"""Which renditions a source gets: pure arithmetic on sizes and rates.

A rung is named for its short edge, so that a portrait and a landscape clip of
the same sharpness get the same ladder.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

SEGMENT_SECONDS = 2

SHORT_EDGES = (360, 540, 720, 1080)
HD_EDGE = 720

# What every browser plays; a ladder in another codec may stand beside it.
H264 = "h264"

# The cap of each rung at up to 30 frames a second, in kbit/s.
CAPS_KBPS = {360: 800, 540: 1600, 720: 2800, 1080: 5000}

# Below this short edge a viewer gains nothing from more than 30 frames a second.
SMOOTH_FROM = HD_EDGE

STANDARD_RATES = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(48),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
)


@dataclass(frozen=True)
class Rung:
    width: int
    height: int
    frame_rate: Fraction
    video_kbps: int
    codec: str = H264

    @property
    def short_edge(self) -> int:
        return min(self.width, self.height)

    @property
    def name(self) -> str:
        edge = f"{self.short_edge}p"
        return edge if self.codec == H264 else f"{edge}-{self.codec}"

    @property
    def group_frames(self) -> int:
        """Frames of one group of pictures; the same time on every rung."""
        return round(self.frame_rate * SEGMENT_SECONDS)


def displayed_size(
    width: int, height: int, pixel_aspect: Fraction, rotation: int
) -> tuple[int, int]:
    """The size that a viewer sees: square pixels, the right way up."""
    if pixel_aspect > 1:
        width = round(width * pixel_aspect)
    elif 0 < pixel_aspect < 1:
        height = round(height / pixel_aspect)
    return (height, width) if rotation % 180 == 90 else (width, height)


def constant_rate(measured: Fraction) -> Fraction:
    """The standard rate that keeps every frame of the source, 60 at most.

    A phone drops a few frames and reports 29.2: the nearest within five per cent
    is meant, otherwise the next one above.
    """
    nearest = min(STANDARD_RATES, key=lambda rate: abs(rate - measured))
    if abs(nearest - measured) <= nearest / 20:
        return nearest
    return next((r for r in STANDARD_RATES if r >= measured), STANDARD_RATES[-1])


def rungs_for(width: int, height: int, frame_rate: Fraction) -> tuple[Rung, ...]:
    """The ladder of a displayed size, smallest first, never larger than the source."""
    short, long = sorted((width, height))
    edges = [edge for edge in SHORT_EDGES if edge <= short]
    return tuple(_rung(width, height, edge, frame_rate) for edge in edges or [short])


def in_codecs(rungs: tuple[Rung, ...], codecs: Iterable[str]) -> tuple[Rung, ...]:
    """The whole ladder again in each: players do not change between codecs."""
    return tuple(
        replace(rung, codec=codec, video_kbps=rung.video_kbps * 2 // 3)
        for codec in codecs
        for rung in rungs
    )


def _rung(width: int, height: int, edge: int, frame_rate: Fraction) -> Rung:
    short = min(width, height)
    rate = constant_rate(frame_rate)
    if edge < SMOOTH_FROM and rate > 30:
        rate /= 2
    cap = CAPS_KBPS.get(edge, CAPS_KBPS[SHORT_EDGES[0]])
    return Rung(
        width=_even(Fraction(width * edge, short)),
        height=_even(Fraction(height * edge, short)),
        frame_rate=rate,
        video_kbps=cap * 3 // 2 if rate > 30 else cap,
    )


def _even(length: Fraction) -> int:
    """4:2:0 pictures need even sides; rounded down so that nothing is upscaled."""
    return max(2, int(length) // 2 * 2)
