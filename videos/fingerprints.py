"""What a clip looks like, in numbers that survive scaling, encoding and mirroring.

A perceptual hash as in pHash: the signs of the lowest frequencies of a small grey
picture.  Signs, not "above the median", because a mirrored picture only turns the
signs of the odd columns: its hash is known without another picture.  Sixteen pixels a
side hold all frequencies that count, so Python alone is quick enough.
"""

import math
import operator
from collections.abc import Iterable

from PIL import Image

from videos import levels

SIDE = 16
KEPT = 8
# What has less contrast is a blank: its hash would be that of any other.
LEAST_CONTRAST = 8
# Bits of 63 by which frames may differ that show the same; chance gives about 31.
ALIKE_BITS = 11
# A frame is kept when it differs by more from the one kept before.
STILL_BITS = 4
# A hash is cut into so many parts, every third bit, and each is looked up as it is and
# with each of its bits turned: hashes that differ by five bits meet for certain, unless
# one of these tells pictures from mirrored ones; of a million others one in a hundred
# meets by chance.
PARTS = 3
PART_BITS = 21
TURNED_BITS = 1
# Where a still picture is all there is, it is looked for more widely: up to eight bits.
TURNED_BITS_OF_ONE = 2
# Of one video, spread evenly: so many hashes are to be found, and of those beyond each
# eighth, so that a piece of a long one is found as well; and so many are looked for,
# because ten find hardly more and take half as long again.
INDEXED = 16
LOOKED_FOR = 7

COSINES = [
    [math.cos(math.pi * frequency * (2 * x + 1) / (2 * SIDE)) for x in range(SIDE)]
    for frequency in range(KEPT)
]
# Without the mean, low frequencies first.
ORDER = sorted(
    ((row, column) for row in range(KEPT) for column in range(KEPT) if row or column),
    key=lambda place: (sum(place), place),
)
MIRROR = sum(1 << bit for bit, (_, column) in enumerate(ORDER) if column % 2)
# The sign of the lowest frequency across tells a picture from its mirrored one.
TELLING_BIT = 1 << ORDER.index((0, 1))


def hash_of(picture: Image.Image) -> int | None:
    """63 bits, or None where there is too little to see."""
    grey = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    _, variance = levels.mean_and_variance(grey)
    if variance < LEAST_CONTRAST**2:
        return None
    data = grey.tobytes()
    rows = [data[y * SIDE : (y + 1) * SIDE] for y in range(SIDE)]
    across = [[_product(row, cosine) for row in rows] for cosine in COSINES]
    return sum(
        1 << bit
        for bit, (row, column) in enumerate(ORDER)
        if _product(across[column], COSINES[row]) > 0
    )


def _product(one: Iterable[float], other: Iterable[float]) -> float:
    return sum(map(operator.mul, one, other))


def mirrored(value: int) -> int:
    return value ^ MIRROR


def distinct(hashes: Iterable[int | None]) -> list[int]:
    """Without the blanks, and without what shows the same as the one before."""
    kept: list[int] = []
    for value in hashes:
        if value is not None and (not kept or _bits(value, kept[-1]) > STILL_BITS):
            kept.append(value)
    return kept


def bands_of(hashes: list[int]) -> list[int]:
    """By what a video is found: parts with their number, to meet only their likes."""
    parts = _numbered(indexed(hashes))
    return sorted({number << PART_BITS | part for number, part in parts})


def bands_near(hashes: list[int]) -> list[int]:
    """By what others like a video are looked for, as it is or mirrored."""
    some = _spread(hashes, LOOKED_FOR)
    bits = TURNED_BITS_OF_ONE if len(some) == 1 else TURNED_BITS
    return sorted(
        {
            number << PART_BITS | near
            for number, part in _numbered(some)
            for near in _within(part, bits)
        }
    )


def indexed(hashes: list[int]) -> list[int]:
    return _spread(hashes, INDEXED + max(0, len(hashes) - INDEXED) // 8)


def _spread(hashes: list[int], most: int) -> list[int]:
    if len(hashes) <= most:
        return hashes
    return [hashes[number * len(hashes) // most] for number in range(most)]


def _numbered(hashes: list[int]) -> Iterable[tuple[int, int]]:
    return (pair for value in hashes for pair in enumerate(_parts(_upright(value))))


def _upright(value: int) -> int:
    """The same for a picture and its mirrored one."""
    return mirrored(value) if value & TELLING_BIT else value


def _within(part: int, bits: int) -> set[int]:
    """The part, and what differs from it by so many bits at most."""
    found = {part}
    for _ in range(bits):
        found |= {near ^ 1 << bit for near in found for bit in range(PART_BITS)}
    return found


def _parts(value: int) -> list[int]:
    """The lowest frequencies, which bear most, are spread over all parts."""
    bits = f"{value:0{PARTS * PART_BITS}b}"
    return [int(bits[start::PARTS], 2) for start in range(PARTS)]


def share_found(one: list[int], other: list[int]) -> float:
    """How much of the shorter is in the other, upright or mirrored: 0 to 1."""
    if not one or not other:
        return 0.0
    shorter, longer = sorted((one, other), key=len)
    upright = sum(_is_in(value, longer) for value in shorter)
    turned = sum(_is_in(mirrored(value), longer) for value in shorter)
    return max(upright, turned) / len(shorter)


def _is_in(value: int, hashes: list[int]) -> bool:
    return any(_bits(value, other) <= ALIKE_BITS for other in hashes)


def _bits(one: int, other: int) -> int:
    return (one ^ other).bit_count()
