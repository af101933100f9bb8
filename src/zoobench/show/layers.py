"""How is the error of each layer read? As a table of all layers, the worst ones marked, and as a picture of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from zoobench.measure.layers import LayerError, LayerReport, losses, short_names, worst
from zoobench.show.charts.scales import AXIS_HEIGHT, HEIGHT, Area, Axis, Scale, horizontal, linear, vertical
from zoobench.show.charts.sheet import LINE_HEIGHT, MARGIN, WIDEST, Chart, Drawn, Key, header, presented
from zoobench.show.charts.svg import (
    KINDS,
    circle,
    diamond,
    element,
    group,
    line,
    polyline,
    shortened,
    square,
    text,
    triangle,
    width_of,
)
from zoobench.show.document import Document, Grid, Lines, View
from zoobench.system.units import cosine, decibels, percent, three_digits, tick

LONG = 40
"""Layers from which on the worst ones are also listed on their own, before all of them."""
SCHEMA = 1
_HEADS = ("worst", "layer", "operation", "", "SQNR dB", "lost dB", "cosine", "max error", "% of range", "RMS")
_WORDS = frozenset({2, 3})
_NAMED = 3
_EXACT = "exact"
_LEGEND = (
    "SQNR: 10 log10 of signal over noise power, of all that was done up to the layer; 6 dB are one bit. lost: what the",
    "layer adds, its worst input's SQNR less its own (negative: noise goes away). max error: of one value, and as a",
    "share of the range of the float values. RMS: of the float values.",
)
HIGHEST_SHOWN = 60.0
"""SQNR in dB above which it does not matter how high: 8 bits give at most about 50."""
_SMALLEST_ANGLE = 1e-6
"""Least 1 - cosine that is drawn: five nines are as good as one."""
_NAMED_AXIS = 50
"""Layers up to which each has its name on the axis."""
_PER_NAME, _PER_LAYER = 16.0, 4.0
_LEAST_WIDTH = 1000.0
_UPPER, _LOWER = 320.0, 130.0
"""Heights of the plots of SQNR and of cosine."""
_LEFT, _NAME_HEIGHT, _INSET, _GAP = 76.0, 22.0, 10.0, 20.0
_LIST_SHARE, _NAMES_ROOM = 0.3, 180.0
"""Room for the list at the right, as a share of the width, and for names below the axis."""
_HEAD, _HEAD_ROOM = "lowest SQNR", 110.0
_RANK_ROOM = 20.0
_RADIUS = 4.0
_SHAPES = (circle, square, diamond)


def view(report: LayerReport, *, worst_count: int) -> View:
    """Returns a report of at least one layer for every writer, of which so many layers are marked."""
    lost = losses(report.layers)
    rows = [asdict(layer) | {"lost_db": lost.get(layer.position)} for layer in report.layers]
    return View(
        document=lambda: document(report, worst_count=worst_count),
        plain=lambda: {"schema": SCHEMA} | asdict(report) | {"layers": rows},
        rows=lambda: rows,
    )


def document(report: LayerReport, *, worst_count: int) -> Document:
    """Returns the table of layers, the worst ones marked, and first on their own where there are many."""
    layers, count = report.layers, len(report.layers)
    ranked = worst(layers, worst_count)
    title = (report.model, f"against {report.float_model}, {report.images} images of {report.images_from}")
    first = _grid(report, ranked, shown=ranked, title=f"the {len(ranked)} worst of {count} layers")
    every = _grid(report, ranked, shown=layers)
    return Document(
        title=f"Layers of {report.model}",
        blocks=(
            Lines(lines=title),
            *((first,) if count >= LONG else ()),
            every,
            Lines(lines=(*_LEGEND, *_remarks(report))),
        ),
        pictures=(partial(layer_errors, report, worst_count=worst_count),),
    )


def _grid(report: LayerReport, ranked: Sequence[LayerError], *, shown: Sequence[LayerError], title: str = "") -> Grid:
    lost, names = losses(report.layers), _names(report.layers)
    ranks = {layer.position: str(rank) for rank, layer in enumerate(ranked, start=1)}
    rows = tuple(
        (
            ranks.get(layer.position, ""),
            str(layer.position),
            layer.kind,
            names[layer.position],
            _EXACT if layer.exact else decibels(layer.sqnr_db),
            decibels(lost.get(layer.position)),
            cosine(layer.cosine),
            three_digits(layer.max_error),
            percent(layer.max_error_of_range),
            three_digits(layer.signal_rms),
        )
        for layer in shown
    )
    marked = frozenset(row for row, layer in enumerate(shown) if layer.position in ranks)
    return Grid(
        title=title,
        heads=_HEADS,
        rows=rows,
        words=_WORDS,
        marked=marked if len(shown) > len(ranked) else frozenset(),
    )


def _names(layers: Sequence[LayerError]) -> dict[int, str]:
    names = short_names([layer.name for layer in layers])
    return {layer.position: name for layer, name in zip(layers, names, strict=True)}


def _remarks(report: LayerReport) -> Iterator[str]:
    names = _names(report.layers)
    most = sorted(losses(report.layers).items(), key=lambda item: -item[1])[:_NAMED]
    if some := [f"{names[position]} ({decibels(lost)} dB)" for position, lost in most if lost > 0]:
        yield f"Most is lost in {', '.join(some)}."
    if report.matched_by == "structure":
        yield "Not all tensors bear the same names in both files; layers were matched by structure, which agrees."
    if report.unmatched:
        count, some = len(report.unmatched), short_names(report.unmatched)
        named = ", ".join([*some[:_NAMED], *(["…"] if count > _NAMED else [])])
        yield f"{count} layers of the float file are not in the quantized one (fused or renamed): {named}."


def layer_errors(report: LayerReport, *, worst_count: int) -> Chart:
    """Returns the picture of all layers, the wider the more they are, of which so many are marked and named."""
    title = f"Quantization error of each layer, {report.images} images"
    count = len(report.layers)
    room = count * (_PER_NAME if count <= _NAMED_AXIS else _PER_LAYER)
    width = min(max(_LEAST_WIDTH, _LEFT + room / (1 - _LIST_SHARE)), WIDEST)
    ranked = worst(report.layers, worst_count)
    return presented(
        (lambda: _draw(report, ranked, title=title, width=width)) if count else None,
        title=title,
        alternative=_describe(report, ranked) if count else f"No layer of {report.model} was compared.",
        width=width,
    )


def _draw(report: LayerReport, ranked: Sequence[LayerError], *, title: str, width: float) -> Drawn:
    layers, kinds = report.layers, _kinds(report.layers)
    names = _names(layers)
    drawn, top = header(title, _keys(layers, kinds), width=width)
    for words in (report.model, f"against {report.float_model}"):
        drawn.append(text(MARGIN, top + LINE_HEIGHT / 2, shortened(words, width - 2 * MARGIN), class_="muted"))
        top += LINE_HEIGHT
    top += _NAME_HEIGHT + MARGIN
    listed, right = _list(ranked, names, top=top, width=width)
    first, last = layers[0].position, layers[-1].position
    order = Scale(low=first, high=max(last, first + 1), logarithmic=False)
    x = Axis(scale=order, start=MARGIN + _LEFT + _INSET, end=right - _INSET, whole=True)
    upper = Area(left=MARGIN + _LEFT, top=top, right=right, bottom=top + _UPPER)
    top_of_lower = upper.bottom + _GAP + _NAME_HEIGHT
    lower = Area(left=upper.left, top=top_of_lower, right=right, bottom=top_of_lower + _LOWER)
    axis, below = _below(layers, names, x, lower)
    drawn += [*_sqnr(layers, ranked, x, upper, kinds), *axis, *_cosines(layers, x, lower, kinds)]
    return [*drawn, *listed], max(lower.bottom + below, top + (len(ranked) + 1) * LINE_HEIGHT + MARGIN)


def _kinds(layers: Sequence[LayerError]) -> Mapping[str, int | None]:
    """Returns a colour's number for each kind of operation; the frequent ones have one of their own."""
    kinds = [kind for kind, _ in Counter(layer.kind for layer in layers).most_common()]
    return {kind: place if place < KINDS else None for place, kind in enumerate(kinds)}


def _keys(layers: Sequence[LayerError], kinds: Mapping[str, int | None]) -> list[Key]:
    keys: list[Key] = [(partial(_mark, number), kind) for kind, number in kinds.items() if number is not None]
    if None in kinds.values():
        keys.append((partial(_mark, None), "other"))
    if any(map(_is_above, layers)):
        keys.append((lambda x, y: triangle(x, y, _RADIUS, class_="axis"), f"exact, or {HIGHEST_SHOWN:.0f} dB and more"))
    return keys


def _mark(number: int | None, x: float, y: float, *, above: bool = False) -> str:
    shape = triangle if above else _SHAPES[(number or 0) % len(_SHAPES)]
    return element("g", shape(x, y, _RADIUS), class_=f"kind kind-{'other' if number is None else number}")


def _height(layer: LayerError) -> float:
    """Returns where a layer is drawn: at the top where there is (almost) no error, at 0 where there is no signal."""
    if layer.sqnr_db is None:
        return HIGHEST_SHOWN if layer.exact else 0.0
    return min(layer.sqnr_db, HIGHEST_SHOWN)


def _is_above(layer: LayerError) -> bool:
    return _height(layer) >= HIGHEST_SHOWN


def _level(layer: LayerError) -> str:
    if layer.sqnr_db is None:
        return "exact" if layer.exact else "no signal"
    return f"{decibels(layer.sqnr_db)} dB"


def _list(
    ranked: Sequence[LayerError], names: Mapping[int, str], *, top: float, width: float
) -> tuple[list[str], float]:
    if not ranked:
        return [], width - MARGIN
    rank_room, level_room = (max(map(width_of, words)) for words in ((str(len(ranked)),), map(_level, ranked)))
    name_x = rank_room + level_room + 2 * MARGIN
    words = [f"{names[one.position]} ({one.position})" for one in ranked]
    room = min(max(*map(width_of, words), _HEAD_ROOM - name_x), _LIST_SHARE * width - name_x)
    x = width - MARGIN - name_x - room
    drawn = [text(x, top + HEIGHT / 2, _HEAD, class_="muted")]
    for rank, (layer, name) in enumerate(zip(ranked, words, strict=True), start=1):
        y = top + rank * LINE_HEIGHT + HEIGHT / 2
        drawn.append(text(x + rank_room, y, str(rank), class_="end strong worst"))
        drawn.append(text(x + rank_room + MARGIN, y, _level(layer), class_="worst"))
        drawn.append(text(x + name_x, y, shortened(name, room), class_="worst"))
    return drawn, x - _GAP


def _sqnr(
    layers: Sequence[LayerError], ranked: Sequence[LayerError], x: Axis, plot: Area, kinds: Mapping[str, int | None]
) -> list[str]:
    rows = _rank_rows(ranked, x)
    room = HEIGHT * (1 + max(rows.values(), default=-1)) + _INSET
    scale = linear(map(_height, layers), least_span=5.0)
    y = Axis(scale=scale, start=plot.bottom - room, end=plot.top + _INSET)
    drawn = [text(MARGIN, plot.top - 12, "SQNR, dB", class_="muted"), *vertical(y, plot, tick)]
    drawn.append(line(plot.left, plot.bottom, plot.right, plot.bottom, class_="axis"))
    numbers = []
    for rank, layer in enumerate(ranked, start=1):
        across, down = x.at(layer.position), plot.bottom - HEIGHT * (rows[layer.position] + 0.5) - 2
        drawn.append(line(across, y.at(_height(layer)), across, down - HEIGHT / 2, class_="to-worst"))
        numbers.append(text(across, down, str(rank), class_="over middle strong worst"))
    points = [(x.at(layer.position), y.at(_height(layer))) for layer in layers]
    return [*drawn, polyline(points, class_="reach"), *_marks(layers, points, kinds), *numbers]


def _rank_rows(ranked: Sequence[LayerError], x: Axis) -> dict[int, int]:
    """Returns in which row each rank stands by its layer's position: the lowest where it is over no other one."""
    last: list[float] = []
    rows = {}
    for position in sorted(layer.position for layer in ranked):
        place = x.at(position)
        row = next((row for row, end in enumerate(last) if place - end >= _RANK_ROOM), len(last))
        last[row : row + 1] = [place]
        rows[position] = row
    return rows


def _marks(
    layers: Sequence[LayerError], points: Sequence[tuple[float, float]], kinds: Mapping[str, int | None]
) -> list[str]:
    return [
        group(
            [_mark(kinds[layer.kind], *point, above=_is_above(layer))],
            class_="row",
            hover=f"{layer.position}, {layer.kind}, {layer.name}: {_level(layer)}, cosine {cosine(layer.cosine)}",
        )
        for layer, point in zip(layers, points, strict=True)
    ]


def _cosines(layers: Sequence[LayerError], x: Axis, plot: Area, kinds: Mapping[str, int | None]) -> list[str]:
    known = [(layer, max(1 - layer.cosine, _SMALLEST_ANGLE)) for layer in layers if layer.cosine is not None]
    angles = [angle for _, angle in known] or [_SMALLEST_ANGLE]
    scale = Scale(low=min(angles) / 3, high=min(3 * max(angles), 2.0), logarithmic=True)
    y = Axis(scale=scale, start=plot.top, end=plot.bottom)
    ticks = vertical(y, plot, lambda angle: f"{1 - angle:.7f}".rstrip("0").rstrip("."))
    drawn = [text(MARGIN, plot.top - 12, "cosine", class_="muted"), *ticks]
    points = [(x.at(layer.position), y.at(angle)) for layer, angle in known]
    if points:
        drawn.append(polyline(points, class_="reach"))
    return drawn + _marks([layer for layer, _ in known], points, kinds)


def _below(layers: Sequence[LayerError], names: Mapping[int, str], x: Axis, plot: Area) -> tuple[list[str], float]:
    if len(layers) > _NAMED_AXIS:
        return horizontal(x, plot, tick, title="layer, in network order"), AXIS_HEIGHT
    shown = {one.position: shortened(f"{names[one.position]} ({one.position})", _NAMES_ROOM) for one in layers}
    y = plot.bottom + MARGIN
    drawn = [text(x.at(place), y, words, class_="end", turned=-90) for place, words in shown.items()]
    rule = line(plot.left, plot.bottom, plot.right, plot.bottom, class_="axis")
    return [rule, *drawn], 2 * MARGIN + max(map(width_of, shown.values()))


def _describe(report: LayerReport, ranked: Sequence[LayerError]) -> str:
    compared = f"SQNR and cosine of {len(report.layers)} layers of {report.model} against {report.float_model}."
    lowest = "; ".join(f"{one.name} (layer {one.position}), {_level(one)}" for one in ranked)
    return f"{compared} Lowest SQNR: {lowest}." if ranked else compared
