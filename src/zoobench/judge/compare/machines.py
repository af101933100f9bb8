"""Which cells are fast on which machine, and where do machines disagree about the order? Never one merged ranking."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import geometric_mean

from zoobench.judge.compare.order_flips import OnMachine, OrderFlip, find_order_flips
from zoobench.judge.evidence import different_files, value_of
from zoobench.judge.metrics import LATENCY_P50, LATENCY_P90, METRICS, SPEEDUP
from zoobench.judge.readings import QUANTILE, CellTiming, LogReading, p50_reading, slowness_reading, timing_of
from zoobench.results.conditions import check_same_subject, conditions, machine_name, machine_of
from zoobench.results.run import Side
from zoobench.stats.intervals import LEAST_PROCESSES, Interval

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_MACHINES = len(_LETTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine's results.

    Attributes:
        letter: What it is called in tables.
        name: Device or CPU, and cores.
        side: Where its results were read.
        runs: How many processes measured.
    """

    letter: str
    name: str
    side: str
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossMachines:
    """What several machines say of the same cells.

    Attributes:
        machines: In the order given.
        cells: Each cell's id and what each machine knows of it.
        conditions: In what the machines differ: the name, and each machine's values.
        flips: Significant ones, strongest first, at most `order_flips.MOST_FLIPS` of `flips_found`.
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
    """Returns what a machine's runs know of a cell, by the key of each metric that is of the machine."""
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
    """Returns each cell that has a time with its rank by it; equal times share the better one."""
    times = {cell: one.values[LATENCY_P50.key] for cell, one in cells.items() if LATENCY_P50.key in one.values}
    ordered = sorted(times.values())
    return {cell: replace(cells[cell], rank=1 + bisect_left(ordered, seconds)) for cell, seconds in times.items()}


def _differing(sides: Sequence[Side]) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    known = [conditions(side) for side in sides]
    names = dict.fromkeys(name for one in known for name in one)
    rows = [(name, tuple(one.get(name, ()) for one in known)) for name in names]
    return tuple((name, values) for name, values in rows if len({tuple(sorted(value)) for value in values}) > 1)


def _same_machines(machines: Sequence[Machine], sides: Sequence[Side]) -> list[str]:
    keys = [frozenset(map(machine_of, side.runs)) for side in sides]
    return [
        f"WARNING: {one.letter} and {other.letter} are the same kind of machine ({one.name}): what differs between "
        "them is not the machine."
        for (one, key), (other, other_key) in combinations(zip(machines, keys, strict=True), 2)
        if key & other_key
    ]


def _missing(ids: Sequence[str], known: Sequence[Mapping[str, OnMachine]]) -> list[str]:
    on = {cell: [letter for letter, one in zip(_LETTERS, known, strict=False) if cell in one] for cell in ids}
    return [f"only on {', '.join(letters)}: {cell}" for cell, letters in on.items() if len(letters) < len(known)]
