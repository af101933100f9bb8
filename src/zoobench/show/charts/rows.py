"""How do times and speed-ups of many cells look below one another? A row for each, with its name and its figure."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from zoobench.judge.recommend.limits import P50, P90, Limit
from zoobench.results.schema import Record, RecordedCell, RecordedLatency, Speedup
from zoobench.show.charts.scales import (
    AXIS_HEIGHT,
    HEIGHT,
    Area,
    Axis,
    Scale,
    above,
    fitted,
    horizontal,
    is_far,
    logarithmic,
)
from zoobench.show.charts.sheet import BEYOND, MARGIN, WIDTH, Chart, Drawn, Key, header, presented, require_number
from zoobench.show.charts.svg import circle, diamond, element, group, line, polyline, shortened, square, text, width_of
from zoobench.show.records import marked
from zoobench.system.units import exactly, milliseconds, ratio, span, tick, tick_milliseconds

_LATENCY_TITLE, _SPEEDUP_TITLE = "Time per image, round by round", "Times faster than float"
_BESIDE_FROM = 480.0
"""Width from which a name stands to the left of its strip; below it stands above."""
_STRIP, _COMPACT_STRIP = 24.0, 18.0
_COMPACT_FROM = 40
_NAME_HEIGHT, _GROUP_HEIGHT = 18.0, 24.0
_LABEL_SHARE = 0.4
_GAP, _BELOW = 8.0, 4.0
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
LEAST_SPEEDUP, _MOST_SPEEDUP = 1e-9, 1e9
"""That an axis holds."""
_Timed = tuple[RecordedCell, RecordedLatency, Sequence[float]]
"""A cell, its times, and its rounds in seconds."""
_Sped = tuple[RecordedCell, Speedup]


def latencies(
    records: Sequence[Record],
    rounds: Mapping[str, Sequence[float]],
    *,
    limits: Sequence[Limit] = (),
    width: float = WIDTH,
) -> Chart:
    """Returns the picture of all rounds, a row for each cell that was timed, in the given order.

    Args:
        records: Of the cells.
        rounds: In seconds, in any order, by the cell's id; cells of which only the median is known are not there.
        limits: Those of p50 and p90 are drawn, unless they are far from all times.
        width: In units; letters keep their size.
    """
    rows = [(one.cell, one.latency, rounds.get(one.cell.id, ())) for one in records if one.latency]
    for cell, latency, own in rows:
        times = {"p50": latency.p50_seconds, "p90": latency.p90_seconds, "a round": max(own, default=None)}
        for what, seconds in times.items():
            require_number(seconds, f"{what} of {cell.id}", least=0)
    lines = [limit for limit in limits if limit.metric.key in (P50, P90)]
    described = ". ".join([*(_describe_latency(*row) for row in rows), *(f"Limit: {one.summary}" for one in lines)])
    return presented(
        (lambda: _draw_latencies(rows, lines, width=width)) if rows else None,
        title=_LATENCY_TITLE,
        alternative=f"Times of one image. {described}." if rows else "No cell was timed.",
        width=width,
    )


def speedups(records: Sequence[Record], *, width: float = WIDTH) -> Chart:
    """Returns the picture of speed-ups over float, a row for each cell that has one, in the given order."""
    rows = [
        (one.cell, one.latency.speedup_over_float) for one in records if one.latency and one.latency.speedup_over_float
    ]
    for cell, speedup in rows:
        for value in (speedup.point, *speedup.interval):
            require_number(value, f"the speed-up of {cell.id}", least=LEAST_SPEEDUP, most=_MOST_SPEEDUP)
    described = ". ".join(_describe_speedup(*row) for row in rows)
    return presented(
        (lambda: _draw_speedups(rows, width=width)) if rows else None,
        title=_SPEEDUP_TITLE,
        alternative=f"Speed-ups over float, with 95 % intervals. {described}."
        if rows
        else "No cell was timed together with its float file.",
        width=width,
    )


def laid_out(
    cells: Sequence[RecordedCell], figures: Sequence[str], *, top: float, width: float
) -> tuple[Area, list[Area], list[str]]:
    """Returns where rows stand: the plot, each row's strip of it, and the names, figures and groups, drawn.

    Args:
        cells: At least one; backbone and threads of those that follow one another stand above them.
        figures: What stands at the right of each.
        top: Where they begin, or the ticks above them.
        width: Of the picture; where it is small a name stands above its strip, else to the left of it.
    """
    beside = width >= _BESIDE_FROM
    names = [f"{cell.variant} {cell.runtime}" for cell in cells]
    right = width - MARGIN - max(map(width_of, figures)) - _GAP
    if beside:
        room = min(max(map(width_of, names)), _LABEL_SHARE * width)
        name_x, left = MARGIN + room, MARGIN + room + _GAP
    else:
        room, name_x, left, right = right - MARGIN, MARGIN, MARGIN, width - MARGIN
    height = _COMPACT_STRIP if len(cells) >= _COMPACT_FROM or not beside else _STRIP
    strips: list[Area] = []
    words: list[str] = []
    y = top = top + (_TICKS_ABOVE if len(cells) >= _TICKS_ABOVE_FROM else 0)
    last = ""
    for cell, name, figure in zip(cells, names, figures, strict=True):
        family = f"{cell.backbone}, {exactly(cell.threads)} thread{'s' if cell.threads > 1 else ''}"
        if family != last:
            shown = shortened(family, width - 2 * MARGIN, strong=True)
            words.append(text(MARGIN, y + _GROUP_HEIGHT / 2 + 2, shown, class_="strong"))
            y += _GROUP_HEIGHT
            last = family
        middle = y + (height if beside else _NAME_HEIGHT) / 2
        words.append(text(name_x, middle, shortened(name, room), class_="over end" if beside else "over"))
        words.append(text(width - MARGIN, middle, figure, class_="over end"))
        y += 0 if beside else _NAME_HEIGHT
        strips.append(Area(left=left, top=y, right=right, bottom=y + height))
        y += height if beside else height + _BELOW
    return Area(left=left, top=top, right=right, bottom=y + _BELOW), strips, words


def _axis(
    plot: Area, scale: Scale, shown: Callable[[float], str], *, title: str, inset: float, rows: int
) -> tuple[Axis, list[str]]:
    """Returns the axis that all rows share, and it drawn: below them and, where they are many, above them too."""
    axis = Axis(scale=scale, start=plot.left + inset, end=plot.right - inset)
    drawn = horizontal(axis, plot, shown, title=title)
    return axis, drawn + (above(axis, plot, shown) if rows >= _TICKS_ABOVE_FROM else [])


def _ground(strip: Area, y: float) -> list[str]:
    """Returns what lies below the marks of a row: where a pointer may rest, and a line from name to figure."""
    size = {"width": strip.right - strip.left, "height": strip.bottom - strip.top}
    where = element("rect", x=strip.left, y=strip.top, **size, class_="hit")
    return [where, line(strip.left, y, strip.right, y, class_="grid")]


def _draw_latencies(rows: Sequence[_Timed], limits: Sequence[Limit], *, width: float) -> Drawn:
    times = _times(rows)
    near = [limit for limit in limits if not is_far(limit.bound, times)]
    drawn, top = header(_LATENCY_TITLE, [*_latency_keys(rows), *_limit_keys(limits, near)], width=width)
    figures = [f"{marked(latency)}{milliseconds(latency.p50_seconds)}" for _, latency, _ in rows]
    plot, strips, words = laid_out([cell for cell, _, _ in rows], figures, top=top, width=width)
    axis, axes = _axis(
        plot,
        fitted([*times, *(limit.bound for limit in near)], least=0),
        tick_milliseconds,
        title="one image, ms; at the right p50",
        inset=_HILL_INSET,
        rows=len(rows),
    )
    marks = [_rounds(row, strip, axis) for row, strip in zip(rows, strips, strict=True)]
    bounds = [part for one in near for part in _bound(one, axis.at(one.bound), plot)]
    return [*drawn, *axes, *marks, *bounds, *words], plot.bottom + AXIS_HEIGHT


def _bound(limit: Limit, x: float, plot: Area) -> tuple[str, str]:
    """Returns the line of a limit and, at its upper end, of which percentile it is one."""
    words = text(x + 4, plot.top + HEIGHT / 2, limit.metric.title, class_="over limit-text")
    return line(x, plot.top, x, plot.bottom, class_="limit"), words


def _limit_keys(limits: Sequence[Limit], near: Sequence[Limit]) -> Iterator[Key]:
    for limit in limits:
        if limit in near:
            yield (lambda x, y: line(x - 8, y, x + 8, y, class_="limit")), limit.summary
        else:
            yield None, f"{limit.summary}: {BEYOND}"


def _times(rows: Sequence[_Timed]) -> list[float]:
    """Returns all medians and p90s, and the ends of each cell's rounds but for the slowest hundredth: what is shown."""
    values: list[float] = []
    for _, latency, rounds in rows:
        values += [value for value in (latency.p50_seconds, latency.p90_seconds) if value is not None]
        if rounds:
            values += [min(rounds), sorted(rounds)[math.ceil(_SHARE_SHOWN * len(rounds)) - 1]]
    return values


def _rounds(row: _Timed, strip: Area, axis: Axis) -> str:
    _, latency, rounds = row
    base = strip.bottom - 3
    parts = _ground(strip, base)
    if rounds:
        parts += _reach(rounds, strip, axis, base)
        parts.append(polyline(_hill(rounds, strip, axis, base), class_="hill", closed=True))
    p50 = axis.at(latency.p50_seconds)
    parts.append(line(p50, strip.top + 2, p50, base + 2, class_="median"))
    if latency.p90_seconds is not None:
        p90 = axis.at(latency.p90_seconds)
        parts.append(line(p90, (strip.top + base) / 2, p90, base + 2, class_="p90"))
    return group(parts, class_="row", hover=_describe_latency(*row))


def _reach(rounds: Sequence[float], strip: Area, axis: Axis, base: float) -> list[str]:
    """Returns the line from the fastest to the slowest round, with a head where it goes on beyond the plot."""
    start, end = axis.at(min(rounds)), axis.at(max(rounds))
    if end <= strip.right:
        return [line(start, base, end, base, class_="reach")]
    tip = strip.right
    head = polyline(((tip - 5, base - 4), (tip, base), (tip - 5, base + 4)), class_="reach")
    return [line(start, base, tip, base, class_="reach"), head]


def _hill(rounds: Sequence[float], strip: Area, axis: Axis, base: float) -> list[tuple[float, float]]:
    """Returns the outline of how many rounds fell into each step, smoothed over three, the highest as high as all."""
    steps = max(1, math.ceil((strip.right - strip.left) / _HILL_STEP))
    counts = [0] * (steps + 4)
    for seconds in rounds:
        place = (axis.at(seconds) - strip.left) / _HILL_STEP
        if place < steps:
            counts[int(place) + 2] += 1
    smooth = [counts[i - 1] + 2 * counts[i] + counts[i + 1] for i in range(1, len(counts) - 1)]
    filled = [index for index, count in enumerate(smooth) if count]
    tall = (base - strip.top - 3) / max(smooth)
    outline = [
        (min(max(strip.left + (index - 0.5) * _HILL_STEP, strip.left), strip.right), base - tall * smooth[index])
        for index in range(filled[0], filled[-1] + 1)
    ]
    return [(outline[0][0], base), *outline, (outline[-1][0], base)]


def _latency_keys(rows: Sequence[_Timed]) -> list[Key]:
    has_rounds = any(rounds for _, _, rounds in rows)
    keys: list[Key] = [(_small_hill, "rounds")] if has_rounds else []
    keys.append((lambda x, y: line(x, y - 7, x, y + 7, class_="median"), "p50"))
    if any(latency.p90_seconds is not None for _, latency, _ in rows):
        keys.append((lambda x, y: line(x, y - 4, x, y + 7, class_="p90"), "p90"))
    if has_rounds:
        keys.append((lambda x, y: line(x - 8, y, x + 8, y, class_="reach"), "fastest to slowest"))
    if any(marked(latency) for _, latency, _ in rows):
        keys.append((None, "~ disturbed"))
    return keys


def _small_hill(x: float, y: float) -> str:
    return polyline(((x - 8, y + 5), (x - 2, y - 6), (x + 2, y - 2), (x + 8, y + 5)), class_="hill", closed=True)


def _describe_latency(cell: RecordedCell, latency: RecordedLatency, rounds: Sequence[float]) -> str:
    parts = [f"{cell.id}: p50 {milliseconds(latency.p50_seconds)} ms"]
    if latency.p90_seconds is not None:
        parts.append(f"p90 {milliseconds(latency.p90_seconds)} ms")
    if rounds:
        parts.append(f"{len(rounds)} rounds of {milliseconds(min(rounds))} to {milliseconds(max(rounds))} ms")
    return ", ".join(parts) + (", disturbed" if marked(latency) else "")


def _draw_speedups(rows: Sequence[_Sped], *, width: float) -> Drawn:
    verdicts = {_verdict(speedup) for _, speedup in rows}
    drawn, top = header(_SPEEDUP_TITLE, [_verdict_key(one) for one in _SHAPES if one in verdicts], width=width)
    figures = [ratio(speedup.point) for _, speedup in rows]
    plot, strips, words = laid_out([cell for cell, _ in rows], figures, top=top, width=width)
    scale = logarithmic([1.0, *(value for _, speedup in rows for value in (speedup.point, *speedup.interval))])
    axis, axes = _axis(plot, scale, tick, title="float's time over the cell's", inset=_POINT_INSET, rows=len(rows))
    even = line(axis.at(1), plot.top, axis.at(1), plot.bottom, class_="axis")
    marks = [_speedup(row, strip, axis) for row, strip in zip(rows, strips, strict=True)]
    return [*drawn, *axes, even, *marks, *words], plot.bottom + AXIS_HEIGHT


def _verdict(speedup: Speedup) -> str:
    low, high = speedup.interval
    return "faster" if low > 1 else "slower" if high < 1 else "undecided"


def _verdict_key(verdict: str) -> Key:
    return lambda x, y: element("g", _SHAPES[verdict](x, y, _RADIUS), class_=verdict), _MEANING[verdict]


def _speedup(row: _Sped, strip: Area, axis: Axis) -> str:
    _, speedup = row
    middle, verdict = (strip.top + strip.bottom) / 2, _verdict(speedup)
    low, high = map(axis.at, speedup.interval)
    parts = [*_ground(strip, middle), line(low, middle, high, middle, class_="whisker")]
    parts.append(_SHAPES[verdict](axis.at(speedup.point), middle, _RADIUS))
    return group(parts, class_=f"row {verdict}", hover=_describe_speedup(*row))


def _describe_speedup(cell: RecordedCell, speedup: Speedup) -> str:
    return f"{cell.id}: {ratio(speedup.point)} times as fast as {speedup.twin} ({span(speedup.interval, ratio)})"
