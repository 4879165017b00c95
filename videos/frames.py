"""Which frames of a clip may stand for it: sharp, well lit and unlike each other."""

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter, ImageStat

from videos.levels import mean_and_variance

CANDIDATES = 5
# Each candidate is the best of so many, taken from its own part of the clip.
CHOICES = 3

# A JPEG is decoded at a half, a quarter or an eighth of its size: its short edge is
# this large, or up to twice as large.
SHORT_SIDE = 96
LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), 1, 128)
THUMB = (16, 16)
# Mean difference of two thumbs, of 255, below which one shows what the other does.
ALIKE = 6


@dataclass(frozen=True)
class Frame:
    path: Path
    score: float
    thumb: Image.Image


class Judge:
    """Looks at frames as they come into a folder, while the next ones are made."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.judged: list[Frame] = []

    def look(self) -> None:
        """At all but the last, which may be half written."""
        self._look_at(self._paths()[:-1])

    def candidates(self) -> list[Frame]:
        """Once all are there: the best of each part of the clip, in its order.

        A part whose every frame resembles a chosen one has none.
        """
        self._look_at(self._paths())
        chosen: list[Frame] = []
        for part in _parts(self.judged):
            ranked = sorted(part, key=lambda frame: frame.score, reverse=True)
            new = (f for f in ranked if all(_difference(f, c) >= ALIKE for c in chosen))
            if frame := next(new, None):
                chosen.append(frame)
        return chosen

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.jpg"))

    def _look_at(self, paths: list[Path]) -> None:
        self.judged += [_judged(path) for path in paths[len(self.judged) :]]


def best(frames: list[Frame]) -> Frame:
    return max(frames, key=lambda frame: frame.score)


def _parts(frames: list[Frame]) -> list[list[Frame]]:
    return [frames[n : n + CHOICES] for n in range(0, len(frames), CHOICES)]


def _judged(path: Path) -> Frame:
    with Image.open(path, formats=["JPEG"]) as image:
        image.draft("RGB", (SHORT_SIDE, SHORT_SIDE))
        picture = image.convert("RGB")
    return Frame(path, _score(picture), picture.resize(THUMB, Image.Resampling.BOX))


def _score(picture: Image.Image) -> float:
    """Edges tell sharpness; without contrast and light they are noise."""
    grey = picture.convert("L")
    light, contrast = mean_and_variance(grey)
    _, edges = mean_and_variance(grey.filter(LAPLACIAN))
    saturation = picture.reduce(2).convert("HSV").getchannel("S")
    colour, _ = mean_and_variance(saturation)
    # Full marks in the middle, none for black and white.
    exposure = 1 - abs(light - 127.5) / 127.5
    return (
        math.log1p(edges)
        + math.log1p(math.sqrt(contrast))
        + math.log1p(colour) / 2
        + 4 * math.sqrt(exposure)
    )


def _difference(one: Frame, other: Frame) -> float:
    difference = ImageStat.Stat(ImageChops.difference(one.thumb, other.thumb))
    return sum(difference.mean) / 3
