"""Which cells are fast and right? Top-1 against the time for an image, with intervals, file sizes and the front."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from zoobench.judge.charts.axes import AXIS_HEIGHT, MARGIN, Axis, Symbol, header, horizontal, no_marks, vertical
from zoobench.judge.charts.chart import WIDTH, Chart, Span, Standing, require_number, require_span, require_width
from zoobench.judge.charts.labels import HEIGHT, Anchor, Area, Label, placed
from zoobench.judge.charts.scales import fitted, linear
from zoobench.judge.charts.shapes import circle, diamond, reach, square
from zoobench.judge.charts.svg import document, element, group, line, polyline, text
from zoobench.judge.charts.words import shortened
from zoobench.units import megabytes, milliseconds, percent, tick_milliseconds, tick_percent

TITLE = "Top-1 against time per image"
_SHAPES = {"front": circle, "open": diamond, "dominated": square}
_MEANING = {"front": "on the front", "open": "perhaps on it", "dominated": "surely beaten"}
_ORDER: tuple[Standing, ...] = ("front", "open", "dominated")
_LEAST_RADIUS, _MOST_RADIUS = 3.5, 12.0
_NAMED = 14
"""Cells up to which each is named if there is room; of more only the front is, and what is recommended."""
_LEFT = 44.0
_HEIGHT_SHARE, _LEAST_HEIGHT = 0.56, 260.0
_LABEL_SHARE = 0.5
_HALO = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoPoint:
    """A cell with a time and an accuracy.

    Attributes:
        cell: Its id.
        label: What it is called on the picture.
        p50_interval: 95 %; None where there is none, as of `top1_interval`.
        recommended: Whether it is the one to take.
    """

    cell: str
    label: str
    p50_seconds: float
    p50_interval: Span | None
    top1: float
    top1_interval: Span | None
    size_bytes: int
    standing: Standing
    recommended: bool = False

    def __post_init__(self) -> None:
        """Refuses what has no place in the picture."""
        require_number(self.p50_seconds, f"p50 of {self.cell}", least=0)
        require_span(self.p50_interval, f"the interval of p50 of {self.cell}", least=0)
        require_number(self.top1, f"top-1 of {self.cell}", least=0, most=1)
        require_span(self.top1_interval, f"the interval of top-1 of {self.cell}", least=0, most=1)
        require_number(self.size_bytes, f"the size of {self.cell}", least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoLimit:
    """A limit of the user's on one of the axes, in seconds or as a share, and what is written at it."""

    axis: Literal["p50", "top1"]
    value: float
    label: str

    def __post_init__(self) -> None:
        """Refuses what has no place in the picture."""
        require_number(self.value, self.label, least=0, most=1 if self.axis == "top1" else float("inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plane:
    """Where times and accuracies are on the picture, and how large a file's mark is."""

    plot: Area
    x: Axis
    y: Axis
    largest_bytes: int

    def place(self, point: ParetoPoint) -> tuple[float, float]:
        return self.x.at(point.p50_seconds), self.y.at(point.top1)

    def radius(self, point: ParetoPoint) -> float:
        share = point.size_bytes / self.largest_bytes if self.largest_bytes else 0.0
        return max(_LEAST_RADIUS, _MOST_RADIUS * float(share**0.5))


def pareto(
    points: Sequence[ParetoPoint], *, limits: Sequence[ParetoLimit] = (), title: str = TITLE, width: float = WIDTH
) -> Chart:
    """Returns the picture of times, accuracies and sizes.

    The dotted steps are the best top-1 that was measured at a time or below it.

    Args:
        points: A cell each, in any order.
        limits: Lines that a user drew.
        title: Above the picture.
        width: In units; letters keep their size.

    Raises:
        ResultsError: If the width leaves no room.
    """
    require_width(width)
    alternative = _in_words(points, limits)
    if not points:
        drawn, height = no_marks(title, alternative, width=width)
    else:
        drawn, height = _draw(points, limits, title=title, width=width)
    svg = document(drawn, width=width, height=height, title=title, alternative=alternative)
    return Chart(svg=svg, title=title, alternative=alternative)


def _draw(
    points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit], *, title: str, width: float
) -> tuple[list[str], float]:
    drawn, top = header(title, _keys(points), width=width)
    top += HEIGHT
    plot = Area(
        left=MARGIN + _LEFT,
        top=top,
        right=width - MARGIN,
        bottom=top + max(_LEAST_HEIGHT, _HEIGHT_SHARE * width),
    )
    plane = _plane(points, limits, plot)
    drawn.append(text(MARGIN, top - HEIGHT / 2 - 4, "top-1, %", class_="muted"))
    drawn += vertical(plane.y, plot, tick_percent)
    drawn += horizontal(plane.x, plot, tick_milliseconds, title="p50 of one image, ms")
    drawn.append(polyline(_steps(points, plane), class_="step"))
    drawn += [part for limit in limits for part in _limit(limit, plane)]
    for point in sorted(points, key=_painted):
        drawn.append(_mark(point, plane, quiet=_is_quiet(point, points)))
    drawn += [part for label in _labels(points, limits, plane) for part in _label(label)]
    return drawn, plot.bottom + AXIS_HEIGHT


def _painted(point: ParetoPoint) -> tuple[int, int]:
    """Returns when a mark is drawn: what matters lies on top, and the small on the large."""
    return -_ORDER.index(point.standing), -point.size_bytes


def _plane(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit], plot: Area) -> _Plane:
    times = [value for one in points for value in (one.p50_seconds, *(one.p50_interval or ()))]
    shares = [value for one in points for value in (one.top1, *(one.top1_interval or ()))]
    times += [limit.value for limit in limits if limit.axis == "p50"]
    shares += [limit.value for limit in limits if limit.axis == "top1"]
    inset = reach(_MOST_RADIUS) + _HALO
    return _Plane(
        plot=plot,
        x=Axis(scale=fitted(times, least=0), start=plot.left + inset, end=plot.right - inset),
        y=Axis(scale=linear(shares, least=0, most=1), start=plot.bottom - inset, end=plot.top + inset),
        largest_bytes=max(point.size_bytes for point in points),
    )


def _steps(points: Sequence[ParetoPoint], plane: _Plane) -> list[tuple[float, float]]:
    """Returns the corners of the best top-1 up to each time, from the bottom to the right edge."""
    corners: list[tuple[float, float]] = []
    best, height = -1.0, plane.plot.bottom
    for point in sorted(points, key=lambda one: (one.p50_seconds, -one.top1)):
        if point.top1 > best:
            x, y = plane.place(point)
            corners += [(x, height), (x, y)]
            best, height = point.top1, y
    return [*corners, (plane.plot.right, height)]


def _is_quiet(point: ParetoPoint, points: Sequence[ParetoPoint]) -> bool:
    """Returns whether a cell's intervals are shown on hover alone, where those of all would hide the picture."""
    return len(points) > _NAMED and point.standing != "front" and not point.recommended


def _mark(point: ParetoPoint, plane: _Plane, *, quiet: bool) -> str:
    x, y = plane.place(point)
    radius = plane.radius(point)
    parts = [line(start, y, end, y, class_="whisker") for start, end in _ends(point.p50_interval, plane.x)]
    parts += [line(x, start, x, end, class_="whisker") for start, end in _ends(point.top1_interval, plane.y)]
    if point.recommended:
        parts.append(circle(x, y, reach(radius) + _HALO, class_="halo"))
    parts.append(_SHAPES[point.standing](x, y, radius))
    return group(parts, class_=f"{point.standing} quiet" if quiet else point.standing, hover=_told(point))


def _ends(span: Span | None, axis: Axis) -> list[tuple[float, float]]:
    return [] if span is None else [(axis.at(span[0]), axis.at(span[1]))]


def _labels(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit], plane: _Plane) -> tuple[Label, ...]:
    named = [one for one in points if len(points) <= _NAMED or one.standing == "front" or one.recommended]
    named.sort(key=lambda one: (not one.recommended, _ORDER.index(one.standing), one.p50_seconds, -one.top1))
    marks = [_around(point, plane) for point in points]
    shown = [point for point in points if not _is_quiet(point, points)]
    lines = [area for point in shown for area in _whiskers(point, plane)]
    lines += [_limit_area(limit, plane) for limit in limits]
    lines += [_between(*ends) for ends in pairwise(_steps(points, plane))]
    anchors = [_anchor(point, plane) for point in named]
    return placed(anchors, within=plane.plot, kept_free=marks, rather_free=lines)


def _anchor(point: ParetoPoint, plane: _Plane) -> Anchor:
    x, y = plane.place(point)
    room = _LABEL_SHARE * (plane.plot.right - plane.plot.left)
    around = reach(plane.radius(point)) + (_HALO + 2 if point.recommended else 0)
    words = shortened(point.label, room, strong=point.recommended)
    return Anchor(x=x, y=y, reach=around, words=words, strong=point.recommended)


def _around(point: ParetoPoint, plane: _Plane) -> Area:
    x, y = plane.place(point)
    around = reach(plane.radius(point)) + (_HALO if point.recommended else 0)
    return Area(left=x - around, top=y - around, right=x + around, bottom=y + around)


def _whiskers(point: ParetoPoint, plane: _Plane) -> list[Area]:
    x, y = plane.place(point)
    across = [Area(left=low, right=high, top=y, bottom=y) for low, high in _ends(point.p50_interval, plane.x)]
    return across + [Area(left=x, right=x, top=low, bottom=high) for high, low in _ends(point.top1_interval, plane.y)]


def _between(start: tuple[float, float], end: tuple[float, float]) -> Area:
    (left, right), (top, bottom) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return Area(left=left, right=right, top=top, bottom=bottom)


def _label(label: Label) -> list[str]:
    anchor, area = label.anchor, label.area
    middle_x, middle_y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    words = text(middle_x, middle_y, anchor.words, class_="over middle strong" if anchor.strong else "over middle")
    if not label.led:
        return [words]
    end_x = min(max(anchor.x, area.left), area.right)
    end_y = min(max(anchor.y, area.top), area.bottom)
    return [line(anchor.x, anchor.y, end_x, end_y, class_="leader"), words]


def _limit_area(limit: ParetoLimit, plane: _Plane) -> Area:
    plot = plane.plot
    if limit.axis == "p50":
        x = plane.x.at(limit.value)
        return Area(left=x, right=x, top=plot.top, bottom=plot.bottom)
    y = plane.y.at(limit.value)
    return Area(left=plot.left, right=plot.right, top=y, bottom=y)


def _limit(limit: ParetoLimit, plane: _Plane) -> list[str]:
    area, plot = _limit_area(limit, plane), plane.plot
    drawn = line(area.left, area.top, area.right, area.bottom, class_="limit")
    words = shortened(limit.label, _LABEL_SHARE * (plot.right - plot.left))
    if limit.axis == "top1":
        return [drawn, text(plot.right - 4, area.top - 9, words, class_="over limit-text end")]
    after = area.left < (plot.left + plot.right) / 2
    x = area.left + (6 if after else -6)
    return [drawn, text(x, plot.bottom - 10, words, class_="over limit-text" if after else "over limit-text end")]


def _keys(points: Sequence[ParetoPoint]) -> list[tuple[Symbol, str]]:
    keys = [_key(standing) for standing in _ORDER if any(point.standing == standing for point in points)]
    if any(point.recommended for point in points):
        keys.append((lambda x, y: circle(x, y, 7, class_="halo"), "recommended"))
    sizes = sorted({point.size_bytes for point in points})
    words = f"{megabytes(sizes[0])} MB" if len(sizes) == 1 else f"{megabytes(sizes[0])} to {megabytes(sizes[-1])} MB"
    keys.append((_dots, f"area: file, {words}"))
    keys.append((lambda x, y: line(x - 8, y, x + 8, y, class_="step"), "best top-1 so far"))
    if any(_is_quiet(point, points) for point in points):
        keys.append((lambda x, y: line(x, y - 8, x, y + 8, class_="axis"), "95 % of the front"))
    return keys


def _key(standing: Standing) -> tuple[Symbol, str]:
    def symbol(x: float, y: float) -> str:
        return element("g", _SHAPES[standing](x, y, 5.0), class_=standing)

    return symbol, _MEANING[standing]


def _dots(x: float, y: float) -> str:
    return element("g", circle(x - 5, y, 2.5, class_="axis"), circle(x + 3, y, 5, class_="axis"))


def _told(point: ParetoPoint) -> str:
    words = [point.cell, _MEANING[point.standing]]
    if point.recommended:
        words.append("recommended")
    return f"{', '.join(words)}: {_figures(point)}"


def _figures(point: ParetoPoint) -> str:
    time = f"p50 {milliseconds(point.p50_seconds)} ms"
    if point.p50_interval:
        time += f" ({milliseconds(point.p50_interval[0])}–{milliseconds(point.p50_interval[1])})"
    right = f"top-1 {percent(point.top1)} %"
    if point.top1_interval:
        right += f" ({percent(point.top1_interval[0])}–{percent(point.top1_interval[1])})"
    return f"{time}, {right}, {megabytes(point.size_bytes)} MB"


def _in_words(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit]) -> str:
    if not points:
        return "No cell has both a time and an accuracy."
    sentences = [f"Top-1 against p50 of {_cells(len(points))}, with 95 % intervals."]
    sentences += [f"Recommended: {one.cell}, {_figures(one)}." for one in points if one.recommended]
    for standing in _ORDER:
        found = sorted((one for one in points if one.standing == standing), key=lambda one: one.p50_seconds)
        if found and standing == "front":
            listed = "; ".join(f"{one.cell}, {_figures(one)}" for one in found)
            sentences.append(f"On the front, fastest first: {listed}.")
        elif found:
            sentences.append(f"{_MEANING[standing].capitalize()}: {', '.join(one.cell for one in found)}.")
    sentences += [f"A line marks {limit.label}." for limit in limits]
    return " ".join(sentences)


def _cells(count: int) -> str:
    return "one cell" if count == 1 else f"{count} cells"
