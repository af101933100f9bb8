"""What did one machine's runs find of a cell, and how far could another process find it different?

A disturbed run counts only where no undisturbed one is known, a saved baseline and the run that it was saved of are one
process, and several processes come to the geometric mean of theirs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, geometric_mean, stdev

from scipy.special import ndtri, stdtrit

from zoobench.judge.evidence import median_interval
from zoobench.judge.metrics import LATENCY_P50, LATENCY_P90, SPEEDUP
from zoobench.results.disturbed import told
from zoobench.results.run import Run
from zoobench.stats.intervals import CONFIDENCE, LEAST_PROCESSES, Interval, percentile, percentile_interval

QUANTILE = float(ndtri((1 + CONFIDENCE) / 2))
TAIL = 1.5
"""How much more a process's 90th percentile varies than its median, which the bounds and `zoobench noise` are of.
Measured: over 12 to 22 runs each of five files on two shared cores it was 1.2 to 2.0 times as much, in the middle
1.5."""
_LARGEST = 1e9
"""Of a time in seconds, as in results files, and of a ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRun:
    """What one process found of a cell's latency.

    Attributes:
        p50_interval: 95 %, over its rounds, as is that of the speed-up.
        p90_seconds: None below 64 rounds.
        rounds: Each one; empty where the file does not hold them, as a baseline does not.
        speedup: Over the float twin.
        twin: Id of that twin.
        disturbance: What disturbed it, in a line; '' where nothing is known to have.
    """

    p50_seconds: float
    p50_interval: Interval | None
    p90_seconds: float | None
    rounds: tuple[float, ...]
    speedup: float | None = None
    speedup_interval: Interval | None = None
    twin: str | None = None
    disturbance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTiming:
    """A cell's latency on one machine.

    Attributes:
        runs: Each process that timed it; only the undisturbed ones where there are any.
        set_aside: How many disturbed runs are not among them.
    """

    runs: tuple[TimedRun, ...] = ()
    set_aside: int = 0

    @property
    def p50_seconds(self) -> float | None:
        """Geometric mean of the runs' medians; this and the following are None where no run knows one."""
        return _mean([one.p50_seconds for one in self.runs])

    @property
    def p90_seconds(self) -> float | None:
        """Geometric mean of the 90th percentiles of the runs that support one."""
        return _mean([one.p90_seconds for one in self.runs if one.p90_seconds is not None])

    @property
    def speedup(self) -> float | None:
        """Geometric mean of the speed-ups over the float twin."""
        return _mean([one.speedup for one in self.runs if one.speedup])

    @property
    def twin(self) -> str | None:
        """Id of the float twin over which every run knows a speed-up; None where one does not."""
        twins = {one.twin for one in self.runs}
        return twins.pop() if len(twins) == 1 else None

    @property
    def disturbances(self) -> tuple[str, ...]:
        """What disturbed the runs, a line for each that was."""
        return tuple(one.disturbance for one in self.runs if one.disturbance)


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


def timing_of(runs: Sequence[Run], cell: str) -> CellTiming:
    """Returns what the runs of one machine found of a cell's latency.

    Args:
        runs: Results files of one machine, each once; those that do not hold the cell are passed over.
        cell: Id of a cell, or the full name of a benchmark that is not zoobench's.
    """
    found: dict[tuple[float, ...], TimedRun] = {}
    for index, run in enumerate(runs):
        latency = run.records[cell].latency if cell in run.records else None
        process = (latency.p50_seconds, latency.mean_seconds, latency.samples) if latency else (index,)
        one = _timed_run(run, cell)
        if one and (process not in found or one.rounds):
            found[process] = one
    undisturbed = tuple(one for one in found.values() if not one.disturbance)
    taken = undisturbed or tuple(found.values())
    return CellTiming(runs=taken, set_aside=len(found) - len(taken))


def p50_reading(timing: CellTiming, *, runtime: str) -> LogReading | None:
    """Returns the median in seconds, None where no run timed the cell."""
    return _over_runs([(run.p50_seconds, run.p50_interval) for run in timing.runs], noise=LATENCY_P50.noise_on(runtime))


def slowness_reading(timing: CellTiming, *, runtime: str) -> LogReading | None:
    """Returns 1 / the speed-up, None unless every run has one over the same float twin."""
    if timing.twin is None:
        return None
    ratios = []
    for run in timing.runs:
        if run.speedup:
            ends = run.speedup_interval
            turned = Interval(low=1 / ends.high, high=1 / ends.low) if ends and ends.low > 0 else None
            ratios.append((1 / run.speedup, turned))
    return _over_runs(ratios, noise=SPEEDUP.noise_on(runtime)) if len(ratios) == len(timing.runs) else None


def p90_reading(timing: CellTiming, *, runtime: str) -> LogReading | None:
    """Returns the 90th percentile in seconds, None where no run supports one."""
    values = [
        (run.p90_seconds, percentile_interval(run.rounds, 0.90) if run.rounds else None)
        for run in timing.runs
        if run.p90_seconds is not None
    ]
    return _over_runs(values, noise=math.expm1(TAIL * math.log1p(LATENCY_P90.noise_on(runtime))))


def processes_reading(values: Sequence[float], *, noise: float) -> LogReading | None:
    """Returns what fresh processes observed once each, such as peaks of memory, None where there is none."""
    logs = [math.log(value) for value in values]
    return LogReading(point=fmean(logs), error=_error(logs), margin=math.log1p(noise)) if logs else None


def significantly_below(one: LogReading, other: LogReading) -> bool:
    """Tells whether a value is below another one by more than processes differ by and the intervals reach.

    As in `compare.machines`: the larger of the two margins, and 95 % of the difference of independent errors.
    """
    if one.error is None or other.error is None:
        return False
    reach = QUANTILE * math.hypot(one.error, other.error)
    return other.point - one.point > max(one.margin, other.margin) + reach


def _timed_run(run: Run, cell: str) -> TimedRun | None:
    timing = run.rounds.get(cell)
    rounds = tuple(timing.rounds) if timing else ()
    if cell not in run.records:
        p50 = _sensible(timing.median_seconds) if timing else None
        if p50 is None or timing is None:
            return None
        p90 = _sensible(percentile(rounds, 0.90))
        return TimedRun(p50_seconds=p50, p50_interval=median_interval(timing), p90_seconds=p90, rounds=rounds)
    latency = run.records[cell].latency
    p50 = _sensible(latency.p50_seconds) if latency else None
    if latency is None or p50 is None:
        return None
    paired, disturbance = latency.speedup_over_float, latency.disturbance
    speedup = _sensible(paired.point) if paired else None
    return TimedRun(
        p50_seconds=p50,
        p50_interval=_interval(latency.p50_interval),
        p90_seconds=_sensible(latency.p90_seconds),
        rounds=rounds,
        speedup=speedup,
        speedup_interval=_interval(paired.interval) if paired and speedup else None,
        twin=paired.twin if paired and speedup else None,
        disturbance=told(disturbance) if disturbance and disturbance.causes else "",
    )


def _sensible(value: float | None) -> float | None:
    """Returns a time or a ratio, or None for what is none: a clock that saw nothing, or what no sum can hold."""
    return value if value is not None and 1 / _LARGEST <= value <= _LARGEST else None


def _interval(ends: tuple[float, float] | None) -> Interval | None:
    return Interval(low=ends[0], high=ends[1]) if ends else None


def _mean(values: Sequence[float]) -> float | None:
    return geometric_mean(values) if values else None


def _over_runs(values: Sequence[tuple[float, Interval | None]], *, noise: float) -> LogReading | None:
    """Returns the mean log over runs: from 5 on with their own spread, below with what processes may differ by."""
    logs = [math.log(value) for value, _ in values]
    if not logs:
        return None
    if len(logs) >= LEAST_PROCESSES:
        return LogReading(point=fmean(logs), error=_error(logs))
    errors = [math.log(one.high / one.low) / (2 * QUANTILE) for _, one in values if one is not None and one.low > 0]
    return LogReading(
        point=fmean(logs),
        error=math.hypot(*errors) / len(errors) if len(errors) == len(logs) else None,
        margin=max(math.log1p(noise), max(logs) - min(logs)),
    )


def _error(logs: Sequence[float]) -> float | None:
    """Returns the standard error of a mean, so that `QUANTILE` of it reaches as far as Student's t."""
    if len(logs) < 2:
        return None
    return stdev(logs) / math.sqrt(len(logs)) * float(stdtrit(len(logs) - 1, (1 + CONFIDENCE) / 2)) / QUANTILE
