"""Plots as inline SVG: where things lie, in per cent of the area.  Pure.

`templates/_plot.html` draws them, with the same figures as a table.  Texts are not
stretched with the picture: coordinates are percentages, curves alone are scaled.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

Point = tuple[float, float]


def plain(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


def percent(value: float) -> str:
    """Of a share from 0 to 1."""
    return f"{100 * value:.0f} %"


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`; from the points where these are not given."""

    name: str
    text: Callable[[float], str] = plain
    low: float | None = None
    high: float | None = None
    # No mark between two whole numbers: of days, of seconds.
    is_whole: bool = False


@dataclass(frozen=True)
class Series:
    """A curve, steps under which the area counts, or the band between two curves."""

    name: str
    points: Sequence[Point]
    kind: str = "line"  # or "bars", "band"
    lows: Sequence[float] = ()


@dataclass(frozen=True)
class Mark:
    """A span of x that the plot shows with a number, explained below it."""

    starts: float
    ends: float
    name: str


@dataclass(frozen=True)
class Tick:
    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Shape:
    """A path in a square of 100 by 100, and its number among the colours."""

    name: str
    path: str
    kind: str
    number: int


@dataclass(frozen=True)
class Span:
    at: str
    width: str
    number: int
    name: str


@dataclass(frozen=True)
class Plot:
    title: str
    x_name: str
    y_name: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    shapes: list[Shape]
    spans: list[Span] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    @property
    def header(self) -> list[str]:
        return [self.x_name, *(shape.name for shape in self.shapes)]


def plot(
    title: str, x: Axis, y: Axis, series: Iterable[Series], marks: Iterable[Mark] = ()
) -> Plot | None:
    """None where there is nothing to be seen."""
    series = [one for one in series if one.points]
    if not series:
        return None
    points = [point for one in series for point in one.points]
    lows = [low for one in series for low in one.lows]
    left, right = bounds(x, [px for px, _py in points])
    bottom, top = bounds(y, [py for _px, py in points] + lows)

    def place(px, py):
        return share(px, left, right), 100 - share(py, bottom, top)

    base = 100 - share(0, bottom, top)
    return Plot(
        title=title,
        x_name=x.name,
        y_name=y.name,
        x_ticks=[
            Tick(
                at(share(value, left, right)),
                x.text(value),
                anchor_of(value, left, right),
            )
            for value in ticks(left, right, x.is_whole)
        ],
        y_ticks=[
            Tick(at(100 - share(value, bottom, top)), y.text(value))
            for value in ticks(bottom, top, y.is_whole)
        ],
        shapes=[
            Shape(one.name, PATHS[one.kind](one, place, base), one.kind, number)
            for number, one in enumerate(series, start=1)
        ],
        spans=[
            span(mark, number, left, right)
            for number, mark in enumerate(marks, start=1)
        ],
        rows=list(rows_of(series, x, y)),
    )


def bounds(axis: Axis, values: Sequence[float]) -> tuple[float, float]:
    """Never of no length."""
    low = min(0, *values, 0) if axis.low is None else axis.low
    high = max(values) if axis.high is None else axis.high
    return (low, high) if high > low else (low, low + 1)


def share(value: float, low: float, high: float) -> float:
    """Where between them, in per cent, and not outside."""
    return 100 * min(max((value - low) / (high - low), 0), 1)


def at(percentage: float) -> str:
    return f"{percentage:.2f}%"


def anchor_of(value: float, left: float, right: float) -> str:
    """A text at the edge stays inside."""
    if share(value, left, right) < 4:
        return "start"
    return "end" if share(value, left, right) > 96 else "middle"


def ticks(low: float, high: float, is_whole: bool, most: int = 5) -> list[float]:
    """Round numbers between them, at most so many."""
    rough = (high - low) / (most - 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough * 0.999)
    if is_whole:
        step = max(1, round(step))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]


def curve(points: Iterable[Point]) -> str:
    return "L".join(f"{px:.2f} {py:.2f}" for px, py in points)


DASH = 2  # per cent of the area, to both sides


def line_path(series: Series, place, base: float) -> str:
    points = [place(*point) for point in series.points]
    if len(points) == 1:
        # Of a single point no line would be seen.
        [(px, py)] = points
        points = [(max(px - DASH, 0), py), (min(px + DASH, 100), py)]
    return "M" + curve(points)


def bars_path(series: Series, place, base: float) -> str:
    """Each as wide as there is room, less a little."""
    width = 80 / max(len(series.points), 2)
    paths = []
    for point in series.points:
        px, py = place(*point)
        left, right = max(px - width / 2, 0), min(px + width / 2, 100)
        corners = [(left, base), (left, py), (right, py), (right, base)]
        paths.append(f"M{curve(corners)}Z")
    return "".join(paths)


def band_path(series: Series, place, base: float) -> str:
    highs = [place(*point) for point in series.points]
    pairs = zip(series.points, series.lows, strict=True)
    lows = [place(px, low) for (px, _high), low in pairs]
    return f"M{curve([*highs, *lows[::-1]])}Z"


PATHS = {"line": line_path, "bars": bars_path, "band": band_path}


def span(mark: Mark, number: int, left: float, right: float) -> Span:
    start, end = share(mark.starts, left, right), share(mark.ends, left, right)
    return Span(at(start), at(max(end - start, 0.5)), number, mark.name)


def rows_of(series: Sequence[Series], x: Axis, y: Axis):
    """One for each x, with what each series has there."""
    found = [texts_of(one, y) for one in series]
    for px in sorted({px for texts in found for px in texts}):
        yield [x.text(px), *(texts.get(px, "–") for texts in found)]


def texts_of(series: Series, y: Axis) -> dict[float, str]:
    if not series.lows:
        return {px: y.text(py) for px, py in series.points}
    pairs = zip(series.points, series.lows, strict=True)
    return {px: f"{y.text(low)} – {y.text(high)}" for (px, high), low in pairs}
