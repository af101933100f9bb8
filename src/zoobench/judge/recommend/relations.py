"""Of two cells of a machine, is one surely better than the other in a metric? The same answer for front and choice."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from zoobench.judge.readings import (
    LogReading,
    memory_reading,
    p50_reading,
    p90_reading,
    significantly_below,
    slowness_reading,
)
from zoobench.judge.recommend.cells import MOST_SLOWED, KnownCell, KnownMachine, newly_wrong_and_right
from zoobench.stats.paired import Answers, paired_difference

LATENCY, LATENCY_P90, SIZE, MEMORY, TOP1 = "latency", "latency-p90", "size", "memory", "top1"
Relation = Literal["better", "worse", "equal", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """The cells of a machine, ready to be compared.

    Attributes:
        cells: By id.
        readings: By metric, the logarithmic value of each cell that knows it.
        slowness: Of 1 / the speed-up of each cell of which every run knows one over the same float twin.
        values: By metric, what each cell that knows it is ordered by, lower is better: bytes, minus the share of right
            answers, or logarithms. Top-1 of random weights is none.
    """

    cells: Mapping[str, KnownCell]
    readings: Mapping[str, Mapping[str, LogReading]]
    slowness: Mapping[str, LogReading]
    values: Mapping[str, Mapping[str, float]]


def standings(machine: KnownMachine) -> Standings:
    """Returns a machine's cells, ready to be compared."""
    cells = machine.cells
    readings = {
        LATENCY: _known({name: p50_reading(one.timing, runtime=one.cell.runtime) for name, one in cells.items()}),
        LATENCY_P90: _known({name: p90_reading(one.timing, runtime=one.cell.runtime) for name, one in cells.items()}),
        MEMORY: _known({name: memory_reading(one.peaks) for name, one in cells.items()}),
    }
    values: dict[str, Mapping[str, float]] = {
        metric: {name: reading.point for name, reading in known.items()} for metric, known in readings.items()
    }
    values[SIZE] = {name: float(one.size_bytes) for name, one in cells.items() if one.size_bytes is not None}
    values[TOP1] = {
        name: -one.top1 for name, one in cells.items() if one.top1 is not None and not one.cell.has_random_weights
    }
    slowness = {name: slowness_reading(one.timing, runtime=one.cell.runtime) for name, one in cells.items()}
    return Standings(cells=cells, readings=readings, slowness=_known(slowness), values=values)


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
    found = _of_times(among, one, other) if metric == LATENCY else _of_readings(among.readings[metric], one, other)
    faster, slower = (one, other) if found == "better" else (other, one)
    is_time = metric in (LATENCY, LATENCY_P90)
    return "unclear" if is_time and found != "unclear" and _may_be_faster(among, metric, slower, faster) else found


def value_of(among: Standings, metric: str, cell: str) -> float | None:
    """Returns what a cell is ordered by in a metric, lower is better; None where it is not known."""
    return among.values[metric].get(cell)


def _known(readings: Mapping[str, LogReading | None]) -> dict[str, LogReading]:
    return {name: reading for name, reading in readings.items() if reading is not None}


def _may_be_faster(among: Standings, metric: str, slower: str, faster: str) -> bool:
    """Tells whether a cell could be the faster one, had nothing disturbed it."""
    if not among.cells[slower].timing.disturbances:
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
    wrong, right = newly_wrong_and_right(theirs, ours)
    if wrong == right == 0:
        return "equal"
    both = ours.correct - right
    interval = paired_difference(Answers(both=both, lost=wrong, won=right, neither=ours.total - both - wrong - right))
    return "better" if interval.low > 0 else "worse" if interval.high < 0 else "unclear"


def _of_times(among: Standings, one: str, other: str) -> Relation:
    """Returns what speed-ups over one twin say, from which the machine's drift is taken out, else what times say."""
    times = among.readings[LATENCY]
    if one not in among.slowness or other not in among.slowness or _twin(among, one) != _twin(among, other):
        return _of_readings(times, one, other)
    found = _of_readings(among.slowness, one, other)
    difference = times[one].point - times[other].point
    # A twin that was slow by itself, as on two threads that others disturb, raises a speed-up: the times must agree.
    agrees = difference < 0 if found == "better" else difference > 0
    return found if agrees else "unclear"


def _twin(among: Standings, cell: str) -> str | None:
    return among.cells[cell].timing.twin


def _of_readings(readings: Mapping[str, LogReading], one: str, other: str) -> Relation:
    ours, theirs = readings.get(one), readings.get(other)
    if ours is None or theirs is None:
        return "unclear"
    if significantly_below(ours, theirs):
        return "better"
    return "worse" if significantly_below(theirs, ours) else "unclear"
