"""Which cells are fast on which machine, and where do machines disagree about the order? Never one merged ranking."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from statistics import geometric_mean
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from zoobench.judge.evidence import different_files, value_of
from zoobench.judge.metrics import LATENCY_P50, LATENCY_P90, METRICS, SPEEDUP
from zoobench.judge.readings import QUANTILE, CellTiming, LogReading, p50_reading, slowness_reading, timing_of
from zoobench.results.conditions import check_same_subject, conditions, machine_name, machines_of
from zoobench.results.disturbed import cautions
from zoobench.results.run import Side
from zoobench.stats.intervals import LEAST_PROCESSES, Interval
from zoobench.stats.paired import holm

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_MACHINES = len(_LETTERS)
SIGNIFICANT = 0.05
MOST_FLIPS = 1000
"""Flips that are kept; the others are counted."""
By = Literal["speedup", "latency_p50"]
"""Keys of metrics."""
_Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnMachine:
    """One cell on one machine; what was not measured there is absent or None.

    Attributes:
        values: Of each metric that is of the machine, by key: of several runs the geometric mean of theirs.
        speedup_interval: Of the speed-up, 95 %: over the runs where there are enough, else over their rounds.
        rank: By p50, 1 is the fastest, among the cells that every machine has.
        p50: Median seconds, on a logarithmic scale.
        slowness: 1 / the speed-up over the float twin, on a logarithmic scale.
        twin: Id of that twin; speed-ups over one twin are in the order of the times.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    speedup_interval: Interval | None = None
    rank: int | None = None
    p50: LogReading | None = None
    slowness: LogReading | None = None
    twin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFlip:
    """Two cells whose order differs between two machines.

    Attributes:
        cells: The one that is faster on the first machine, and the other.
        machines: Letters of the two machines.
        times_faster: Of the first cell over the second, on either machine: above 1, and below 1.
        by: What shows it: the speed-ups over one twin, or times where the twins are different ones.
        p: Of there being no flip, adjusted for all pairs.
    """

    cells: tuple[str, str]
    machines: tuple[str, str]
    times_faster: tuple[float, float]
    by: By
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine's results: its letter in tables, device or CPU and cores, where they were read, how many runs."""

    letter: str
    name: str
    side: str
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossMachines:
    """What several machines say of the same cells.

    Attributes:
        cells: Each cell's id and what each machine knows of it.
        conditions: In what the machines differ: the name, and each machine's values.
        flips: Significant ones, strongest first, at most `MOST_FLIPS` of `flips_found`.
        pairs: How many orders of two cells on two machines were looked at.
        notes: What a reader must know.
    """

    machines: tuple[Machine, ...]
    cells: tuple[tuple[str, tuple[OnMachine, ...]], ...]
    conditions: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    flips: tuple[OrderFlip, ...]
    flips_found: int
    pairs: int
    notes: tuple[str, ...]


def across(sides: Sequence[Side]) -> AcrossMachines:
    """Returns what several machines, 2 to `MOST_MACHINES`, say of the same cells; each side is one machine's results.

    Raises:
        ResultsError: If they were measured on different samples or with different kits.
    """
    check_same_subject(sides)
    ids = tuple(dict.fromkeys(cell for side in sides for cell in side.ids))
    machines = tuple(
        Machine(letter=letter, name=name, side=side.name, runs=len(side.runs))
        for letter, name, side in zip(_LETTERS, map(_name, sides), sides, strict=False)
    )
    known = [{cell: _on_machine(side, cell) for cell in side.ids} for side in sides]
    shared = [cell for cell in ids if all(cell in one for one in known)]
    for one in known:
        one.update(_ranked({cell: one[cell] for cell in shared}))
    flips, found, pairs = find_order_flips(shared, known, letters=[machine.letter for machine in machines])
    several = different_files(run for side in sides for run in side.runs)
    return AcrossMachines(
        machines=machines,
        cells=tuple((cell, tuple(one.get(cell, OnMachine()) for one in known)) for cell in ids),
        conditions=_differing(sides),
        flips=flips,
        flips_found=found,
        pairs=pairs,
        notes=(
            *cautions(record for side in sides for run in side.runs for record in run.records.values()),
            *_same_machines(machines, sides),
            *_missing(ids, known),
            *(f"{cell}: not the same model file everywhere ({n} different ones)" for cell, n in several.items()),
        ),
    )


def _name(side: Side) -> str:
    return "; ".join(dict.fromkeys(map(machine_name, side.runs)))


def _on_machine(side: Side, cell: str) -> OnMachine:
    timing = timing_of(side.runs, cell)
    runtime = next((run.records[cell].cell.runtime for run in side.runs if cell in run.records), "")
    slowness = slowness_reading(timing, runtime=runtime)
    return OnMachine(
        values=_values(side, cell, timing),
        speedup_interval=_speedup_interval(timing, slowness),
        p50=p50_reading(timing, runtime=runtime),
        slowness=slowness,
        twin=timing.twin,
    )


def _values(side: Side, cell: str, timing: CellTiming) -> dict[str, float]:
    found = {
        LATENCY_P50.key: timing.p50_seconds,
        LATENCY_P90.key: timing.p90_seconds,
        SPEEDUP.key: timing.speedup,
    }
    for key, metric in METRICS.items():
        if metric.of_machine and key not in found:
            values = [value for run in side.runs if (value := value_of(run, cell, metric)) is not None and value > 0]
            found[key] = geometric_mean(values) if values else None
    return {key: value for key, value in found.items() if value is not None}


def _speedup_interval(timing: CellTiming, slowness: LogReading | None) -> Interval | None:
    """Returns that over the runs where there are enough, else what holds the intervals of all."""
    if len(timing.runs) >= LEAST_PROCESSES:
        if slowness is None or slowness.error is None:
            return None
        reach = QUANTILE * slowness.error
        return Interval(low=math.exp(-slowness.point - reach), high=math.exp(-slowness.point + reach))
    known = [one.speedup_interval for one in timing.runs if one.speedup_interval]
    if not known or len(known) < len(timing.runs):
        return None
    return Interval(low=min(one.low for one in known), high=max(one.high for one in known))


def _ranked(cells: Mapping[str, OnMachine]) -> dict[str, OnMachine]:
    times = {cell: one.values[LATENCY_P50.key] for cell, one in cells.items() if LATENCY_P50.key in one.values}
    ordered = sorted(times.values())
    return {cell: replace(cells[cell], rank=1 + bisect_left(ordered, seconds)) for cell, seconds in times.items()}


def _differing(sides: Sequence[Side]) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    known = [conditions(side) for side in sides]
    names = dict.fromkeys(name for one in known for name in one)
    rows = [(name, tuple(one.get(name, ()) for one in known)) for name in names]
    return tuple((name, values) for name, values in rows if len({tuple(sorted(value)) for value in values}) > 1)


def _same_machines(machines: Sequence[Machine], sides: Sequence[Side]) -> list[str]:
    keys = [machines_of(side) for side in sides]
    return [
        f"WARNING: {one.letter} and {other.letter} are the same kind of machine ({one.name}): what differs between "
        "them is not the machine."
        for (one, key), (other, other_key) in combinations(zip(machines, keys, strict=True), 2)
        if key & other_key
    ]


def _missing(ids: Sequence[str], known: Sequence[Mapping[str, OnMachine]]) -> list[str]:
    on = {cell: [letter for letter, one in zip(_LETTERS, known, strict=False) if cell in one] for cell in ids}
    return [f"only on {', '.join(letters)}: {cell}" for cell, letters in on.items() if len(letters) < len(known)]


def find_order_flips(
    cells: Sequence[str], machines: Sequence[Mapping[str, OnMachine]], *, letters: Sequence[str]
) -> tuple[tuple[OrderFlip, ...], int, int]:
    """Returns the pairs of cells that are significantly in one order on one machine and in the other on another.

    Cells with one float twin are compared by their speed-ups over it, from which the machine's drift is taken out;
    other cells by their times. On each machine the intervals must lie apart, and the difference is tested against the
    larger noise of the two, with the standard error that the intervals' widths on a logarithmic scale stand for. A flip
    needs both machines, so its p-value is the larger of the two (intersection-union test: R. L. Berger, Technometrics
    24 (1982)), doubled, as either order may be the first. All pairs of cells and machines are one family, and Holm
    keeps the probability of any false flip below 5 %: 30 cells on 3 machines are 1,305 questions, of which 65 would
    come out significant by chance.

    Returns:
        The most significant flips, at most `MOST_FLIPS`; how many there are; of how many pairs.
    """
    scales: dict[By, list[_Values]] = {
        "speedup": [_scale([one[cell].slowness for cell in cells]) for one in machines],
        "latency_p50": [_scale([one[cell].p50 for cell in cells]) for one in machines],
    }
    twins = [np.array([one[cell].twin or "" for cell in cells], object) for one in machines]
    found: list[OrderFlip] = []
    pairs = 0
    for one, other in combinations(range(len(machines)), 2):
        for index in range(len(cells) - 1):
            of_one_twin = _same_twin(twins[one], index) & _same_twin(twins[other], index)
            asked: dict[By, _Values] = {"speedup": of_one_twin, "latency_p50": ~of_one_twin}
            for by, which in asked.items():
                known, opposite = _opposite(scales[by][one], scales[by][other], index, which)
                pairs += known
                names = (letters[one], letters[other])
                found += [_flip(cells[index], cells[later], names, by, *values) for later, *values in opposite]
    adjusted = [
        replace(flip, p=p) for flip, p in zip(found, holm([flip.p for flip in found], asked=pairs), strict=True)
    ]
    significant = [flip for flip in adjusted if flip.p < SIGNIFICANT]
    significant.sort(key=lambda flip: (flip.p, -min(abs(math.log(times)) for times in flip.times_faster)))
    return tuple(significant[:MOST_FLIPS]), len(significant), pairs


def _scale(readings: Sequence[LogReading | None]) -> _Values:
    """Returns points [cells] where more is faster, their errors and margins as rows; NaN where no error is known."""
    known = [(-one.point, one.error, one.margin) if one and one.error is not None else None for one in readings]
    scale: _Values = np.array([one or (np.nan, np.nan, 0.0) for one in known]).reshape(-1, 3).T
    return scale


def _same_twin(twins: _Values, index: int) -> _Values:
    same: _Values = (twins[index + 1 :] == twins[index]) & (twins[index] != "")
    return same


def _opposite(
    ours: _Values, theirs: _Values, index: int, asked: _Values
) -> tuple[int, list[tuple[int, float, float, float]]]:
    """Returns how many later cells a cell can be compared with, and those with which its order is another.

    Of these: the position, how much faster the cell is as a logarithm on either machine, and the p-value.
    """
    (here, p_here), (there, p_there) = (_against_later(one, index) for one in (ours, theirs))
    known = asked & np.isfinite(here) & np.isfinite(there)
    p_values = np.minimum(2 * np.maximum(p_here, p_there), 1.0)
    # From 0.05 on none is significant after the adjustment, and none changes that of a smaller one.
    places = np.flatnonzero(known & (here * there < 0) & (p_values < SIGNIFICANT))
    columns = (places + index + 1, here[places], there[places], p_values[places])
    return int(known.sum()), list(zip(*(column.tolist() for column in columns), strict=True))


def _against_later(scale: _Values, index: int) -> tuple[_Values, _Values]:
    """Returns how much faster a cell is than each later one, and the one-sided p-value, 1 where intervals overlap."""
    points, errors, margins = scale
    difference = points[index] - points[index + 1 :]
    error = np.hypot(errors[index], errors[index + 1 :])
    beyond = np.abs(difference) - np.maximum(margins[index], margins[index + 1 :])
    apart = np.abs(difference) > QUANTILE * (errors[index] + errors[index + 1 :])
    with np.errstate(divide="ignore", invalid="ignore"):
        return difference, np.where(apart & (beyond > 0), ndtr(-beyond / error), 1.0)


def _flip(
    cell: str, later: str, machines: tuple[str, str], by: By, here: float, there: float, p_value: float
) -> OrderFlip:
    cells = (cell, later) if here > 0 else (later, cell)
    times = (math.exp(abs(here)), math.exp(-abs(there)))
    return OrderFlip(cells=cells, machines=machines, times_faster=times, by=by, p=p_value)
