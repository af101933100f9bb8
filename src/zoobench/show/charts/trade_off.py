"""Which cells are fast and right? Top-1 against the time for an image, with intervals, file sizes and the front."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from zoobench.judge.recommend.limits import P50, TOP1, Limit
from zoobench.results.schema import Record, RecordedCell
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
    is_far,
    linear,
    placed,
    vertical,
)
from zoobench.show.charts.sheet import (
    BEYOND,
    MARGIN,
    WIDTH,
    Chart,
    Drawn,
    Key,
    Symbol,
    header,
    presented,
    require_number,
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
from zoobench.system.units import megabytes, milliseconds, percent, span, tick_milliseconds, tick_percent

_TITLE = "Top-1 against time per image"
MEANING: Mapping[str, str] = {"front": "on the front", "open": "perhaps on it", "dominated": "dominated"}
"""Of each standing: no cell is better in everything, the intervals do not tell, some cell is significantly better."""
_SHAPES = {"front": circle, "open": diamond, "dominated": square}
_ORDER = list(MEANING)
_LEFT = 44.0
_HEIGHT_SHARE, _LEAST_HEIGHT, _MOST_HEIGHT = 0.56, 260.0, 420.0
_LEAST_RADIUS, _MOST_RADIUS = 3.5, 12.0
_NAMED = 14
_LABELLED = 40
"""Cells whose names a picture has room for, were all on the front."""
"""Cells up to which each is named if there is room; of more only the front is, and what is recommended."""
_LABEL_SHARE = 0.62
_HALO = 4.0
_LEAST_SPAN = 0.02
"""From end to end of the axis of top-1."""
_DISPENSABLE = (3, 2, 0)
"""Where threads, runtime and backbone stand among the words of a cell's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """A cell of which all is known that the picture shows.

    Attributes:
        cell: Its id.
        label: What it is called beside its mark.
        p50: In seconds, as the interval `times`.
        radius: Of a disc whose area is that of the file, unless it would be lost.
        quiet: Whether intervals are shown on hover alone, where those of all would hide the picture.
    """

    cell: str
    label: str
    p50: float
    times: tuple[float, float] | None
    top1: float
    shares: tuple[float, float]
    size_bytes: int
    radius: float
    standing: str
    recommended: bool
    quiet: bool

    @property
    def reach(self) -> float:
        """How far the mark reaches from its middle, with its ring."""
        return reach(self.radius) + (_HALO if self.recommended else 0)

    @property
    def figures(self) -> str:
        """Time, top-1 and size in words."""
        times = f" ({span(self.times, milliseconds)})" if self.times else ""
        right = f"top-1 {percent(self.top1)} % ({span(self.shares, percent)})"
        return f"p50 {milliseconds(self.p50)} ms{times}, {right}, {megabytes(self.size_bytes)} MB"


def pareto(
    records: Sequence[Record],
    standings: Mapping[str, str],
    *,
    recommended: str = "",
    limits: Sequence[Limit] = (),
    width: float = WIDTH,
) -> Chart:
    """Returns the picture of times, accuracies and sizes of the cells that have all three.

    The dotted steps are the best top-1 that was measured at a time or below it.
    """
    points = _points(records, standings, recommended)
    lines = [limit for limit in limits if limit.metric.key in (P50, TOP1)]
    return presented(
        (lambda: _draw(points, lines, width=width)) if points else None,
        title=_TITLE,
        alternative=_describe(points, lines) if points else "No cell has both a time and an accuracy.",
        width=width,
    )


def _points(records: Sequence[Record], standings: Mapping[str, str], recommended: str) -> list[_Point]:
    known = [
        (one.cell, one.latency, one.accuracy, one.model)
        for one in records
        if one.latency and one.accuracy and one.model
    ]
    names = labels([cell for cell, *_ in known])
    largest = max((model.size_bytes for *_, model in known), default=0) or 1
    points = []
    for cell, latency, accuracy, model in known:
        for seconds in (latency.p50_seconds, *(latency.p50_interval or ())):
            require_number(seconds, f"p50 of {cell.id}", least=0)
        is_telling = standings[cell.id] == "front" or cell.id == recommended
        points.append(
            _Point(
                cell=cell.id,
                label=names[cell.id],
                p50=latency.p50_seconds,
                times=latency.p50_interval,
                top1=accuracy.top1,
                shares=accuracy.interval,
                size_bytes=model.size_bytes,
                radius=max(_LEAST_RADIUS, _MOST_RADIUS * math.sqrt(model.size_bytes / largest)),
                standing=standings[cell.id],
                recommended=cell.id == recommended,
                quiet=len(known) > _NAMED and not is_telling,
            )
        )
    return points


def labels(cells: Sequence[RecordedCell]) -> dict[str, str]:
    """Returns what each cell is called among others, by id: its variant, and what else it takes to tell them apart.

    With one backbone on one runtime and one number of threads that is the variant alone.
    """
    words = [(cell.backbone, cell.variant, cell.runtime, f"t{cell.threads}") for cell in cells]
    kept = [0, 1, 2, 3]
    for place in _DISPENSABLE:
        fewer = [one for one in kept if one != place]
        if len({tuple(one[each] for each in fewer) for one in words}) == len(words):
            kept = fewer
    return {cell.id: " ".join(one[place] for place in kept) for cell, one in zip(cells, words, strict=True)}


def _draw(points: Sequence[_Point], limits: Sequence[Limit], *, width: float) -> Drawn:
    times = _times(points)
    near = [limit for limit in limits if limit.metric.key == TOP1 or not is_far(limit.bound, times)]
    far: list[Key] = [(None, f"{limit.summary}: {BEYOND}") for limit in limits if limit not in near]
    drawn, top = header(_TITLE, [*_keys(points), *far], width=width)
    top += HEIGHT
    height = min(max(_LEAST_HEIGHT, _HEIGHT_SHARE * width), _MOST_HEIGHT)
    plot = Area(left=MARGIN + _LEFT, top=top, right=width - MARGIN, bottom=top + height)
    x, y = _axes(points, near, plot)
    steps = _steps(points, plot, x, y)
    drawn.append(text(MARGIN, top - HEIGHT / 2 - 4, "top-1, %", class_="muted"))
    drawn += vertical(y, plot, tick_percent)
    drawn += horizontal(x, plot, tick_milliseconds, title="p50 of one image, ms")
    drawn.append(polyline(steps, class_="step"))
    taken: list[Area] = []
    lines = list(pairwise(steps))
    for limit in near:
        ends, area, words = _limit(limit, plot, x, y)
        drawn.append(polyline(ends, class_="limit"))
        drawn.append(text(area.left, (area.top + area.bottom) / 2, words, class_="over limit-text"))
        taken.append(area)
        lines.append(ends)
    names = _names(points, plot, x, y, taken=taken, lines=lines)
    on_top_last = sorted(points, key=lambda one: (-_ORDER.index(one.standing), -one.size_bytes))
    drawn += [_mark(one, x, y) for one in on_top_last]
    drawn += [polyline(label.leader, class_="leader") for label in names if label.leader]
    return [*drawn, *map(_name, names)], plot.bottom + AXIS_HEIGHT


def _times(points: Sequence[_Point]) -> list[float]:
    return [value for one in points for value in (one.p50, *(one.times or ()))]


def _axes(points: Sequence[_Point], limits: Sequence[Limit], plot: Area) -> tuple[Axis, Axis]:
    """Returns axes that hold all cells with their intervals, and all limits."""
    times = _times(points) + [one.bound for one in limits if one.metric.key == P50]
    shares = [value for one in points for value in (one.top1, *one.shares)]
    shares += [one.bound for one in limits if one.metric.key == TOP1]
    scale = linear(shares, least=0, most=1, least_span=_LEAST_SPAN)
    inset = reach(_MOST_RADIUS) + _HALO
    x = Axis(scale=fitted(times, least=0), start=plot.left + inset, end=plot.right - inset)
    return x, Axis(scale=scale, start=plot.bottom - inset, end=plot.top + inset)


def _keys(points: Sequence[_Point]) -> Iterator[Key]:
    for standing in _ORDER:
        if any(one.standing == standing for one in points):
            yield _symbol(standing), MEANING[standing]
    if any(one.recommended for one in points):
        yield (lambda x, y: circle(x, y, 7, class_="halo")), "recommended"
    sizes = [one.size_bytes for one in points]
    ends = dict.fromkeys(map(megabytes, (min(sizes), max(sizes))))
    yield _dots, f"area: file, {' to '.join(ends)} MB"
    yield (lambda x, y: line(x - 8, y, x + 8, y, class_="step")), "best top-1 so far"
    if any(one.quiet for one in points):
        yield (lambda x, y: line(x, y - 8, x, y + 8, class_="axis")), "95 % of the front"


def _symbol(standing: str) -> Symbol:
    return lambda x, y: element("g", _SHAPES[standing](x, y, 5.0), class_=standing)


def _dots(x: float, y: float) -> str:
    return element("g", circle(x - 5, y, 2.5, class_="axis"), circle(x + 3, y, 5, class_="axis"))


def _steps(points: Sequence[_Point], plot: Area, x: Axis, y: Axis) -> list[tuple[float, float]]:
    """Returns the corners of the best top-1 up to each time, from the bottom to the right edge."""
    corners: list[tuple[float, float]] = []
    best, height = -1.0, plot.bottom
    for point in sorted(points, key=lambda one: (one.p50, -one.top1)):
        if point.top1 > best:
            corners += [(x.at(point.p50), height), (x.at(point.p50), y.at(point.top1))]
            best, height = point.top1, y.at(point.top1)
    return [*corners, (plot.right, height)]


def _limit(limit: Limit, plot: Area, x: Axis, y: Axis) -> tuple[Segment, Area, str]:
    """Returns the line of a limit, and its words with their place: above it at the right, or at its lower end."""
    words = shortened(limit.summary, _LABEL_SHARE * (plot.right - plot.left) / 2)
    width = width_of(words)
    if limit.metric.key == TOP1:
        at = y.at(limit.bound)
        area = Area(left=plot.right - 4 - width, top=at - HEIGHT - 1, right=plot.right - 4, bottom=at - 1)
        return ((plot.left, at), (plot.right, at)), area, words
    at = x.at(limit.bound)
    left = at + 6 if at < (plot.left + plot.right) / 2 else at - 6 - width
    area = Area(left=left, top=plot.bottom - HEIGHT - 2, right=left + width, bottom=plot.bottom - 2)
    return ((at, plot.top), (at, plot.bottom)), area, words


def _names(
    points: Sequence[_Point], plot: Area, x: Axis, y: Axis, *, taken: Sequence[Area], lines: Sequence[Segment]
) -> tuple[Label, ...]:
    """Returns where the names of cells stand; where there is no room for one it is shown on hover alone."""
    room = _LABEL_SHARE * (plot.right - plot.left)
    named = [one for one in points if not one.quiet]
    named.sort(key=lambda one: (not one.recommended, _ORDER.index(one.standing), one.p50, -one.top1))
    anchors = [
        Anchor(
            x=x.at(one.p50),
            y=y.at(one.top1),
            reach=one.reach + (2 if one.recommended else 0),
            words=shortened(one.label, room, strong=one.recommended),
            strong=one.recommended,
        )
        for one in named[:_LABELLED]
    ]
    whiskers = [segment for one in named[:_LABELLED] for segment in _whiskers(one, x, y)]
    around = [_around(one, x, y) for one in points]
    return placed(anchors, within=plot, kept_free=[*around, *taken], rather_free=[*whiskers, *lines])


def _around(point: _Point, x: Axis, y: Axis) -> Area:
    across, down = x.at(point.p50), y.at(point.top1)
    return Area(
        left=across - point.reach, right=across + point.reach, top=down - point.reach, bottom=down + point.reach
    )


def _whiskers(point: _Point, x: Axis, y: Axis) -> list[Segment]:
    across, down = x.at(point.p50), y.at(point.top1)
    low, high = map(y.at, point.shares)
    upright = ((across, low), (across, high))
    if point.times is None:
        return [upright]
    low, high = map(x.at, point.times)
    return [((low, down), (high, down)), upright]


def _mark(point: _Point, x: Axis, y: Axis) -> str:
    across, down = x.at(point.p50), y.at(point.top1)
    parts = [polyline(segment, class_="whisker") for segment in _whiskers(point, x, y)]
    words = [point.cell, MEANING[point.standing]]
    if point.recommended:
        parts.append(circle(across, down, point.reach, class_="halo"))
        words.append("recommended")
    parts.append(_SHAPES[point.standing](across, down, point.radius))
    class_ = f"{point.standing} quiet" if point.quiet else point.standing
    return group(parts, class_=class_, hover=f"{', '.join(words)}: {point.figures}")


def _name(label: Label) -> str:
    area, anchor = label.area, label.anchor
    x, y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    return text(x, y, anchor.words, class_="over middle strong" if anchor.strong else "over middle")


def _describe(points: Sequence[_Point], limits: Sequence[Limit]) -> str:
    """Returns what the picture shows: each cell of the front with its figures, the others by name."""
    count = "one cell" if len(points) == 1 else f"{len(points)} cells"
    sentences = [f"Top-1 against p50 of {count}, with 95 % intervals."]
    sentences += [f"Recommended: {one.cell}, {one.figures}." for one in points if one.recommended]
    ordered = sorted(points, key=lambda one: one.p50)
    for standing, meaning in MEANING.items():
        found = [one for one in ordered if one.standing == standing]
        if found and standing == "front":
            listed = "; ".join(f"{one.cell}, {one.figures}" for one in found)
            sentences.append(f"On the front, fastest first: {listed}.")
        elif found:
            sentences.append(f"{meaning.capitalize()}: {', '.join(one.cell for one in found)}.")
    return " ".join([*sentences, *(f"Limit: {limit.summary}." for limit in limits)])
