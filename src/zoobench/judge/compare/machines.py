"""Which cells are fast on which machine, and where do machines disagree about the order? Never one merged ranking."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from zoobench.judge.compare.compared import P50, SPEEDUP, noise_of
from zoobench.judge.compare.orderflips import OrderFlip, Placed, Reading, find_order_flips
from zoobench.judge.compare.seen import Seen, known_values, p50_seconds, peak_rss, seen_by, speedup, speedup_interval
from zoobench.results.environments import conditions, machine_of
from zoobench.results.samesubject import check_same_subject
from zoobench.results.timings import Side
from zoobench.stats.bootstrap import LEAST_PROCESSES, median_interval
from zoobench.stats.statistics import Interval, percentile_interval

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
    """One cell on one machine; None is what was not measured there.

    Attributes:
        p50_seconds: Median time, of several runs the median of theirs.
        speedup: Over the machine's own float twin.
        interval: Of the speed-up, 95 %: over the runs where there are enough, of one run that of its rounds, of a few
            runs what holds all of theirs.
        rank: By p50, 1 is the fastest, among the cells that every machine has.
        peak_rss_bytes: Peak of memory of a fresh process: median of the runs' medians.
    """

    p50_seconds: float | None = None
    speedup: float | None = None
    interval: Interval | None = None
    rank: int | None = None
    peak_rss_bytes: float | None = None


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


def across(sides: Sequence[Side], *, seed: int = 0) -> AcrossMachines:
    """Returns what several machines, 2 to `MOST_MACHINES`, say of the same cells.

    Args:
        sides: The results of one machine each.
        seed: Of the bootstrap over runs.

    Raises:
        ResultsError: If they were measured on different samples or with different kits.
    """
    check_same_subject(sides)
    ids = tuple(dict.fromkeys(cell for side in sides for cell in side.ids))
    placed = [{cell: _placed(seen_by(side, cell), seed=seed) for cell in side.ids} for side in sides]
    peaks = [{cell: _peak(seen_by(side, cell)) for cell in side.ids} for side in sides]
    machines = tuple(_machine(letter, side) for letter, side in zip(_LETTERS, sides, strict=False))
    shared = [cell for cell in ids if all(cell in one for one in placed)]
    ranks = [_ranks(one, shared) for one in placed]
    found = find_order_flips(shared, placed, letters=[machine.letter for machine in machines])
    return AcrossMachines(
        machines=machines,
        cells=tuple(
            (
                cell,
                tuple(
                    _on_machine(one.get(cell), rank.get(cell), peak.get(cell))
                    for one, rank, peak in zip(placed, ranks, peaks, strict=True)
                ),
            )
            for cell in ids
        ),
        conditions=_differing(sides),
        flips=found.flips,
        flips_found=found.found,
        pairs=found.pairs,
        notes=(*_same_machines(machines, sides), *_missing(ids, placed, machines), *_different_files(sides)),
    )


def _machine(letter: str, side: Side) -> Machine:
    names = dict.fromkeys(_machine_name(*machine_of(run)) for run in side.runs)
    return Machine(letter=letter, name="; ".join(names), side=side.name, runs=len(side.runs))


def _machine_name(name: str, cores: str) -> str:
    return f"{name or 'unknown machine'}, {cores or 'unknown number of'} cores"


def _placed(seen: Sequence[Seen], *, seed: int) -> Placed:
    """Returns a cell's time and speed-up on a machine."""
    twins = {
        one.record.latency.speedup_over_float.twin
        for one in seen
        if one.record and one.record.latency and one.record.latency.speedup_over_float
    }
    times, speedups = known_values(seen, p50_seconds), known_values(seen, speedup)
    return Placed(
        p50=_over_runs(times, [_p50_interval(one) for one in seen], noise=noise_of(P50, seen[0]), seed=seed),
        speedup=_over_runs(
            speedups, [speedup_interval(one) for one in seen], noise=noise_of(SPEEDUP, seen[0]), seed=seed
        ),
        twin=next(iter(twins)) if len(twins) == 1 else None,
    )


def _over_runs(
    values: Sequence[float], intervals: Sequence[Interval | None], *, noise: float, seed: int
) -> Reading | None:
    """Returns the median over runs with its interval, or None where no run has a value that makes sense."""
    known = [value for value in values if value > 0]
    if not known:
        return None
    if len(known) >= LEAST_PROCESSES:
        return Reading(point=median(known), interval=median_interval(known, seed=seed))
    of_runs = [interval for interval in intervals if interval is not None and 0 < interval.low <= interval.high]
    if len(of_runs) < len(known):
        return Reading(point=median(known))
    hull = Interval(low=min(one.low for one in of_runs), high=max(one.high for one in of_runs))
    return Reading(point=median(known), interval=hull, noise=noise)


def _peak(seen: Sequence[Seen]) -> float | None:
    """Returns a cell's peak of memory on a machine, or None where no run knows it."""
    known = [median(peaks) for one in seen if (peaks := peak_rss(one))]
    return median(known) if known else None


def _p50_interval(seen: Seen) -> Interval | None:
    if seen.record is not None and seen.record.latency is not None:
        recorded = seen.record.latency.p50_interval
        return Interval(low=recorded[0], high=recorded[1]) if recorded else None
    return percentile_interval(seen.timing.rounds, 0.50) if seen.timing else None


def _ranks(placed: dict[str, Placed], shared: Sequence[str]) -> dict[str, int]:
    """Returns each cell's rank by time; equal times share the better one."""
    times = {cell: found.point for cell in shared if (found := placed[cell].p50) is not None}
    ordered = sorted(times.values())
    first = {seconds: rank for rank, seconds in reversed(list(enumerate(ordered, start=1)))}
    return {cell: first[seconds] for cell, seconds in times.items()}


def _on_machine(placed: Placed | None, rank: int | None, peak: float | None) -> OnMachine:
    if placed is None:
        return OnMachine()
    times, paired = placed.p50, placed.speedup
    return OnMachine(
        p50_seconds=times.point if times else None,
        speedup=paired.point if paired else None,
        interval=paired.interval if paired else None,
        rank=rank,
        peak_rss_bytes=peak,
    )


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


def _missing(ids: Sequence[str], placed: Sequence[dict[str, Placed]], machines: Sequence[Machine]) -> list[str]:
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
