"""Of two cells of a machine, is one surely better than the other in a metric? The same answer for front and choice."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from zoobench.judge.recommend.accuracyodds import lost_and_won
from zoobench.judge.recommend.known import MOST_SLOWED, KnownCell, KnownMachine
from zoobench.judge.recommend.readings import (
    LogReading,
    Timed,
    memory_readings,
    p90_readings,
    surely_below,
    timed_cells,
)
from zoobench.stats.paired import Answers, paired_difference

LATENCY, LATENCY_P90, SIZE, MEMORY, TOP1 = "latency", "latency-p90", "size", "memory", "top1"
Relation = Literal["better", "worse", "equal", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """The cells of a machine, ready to be held against each other.

    Attributes:
        cells: By id.
        timed: Those that were timed.
        p90: Those that support a 90th percentile.
        memory: Those that know their peak of memory.
        values: By metric, what each cell that knows it is ordered by, lower is better: bytes, minus the share of right
            answers, or logarithms. Top-1 of random weights is none.
    """

    cells: Mapping[str, KnownCell]
    timed: Mapping[str, Timed]
    p90: Mapping[str, LogReading]
    memory: Mapping[str, LogReading]
    values: Mapping[str, Mapping[str, float]]


def standings(machine: KnownMachine) -> Standings:
    """Returns a machine's cells, ready to be held against each other."""
    cells = machine.cells
    timed, p90, memory = timed_cells(cells), p90_readings(cells), memory_readings(cells)
    values: dict[str, Mapping[str, float]] = {
        LATENCY: {name: one.p50.point for name, one in timed.items()},
        LATENCY_P90: {name: one.point for name, one in p90.items()},
        MEMORY: {name: one.point for name, one in memory.items()},
        SIZE: {name: float(one.size_bytes) for name, one in cells.items() if one.size_bytes is not None},
        TOP1: {name: -top1 for name, one in cells.items() if (top1 := _meaningful_top1(one)) is not None},
    }
    return Standings(cells=cells, timed=timed, p90=p90, memory=memory, values=values)


def relation(among: Standings, metric: str, one: str, other: str) -> Relation:
    """Returns whether a cell is surely better or worse than another, surely equal, or neither.

    Args:
        among: The cells of one machine.
        metric: `LATENCY`, `LATENCY_P90`, `SIZE`, `MEMORY` or `TOP1`.
        one: Id of a cell.
        other: Id of another.

    Returns:
        `unclear` too where one of the two does not know the metric.
    """
    if one == other:
        return "equal"
    if metric == SIZE:
        return _of_size(among.cells[one], among.cells[other])
    if metric == TOP1:
        return _of_top1(among.cells[one], among.cells[other])
    if metric == MEMORY:
        return _of_readings(among.memory.get(one), among.memory.get(other))
    if metric == LATENCY_P90:
        found = _of_readings(among.p90.get(one), among.p90.get(other))
    else:
        found = _of_times(among.timed.get(one), among.timed.get(other))
    faster, slower = (one, other) if found == "better" else (other, one)
    return "unclear" if found != "unclear" and _may_be_faster(among, metric, slower, faster) else found


def value_of(among: Standings, metric: str, cell: str) -> float | None:
    """Returns what a cell is ordered by in a metric, lower is better; None where it is not known."""
    return among.values[metric].get(cell)


def _meaningful_top1(cell: KnownCell) -> float | None:
    return None if cell.cell.has_random_weights else cell.top1


def _may_be_faster(among: Standings, metric: str, slower: str, faster: str) -> bool:
    """Tells whether a cell could be the faster one, had nothing disturbed it."""
    if not among.cells[slower].disturbances:
        return False
    times = [value_of(among, metric, cell) for cell in (slower, faster)]
    return times[0] is None or times[1] is None or times[0] - times[1] <= math.log(MOST_SLOWED)


def _of_size(one: KnownCell, other: KnownCell) -> Relation:
    if one.size_bytes is None or other.size_bytes is None:
        return "unclear"
    if one.size_bytes == other.size_bytes:
        return "equal"
    return "better" if one.size_bytes < other.size_bytes else "worse"


def _of_top1(one: KnownCell, other: KnownCell) -> Relation:
    """Returns what Newcombe's paired interval says; equal are those that have the very same samples right."""
    ours, theirs = one.answered, other.answered
    if ours is None or theirs is None or ours.truth != theirs.truth:
        return "unclear"
    if one.cell.has_random_weights or other.cell.has_random_weights:
        return "unclear"
    lost, won = lost_and_won(theirs, ours)
    if lost == won == 0:
        return "equal"
    both = ours.correct - won
    interval = paired_difference(Answers(both=both, lost=lost, won=won, neither=ours.total - both - lost - won))
    return "better" if interval.low > 0 else "worse" if interval.high < 0 else "unclear"


def _of_times(one: Timed | None, other: Timed | None) -> Relation:
    """Returns what speed-ups over one twin say, from which the machine's drift is taken out, else what times say."""
    if one is None or other is None:
        return "unclear"
    if one.twin is None or one.twin != other.twin:
        return _of_readings(one.p50, other.p50)
    found = _of_readings(one.slowness, other.slowness)
    difference = one.p50.point - other.p50.point
    # A twin that was slow by itself, as on two threads that others disturb, raises a speed-up: the times must agree.
    agrees = difference < 0 if found == "better" else difference > 0
    return found if agrees else "unclear"


def _of_readings(one: LogReading | None, other: LogReading | None) -> Relation:
    if one is None or other is None:
        return "unclear"
    if surely_below(one, other):
        return "better"
    return "worse" if surely_below(other, one) else "unclear"
