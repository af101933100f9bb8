"""How many times faster than float is each cell, and how surely? Points with intervals around 1.00."""

from collections.abc import Sequence
from dataclasses import dataclass

from zoobench.show.report.charts.axes import AXIS_HEIGHT, Axis, above, horizontal
from zoobench.show.report.charts.chart import WIDTH, Chart, Span, require_number, require_span
from zoobench.show.report.charts.labels import Area
from zoobench.show.report.charts.rows import ground, laid_out
from zoobench.show.report.charts.scales import logarithmic
from zoobench.show.report.charts.shapes import circle, diamond, square
from zoobench.show.report.charts.sheet import Drawn, Key, header, presented
from zoobench.show.report.charts.svg import element, group, line
from zoobench.system.units import ratio, tick

TITLE = "Times faster than float"
_RADIUS, _INSET = 5.0, 10.0
_SHAPES = {"faster": circle, "undecided": square, "slower": diamond}
_MEANING = {"faster": "interval above 1.00", "undecided": "holds 1.00", "slower": "below 1.00"}
_LEAST, _MOST = 1e-9, 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedupRow:
    """A cell's speed-up over another.

    Attributes:
        cell: Its id.
        label: What it is called on the picture, beside the group's name.
        twin: Id of the cell that it is held against.
        point: The twin's time over the cell's.
        interval: 95 %; None where there is none.
        group: What stands above rows that follow one another, such as the backbone; empty for nothing.
    """

    cell: str
    label: str
    twin: str
    point: float
    interval: Span | None
    group: str = ""

    def __post_init__(self) -> None:
        """Refuses what has no place in the picture."""
        require_number(self.point, f"the speed-up of {self.cell}", least=_LEAST, most=_MOST)
        require_span(self.interval, f"the interval of the speed-up of {self.cell}", least=_LEAST, most=_MOST)

    @property
    def verdict(self) -> str:
        """Whether the interval is above 1, below it, or holds it; without an interval nothing is decided."""
        if self.interval is None or self.interval[0] <= 1 <= self.interval[1]:
            return "undecided"
        return "faster" if self.interval[0] > 1 else "slower"


def speedups(rows: Sequence[SpeedupRow], *, title: str = TITLE, width: float = WIDTH) -> Chart:
    """Returns the picture of speed-ups, a row for each cell, in the given order.

    Raises:
        ResultsError: If the width leaves no room.
    """
    return presented(
        (lambda: _draw(rows, title=title, width=width)) if rows else None,
        title=title,
        alternative=_in_words(rows),
        width=width,
    )


def _draw(rows: Sequence[SpeedupRow], *, title: str, width: float) -> Drawn:
    drawn, top = header(title, _keys(rows), width=width)
    layout = laid_out(rows, [ratio(row.point) for row in rows], top=top, width=width)
    plot = layout.plot
    values = [value for row in rows for value in (row.point, *(row.interval or ()))]
    axis = Axis(scale=logarithmic([1.0, *values]), start=plot.left + _INSET, end=plot.right - _INSET)
    drawn += horizontal(axis, plot, tick, title="float's time over the cell's")
    drawn += above(axis, plot, tick) if layout.ticks_above else []
    drawn.append(line(axis.at(1), plot.top, axis.at(1), plot.bottom, class_="axis"))
    drawn += [_strip(row, strip, axis) for row, strip in zip(rows, layout.strips, strict=True)]
    return [*drawn, *layout.words], plot.bottom + AXIS_HEIGHT


def _strip(row: SpeedupRow, strip: Area, axis: Axis) -> str:
    middle = (strip.top + strip.bottom) / 2
    parts = ground(strip, middle)
    if row.interval is not None:
        low, high = (axis.at(end) for end in row.interval)
        parts.append(line(low, middle, high, middle, class_="whisker"))
    parts.append(_SHAPES[row.verdict](axis.at(row.point), middle, _RADIUS))
    return group(parts, class_=f"row {row.verdict}", hover=_told(row))


def _keys(rows: Sequence[SpeedupRow]) -> list[Key]:
    return [_key(verdict) for verdict in _SHAPES if any(row.verdict == verdict for row in rows)]


def _key(verdict: str) -> Key:
    def symbol(x: float, y: float) -> str:
        return element("g", _SHAPES[verdict](x, y, _RADIUS), class_=verdict)

    return symbol, _MEANING[verdict]


def _told(row: SpeedupRow) -> str:
    words = f"{row.cell}: {ratio(row.point)} times as fast as {row.twin}"
    return words if row.interval is None else f"{words} ({ratio(row.interval[0])}–{ratio(row.interval[1])})"


def _in_words(rows: Sequence[SpeedupRow]) -> str:
    if not rows:
        return "No cell was timed together with its float file."
    return f"Speed-ups over float, with 95 % intervals. {'. '.join(map(_told, rows))}."
