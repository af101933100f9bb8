"""What do the results of one machine know of each cell? Gathered once, so that every question is asked of the same."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

import numpy as np
import numpy.typing as npt

from zoobench.errors import ResultsError
from zoobench.judge.disturbed import told
from zoobench.judge.environments import conditions, machine_of
from zoobench.judge.packing import decode
from zoobench.judge.record import Record, RecordedAccuracy, RecordedCell, RecordedLatency, Refusal
from zoobench.judge.samesubject import check_same_subject
from zoobench.judge.statistics import Interval
from zoobench.judge.timings import Run, Side

_SHORT_HASH = 12
_OF_CELLS = frozenset({"threads", "runtime", "weights", "image size", "kit"})
"""Conditions in which cells of one run differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRun:
    """What one process found of a cell's latency.

    Attributes:
        p50_seconds: Of its rounds.
        p50_interval: Of that, 95 %, over its rounds.
        p90_seconds: None below 64 rounds.
        rounds: Each one; empty where the file does not hold them, as a baseline does not.
        speedup: Over the float twin, with its interval over the rounds.
        speedup_interval: Of that.
        twin: Id of that twin.
    """

    p50_seconds: float
    p50_interval: Interval | None
    p90_seconds: float | None
    rounds: tuple[float, ...]
    speedup: float | None = None
    speedup_interval: Interval | None = None
    twin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a cell answered the test samples.

    Attributes:
        right: [n] Whether each was right.
        truth: [n] The right answers, which are the same for all cells that can be compared.
    """

    right: npt.NDArray[np.bool_]
    truth: tuple[int, ...]

    @property
    def correct(self) -> int:
        """How many were right."""
        return int(self.right.sum())

    @property
    def total(self) -> int:
        """How many there were."""
        return len(self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCell:
    """One cell on one machine; what was not measured is None or empty.

    Attributes:
        cell: Which.
        runs: Each process that timed it; only the undisturbed ones where there are any.
        answered: Of the last run that tested it.
        size_bytes: Of its file.
        peaks: Bytes, each of a fresh process; of all runs.
        memory_runs: How many runs those are of.
        disturbances: What disturbed them, a line each; none where an undisturbed run is known.
        set_aside: How many disturbed runs are not among them.
        refusal: Why it cannot be.
    """

    cell: RecordedCell
    runs: tuple[TimedRun, ...] = ()
    answered: Answered | None = None
    size_bytes: int | None = None
    peaks: tuple[int, ...] = ()
    memory_runs: int = 0
    disturbances: tuple[str, ...] = ()
    set_aside: int = 0
    refusal: Refusal | None = None

    @property
    def p50_seconds(self) -> float | None:
        """Geometric mean of the runs' medians."""
        return _geometric_mean([one.p50_seconds for one in self.runs])

    @property
    def p90_seconds(self) -> float | None:
        """Geometric mean of those of the runs that support one."""
        return _geometric_mean([one.p90_seconds for one in self.runs if one.p90_seconds is not None])

    @property
    def speedup(self) -> float | None:
        """Geometric mean of those of the runs that know one."""
        return _geometric_mean([one.speedup for one in self.runs if one.speedup])

    @property
    def top1(self) -> float | None:
        """Share of right answers."""
        return self.answered.correct / self.answered.total if self.answered else None

    @property
    def peak_bytes(self) -> float | None:
        """Median of the processes."""
        return median(self.peaks) if self.peaks else None

    @property
    def twin(self) -> str | None:
        """Id of the float twin over which every run knows a speed-up; None where one does not."""
        twins = {one.twin for one in self.runs}
        return twins.pop() if len(twins) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMachine:
    """All that one machine's results say.

    Attributes:
        name: Device or CPU, and cores.
        files: Where it was read.
        cells: By id.
        notes: What a reader must know.
    """

    name: str
    files: tuple[str, ...]
    cells: Mapping[str, KnownCell]
    notes: tuple[str, ...] = ()


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
        if latency is None or latency.p50_seconds <= 0:
            continue
        rounds = timing.rounds if timing else ()
        same = (latency.p50_seconds, latency.mean_seconds, latency.samples)
        if same not in found or rounds:
            found[same] = (_timed_run(latency, rounds), latency)
    return list(found.values())


def _timed_run(latency: RecordedLatency, rounds: tuple[float, ...]) -> TimedRun:
    paired = latency.speedup_over_float
    return TimedRun(
        p50_seconds=latency.p50_seconds,
        p50_interval=_interval(latency.p50_interval),
        p90_seconds=latency.p90_seconds or None,
        rounds=rounds,
        speedup=paired.point if paired else None,
        speedup_interval=_interval(paired.interval) if paired else None,
        twin=paired.twin if paired else None,
    )


def _interval(ends: tuple[float, float] | None) -> Interval | None:
    return Interval(low=ends[0], high=ends[1]) if ends else None


def _answered(accuracy: RecordedAccuracy) -> Answered:
    truth = decode(accuracy.predictions.truth)
    return Answered(right=np.array(decode(accuracy.predictions.classes)) == np.array(truth), truth=truth)


def _disturbances(latencies: Iterator[RecordedLatency]) -> Iterator[str]:
    for latency in latencies:
        if latency.disturbance and latency.disturbance.causes:
            yield told(latency.disturbance)


def _geometric_mean(values: Sequence[float]) -> float | None:
    return math.exp(fmean(map(math.log, values))) if values else None


def _is_disturbed(latency: RecordedLatency) -> bool:
    return latency.disturbance is not None and bool(latency.disturbance.causes)
