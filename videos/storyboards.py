"""Small pictures of a whole clip on one sheet, for scrubbing: pure arithmetic."""

from dataclasses import dataclass

LONG_EDGE = 192
COLUMNS = 10
MAX_TILES = 100
SHEET = "storyboard.jpg"
CUES = "storyboard.vtt"


@dataclass(frozen=True)
class Storyboard:
    tiles: int
    interval_ms: float
    width: int
    height: int

    @property
    def columns(self) -> int:
        return min(self.tiles, COLUMNS)

    @property
    def rows(self) -> int:
        return -(-self.tiles // COLUMNS)


def storyboard_for(width: int, height: int, duration_ms: int) -> Storyboard:
    """A picture each second, in long clips fewer: a sheet has a hundred at most."""
    tiles = min(MAX_TILES, max(1, round(duration_ms / 1000)))
    scale = min(1, LONG_EDGE / max(width, height))
    return Storyboard(
        tiles=tiles,
        interval_ms=duration_ms / tiles,
        width=max(2, round(width * scale) // 2 * 2),
        height=max(2, round(height * scale) // 2 * 2),
    )


def cues(board: Storyboard) -> str:
    """WebVTT as most players read it: which part of the sheet belongs to which time."""
    lines = ["WEBVTT", ""]
    for n in range(board.tiles):
        row, column = divmod(n, COLUMNS)
        area = f"{column * board.width},{row * board.height}"
        starts, ends = n * board.interval_ms, (n + 1) * board.interval_ms
        lines += [
            f"{_clock(starts)} --> {_clock(ends)}",
            f"{SHEET}#xywh={area},{board.width},{board.height}",
            "",
        ]
    return "\n".join(lines)


def _clock(milliseconds: float) -> str:
    seconds, rest = divmod(round(milliseconds), 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{rest:03}"
