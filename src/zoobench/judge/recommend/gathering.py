"""What do results files know of each cell of each machine? Gathered from all runs, each once."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from zoobench.errors import ResultsError
from zoobench.judge.recommend.known import Answered, KnownCell, KnownMachine, TimedRun
from zoobench.results.disturbed import told
from zoobench.results.environments import conditions, machine_of
from zoobench.results.packing import decode
from zoobench.results.record import Record, RecordedAccuracy, RecordedLatency
from zoobench.results.samesubject import check_same_subject
from zoobench.results.timings import Run, Side
from zoobench.stats.statistics import Interval

_SHORT_HASH = 12
_LARGEST = 1e9
"""Of a time in seconds, as in `timings`, and of a ratio."""
_OF_CELLS = frozenset({"threads", "runtime", "weights", "image size", "kit"})
"""Conditions in which cells of one run differ."""


def by_machine(sides: Sequence[Side]) -> tuple[KnownMachine, ...]:
    """Returns what is known of each machine; several files of one machine are several runs there.

    A run that is given twice, as its file and as the baseline that was saved of it, counts once.

    Raises:
        ResultsError: If the cells were not all tested on the same samples, one cell was measured with different files
            on one machine, or nothing is of zoobench.
    """
    check_same_subject(sides)
    runs = list({run.path.resolve(): run for side in sides for run in side.runs}.values())
    _check_samples(runs)
    machines: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if run.records:
            machines.setdefault(machine_of(run), []).append(run)
    if not machines:
        names = ", ".join(str(run.path) for run in runs)
        raise ResultsError(f"no cell to choose from in {names}; name results files of `pytest bench/` with zoobench")
    return tuple(map(_machine, machines.values()))


def machine_name(run: Run) -> str:
    """Returns what the machine of a run is called: device or CPU, and cores."""
    name, cores = machine_of(run)
    return f"{name or 'unknown machine'}, {cores or 'unknown number of'} cores"


def _check_samples(runs: Sequence[Run]) -> None:
    """Refuses cells that were tested on different samples: their top-1 cannot be weighed against each other."""
    seen = {
        (record.dataset.sha256, record.dataset.samples): (run.path, record)
        for run in reversed(runs)
        for record in reversed(list(run.records.values()))
    }
    for (path, one), (other_path, other) in pairwise(seen.values()):
        raise ResultsError(
            f"cells of different test samples are no choice: {one.cell.id} in {path} was measured on {_samples(one)}, "
            f"{other.cell.id} in {other_path} on {_samples(other)}; name results of one data set"
        )


def _samples(record: Record) -> str:
    data = record.dataset
    return f"{data.samples} of {data.name!r} ({data.sha256[:_SHORT_HASH]})"


def _machine(runs: Sequence[Run]) -> KnownMachine:
    ids = dict.fromkeys(cell for run in runs for cell in run.records)
    cells = {cell: _cell([run for run in runs if cell in run.records], cell) for cell in ids}
    return KnownMachine(
        name=machine_name(runs[0]),
        files=tuple(str(run.path) for run in runs),
        cells=cells,
        notes=tuple(_notes(runs, cells.values())),
    )


def _notes(runs: Sequence[Run], cells: Iterable[KnownCell]) -> Iterator[str]:
    known = conditions(Side(name="", runs=tuple(runs)))
    names = [name for name, values in known.items() if len(values) > 1 and name not in _OF_CELLS]
    if names:
        yield f"The runs differ in {', '.join(names)}: what comes of that counts as scatter between processes."
    others = len({name for run in runs for name in run.timings if name not in run.records})
    if others:
        yield f"{others} benchmarks that are not zoobench's are left out."
    set_aside = sum(cell.set_aside > 0 for cell in cells)
    if set_aside:
        yield f"Disturbed runs of {set_aside} cells are set aside, as these have undisturbed ones."


def _cell(runs: Sequence[Run], name: str) -> KnownCell:
    records = [run.records[name] for run in runs]
    _check_one_file(runs, name)
    tested = [record.accuracy for record in records if record.accuracy]
    memories = dict.fromkeys(record.memory.observed_peak_rss_bytes for record in records if record.memory)
    models = [record.model for record in records if record.model]
    refusals = [record.refusal for record in records]
    timed = _timed(runs, name)
    quiet = [one for one in timed if not _is_disturbed(one[1])]
    taken = quiet or timed
    return KnownCell(
        cell=records[-1].cell,
        runs=tuple(one for one, _ in taken),
        answered=_answered(tested[-1]) if tested else None,
        size_bytes=models[-1].size_bytes if models else None,
        peaks=tuple(peak for peaks in memories for peak in peaks),
        memory_runs=len(memories),
        disturbances=tuple(_disturbances(latency for _, latency in taken)),
        set_aside=len(timed) - len(taken),
        refusal=refusals[-1],
    )


def _check_one_file(runs: Sequence[Run], name: str) -> None:
    """Refuses different files under one name: it would not be clear which of them the choice is about."""
    measured = [(run.path, run.records[name]) for run in runs]
    files = {
        (one.model.sha256, one.cell.image_size, one.cell.weights): path for path, one in reversed(measured) if one.model
    }
    for (one, path), (other, other_path) in pairwise(files.items()):
        raise ResultsError(
            f"{name} is not the same model file everywhere: {one[0][:_SHORT_HASH]} in {path}, "
            f"{other[0][:_SHORT_HASH]} in {other_path} (SHA-256); name only the results of the one that may be shipped"
        )


def _timed(runs: Sequence[Run], name: str) -> list[tuple[TimedRun, RecordedLatency]]:
    """Returns each process once: a saved baseline repeats a run, without its rounds."""
    found: dict[tuple[float, float, int], tuple[TimedRun, RecordedLatency]] = {}
    for run in runs:
        latency, timing = run.records[name].latency, run.timings.get(name)
        if latency is None or _sensible(latency.p50_seconds) is None:
            continue
        rounds = timing.rounds if timing else ()
        same = (latency.p50_seconds, latency.mean_seconds, latency.samples)
        if same not in found or rounds:
            found[same] = (_timed_run(latency, rounds), latency)
    return list(found.values())


def _timed_run(latency: RecordedLatency, rounds: tuple[float, ...]) -> TimedRun:
    paired = latency.speedup_over_float
    speedup = _sensible(paired.point) if paired else None
    return TimedRun(
        p50_seconds=latency.p50_seconds,
        p50_interval=_interval(latency.p50_interval),
        p90_seconds=_sensible(latency.p90_seconds),
        rounds=rounds,
        speedup=speedup,
        speedup_interval=_interval(paired.interval) if paired and speedup else None,
        twin=paired.twin if paired and speedup else None,
    )


def _sensible(value: float | None) -> float | None:
    """Returns a time or a ratio, or None for what is none: a clock that saw nothing, or what no sum can hold."""
    return value if value is not None and 1 / _LARGEST <= value <= _LARGEST else None


def _interval(ends: tuple[float, float] | None) -> Interval | None:
    return Interval(low=ends[0], high=ends[1]) if ends else None


def _answered(accuracy: RecordedAccuracy) -> Answered:
    truth = decode(accuracy.predictions.truth)
    return Answered(right=np.array(decode(accuracy.predictions.classes)) == np.array(truth), truth=truth)


def _disturbances(latencies: Iterator[RecordedLatency]) -> Iterator[str]:
    for latency in latencies:
        if latency.disturbance and latency.disturbance.causes:
            yield told(latency.disturbance)


def _is_disturbed(latency: RecordedLatency) -> bool:
    return latency.disturbance is not None and bool(latency.disturbance.causes)
