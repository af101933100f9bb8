"""Which pictures show all cells of a run: their trade-off, their latencies and their speed-ups?"""

from collections.abc import Sequence

from zoobench.judge.recommend.result import Choice
from zoobench.results.run import Run
from zoobench.results.schema import Record
from zoobench.show.charts.rows import LatencyRow, SpeedupRow, latencies, speedups
from zoobench.show.document import Grid
from zoobench.show.report.charting import NARROW, WIDE, drawn, group, label
from zoobench.show.report.columns import span
from zoobench.show.report.contents import Figure, Sheet
from zoobench.show.report.tradeoff import trade_off
from zoobench.show.table import by_backbone, marked
from zoobench.system.units import exactly, milliseconds, ratio

_LEAST_SPEEDUP = 1e-9
"""That a picture holds."""


def figures_of(run: Run, choice: Choice) -> tuple[Figure, ...]:
    """Returns the pictures of all cells of a run."""
    records = by_backbone(list(run.records.values()))
    return (trade_off(records, choice), _latencies(records, run), _speedups(records))


def _latencies(records: Sequence[Record], run: Run) -> Figure:
    rows = [
        LatencyRow(
            cell=record.cell.id,
            label=label(record),
            p50_seconds=record.latency.p50_seconds,
            p90_seconds=record.latency.p90_seconds,
            rounds=tuple(run.rounds[record.cell.id].rounds) if record.cell.id in run.rounds else (),
            group=group(record),
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
            label=label(record),
            twin=speedup.twin,
            point=speedup.point,
            interval=speedup.interval,
            group=group(record),
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
