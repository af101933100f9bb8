"""How long do a baseline's file and a candidate's take in one fresh process, alternately on the same samples?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from zoobench.errors import MeasurementError, UsageError
from zoobench.matrix.runtimes import Runtime, find_runtime
from zoobench.measure.target import Target
from zoobench.measure.worker import RemoteBench, Turn, fresh_bench, later_patience

BASELINE = "baseline"
CANDIDATE = "candidate"
SIDES = (BASELINE, CANDIDATE)
Pair = Mapping[str, Target]
"""One cell's two files by side, with the samples that both are run on."""
MOST_SITTINGS = 3
"""Times its usual sittings that a process takes at the most while its rounds disagree."""
_LEAST_ROUNDS, _MOST_ROUNDS = 8, 40
_WARMUP_TURNS = 3
_LEAST_FOR_QUARTILES = 4


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


def observe(
    pair: Pair,
    *,
    index: int,
    precision: float = math.inf,
    slowdown: float = 0.0,
    baseline_python: Path | None = None,
    seconds: float = math.inf,
) -> ProcessObservation:
    """Starts a process, or one for each side where their interpreters differ, and has both files take turns in it.

    Args:
        pair: What to measure; from the first sample again after the last.
        index: Even ones open the baseline first, odd ones the candidate.
        precision: How uncertain the logarithm of the ratio may be: while its rounds disagree by more, a process goes on
            sitting, up to `MOST_SITTINGS` times as often.
        slowdown: Share of the candidate's median that each of its invocations is made to wait on purpose.
        baseline_python: Another environment's interpreter that runs the baseline.
        seconds: After which a process is taken to hang, whatever it does.

    Raises:
        MeasurementError: If a process dies, hangs or cannot run a file, or the runtime is none that is replayed.
    """
    cell = pair[CANDIDATE].cell
    try:
        runtime = find_runtime(cell.runtime)
    except UsageError as error:
        raise MeasurementError(f"{cell.id} cannot be replayed here: {error}") from error
    with ExitStack() as stack:
        benches = dict.fromkeys(SIDES, stack.enter_context(fresh_bench(seconds=seconds)))
        if baseline_python:
            benches[BASELINE] = stack.enter_context(fresh_bench(baseline_python, seconds=seconds))
        table = _Table(pair, runtime, benches, slowdown)
        for sitting in range(MOST_SITTINGS * runtime.sittings):
            if sitting >= runtime.sittings and uncertainty(*table.seconds.values()) <= precision:
                break
            table.sit(first=(index + sitting) % 2)
    return ProcessObservation(
        baseline_seconds=tuple(table.seconds[BASELINE]),
        candidate_seconds=tuple(table.seconds[CANDIDATE]),
        peak_rss_bytes=table.peaks,
        injected_seconds=tuple(table.injected),
        versions={side: bench.versions for side, bench in benches.items()},
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


class _Table:
    def __init__(self, pair: Pair, runtime: Runtime, benches: Mapping[str, RemoteBench], slowdown: float) -> None:
        self.seconds: dict[str, list[float]] = {side: [] for side in SIDES}
        self.injected: list[float] = []
        self.peaks: dict[str, int] = {}
        self._pair = pair
        self._runtime = runtime
        self._benches = benches
        self._slowdown = {CANDIDATE: slowdown}
        self._rows = pair[CANDIDATE].samples.rows.tolist()
        for bench in dict.fromkeys(benches.values()):
            bench.import_runtime(runtime.name)

    def sit(self, *, first: int) -> None:
        """Opens both files, the `first` of `SIDES` first, has them take turns, and closes them."""
        sides = (SIDES[first], SIDES[1 - first])
        warm = [seconds for side in sides for seconds in self._open(side)]
        turn_seconds = (2 if self._runtime.settles else 1) * median(warm)
        done = len(self.injected)
        rows = [self._rows[(done + place) % len(self._rows)] for place in range(self._rounds(2 * turn_seconds))]
        timed = list(turns(sides, rows))
        for side, seconds, injected in self._run(timed, patience=later_patience(len(timed) * turn_seconds)):
            self.seconds[side].append(seconds)
            self.injected += [injected] if side == CANDIDATE else []
        for side in sides:
            self._benches[side].close(side)

    def _open(self, side: str) -> list[float]:
        target, bench = self._pair[side], self._benches[side]
        file, threads = target.file, target.cell.threads
        bench.open(side, file.path, runtime=self._runtime.name, threads=threads, interface=file.interface)
        warm = [seconds for _, seconds, _ in self._run([(side, self._rows[0])] * _WARMUP_TURNS)]
        is_alone = not self.injected and all(self._benches[other] is not bench for other in self.peaks)
        if is_alone and (peak := bench.footprint()["peak_rss_bytes"]) is not None:
            self.peaks[side] = peak
        return warm

    def _rounds(self, round_seconds: float) -> int:
        """Returns the number of rounds of one sitting, even so that each side is first equally often."""
        fitting = int(self._runtime.replay_seconds / max(round_seconds, 1e-9))
        each = math.ceil(min(_MOST_ROUNDS, max(_LEAST_ROUNDS, fitting)) / self._runtime.sittings)
        return each + each % 2

    def _run(self, asked: Sequence[Turn], *, patience: float | None = None) -> Iterator[tuple[str, float, float]]:
        """Yields each turn's side, its seconds and how many of them were waited on purpose.

        What follows one another in one process is asked at once.
        """
        pixels = self._pair[CANDIDATE].samples.path
        for bench, group in groupby(asked, key=lambda turn: self._benches[turn[0]]):
            mine = list(group)
            taken, injected = bench.turns(
                mine, pixels, settle=self._runtime.settles, slowdown=self._slowdown, patience=patience
            )
            yield from ((side, t / 1e9, i / 1e9) for (side, _), t, i in zip(mine, taken, injected, strict=True))
