"""What is known of each cell of a machine? So that every question of a choice is asked of the same."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
import numpy.typing as npt

from zoobench.results.record import RecordedCell, Refusal
from zoobench.stats.statistics import Interval

MOST_SLOWED = 3.0
"""How many times as long disturbed rounds may take: half the time spent waiting was measured to double the median."""


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


def _geometric_mean(values: Sequence[float]) -> float | None:
    return math.exp(fmean(map(math.log, values))) if values else None
