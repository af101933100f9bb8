"""Which cells does no other one dominate in time, top-1 and size at once, and of two cells, which one is better?

A cell dominates another if it is significantly better in at least one of these, and significantly better or equal in
the others. Significantly means: by bytes, which are exact; by the interval of the paired difference of top-1, where
equal is to have the very same samples right; by the interval of the ratio of times, or of speed-ups over one float
twin, beyond what two processes differ by, so that times are never equal. Three things may therefore be said of a cell:
it is on the front, as no other one's values are at least as good in all; it is dominated, and by whom; or it is open:
others' values are better, but not significantly in all of them.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from zoobench.judge.metrics import METRICS
from zoobench.judge.readings import (
    LogReading,
    p50_reading,
    p90_reading,
    processes_reading,
    significantly_below,
    slowness_reading,
)
from zoobench.judge.recommend.cells import MOST_SLOWED, KnownCell, KnownMachine, newly_wrong_and_right
from zoobench.judge.recommend.limits import P50, P90, SIZE, TOP1
from zoobench.stats.paired import PairedAnswers, paired_difference
from zoobench.system.units import percent, three_digits

Relation = Literal["better", "worse", "equal", "unclear"]
Standing = Literal["front", "open", "dominated"]
AXES = (P50, TOP1, SIZE)
_AXIS_WORDS = {P50: "latency", TOP1: "top-1", SIZE: "size"}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a cell stands.

    Attributes:
        cell: Its id.
        standing: On the front, dominated, or neither for sure.
        dominated_by: The cells that are significantly better in one and at least as good in all.
        beaten_by: The cells whose values are, significantly or not.
        axes: In what it was compared with others: without top-1 among random weights.
    """

    cell: str
    standing: Standing
    dominated_by: tuple[str, ...] = ()
    beaten_by: tuple[str, ...] = ()
    axes: tuple[str, ...] = AXES


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The standing of each cell that knows all axes, and what is to be said of the others."""

    places: tuple[Place, ...]
    notes: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """Ids of those on the front."""
        return tuple(place.cell for place in self.places if place.standing == "front")


def standings(machine: KnownMachine) -> Standings:
    """Returns a machine's cells, ready to be compared."""
    cells = machine.cells
    readings = {
        P50: _known({name: p50_reading(one.timing, runtime=one.cell.runtime) for name, one in cells.items()}),
        P90: _known({name: p90_reading(one.timing, runtime=one.cell.runtime) for name, one in cells.items()}),
        **{
            key: _known(
                {
                    name: processes_reading(one.observed[key].values, noise=metric.noise)
                    for name, one in cells.items()
                    if key in one.observed
                }
            )
            for key, metric in METRICS.items()
            if metric.test == "processes"
        },
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


def ordered(cells: Sequence[str], among: Standings, preference: Sequence[str]) -> list[str]:
    """Returns cells, the best first.

    Two whose values read the same, three digits of a time or a size, a tenth of a point of top-1, are a tie that the
    next metric breaks; the id breaks the last one. What is not known comes last.
    """
    return sorted(cells, key=lambda cell: (*(_rounded(among, metric, cell) for metric in preference), cell))


def value_of(among: Standings, metric: str, cell: str) -> float | None:
    """Returns what a cell is ordered by in a metric, lower is better; None where it is not known."""
    return among.values[metric].get(cell)


def front_of(machine: KnownMachine, among: Standings) -> Front:
    """Returns the front of a machine: one of trained weights over all axes, one of random weights without top-1."""
    cells = sorted(machine.cells.values(), key=lambda one: one.cell.has_random_weights)
    places: list[Place] = []
    notes: list[str] = []
    for is_random, group in groupby(cells, key=lambda one: one.cell.has_random_weights):
        axes = (P50, SIZE) if is_random else AXES
        names = [one.cell.id for one in group if one.refusal is None]
        known = [name for name in names if all(value_of(among, axis, name) is not None for axis in axes)]
        places += [_place(among, name, known, axes) for name in known]
        notes += _without_place(among, [name for name in names if name not in known], axes)
        if is_random and known:
            notes.append("Random weights: top-1 means nothing, so that their front is over latency and size alone.")
    return Front(places=tuple(places), notes=tuple(notes))


def relation(among: Standings, metric: str, one: str, other: str) -> Relation:
    """Returns whether a cell is significantly better or worse than another, equal for sure, or neither.

    Args:
        among: The cells of one machine.
        metric: One of `limits.PREFERENCES`.
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
    found = _of_times(among, one, other) if metric == P50 else _of_readings(among.readings[metric], one, other)
    faster, slower = (one, other) if found == "better" else (other, one)
    is_time = metric in (P50, P90)
    return "unclear" if is_time and found != "unclear" and _may_be_faster(among, metric, slower, faster) else found


def _place(among: Standings, name: str, cells: Sequence[str], axes: tuple[str, ...]) -> Place:
    others = [one for one in cells if one != name]
    beaten_by = tuple(one for one in others if _beats(among, one, name, axes))
    dominated_by = tuple(one for one in beaten_by if _dominates(among, one, name, axes))
    standing: Standing = "dominated" if dominated_by else "open" if beaten_by else "front"
    return Place(cell=name, standing=standing, dominated_by=dominated_by, beaten_by=beaten_by, axes=axes)


def _beats(among: Standings, one: str, other: str, axes: Sequence[str]) -> bool:
    """Tells whether a cell's values are at least as good in all and better in one."""
    pairs = [(value_of(among, axis, one), value_of(among, axis, other)) for axis in axes]
    known = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
    return all(ours <= theirs for ours, theirs in known) and any(ours < theirs for ours, theirs in known)


def _dominates(among: Standings, one: str, other: str, axes: Sequence[str]) -> bool:
    found = [relation(among, axis, one, other) for axis in axes]
    return "better" in found and all(each in ("better", "equal") for each in found)


def _without_place(among: Standings, names: Sequence[str], axes: Sequence[str]) -> Iterator[str]:
    for name in names:
        unknown = [_AXIS_WORDS[axis] for axis in axes if value_of(among, axis, name) is None]
        yield f"{name} has no place: its {', '.join(unknown)} is not known."


def _known(readings: Mapping[str, LogReading | None]) -> dict[str, LogReading]:
    return {name: reading for name, reading in readings.items() if reading is not None}


def _rounded(among: Standings, metric: str, cell: str) -> float:
    value = value_of(among, metric, cell)
    if value is None:
        return math.inf
    if metric == TOP1:
        return -float(percent(-value))
    return float(three_digits(value if metric == SIZE else math.exp(value)))


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
    interval = paired_difference(
        PairedAnswers(both=both, lost=wrong, won=right, neither=ours.total - both - wrong - right)
    )
    return "better" if interval.low > 0 else "worse" if interval.high < 0 else "unclear"


def _of_times(among: Standings, one: str, other: str) -> Relation:
    """Returns what speed-ups over one twin say, from which the machine's drift is taken out, else what times say."""
    times = among.readings[P50]
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
