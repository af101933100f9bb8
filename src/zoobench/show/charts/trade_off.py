"""Which cells are fast and right? Top-1 against the time for an image, with intervals, file sizes and the front."""

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from zoobench.judge.recommend.limits import P50, TOP1, Limit
from zoobench.results.schema import Record, RecordedAccuracy, RecordedCell, RecordedLatency, RecordedModel
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
from zoobench.show.charts.sheet import MARGIN, WIDTH, Chart, Drawn, Key, Symbol, header, presented, require_number
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

TITLE = "Top-1 against time per image"
MEANING: Mapping[str, str] = {"front": "on the front", "open": "perhaps on it", "dominated": "dominated"}
"""Of each standing: no cell is better in everything, the intervals do not tell, some cell is significantly better."""
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
_DISPENSABLE = (3, 2, 0)
"""Where threads, runtime and backbone stand among the words of a cell's id."""
_Known = tuple[RecordedCell, RecordedLatency, RecordedAccuracy, RecordedModel]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A cell on the picture.

    Attributes:
        cell: Its id.
        label: What it is called beside its mark.
        figures: Time, top-1 and size in words.
        radius: Of a disc whose area is that of the file, unless it would be lost.
        whiskers: Its 95 % intervals.
        quiet: Whether these are shown on hover alone, where those of all would hide the picture.
    """

    cell: str
    label: str
    figures: str
    x: float
    y: float
    radius: float
    whiskers: tuple[Segment, ...]
    standing: str
    quiet: bool
    recommended: bool

    @property
    def reach(self) -> float:
        """How far the mark reaches from its middle, with its ring."""
        return reach(self.radius) + (_HALO if self.recommended else 0)


def pareto(
    records: Sequence[Record],
    standings: Mapping[str, str],
    *,
    recommended: str = "",
    limits: Sequence[Limit] = (),
    title: str = TITLE,
    width: float = WIDTH,
) -> Chart:
    """Returns the picture of times, accuracies and sizes of the cells that have all three.

    The dotted steps are the best top-1 that was measured at a time or below it.

    Args:
        records: Of the cells, in any order.
        standings: By the cell's id: a key of `MEANING`.
        recommended: Id of the cell to take; '' for none.
        limits: That a user gave; of p50 and top-1 they are lines.
        title: Above the picture.
        width: In units; letters keep their size.

    Raises:
        ResultsError: If the width leaves no room, or a value is none that can be drawn.
    """
    cells = [
        (one.cell, one.latency, one.accuracy, one.model)
        for one in records
        if one.latency and one.accuracy and one.model
    ]
    for cell, latency, _, _ in cells:
        for seconds in (latency.p50_seconds, *(latency.p50_interval or ())):
            require_number(seconds, f"p50 of {cell.id}", least=0)
    drawn_limits = [limit for limit in limits if limit.metric.key in (P50, TOP1)]
    return presented(
        (lambda: _draw(cells, standings, recommended, drawn_limits, title=title, width=width)) if cells else None,
        title=title,
        alternative=_describe(cells, standings, recommended, drawn_limits)
        if cells
        else "No cell has both a time and an accuracy.",
        width=width,
    )


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


def _draw(
    cells: Sequence[_Known],
    standings: Mapping[str, str],
    recommended: str,
    limits: Sequence[Limit],
    *,
    title: str,
    width: float,
) -> Drawn:
    near = [limit for limit in limits if not _is_far(limit, cells)]
    far: list[Key] = [(None, f"{limit.summary}: beyond the picture") for limit in limits if limit not in near]
    many = len(cells) > _NAMED
    quiet = {cell.id for cell, *_ in cells if many and standings[cell.id] != "front" and cell.id != recommended}
    drawn, top = header(title, [*_keys(cells, standings, recommended, quiet), *far], width=width)
    top += HEIGHT
    height = min(max(_LEAST_HEIGHT, _HEIGHT_SHARE * width), _MOST_HEIGHT)
    plot = Area(left=MARGIN + _LEFT, top=top, right=width - MARGIN, bottom=top + height)
    x, y = _axes(cells, near, plot)
    marks = _marks(cells, standings, recommended, quiet, x, y)
    steps = _steps(marks, plot)
    lines = [_limit(limit, plot, x, y) for limit in near]
    names = _names(
        marks, plot, taken=[area for _, area, _ in lines], lines=[*(one for one, *_ in lines), *pairwise(steps)]
    )
    drawn.append(text(MARGIN, top - HEIGHT / 2 - 4, "top-1, %", class_="muted"))
    drawn += vertical(y, plot, tick_percent)
    drawn += horizontal(x, plot, tick_milliseconds, title="p50 of one image, ms")
    drawn.append(polyline(steps, class_="step"))
    for ends, area, words in lines:
        drawn.append(polyline(ends, class_="limit"))
        drawn.append(text(area.left, (area.top + area.bottom) / 2, words, class_="over limit-text"))
    drawn += map(_mark, marks)
    drawn += [polyline(label.leader, class_="leader") for label in names if label.leader]
    return [*drawn, *map(_name, names)], plot.bottom + AXIS_HEIGHT


def _is_far(limit: Limit, cells: Sequence[_Known]) -> bool:
    times = _times(cells)
    return limit.metric.key == P50 and not min(times) / _FAR <= limit.bound <= max(times) * _FAR


def _times(cells: Sequence[_Known]) -> list[float]:
    return [value for _, one, *_ in cells for value in (one.p50_seconds, *(one.p50_interval or ()))]


def _axes(cells: Sequence[_Known], limits: Sequence[Limit], plot: Area) -> tuple[Axis, Axis]:
    """Returns axes that hold all cells with their intervals, and all limits."""
    times = _times(cells) + [one.bound for one in limits if one.metric.key == P50]
    shares = [value for _, _, one, _ in cells for value in (one.top1, *one.interval)]
    shares += [one.bound for one in limits if one.metric.key == TOP1]
    scale = linear(shares, least=0, most=1, least_span=_LEAST_SPAN)
    inset = reach(_MOST_RADIUS) + _HALO
    x = Axis(scale=fitted(times, least=0), start=plot.left + inset, end=plot.right - inset)
    return x, Axis(scale=scale, start=plot.bottom - inset, end=plot.top + inset)


def _keys(cells: Sequence[_Known], standings: Mapping[str, str], recommended: str, quiet: Set[str]) -> Iterator[Key]:
    for standing in _ORDER:
        if any(standings[cell.id] == standing for cell, *_ in cells):
            yield _symbol(standing), MEANING[standing]
    if any(cell.id == recommended for cell, *_ in cells):
        yield (lambda x, y: circle(x, y, 7, class_="halo")), "recommended"
    sizes = [megabytes(one(model.size_bytes for *_, model in cells)) for one in (min, max)]
    yield _dots, f"area: file, {' to '.join(dict.fromkeys(sizes))} MB"
    yield (lambda x, y: line(x - 8, y, x + 8, y, class_="step")), "best top-1 so far"
    if quiet:
        yield (lambda x, y: line(x, y - 8, x, y + 8, class_="axis")), "95 % of the front"


def _symbol(standing: str) -> Symbol:
    return lambda x, y: element("g", _SHAPES[standing](x, y, 5.0), class_=standing)


def _dots(x: float, y: float) -> str:
    return element("g", circle(x - 5, y, 2.5, class_="axis"), circle(x + 3, y, 5, class_="axis"))


def _marks(
    cells: Sequence[_Known], standings: Mapping[str, str], recommended: str, quiet: Set[str], x: Axis, y: Axis
) -> list[_Mark]:
    """Returns where cells are: what matters comes last and lies on top, and the small on the large."""
    names = labels([cell for cell, *_ in cells])
    largest = max(model.size_bytes for *_, model in cells) or 1
    marks = []
    ordered = sorted(cells, key=lambda one: (-_ORDER.index(standings[one[0].id]), -one[3].size_bytes))
    for one in ordered:
        cell, latency, accuracy, model = one
        across, down = x.at(latency.p50_seconds), y.at(accuracy.top1)
        whiskers: list[Segment] = []
        if latency.p50_interval is not None:
            low, high = map(x.at, latency.p50_interval)
            whiskers.append(((low, down), (high, down)))
        low, high = map(y.at, accuracy.interval)
        whiskers.append(((across, low), (across, high)))
        marks.append(
            _Mark(
                cell=cell.id,
                label=names[cell.id],
                figures=_figures(one),
                x=across,
                y=down,
                radius=max(_LEAST_RADIUS, _MOST_RADIUS * math.sqrt(model.size_bytes / largest)),
                whiskers=tuple(whiskers),
                standing=standings[cell.id],
                quiet=cell.id in quiet,
                recommended=cell.id == recommended,
            )
        )
    return marks


def _steps(marks: Sequence[_Mark], plot: Area) -> list[tuple[float, float]]:
    """Returns the corners of the best top-1 up to each time, from the bottom to the right edge."""
    corners: list[tuple[float, float]] = []
    height = plot.bottom
    for mark in sorted(marks, key=lambda one: (one.x, one.y)):
        if mark.y < height:
            corners += [(mark.x, height), (mark.x, mark.y)]
            height = mark.y
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


def _names(marks: Sequence[_Mark], plot: Area, *, taken: Sequence[Area], lines: Sequence[Segment]) -> tuple[Label, ...]:
    """Returns where the names of cells stand; where there is no room for one it is shown on hover alone."""
    room = _LABEL_SHARE * (plot.right - plot.left)
    named = [one for one in marks if not one.quiet]
    named.sort(key=lambda one: (not one.recommended, _ORDER.index(one.standing), one.x, one.y))
    anchors = [
        Anchor(
            x=one.x,
            y=one.y,
            reach=one.reach + (2 if one.recommended else 0),
            words=shortened(one.label, room, strong=one.recommended),
            strong=one.recommended,
        )
        for one in named
    ]
    around = [
        Area(left=one.x - one.reach, top=one.y - one.reach, right=one.x + one.reach, bottom=one.y + one.reach)
        for one in marks
    ]
    whiskers = [segment for one in named for segment in one.whiskers]
    return placed(anchors, within=plot, kept_free=[*around, *taken], rather_free=[*whiskers, *lines])


def _mark(mark: _Mark) -> str:
    parts = [polyline(segment, class_="whisker") for segment in mark.whiskers]
    words = [mark.cell, MEANING[mark.standing]]
    if mark.recommended:
        parts.append(circle(mark.x, mark.y, mark.reach, class_="halo"))
        words.append("recommended")
    parts.append(_SHAPES[mark.standing](mark.x, mark.y, mark.radius))
    class_ = f"{mark.standing} quiet" if mark.quiet else mark.standing
    return group(parts, class_=class_, hover=f"{', '.join(words)}: {mark.figures}")


def _name(label: Label) -> str:
    area, anchor = label.area, label.anchor
    x, y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    return text(x, y, anchor.words, class_="over middle strong" if anchor.strong else "over middle")


def _describe(cells: Sequence[_Known], standings: Mapping[str, str], recommended: str, limits: Sequence[Limit]) -> str:
    """Returns what the picture shows: each cell of the front with its figures, the others by name."""
    count = "one cell" if len(cells) == 1 else f"{len(cells)} cells"
    sentences = [f"Top-1 against p50 of {count}, with 95 % intervals."]
    sentences += [f"Recommended: {recommended}, {_figures(one)}." for one in cells if one[0].id == recommended]
    ordered = sorted(cells, key=lambda one: one[1].p50_seconds)
    for standing, meaning in MEANING.items():
        found = [one for one in ordered if standings[one[0].id] == standing]
        if found and standing == "front":
            listed = "; ".join(f"{one[0].id}, {_figures(one)}" for one in found)
            sentences.append(f"On the front, fastest first: {listed}.")
        elif found:
            sentences.append(f"{meaning.capitalize()}: {', '.join(cell.id for cell, *_ in found)}.")
    return " ".join([*sentences, *(f"Limit: {limit.summary}." for limit in limits)])


def _figures(known: _Known) -> str:
    _, latency, accuracy, model = known
    time = f"p50 {milliseconds(latency.p50_seconds)} ms"
    if latency.p50_interval:
        time += f" ({span(latency.p50_interval, milliseconds)})"
    right = f"top-1 {percent(accuracy.top1)} % ({span(accuracy.interval, percent)})"
    return f"{time}, {right}, {megabytes(model.size_bytes)} MB"
