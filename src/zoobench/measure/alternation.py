"""How long do a baseline's file and a candidate's take in one fresh process, alternately on the same samples?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from zoobench.errors import MeasurementError, UsageError
from zoobench.matrix.runtimes import Runtime, find_runtime
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.worker import MODULE
from zoobench.system.processes import Worker, worker

BASELINE = "baseline"
CANDIDATE = "candidate"
SIDES = (BASELINE, CANDIDATE)
MOST_SITTINGS = 3
"""Times its usual sittings that a process takes at the most while its rounds disagree."""
_WARMUP_TURNS = 3
_LEAST_FOR_QUARTILES = 4
_OPEN_SECONDS = 120.0
"""How long a model may take to open, and to run for the first few times."""
_LATE = 20
"""Times the expected duration after which a worker is taken to hang, and `_LATE_SECONDS` besides."""
_LATE_SECONDS = 20.0
Turn = tuple[str, int]
"""A side and the row of the image that it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayTarget:
    """One cell's two files and what they are run on.

    Attributes:
        cell_id: The cell.
        runtime: Its name.
        threads: Of one invocation.
        files: The baseline's and the candidate's.
        pixels: uint8 .npy file [n, height, width, 3].
        rows: Which of its rows, in order; from the first again after the last.
        precision: How uncertain a process may leave its ratio: it goes on sitting, up to `MOST_SITTINGS` times as
            often, while its rounds disagree by more. Infinite for as they come.
    """

    cell_id: str
    runtime: str
    threads: int
    files: Mapping[str, Path]
    pixels: Path
    rows: Sequence[int]
    precision: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayConfig:
    """How one process measures.

    Attributes:
        rounds: How many rounds; a round is a turn of each side. None for as many as the runtime's seconds allow.
        sittings: How often both files are opened anew; None for what the runtime says.
        slowdown: Share of the candidate's median that each of its invocations is made to wait on purpose.
        baseline_python: Another environment's interpreter that runs the baseline.
    """

    rounds: RoundsConfig | None = None
    sittings: int | None = None
    slowdown: float = 0.0
    baseline_python: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessObservation:
    """What one process observed.

    Attributes:
        baseline_seconds: The baseline's timed invocation of each round.
        candidate_seconds: The candidate's of the same round, on the same image; an injected wait is part of it.
        peak_rss_bytes: By side, of the sides that were alone in their process until then.
        injected_seconds: How much of the candidate's time of each round was waited on purpose; 0 but in an experiment.
        versions: Python and libraries, by side.
    """

    baseline_seconds: tuple[float, ...]
    candidate_seconds: tuple[float, ...]
    peak_rss_bytes: Mapping[str, int]
    injected_seconds: tuple[float, ...]
    versions: Mapping[str, Mapping[str, Any]]

    @property
    def ratio(self) -> float:
        """Median over the rounds of candidate / baseline."""
        pairs = zip(self.candidate_seconds, self.baseline_seconds, strict=True)
        return median(candidate / baseline for candidate, baseline in pairs)

    @property
    def uncertainty(self) -> float:
        """How far the logarithm of the ratio may be off by what its own rounds say; see `uncertainty`."""
        return uncertainty(self.baseline_seconds, self.candidate_seconds)


def observe(subject: ReplayTarget, *, index: int, config: ReplayConfig) -> ProcessObservation:
    """Starts a worker, or one for each side where their interpreters differ, and has it take turns.

    Args:
        subject: What to measure.
        index: Even ones open the baseline first, odd ones the candidate.
        config: How.

    Raises:
        MeasurementError: If a worker dies, hangs or cannot run a file, or the runtime is none that is replayed.
    """
    try:
        runtime = find_runtime(subject.runtime)
    except UsageError as error:
        raise MeasurementError(f"{subject.cell_id} cannot be replayed here: {error}") from error
    usual = config.sittings or runtime.sittings
    with ExitStack() as stack:
        workers, versions = _workers(stack, config)
        versions = _with_added(runtime, workers, versions)
        table = _Table(subject=subject, runtime=runtime, workers=workers, config=config)
        for sitting in range(MOST_SITTINGS * usual):
            if sitting >= usual and table.uncertainty <= subject.precision:
                break
            table.sit(first=(index + sitting) % 2)
    return ProcessObservation(
        baseline_seconds=tuple(table.seconds[BASELINE]),
        candidate_seconds=tuple(table.seconds[CANDIDATE]),
        peak_rss_bytes=table.peaks,
        injected_seconds=tuple(table.injected),
        versions=versions,
    )


def uncertainty(baseline: Sequence[float], candidate: Sequence[float]) -> float:
    """Returns how far the median of the log ratios of paired rounds may be off: half the width of its notch.

    1.57 interquartile ranges over the square root of their number: R. McGill, J. W. Tukey and W. A. Larsen,
    "Variations of box plots", The American Statistician 32 (1978).
    """
    if len(baseline) < _LEAST_FOR_QUARTILES:
        return math.inf
    logs = [math.log(after / before) for before, after in zip(baseline, candidate, strict=True)]
    low, _, high = quantiles(logs, n=4, method="inclusive")
    return 1.57 * (high - low) / math.sqrt(len(logs))


def turns(sides: Sequence[str], rows: Sequence[int]) -> Iterator[Turn]:
    """Yields the turns of a sitting: a round for each row, every other one in reverse order."""
    for number, row in enumerate(rows):
        for side in sides if number % 2 == 0 else sides[::-1]:
            yield side, row


def _workers(stack: ExitStack, config: ReplayConfig) -> tuple[Mapping[str, Worker], Mapping[str, Mapping[str, Any]]]:
    candidate, its_versions = stack.enter_context(worker(MODULE))
    if config.baseline_python is None:
        return dict.fromkeys(SIDES, candidate), dict.fromkeys(SIDES, its_versions)
    baseline, versions = stack.enter_context(worker(MODULE, python=config.baseline_python))
    return {BASELINE: baseline, CANDIDATE: candidate}, {BASELINE: versions, CANDIDATE: its_versions}


def _with_added(
    runtime: Runtime, workers: Mapping[str, Worker], versions: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Mapping[str, Any]]:
    """Returns the versions with those of the package that adds a runtime, as each worker finds them."""
    if runtime.package is None:
        return versions
    asked = {"do": "import", "runtime": runtime.name}
    told = {side: workers[side].ask(asked, patience=_OPEN_SECONDS).get("libraries", {}) for side in SIDES}
    return {side: {**versions[side], "libraries": {**versions[side]["libraries"], **told[side]}} for side in SIDES}


@dataclass(slots=True, kw_only=True)
class _Table:
    """Where both sides sit, and what was seen of them."""

    subject: ReplayTarget
    runtime: Runtime
    workers: Mapping[str, Worker]
    config: ReplayConfig
    seconds: dict[str, list[float]] = field(default_factory=lambda: {side: [] for side in SIDES})
    injected: list[float] = field(default_factory=list)
    peaks: dict[str, int] = field(default_factory=dict)
    _next_row: int = 0
    _sittings: int = 0

    @property
    def uncertainty(self) -> float:
        """How far the ratio may be off so far."""
        return uncertainty(self.seconds[BASELINE], self.seconds[CANDIDATE])

    def sit(self, *, first: int) -> None:
        """Opens both files, the `first` of `SIDES` first, has them take turns, and closes them."""
        sides = (SIDES[first], SIDES[1 - first])
        warm = [seconds for side in sides for seconds in self._open(side)]
        turn_seconds = (2 if self.runtime.settles else 1) * median(warm)
        rounds = self._rounds(len(sides) * turn_seconds)
        timed = list(turns(sides, self._rows(rounds)))
        for side, seconds, injected in self._run(timed, patience=_LATE_SECONDS + _LATE * len(timed) * turn_seconds):
            self.seconds[side].append(seconds)
            self.injected += [injected] if side == CANDIDATE else []
        for side in sides:
            self.workers[side].ask({"do": "close", "name": side}, patience=_OPEN_SECONDS)
        self._sittings += 1

    def _open(self, side: str) -> list[float]:
        """Opens a file and returns the durations of its first turns; notes the peak of memory where it is alone."""
        subject, its_worker = self.subject, self.workers[side]
        request = {"do": "open", "name": side, "path": str(subject.files[side])}
        its_worker.ask(request | {"runtime": subject.runtime, "threads": subject.threads}, patience=_OPEN_SECONDS)
        row = subject.rows[0]
        warm = [seconds for _, seconds, _ in self._run([(side, row)] * _WARMUP_TURNS, patience=_OPEN_SECONDS)]
        known = {self.workers[other] for other in self.peaks}
        if self._sittings == 0 and its_worker not in known:
            peak = its_worker.ask({"do": "peak"}, patience=_OPEN_SECONDS)["peak_rss_bytes"]
            self.peaks |= {side: peak} if peak is not None else {}
        return warm

    def _rounds(self, round_seconds: float) -> int:
        """Returns the number of rounds of one sitting, even so that each side is first equally often."""
        usual = RoundsConfig(seconds=self.runtime.replay_seconds, least=8, most=40)
        number = (self.config.rounds or usual).number(round_seconds)
        each = -(-number // (self.config.sittings or self.runtime.sittings))
        return each + each % 2

    def _rows(self, count: int) -> list[int]:
        rows = [self.subject.rows[(self._next_row + i) % len(self.subject.rows)] for i in range(count)]
        self._next_row += count
        return rows

    def _run(self, asked: Sequence[Turn], *, patience: float) -> Iterator[tuple[str, float, float]]:
        """Yields each turn's side, its seconds and how many of them were waited on purpose.

        What follows one another in one worker is asked at once.
        """
        for its_worker, group in groupby(asked, key=lambda turn: self.workers[turn[0]]):
            mine = list(group)
            request = {"do": "turns", "turns": mine, "pixels": str(self.subject.pixels), "settle": self.runtime.settles}
            answer = its_worker.ask(request | {"slowdown": {CANDIDATE: self.config.slowdown}}, patience=patience)
            taken, injected = answer["nanoseconds"], answer["injected_nanoseconds"]
            if not len(taken) == len(injected) == len(mine):
                raise MeasurementError(f"the worker answered {len(taken)} of {len(mine)} turns")
            yield from ((side, t / 1e9, i / 1e9) for (side, _), t, i in zip(mine, taken, injected, strict=True))
