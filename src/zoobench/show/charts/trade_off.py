"""Which cells are fast and right? Top-1 against the time for an image, with intervals, file sizes and the front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from zoobench.show.charts.scales import (
    AXIS_HEIGHT,
    HEIGHT,
    Anchor,
    Area,
    Axis,
    Label,
    Segment,
    fitted,
    horizontal,
    linear,
    placed,
    vertical,
)
from zoobench.show.charts.sheet import (
    LARGEST,
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
from zoobench.show.charts.svg import (
    circle,
    diamond,
    element,
    group,
    line,
    polyline,
    reach,
    shortened,
    square,
    text,
    width_of,
)
from zoobench.system.units import megabytes, milliseconds, percent, tick_milliseconds, tick_percent

Standing = Literal["front", "open", "dominated"]
"""Whether no cell is better in everything, the intervals do not tell, or some cell surely is."""
TITLE = "Top-1 against time per image"
MEANING: Mapping[Standing, str] = {"front": "on the front", "open": "perhaps on it", "dominated": "dominated"}
_SHAPES = {"front": circle, "open": diamond, "dominated": square}
_ORDER = list(MEANING)
_LEFT = 44.0
_HEIGHT_SHARE, _LEAST_HEIGHT, _MOST_HEIGHT = 0.56, 260.0, 420.0
_LEAST_RADIUS, _MOST_RADIUS = 3.5, 12.0
_NAMED = 14
"""Cells up to which each is named if there is room; of more only the front is, and what is recommended."""
_LABEL_SHARE = 0.62
_HALO = 4.0
_LEAST_SPAN = 0.02
"""From end to end of the axis of top-1."""
_FAR = 4.0
"""Times the cells' own from which a limit is not drawn, as it would press them together."""


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
        require_number(self.value, self.label, least=0, most=1 if self.axis == "top1" else LARGEST)


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
        """Returns the radius of a cell's mark, whose area is that of its file unless it would be lost."""
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
    return presented(
        (lambda: _draw(points, limits, title=title, width=width)) if points else None,
        title=title,
        alternative=_describe(points, limits) if points else "No cell has both a time and an accuracy.",
        width=width,
    )


def _draw(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit], *, title: str, width: float) -> Drawn:
    near = [limit for limit in limits if not _is_far(limit, points)]
    far = [(None, f"{limit.label}: beyond the picture") for limit in limits if limit not in near]
    drawn, top = header(title, [*_keys(points), *far], width=width)
    top += HEIGHT
    height = min(max(_LEAST_HEIGHT, _HEIGHT_SHARE * width), _MOST_HEIGHT)
    plane = _plane(points, near, Area(left=MARGIN + _LEFT, top=top, right=width - MARGIN, bottom=top + height))
    drawn.append(text(MARGIN, top - HEIGHT / 2 - 4, "top-1, %", class_="muted"))
    drawn += vertical(plane.y, plane.plot, tick_percent)
    drawn += horizontal(plane.x, plane.plot, tick_milliseconds, title="p50 of one image, ms")
    drawn.append(polyline(_steps(points, plane), class_="step"))
    drawn += [part for limit in near for part in _limit_line(limit, plane)]
    labels = _labels(points, near, plane)
    drawn += [*_marks(points, plane), *map(_leader, labels), *map(_name, labels)]
    return drawn, plane.plot.bottom + AXIS_HEIGHT


def _is_far(limit: ParetoLimit, points: Sequence[ParetoPoint]) -> bool:
    times = _times(points)
    return limit.axis == "p50" and not min(times) / _FAR <= limit.value <= max(times) * _FAR


def _times(points: Sequence[ParetoPoint]) -> list[float]:
    return [value for one in points for value in (one.p50_seconds, *(one.p50_interval or ()))]


def _plane(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit], plot: Area) -> _Plane:
    """Returns the plane of a plot that holds all cells with their intervals, and all limits."""
    times = _times(points) + [one.value for one in limits if one.axis == "p50"]
    shares = [value for one in points for value in (one.top1, *(one.top1_interval or ()))]
    shares += [one.value for one in limits if one.axis == "top1"]
    scale = linear(shares, least=0, most=1, least_span=_LEAST_SPAN)
    inset = reach(_MOST_RADIUS) + _HALO
    return _Plane(
        plot=plot,
        x=Axis(scale=fitted(times, least=0), start=plot.left + inset, end=plot.right - inset),
        y=Axis(scale=scale, start=plot.bottom - inset, end=plot.top + inset),
        largest_bytes=max(point.size_bytes for point in points),
    )


def _keys(points: Sequence[ParetoPoint]) -> list[Key]:
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


def _key(standing: Standing) -> Key:
    return lambda x, y: element("g", _SHAPES[standing](x, y, 5.0), class_=standing), MEANING[standing]


def _dots(x: float, y: float) -> str:
    return element("g", circle(x - 5, y, 2.5, class_="axis"), circle(x + 3, y, 5, class_="axis"))


def _is_quiet(point: ParetoPoint, points: Sequence[ParetoPoint]) -> bool:
    """Returns whether a cell's intervals are shown on hover alone, where those of all would hide the picture."""
    return len(points) > _NAMED and point.standing != "front" and not point.recommended


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


def _limit_line(limit: ParetoLimit, plane: _Plane) -> list[str]:
    """Returns the line of a limit and the words at it."""
    area = _limit_area(limit, plane)
    words = text(area.left, (area.top + area.bottom) / 2, _limit_label(limit, plane), class_="over limit-text")
    return [polyline(_limit_ends(limit, plane), class_="limit"), words]


def _limit_ends(limit: ParetoLimit, plane: _Plane) -> Segment:
    plot = plane.plot
    if limit.axis == "p50":
        x = plane.x.at(limit.value)
        return (x, plot.top), (x, plot.bottom)
    y = plane.y.at(limit.value)
    return (plot.left, y), (plot.right, y)


def _limit_label(limit: ParetoLimit, plane: _Plane) -> str:
    return shortened(limit.label, _LABEL_SHARE * (plane.plot.right - plane.plot.left) / 2)


def _limit_area(limit: ParetoLimit, plane: _Plane) -> Area:
    """Returns where a limit's words stand: above its line at the right, or beside it at the bottom."""
    plot, width = plane.plot, width_of(_limit_label(limit, plane))
    x, y = _limit_ends(limit, plane)[0]
    if limit.axis == "top1":
        return Area(left=plot.right - 4 - width, top=y - HEIGHT - 1, right=plot.right - 4, bottom=y - 1)
    left = x + 6 if x < (plot.left + plot.right) / 2 else x - 6 - width
    return Area(left=left, top=plot.bottom - HEIGHT - 2, right=left + width, bottom=plot.bottom - 2)


def _labels(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit], plane: _Plane) -> tuple[Label, ...]:
    """Returns where the names of cells stand; where there is no room for one it is shown on hover alone."""
    named = [one for one in points if len(points) <= _NAMED or one.standing == "front" or one.recommended]
    named.sort(key=lambda one: (not one.recommended, _ORDER.index(one.standing), one.p50_seconds, -one.top1))
    lines = [line for point in points if not _is_quiet(point, points) for line in _whiskers(point, plane)]
    return placed(
        [_anchor(point, plane) for point in named],
        within=plane.plot,
        kept_free=[*(_around(point, plane) for point in points), *(_limit_area(limit, plane) for limit in limits)],
        rather_free=[*lines, *(_limit_ends(limit, plane) for limit in limits), *pairwise(_steps(points, plane))],
    )


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


def _whiskers(point: ParetoPoint, plane: _Plane) -> list[Segment]:
    x, y = plane.place(point)
    found: list[Segment] = []
    if point.p50_interval is not None:
        low, high = map(plane.x.at, point.p50_interval)
        found.append(((low, y), (high, y)))
    if point.top1_interval is not None:
        low, high = map(plane.y.at, point.top1_interval)
        found.append(((x, low), (x, high)))
    return found


def _marks(points: Sequence[ParetoPoint], plane: _Plane) -> list[str]:
    """Returns each cell's mark with its intervals: what matters lies on top, and the small on the large."""
    ordered = sorted(points, key=lambda one: (-_ORDER.index(one.standing), -one.size_bytes))
    return [_mark(point, plane, quiet=_is_quiet(point, points)) for point in ordered]


def _mark(point: ParetoPoint, plane: _Plane, *, quiet: bool) -> str:
    x, y = plane.place(point)
    radius = plane.radius(point)
    parts = [polyline(segment, class_="whisker") for segment in _whiskers(point, plane)]
    words = [point.cell, MEANING[point.standing]]
    if point.recommended:
        parts.append(circle(x, y, reach(radius) + _HALO, class_="halo"))
        words.append("recommended")
    parts.append(_SHAPES[point.standing](x, y, radius))
    hover = f"{', '.join(words)}: {_figures(point)}"
    return group(parts, class_=f"{point.standing} quiet" if quiet else point.standing, hover=hover)


def _leader(label: Label) -> str:
    """Returns the line from a mark to its name, empty where none is needed."""
    return polyline(label.leader, class_="leader") if label.leader else ""


def _name(label: Label) -> str:
    area, words = label.area, label.anchor.words
    x, y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    return text(x, y, words, class_="over middle strong" if label.anchor.strong else "over middle")


def _describe(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit]) -> str:
    """Returns what the picture shows: each cell of the front with its figures, the others by name."""
    count = "one cell" if len(points) == 1 else f"{len(points)} cells"
    sentences = [f"Top-1 against p50 of {count}, with 95 % intervals."]
    sentences += [f"Recommended: {one.cell}, {_figures(one)}." for one in points if one.recommended]
    for standing, meaning in MEANING.items():
        found = sorted((one for one in points if one.standing == standing), key=lambda one: one.p50_seconds)
        if found and standing == "front":
            listed = "; ".join(f"{one.cell}, {_figures(one)}" for one in found)
            sentences.append(f"On the front, fastest first: {listed}.")
        elif found:
            sentences.append(f"{meaning.capitalize()}: {', '.join(one.cell for one in found)}.")
    sentences += [f"Limit: {limit.label}." for limit in limits]
    return " ".join(sentences)


def _figures(point: ParetoPoint) -> str:
    time = f"p50 {milliseconds(point.p50_seconds)} ms"
    if point.p50_interval:
        time += f" ({milliseconds(point.p50_interval[0])}–{milliseconds(point.p50_interval[1])})"
    right = f"top-1 {percent(point.top1)} %"
    if point.top1_interval:
        right += f" ({percent(point.top1_interval[0])}–{percent(point.top1_interval[1])})"
    return f"{time}, {right}, {megabytes(point.size_bytes)} MB"
