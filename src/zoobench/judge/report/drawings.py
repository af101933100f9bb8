"""Which pictures show a run: its trade-off, its latencies and its speed-ups?"""

from collections.abc import Mapping, Sequence

from zoobench.judge.blocks import Grid
from zoobench.judge.charts.chart import NARROWEST, Chart
from zoobench.judge.charts.latencies import LatencyRow, latencies
from zoobench.judge.charts.pareto import ParetoLimit, ParetoPoint, pareto
from zoobench.judge.charts.speedups import SpeedupRow, speedups
from zoobench.judge.choice.limits import P50, TOP1
from zoobench.judge.choice.pareto import Place, Standing
from zoobench.judge.choice.result import Choice
from zoobench.judge.record import Record
from zoobench.judge.report.contents import Figure, Sheet
from zoobench.judge.report.readings import span
from zoobench.judge.table import by_backbone, marked
from zoobench.judge.timings import Run
from zoobench.units import exactly, megabytes, milliseconds, percent, ratio

WIDE, NARROW = 1000.0, max(360.0, NARROWEST)
"""Of a drawing on a screen and on a phone, in its own units: letters have one size on both."""
_AXES = {P50: "p50", TOP1: "top1"}
_MOST_NAMED = 2
"""Cells that beat another one."""
_LEAST_SPEEDUP = 1e-9
"""That a picture holds."""
_STANDINGS: Mapping[Standing, str] = {
    "front": "on the front",
    "open": "perhaps on it",
    "dominated": "surely beaten",
}


def figures_of(run: Run, choice: Choice) -> tuple[Figure, ...]:
    """Returns the pictures of all cells of a run."""
    records = by_backbone(list(run.records.values()))
    return (_trade_off(records, choice), _latencies(records, run), _speedups(records))


def _trade_off(records: Sequence[Record], choice: Choice) -> Figure:
    places = {place.cell: place for place in choice.front.places}
    points = [
        _point(record, places[record.cell.id].standing, recommended=record.cell.id == choice.chosen)
        for record in records
        if record.cell.id in places and record.accuracy and not record.cell.has_random_weights
    ]
    limits = [
        ParetoLimit(axis="p50" if limit.metric == P50 else "top1", value=limit.bound, label=limit.told)
        for limit in choice.limits
        if limit.metric in _AXES
    ]
    random = sum(record.cell.has_random_weights for record in records)
    notes = [f"{exactly(random)} cells of random weights are not here: their accuracy means nothing."] if random else []
    return drawn(
        "trade-off",
        title="Trade-off",
        wide=pareto(points, limits=limits, width=WIDE),
        narrow=pareto(points, limits=limits, width=NARROW),
        notes=(*notes, *choice.front.notes),
        sheet=_points(points, places),
    )


def _point(record: Record, standing: Standing, *, recommended: bool) -> ParetoPoint:
    latency, accuracy, model = record.latency, record.accuracy, record.model
    assert latency, "a cell has a standing only with a time"
    assert accuracy, "and an accuracy"
    assert model, "and a file"
    return ParetoPoint(
        cell=record.cell.id,
        label=f"{_label(record)} t{record.cell.threads}",
        p50_seconds=latency.p50_seconds,
        p50_interval=latency.p50_interval,
        top1=accuracy.top1,
        top1_interval=accuracy.interval,
        size_bytes=model.size_bytes,
        standing=standing,
        recommended=recommended,
    )


def _points(points: Sequence[ParetoPoint], places: Mapping[str, Place]) -> Sheet:
    rows = tuple(
        (
            one.cell,
            milliseconds(one.p50_seconds),
            span(one.p50_interval, milliseconds),
            percent(one.top1),
            span(one.top1_interval, percent),
            megabytes(one.size_bytes),
            _STANDINGS[one.standing],
            _beaten_by(places[one.cell]),
        )
        for one in points
    )
    heads = ("cell", "p50 ms", "95 %", "top-1 %", "95 %", "MB", "Pareto front", "by")
    return Sheet(caption="Time, accuracy and size", grid=Grid(heads=heads, rows=rows, words=frozenset({6, 7})))


def _beaten_by(place: Place) -> str:
    """Returns the first cells that surely beat one, or whose values are better."""
    cells = place.dominated_by or place.beaten_by
    more = f" and {exactly(len(cells) - _MOST_NAMED)} more" if len(cells) > _MOST_NAMED else ""
    return ", ".join(cells[:_MOST_NAMED]) + more


def _latencies(records: Sequence[Record], run: Run) -> Figure:
    rows = [
        LatencyRow(
            cell=record.cell.id,
            label=_label(record),
            p50_seconds=record.latency.p50_seconds,
            p90_seconds=record.latency.p90_seconds,
            rounds=run.timings[record.cell.id].rounds if record.cell.id in run.timings else (),
            group=_group(record),
            disturbed=bool(marked(record.latency)),
        )
        for record in records
        if record.latency
    ]
    return drawn(
        "latency",
        title="Latency",
        wide=latencies(rows, width=WIDE),
        narrow=latencies(rows, width=NARROW),
        sheet=_rounds(rows),
    )


def _rounds(rows: Sequence[LatencyRow]) -> Sheet:
    told = tuple(
        (
            row.cell,
            exactly(len(row.rounds)),
            milliseconds(min(row.rounds, default=None)),
            milliseconds(row.p50_seconds),
            milliseconds(row.p90_seconds),
            milliseconds(max(row.rounds, default=None)),
        )
        for row in rows
    )
    heads = ("cell", "rounds", "fastest ms", "p50 ms", "p90 ms", "slowest ms")
    return Sheet(caption="Time per image", grid=Grid(heads=heads, rows=told))


def _speedups(records: Sequence[Record]) -> Figure:
    rows = [
        SpeedupRow(
            cell=record.cell.id,
            label=_label(record),
            twin=speedup.twin,
            point=speedup.point,
            interval=speedup.interval,
            group=_group(record),
        )
        for record in records
        if record.latency
        and (speedup := record.latency.speedup_over_float)
        and min(speedup.point, *speedup.interval) >= _LEAST_SPEEDUP
    ]
    told = tuple((row.cell, row.twin, ratio(row.point), span(row.interval, ratio)) for row in rows)
    grid = Grid(heads=("cell", "float twin", "× float", "95 %"), rows=told, words=frozenset({1}))
    return drawn(
        "speed-up",
        title="Speed-up",
        wide=speedups(rows, width=WIDE),
        narrow=speedups(rows, width=NARROW),
        sheet=Sheet(caption="Speed-up over the float twin", grid=grid),
    )


def drawn(
    name: str,
    *,
    wide: Chart,
    title: str = "",
    narrow: Chart | None = None,
    notes: Sequence[str] = (),
    sheet: Sheet | None = None,
) -> Figure:
    """Returns a chart, drawn for a screen and perhaps for a phone too, as a part of the page."""
    return Figure(
        name=name,
        title=title or wide.title,
        svg=wide.svg,
        narrow_svg=narrow.svg if narrow else "",
        alternative=wide.alternative,
        notes=tuple(notes),
        sheet=sheet if sheet and sheet.grid.rows else None,
    )


def _label(record: Record) -> str:
    return f"{record.cell.variant} {record.cell.runtime}"


def _group(record: Record) -> str:
    threads = record.cell.threads
    return f"{record.cell.backbone}, {exactly(threads)} thread{'s' if threads > 1 else ''}"
