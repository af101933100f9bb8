"""Which cells are fast on which machine, and where do machines disagree about the order? Never one merged ranking."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from zoobench.judge.compare.order_flips import OrderFlip, Placed, find_order_flips
from zoobench.judge.evidence import runs_of, value_of
from zoobench.judge.metrics import LATENCY_P50, LATENCY_P90, METRICS, SPEEDUP
from zoobench.judge.readings import QUANTILE, p50_reading, slowness_reading, timing_of
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
class OnMachine:
    """One cell on one machine; what was not measured there is absent or None.

    Attributes:
        values: Of each metric that is of the machine, by key: of several runs the geometric mean of theirs.
        speedup_interval: Of the speed-up, 95 %: over the runs where there are enough, else over their rounds.
        rank: By p50, 1 is the fastest, among the cells that every machine has.
    """

    values: Mapping[str, float]
    speedup_interval: Interval | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossMachines:
    """What several machines say of the same cells.

    Attributes:
        machines: In the order given.
        cells: Each cell's id and what each machine knows of it.
        conditions: In what the machines differ: the name, and each machine's values.
        flips: Significant ones, strongest first, at most `flips.MOST_FLIPS` of `flips_found`.
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
    """Returns what several machines, 2 to `MOST_MACHINES`, say of the same cells.

    Args:
        sides: The results of one machine each.

    Raises:
        ResultsError: If they were measured on different samples or with different kits.
    """
    check_same_subject(sides)
    ids = tuple(dict.fromkeys(cell for side in sides for cell in side.ids))
    placed = [{cell: _placed(side, cell) for cell in side.ids} for side in sides]
    values = [{cell: _values(side, cell) for cell in side.ids} for side in sides]
    machines = tuple(_machine(letter, side) for letter, side in zip(_LETTERS, sides, strict=False))
    shared = [cell for cell in ids if all(cell in one for one in placed)]
    ranks = [_ranks(one, shared) for one in values]
    found = find_order_flips(shared, placed, letters=[machine.letter for machine in machines])
    cells = tuple(
        (
            cell,
            tuple(
                _on_machine(side, cell, placed=one, values=known, rank=rank.get(cell))
                for side, one, known, rank in zip(sides, placed, values, ranks, strict=True)
            ),
        )
        for cell in ids
    )
    return AcrossMachines(
        machines=machines,
        cells=cells,
        conditions=_differing(sides),
        flips=found.flips,
        flips_found=found.found,
        pairs=found.pairs,
        notes=(*_same_machines(machines, sides), *_missing(ids, placed, machines), *_different_files(sides)),
    )


def _on_machine(
    side: Side, cell: str, *, placed: Mapping[str, Placed], values: Mapping[str, Mapping[str, float]], rank: int | None
) -> OnMachine:
    if cell not in values:
        return OnMachine(values={})
    interval = _speedup_interval(side, cell, placed[cell])
    return OnMachine(values=values[cell], speedup_interval=interval, rank=rank)


def _machine(letter: str, side: Side) -> Machine:
    names = dict.fromkeys(map(machine_name, side.runs))
    return Machine(letter=letter, name="; ".join(names), side=side.name, runs=len(side.runs))


def _placed(side: Side, cell: str) -> Placed:
    """Returns where a cell stands on a machine among others."""
    timing, runtime = timing_of(side.runs, cell), _runtime(side, cell)
    p50, slowness = p50_reading(timing, runtime=runtime), slowness_reading(timing, runtime=runtime)
    return Placed(p50=p50, slowness=slowness, twin=timing.twin)


def _runtime(side: Side, cell: str) -> str:
    """Returns a cell's runtime, '' for a benchmark that is not ours."""
    return next((run.records[cell].cell.runtime for run in side.runs if cell in run.records), "")


def _values(side: Side, cell: str) -> dict[str, float]:
    """Returns what a machine's runs know of a cell, by the key of each metric that is of the machine."""
    timing = timing_of(side.runs, cell)
    timed = {
        LATENCY_P50.key: timing.p50_seconds,
        LATENCY_P90.key: timing.p90_seconds,
        SPEEDUP.key: timing.speedup,
    }
    runs = runs_of(side, cell)
    for key, metric in METRICS.items():
        if metric.of_machine and key not in timed:
            known = [value for run in runs if (value := value_of(run, metric)) is not None and value > 0]
            timed[key] = math.exp(fmean(map(math.log, known))) if known else None
    return {key: value for key, value in timed.items() if value is not None}


def _speedup_interval(side: Side, cell: str, placed: Placed) -> Interval | None:
    """Returns that over the runs where there are enough, else what holds the intervals of all."""
    runs, slowness = timing_of(side.runs, cell).runs, placed.slowness
    if len(runs) >= LEAST_PROCESSES:
        if slowness is None or slowness.error is None:
            return None
        reach = QUANTILE * slowness.error
        return Interval(low=math.exp(-slowness.point - reach), high=math.exp(-slowness.point + reach))
    known = [one.speedup_interval for one in runs if one.speedup_interval]
    if not known or len(known) < len(runs):
        return None
    return Interval(low=min(one.low for one in known), high=max(one.high for one in known))


def _ranks(values: Mapping[str, Mapping[str, float]], shared: Sequence[str]) -> dict[str, int]:
    """Returns each cell's rank by time; equal times share the better one."""
    times = {cell: found for cell in shared if (found := values[cell].get(LATENCY_P50.key)) is not None}
    ordered = sorted(times.values())
    first = {seconds: rank for rank, seconds in reversed(list(enumerate(ordered, start=1)))}
    return {cell: first[seconds] for cell, seconds in times.items()}


def _differing(sides: Sequence[Side]) -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    known = [conditions(side) for side in sides]
    names = dict.fromkeys(name for one in known for name in one)
    rows = [(name, tuple(one.get(name, ()) for one in known)) for name in names]
    return tuple((name, values) for name, values in rows if len({tuple(sorted(value)) for value in values}) > 1)


def _same_machines(machines: Sequence[Machine], sides: Sequence[Side]) -> list[str]:
    keys = [frozenset(machine_of(run) for run in side.runs) for side in sides]
    return [
        f"WARNING: {machines[one].letter} and {machines[other].letter} are the same kind of machine "
        f"({machines[one].name}): what differs between them is not the machine."
        for one, other in combinations(range(len(sides)), 2)
        if keys[one] & keys[other]
    ]


def _missing(ids: Sequence[str], placed: Sequence[Mapping[str, Placed]], machines: Sequence[Machine]) -> list[str]:
    notes = []
    for cell in ids:
        on = [machine.letter for machine, cells in zip(machines, placed, strict=True) if cell in cells]
        if len(on) < len(machines):
            notes.append(f"only on {', '.join(on)}: {cell}")
    return notes


def _different_files(sides: Sequence[Side]) -> list[str]:
    models: dict[str, set[str]] = {}
    for side in sides:
        for run in side.runs:
            for cell, record in run.records.items():
                if record.model:
                    models.setdefault(cell, set()).add(record.model.sha256)
    return [
        f"{cell}: not the same model file everywhere ({len(found)} different ones)"
        for cell, found in models.items()
        if len(found) > 1
    ]
