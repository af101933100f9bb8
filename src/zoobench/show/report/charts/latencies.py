"""How long did single images take? The rounds of each cell as a hill, with their median, p90 and range."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from zoobench.show.report.charts.axes import AXIS_HEIGHT, Axis, above, horizontal
from zoobench.show.report.charts.chart import WIDTH, Chart, require_number
from zoobench.show.report.charts.labels import Area
from zoobench.show.report.charts.rows import ground, laid_out
from zoobench.show.report.charts.scales import Scale, fitted
from zoobench.show.report.charts.sheet import Drawn, Key, header, presented
from zoobench.show.report.charts.svg import group, line, polyline
from zoobench.system.units import milliseconds, tick_milliseconds

TITLE = "Time per image, round by round"
_BIN = 4.0
"""Width of a step of a hill in units of the drawing."""
_INSET = 6.0
_SHARE_SHOWN = 0.99
"""Of a cell's rounds that the axis holds at least; one round that was interrupted would press all hills flat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRow:
    """The rounds of a cell.

    Attributes:
        cell: Its id.
        label: What it is called on the picture, beside the group's name.
        p90_seconds: None where there are too few rounds to tell.
        rounds: In seconds, in any order; empty where only the median is known.
        group: What stands above rows that follow one another, such as the backbone; empty for nothing.
        disturbed: Whether other things on the machine were in the way.
    """

    cell: str
    label: str
    p50_seconds: float
    p90_seconds: float | None
    rounds: tuple[float, ...]
    group: str = ""
    disturbed: bool = False

    def __post_init__(self) -> None:
        """Refuses what has no place in the picture."""
        require_number(self.p50_seconds, f"p50 of {self.cell}", least=0)
        require_number(self.p90_seconds, f"p90 of {self.cell}", least=0)
        for seconds in self.rounds:
            require_number(seconds, f"a round of {self.cell}", least=0)


def latencies(rows: Sequence[LatencyRow], *, title: str = TITLE, width: float = WIDTH) -> Chart:
    """Returns the picture of all rounds, a row for each cell, in the given order.

    Raises:
        ResultsError: If the width leaves no room.
    """
    return presented(
        (lambda: _draw(rows, title=title, width=width)) if rows else None,
        title=title,
        alternative=_in_words(rows),
        width=width,
    )


def _draw(rows: Sequence[LatencyRow], *, title: str, width: float) -> Drawn:
    drawn, top = header(title, _keys(rows), width=width)
    layout = laid_out(rows, [_figure(row) for row in rows], top=top, width=width)
    axis = Axis(scale=_scale(rows), start=layout.plot.left + _INSET, end=layout.plot.right - _INSET)
    drawn += horizontal(axis, layout.plot, tick_milliseconds, title="one image, ms; at the right p50")
    drawn += above(axis, layout.plot, tick_milliseconds) if layout.ticks_above else []
    drawn += [_strip(row, strip, axis) for row, strip in zip(rows, layout.strips, strict=True)]
    return [*drawn, *layout.words], layout.plot.bottom + AXIS_HEIGHT


def _scale(rows: Sequence[LatencyRow]) -> Scale:
    """Returns an axis that holds all medians and p90s, and of each cell's rounds all but the slowest hundredth."""
    values = [value for row in rows for value in (row.p50_seconds, row.p90_seconds) if value is not None]
    values += [min(row.rounds) for row in rows if row.rounds]
    values += [sorted(row.rounds)[math.ceil(_SHARE_SHOWN * len(row.rounds)) - 1] for row in rows if row.rounds]
    return fitted(values, least=0)


def _strip(row: LatencyRow, strip: Area, axis: Axis) -> str:
    base = strip.bottom - 3
    parts = ground(strip, base)
    if row.rounds:
        parts += _reach(row, strip, axis, base)
        parts.append(polyline(_hill(row.rounds, strip, axis, base), class_="hill", closed=True))
    p50 = axis.at(row.p50_seconds)
    parts.append(line(p50, strip.top + 2, p50, base + 2, class_="median"))
    if row.p90_seconds is not None:
        p90 = axis.at(row.p90_seconds)
        parts.append(line(p90, (strip.top + base) / 2, p90, base + 2, class_="p90"))
    return group(parts, class_="row", hover=_told(row))


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
    steps = max(1, math.ceil((strip.right - strip.left) / _BIN))
    counts = [0] * (steps + 2)
    for seconds in rounds:
        place = (axis.at(seconds) - strip.left) / _BIN
        if place < steps:
            counts[int(place) + 1] += 1
    padded = [0, *counts, 0]
    smooth = [padded[i - 1] + 2 * padded[i] + padded[i + 1] for i in range(1, len(padded) - 1)]
    filled = [index for index, count in enumerate(smooth) if count]
    highest = max(smooth)
    tall = base - strip.top - 3
    xs = [min(max(strip.left + (index - 0.5) * _BIN, strip.left), strip.right) for index in range(len(smooth))]
    outline = [(xs[index], base - tall * smooth[index] / highest) for index in range(filled[0], filled[-1] + 1)]
    return [(outline[0][0], base), *outline, (outline[-1][0], base)]


def _keys(rows: Sequence[LatencyRow]) -> list[Key]:
    keys: list[Key] = []
    if any(row.rounds for row in rows):
        keys.append((_small_hill, "rounds"))
    keys.append((lambda x, y: line(x, y - 7, x, y + 7, class_="median"), "p50"))
    if any(row.p90_seconds is not None for row in rows):
        keys.append((lambda x, y: line(x, y - 4, x, y + 7, class_="p90"), "p90"))
    if any(row.rounds for row in rows):
        keys.append((lambda x, y: line(x - 8, y, x + 8, y, class_="reach"), "fastest to slowest"))
    if any(row.disturbed for row in rows):
        keys.append((None, "~ disturbed"))
    return keys


def _small_hill(x: float, y: float) -> str:
    return polyline(((x - 8, y + 5), (x - 2, y - 6), (x + 2, y - 2), (x + 8, y + 5)), class_="hill", closed=True)


def _figure(row: LatencyRow) -> str:
    return f"{'~' if row.disturbed else ''}{milliseconds(row.p50_seconds)}"


def _told(row: LatencyRow) -> str:
    return f"{row.cell}: {_figures(row)}"


def _figures(row: LatencyRow) -> str:
    parts = [f"p50 {milliseconds(row.p50_seconds)} ms"]
    if row.p90_seconds is not None:
        parts.append(f"p90 {milliseconds(row.p90_seconds)} ms")
    if row.rounds:
        fastest, slowest = milliseconds(min(row.rounds)), milliseconds(max(row.rounds))
        parts.append(f"{len(row.rounds)} rounds of {fastest} to {slowest} ms")
    return ", ".join(parts) + (", disturbed" if row.disturbed else "")


def _in_words(rows: Sequence[LatencyRow]) -> str:
    if not rows:
        return "No cell was timed."
    return f"Times of one image. {'. '.join(map(_told, rows))}."
