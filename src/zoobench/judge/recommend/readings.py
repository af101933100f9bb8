"""How surely is each cell's time what it was found to be? Logarithms with an error and what processes differ by."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy.special import ndtri, stdtrit

from zoobench.judge.compare.compared import KERAS, KERAS_NOISE, MEMORY_NOISE, SPEEDUP_NOISE, TIME_NOISE
from zoobench.judge.recommend.known import KnownCell, TimedRun
from zoobench.judge.recommend.scatter import TAIL
from zoobench.stats.bootstrap import LEAST_PROCESSES
from zoobench.stats.statistics import CONFIDENCE, Interval, percentile_interval

QUANTILE = float(ndtri((1 + CONFIDENCE) / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReading:
    """A value of a cell on a logarithmic scale.

    Attributes:
        point: The logarithm.
        error: Standard error of it; None where it is not known how sure it is.
        margin: By how much two processes may find it different; 0 where the error is over processes.
    """

    point: float
    error: float | None
    margin: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A cell's time among the others of its machine.

    Attributes:
        p50: Of its median seconds.
        slowness: Of 1 / its speed-up over the float twin, None where a run has none.
        twin: Over which cell.
    """

    p50: LogReading
    slowness: LogReading | None = None
    twin: str | None = None


def timed_cells(cells: Mapping[str, KnownCell]) -> dict[str, Timed]:
    """Returns the time of each cell that was timed."""
    return {name: _timed(cell) for name, cell in cells.items() if cell.runs}


def p90_readings(cells: Mapping[str, KnownCell]) -> dict[str, LogReading]:
    """Returns the 90th percentile of each cell that supports one."""
    return {name: reading for name, cell in cells.items() if (reading := _p90(cell)) is not None}


def memory_readings(cells: Mapping[str, KnownCell]) -> dict[str, LogReading]:
    """Returns the peak of memory of each cell that knows one."""
    found = {}
    for name, cell in cells.items():
        logs = [math.log(peak) for peak in cell.peaks]
        if logs:
            found[name] = LogReading(point=fmean(logs), error=_error(logs), margin=math.log1p(MEMORY_NOISE))
    return found


def surely_below(one: LogReading, other: LogReading) -> bool:
    """Tells whether a value is below another one by more than processes differ by and the intervals reach.

    As in `orderflips`: the larger of the two margins, and 95 % of the difference of independent errors.
    """
    if one.error is None or other.error is None:
        return False
    reach = QUANTILE * math.hypot(one.error, other.error)
    return other.point - one.point > max(one.margin, other.margin) + reach


def _timed(cell: KnownCell) -> Timed:
    p50 = _over_runs([(run.p50_seconds, run.p50_interval) for run in cell.runs], noise=_noise(cell, TIME_NOISE))
    ratios = [
        (1 / run.speedup, _turned(run.speedup_interval))
        for run in cell.runs
        if run.speedup is not None and run.speedup > 0
    ]
    has_all = cell.twin is not None and len(ratios) == len(cell.runs)
    return Timed(
        p50=p50,
        slowness=_over_runs(ratios, noise=_noise(cell, SPEEDUP_NOISE)) if has_all else None,
        twin=cell.twin if has_all else None,
    )


def _noise(cell: KnownCell, usual: float) -> float:
    return KERAS_NOISE if cell.cell.runtime in KERAS else usual


def _turned(interval: Interval | None) -> Interval | None:
    return Interval(low=1 / interval.high, high=1 / interval.low) if interval and interval.low > 0 else None


def _p90(cell: KnownCell) -> LogReading | None:
    values = [(run.p90_seconds, _p90_interval(run)) for run in cell.runs if run.p90_seconds is not None]
    noise = math.expm1(TAIL * math.log1p(_noise(cell, TIME_NOISE)))
    return _over_runs(values, noise=noise) if values else None


def _p90_interval(run: TimedRun) -> Interval | None:
    return percentile_interval(run.rounds, 0.90) if run.rounds else None


def _over_runs(values: Sequence[tuple[float, Interval | None]], *, noise: float) -> LogReading:
    """Returns the mean log over runs: from 5 on with their own scatter, below with what processes may differ by."""
    logs = [math.log(value) for value, _ in values]
    if len(logs) >= LEAST_PROCESSES:
        return LogReading(point=fmean(logs), error=_error(logs))
    errors = [_error_of(interval) for _, interval in values]
    known = [error for error in errors if error is not None]
    return LogReading(
        point=fmean(logs),
        error=math.hypot(*known) / len(known) if len(known) == len(logs) else None,
        margin=max(math.log1p(noise), max(logs) - min(logs)),
    )


def _error(logs: Sequence[float]) -> float | None:
    """Returns the standard error of a mean, so that `QUANTILE` of it reaches as far as Student's t."""
    if len(logs) < 2:
        return None
    return stdev(logs) / math.sqrt(len(logs)) * float(stdtrit(len(logs) - 1, (1 + CONFIDENCE) / 2)) / QUANTILE


def _error_of(interval: Interval | None) -> float | None:
    if interval is None or interval.low <= 0:
        return None
    return math.log(interval.high / interval.low) / (2 * QUANTILE)
