"""What lies on a clip's time when its cut moves: pure arithmetic.

Pieces that are cut away are kept in the time of the source, so that a wider cut
brings them back as they were.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Span:
    """A part of the source."""

    starts_ms: int
    ends_ms: int

    def holds(self, other: "Span") -> bool:
        return self.starts_ms <= other.starts_ms and other.ends_ms <= self.ends_ms


@dataclass(frozen=True)
class Piece:
    starts_ms: int
    ends_ms: int
    what: Hashable

    def moved(self, by_ms: int) -> "Piece":
        return replace(
            self, starts_ms=self.starts_ms + by_ms, ends_ms=self.ends_ms + by_ms
        )


def recut(
    shown: Iterable[Piece],
    away: Iterable[Piece],
    cuts: tuple[Span, Span],
    shortest_ms: int,
) -> tuple[list[Piece], list[Piece]]:
    """From the old cut to the new: what is shown then, and what is away.

    `shown` is in the time of its cut, `away` in the time of the source.
    """
    old, new = cuts
    whole = [*(piece.moved(old.starts_ms) for piece in shown), *away]
    inside: list[Piece] = []
    outside: list[Piece] = []
    for piece in _joined(whole, {old.starts_ms, old.ends_ms}):
        starts_ms = max(piece.starts_ms, new.starts_ms)
        ends_ms = min(piece.ends_ms, new.ends_ms)
        if ends_ms - starts_ms < min(shortest_ms, piece.ends_ms - piece.starts_ms):
            outside.append(piece)
            continue
        inside.append(Piece(starts_ms, ends_ms, piece.what).moved(-new.starts_ms))
        if piece.starts_ms < starts_ms:
            outside.append(replace(piece, ends_ms=starts_ms))
        if ends_ms < piece.ends_ms:
            outside.append(replace(piece, starts_ms=ends_ms))
    return inside, outside


def _joined(pieces: list[Piece], joints: set[int]) -> list[Piece]:
    """With the halves that an earlier cut has parted in one again."""
    joined: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.starts_ms, piece.ends_ms)):
        half = next(
            (
                other
                for other in joined
                if other.what == piece.what
                and other.ends_ms == piece.starts_ms
                and piece.starts_ms in joints
            ),
            None,
        )
        if half:
            joined[joined.index(half)] = replace(half, ends_ms=piece.ends_ms)
        else:
            joined.append(piece)
    return joined
