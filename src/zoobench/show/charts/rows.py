"""How do times and speed-ups of many cells look below one another? A row for each, with its name and its figure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zoobench.show.charts.scales import AXIS_HEIGHT, Area, Axis, Scale, above, fitted, horizontal, logarithmic
from zoobench.show.charts.sheet import (
    MARGIN,
    WIDTH,
    Chart,
    Drawn,
    Key,
    Span,
    header,
    presented,
    require_number,
    require_span,
)
from zoobench.show.charts.svg import circle, diamond, element, group, line, polyline, shortened, square, text, width_of
from zoobench.system.units import milliseconds, ratio, tick, tick_milliseconds

LATENCY_TITLE, SPEEDUP_TITLE = "Time per image, round by round", "Times faster than float"
_BESIDE_FROM = 480.0
"""Width from which a name stands to the left of its strip; below it stands above."""
_STRIP, _COMPACT_STRIP = 24.0, 18.0
_COMPACT_FROM = 40
_NAME_HEIGHT = 18.0
_GROUP_HEIGHT = 24.0
_LABEL_SHARE = 0.4
_GAP = 8.0
_BELOW = 4.0
_TICKS_ABOVE_FROM = 15
"""Rows from which the ticks stand above the plot too."""
_TICKS_ABOVE = 20.0
"""The room that these take."""

_HILL_STEP, _HILL_INSET = 4.0, 6.0
"""Width of a step of a hill, in units of the drawing, and the room beside the outermost values."""
_SHARE_SHOWN = 0.99
"""Of a cell's rounds that the axis holds at least; one round that was interrupted would press all hills flat."""

_RADIUS, _POINT_INSET = 5.0, 10.0
_SHAPES = {"faster": circle, "undecided": square, "slower": diamond}
_MEANING = {"faster": "interval above 1.00", "undecided": "holds 1.00", "slower": "below 1.00"}
_LEAST_SPEEDUP, _MOST_SPEEDUP = 1e-9, 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row knows of its cell.

    Attributes:
        cell: Its id.
        label: What it is called on the picture, beside the group's name.
        group: What stands above rows that follow one another, such as the backbone; empty for nothing.
    """

    cell: str
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRow(Row):
    """The rounds of a cell.

    Attributes:
        p90_seconds: None where there are too few rounds to tell.
        rounds: In seconds, in any order; empty where only the median is known.
        disturbed: Whether other things on the machine were in the way.
    """

    p50_seconds: float
    p90_seconds: float | None
    rounds: tuple[float, ...]
    disturbed: bool = False

    def __post_init__(self) -> None:
        """Refuses what has no place in the picture."""
        require_number(self.p50_seconds, f"p50 of {self.cell}", least=0)
        require_number(self.p90_seconds, f"p90 of {self.cell}", least=0)
        for seconds in self.rounds:
            require_number(seconds, f"a round of {self.cell}", least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedupRow(Row):
    """A cell's speed-up over another.

    Attributes:
        twin: Id of the other cell.
        point: The twin's time over the cell's.
        interval: 95 %; None where there is none.
    """

    twin: str
    point: float
    interval: Span | None

    def __post_init__(self) -> None:
        """Refuses what has no place in the picture."""
        limits = {"least": _LEAST_SPEEDUP, "most": _MOST_SPEEDUP}
        require_number(self.point, f"the speed-up of {self.cell}", **limits)
        require_span(self.interval, f"the interval of the speed-up of {self.cell}", **limits)

    @property
    def verdict(self) -> str:
        """Whether the interval is above 1, below it, or holds it; without an interval nothing is decided."""
        if self.interval is None or self.interval[0] <= 1 <= self.interval[1]:
            return "undecided"
        return "faster" if self.interval[0] > 1 else "slower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where rows stand below one another.

    Attributes:
        plot: What all strips lie in.
        strips: Each row's part of it, in order.
        words: Names, figures and groups, drawn.
        ticks_above: Whether there is room for ticks above the plot, as it is too high to look down.
    """

    plot: Area
    strips: tuple[Area, ...]
    words: tuple[str, ...]
    ticks_above: bool


def latencies(rows: Sequence[LatencyRow], *, title: str = LATENCY_TITLE, width: float = WIDTH) -> Chart:
    """Returns the picture of all rounds, a row for each cell, in the given order.

    Raises:
        ResultsError: If the width leaves no room.
    """
    return presented(
        (lambda: _draw_latencies(rows, title=title, width=width)) if rows else None,
        title=title,
        alternative=f"Times of one image. {'. '.join(map(_describe_latency, rows))}." if rows else "No cell was timed.",
        width=width,
    )


def speedups(rows: Sequence[SpeedupRow], *, title: str = SPEEDUP_TITLE, width: float = WIDTH) -> Chart:
    """Returns the picture of speed-ups, a row for each cell, in the given order.

    Raises:
        ResultsError: If the width leaves no room.
    """
    described = f"Speed-ups over float, with 95 % intervals. {'. '.join(map(_describe_speedup, rows))}."
    return presented(
        (lambda: _draw_speedups(rows, title=title, width=width)) if rows else None,
        title=title,
        alternative=described if rows else "No cell was timed together with its float file.",
        width=width,
    )


def laid_out(rows: Sequence[Row], figures: Sequence[str], *, top: float, width: float) -> Layout:
    """Returns where rows stand.

    Args:
        rows: At least one.
        figures: What stands at the right of each.
        top: Where they begin, or the ticks above them.
        width: Of the picture; where it is small a name stands above its strip, else to the left of it.
    """
    beside = width >= _BESIDE_FROM
    figure_room = max(map(width_of, figures)) + _GAP
    if beside:
        room = min(max(width_of(row.label) for row in rows), _LABEL_SHARE * width)
        name_x, left, right = MARGIN + room, MARGIN + room + _GAP, width - MARGIN - figure_room
    else:
        room = width - 2 * MARGIN - figure_room
        name_x, left, right = MARGIN, MARGIN, width - MARGIN
    height = _COMPACT_STRIP if len(rows) >= _COMPACT_FROM or not beside else _STRIP
    strips: list[Area] = []
    words: list[str] = []
    ticks_above = len(rows) >= _TICKS_ABOVE_FROM
    y = top = top + (_TICKS_ABOVE if ticks_above else 0)
    before = ["", *(row.group for row in rows)]
    for row, figure, last in zip(rows, figures, before, strict=False):
        if row.group and row.group != last:
            shown = shortened(row.group, width - 2 * MARGIN, strong=True)
            words.append(text(MARGIN, y + _GROUP_HEIGHT / 2 + 2, shown, class_="strong"))
            y += _GROUP_HEIGHT
        middle = y + (height if beside else _NAME_HEIGHT) / 2
        words.append(text(name_x, middle, shortened(row.label, room), class_="over end" if beside else "over"))
        words.append(text(width - MARGIN, middle, figure, class_="over end"))
        y += 0 if beside else _NAME_HEIGHT
        strips.append(Area(left=left, top=y, right=right, bottom=y + height))
        y += height if beside else height + _BELOW
    plot = Area(left=left, top=top, right=right, bottom=y + _BELOW)
    return Layout(plot=plot, strips=tuple(strips), words=tuple(words), ticks_above=ticks_above)


def _axis(
    layout: Layout, scale: Scale, shown: Callable[[float], str], *, title: str, inset: float
) -> tuple[Axis, list[str]]:
    """Returns the axis that all rows share, and it drawn: below them and, where they are many, above them too."""
    axis = Axis(scale=scale, start=layout.plot.left + inset, end=layout.plot.right - inset)
    drawn = horizontal(axis, layout.plot, shown, title=title)
    return axis, drawn + (above(axis, layout.plot, shown) if layout.ticks_above else [])


def _ground(strip: Area, y: float) -> list[str]:
    """Returns what lies below the marks of a row: where a pointer may rest, and a line from name to figure."""
    size = {"width": strip.right - strip.left, "height": strip.bottom - strip.top}
    where = element("rect", x=strip.left, y=strip.top, **size, class_="hit")
    return [where, line(strip.left, y, strip.right, y, class_="grid")]


def _draw_latencies(rows: Sequence[LatencyRow], *, title: str, width: float) -> Drawn:
    drawn, top = header(title, _latency_keys(rows), width=width)
    figures = [f"{'~' if row.disturbed else ''}{milliseconds(row.p50_seconds)}" for row in rows]
    layout = laid_out(rows, figures, top=top, width=width)
    axis, axes = _axis(
        layout, _time_scale(rows), tick_milliseconds, title="one image, ms; at the right p50", inset=_HILL_INSET
    )
    strips = [_rounds(row, strip, axis) for row, strip in zip(rows, layout.strips, strict=True)]
    return [*drawn, *axes, *strips, *layout.words], layout.plot.bottom + AXIS_HEIGHT


def _time_scale(rows: Sequence[LatencyRow]) -> Scale:
    """Returns an axis that holds all medians and p90s, and of each cell's rounds all but the slowest hundredth."""
    values = [value for row in rows for value in (row.p50_seconds, row.p90_seconds) if value is not None]
    values += [min(row.rounds) for row in rows if row.rounds]
    values += [sorted(row.rounds)[math.ceil(_SHARE_SHOWN * len(row.rounds)) - 1] for row in rows if row.rounds]
    return fitted(values, least=0)


def _rounds(row: LatencyRow, strip: Area, axis: Axis) -> str:
    base = strip.bottom - 3
    parts = _ground(strip, base)
    if row.rounds:
        parts += _reach(row, strip, axis, base)
        parts.append(polyline(_hill(row.rounds, strip, axis, base), class_="hill", closed=True))
    p50 = axis.at(row.p50_seconds)
    parts.append(line(p50, strip.top + 2, p50, base + 2, class_="median"))
    if row.p90_seconds is not None:
        p90 = axis.at(row.p90_seconds)
        parts.append(line(p90, (strip.top + base) / 2, p90, base + 2, class_="p90"))
    return group(parts, class_="row", hover=_describe_latency(row))


def _reach(row: LatencyRow, strip: Area, axis: Axis, base: float) -> list[str]:
    """Returns the line from the fastest to the slowest round, with a head where it goes on beyond the plot."""
    start, end = axis.at(min(row.rounds)), axis.at(max(row.rounds))
    if end <= strip.right:
        return [line(start, base, end, base, class_="reach")]
    tip = strip.right
    head = polyline(((tip - 5, base - 4), (tip, base), (tip - 5, base + 4)), class_="reach")
    return [line(start, base, tip, base, class_="reach"), head]


def _hill(rounds: Sequence[float], strip: Area, axis: Axis, base: float) -> list[tuple[float, float]]:
    """Returns the outline of how many rounds fell into each step, smoothed over three, the highest as high as all."""
    steps = max(1, math.ceil((strip.right - strip.left) / _HILL_STEP))
    counts = [0] * (steps + 2)
    for seconds in rounds:
        place = (axis.at(seconds) - strip.left) / _HILL_STEP
        if place < steps:
            counts[int(place) + 1] += 1
    padded = [0, *counts, 0]
    smooth = [padded[i - 1] + 2 * padded[i] + padded[i + 1] for i in range(1, len(padded) - 1)]
    filled = [index for index, count in enumerate(smooth) if count]
    highest = max(smooth)
    tall = base - strip.top - 3
    xs = [min(max(strip.left + (index - 0.5) * _HILL_STEP, strip.left), strip.right) for index in range(len(smooth))]
    outline = [(xs[index], base - tall * smooth[index] / highest) for index in range(filled[0], filled[-1] + 1)]
    return [(outline[0][0], base), *outline, (outline[-1][0], base)]


def _latency_keys(rows: Sequence[LatencyRow]) -> list[Key]:
    has_rounds = any(row.rounds for row in rows)
    keys: list[Key] = [(_small_hill, "rounds")] if has_rounds else []
    keys.append((lambda x, y: line(x, y - 7, x, y + 7, class_="median"), "p50"))
    if any(row.p90_seconds is not None for row in rows):
        keys.append((lambda x, y: line(x, y - 4, x, y + 7, class_="p90"), "p90"))
    if has_rounds:
        keys.append((lambda x, y: line(x - 8, y, x + 8, y, class_="reach"), "fastest to slowest"))
    if any(row.disturbed for row in rows):
        keys.append((None, "~ disturbed"))
    return keys


def _small_hill(x: float, y: float) -> str:
    return polyline(((x - 8, y + 5), (x - 2, y - 6), (x + 2, y - 2), (x + 8, y + 5)), class_="hill", closed=True)


def _describe_latency(row: LatencyRow) -> str:
    parts = [f"{row.cell}: p50 {milliseconds(row.p50_seconds)} ms"]
    if row.p90_seconds is not None:
        parts.append(f"p90 {milliseconds(row.p90_seconds)} ms")
    if row.rounds:
        fastest, slowest = milliseconds(min(row.rounds)), milliseconds(max(row.rounds))
        parts.append(f"{len(row.rounds)} rounds of {fastest} to {slowest} ms")
    return ", ".join(parts) + (", disturbed" if row.disturbed else "")


def _draw_speedups(rows: Sequence[SpeedupRow], *, title: str, width: float) -> Drawn:
    keys = [_verdict_key(verdict) for verdict in _SHAPES if any(row.verdict == verdict for row in rows)]
    drawn, top = header(title, keys, width=width)
    layout = laid_out(rows, [ratio(row.point) for row in rows], top=top, width=width)
    scale = logarithmic([1.0, *(value for row in rows for value in (row.point, *(row.interval or ())))])
    axis, axes = _axis(layout, scale, tick, title="float's time over the cell's", inset=_POINT_INSET)
    even = line(axis.at(1), layout.plot.top, axis.at(1), layout.plot.bottom, class_="axis")
    strips = [_speedup(row, strip, axis) for row, strip in zip(rows, layout.strips, strict=True)]
    return [*drawn, *axes, even, *strips, *layout.words], layout.plot.bottom + AXIS_HEIGHT


def _speedup(row: SpeedupRow, strip: Area, axis: Axis) -> str:
    middle = (strip.top + strip.bottom) / 2
    parts = _ground(strip, middle)
    if row.interval is not None:
        low, high = (axis.at(end) for end in row.interval)
        parts.append(line(low, middle, high, middle, class_="whisker"))
    parts.append(_SHAPES[row.verdict](axis.at(row.point), middle, _RADIUS))
    return group(parts, class_=f"row {row.verdict}", hover=_describe_speedup(row))


def _verdict_key(verdict: str) -> Key:
    return lambda x, y: element("g", _SHAPES[verdict](x, y, _RADIUS), class_=verdict), _MEANING[verdict]


def _describe_speedup(row: SpeedupRow) -> str:
    words = f"{row.cell}: {ratio(row.point)} times as fast as {row.twin}"
    return words if row.interval is None else f"{words} ({ratio(row.interval[0])}–{ratio(row.interval[1])})"
