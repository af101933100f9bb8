"""How probable is it that a percentile of the latency of this machine's typical process is within a limit?"""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, chdtri, ndtr, ndtri, stdtr

from zoobench.judge.readings import TimedRun
from zoobench.judge.recommend.scatter import Scatter
from zoobench.stats.bootstrap import LEAST_PROCESSES
from zoobench.stats.statistics import CONFIDENCE, LEAST_SAMPLES
from zoobench.system.units import percent

_QUANTILE = float(ndtri((1 + CONFIDENCE) / 2))
_ROUNDING = 1e-12
"""Of logarithms: what is nearer is the same."""
_DEFAULT_FREEDOM = 4
"""Degrees of freedom that the default scatter counts as where processes scatter more: those of `LEAST_PROCESSES`."""
_ALIKE = 0.01
"""Probability of processes being so alike by chance."""
_Told = tuple[float | None, str]


def latency_probability(runs: Sequence[TimedRun], limit: float, *, share: float, scatter: Scatter) -> _Told:
    """Returns the probability that a percentile is at most the limit, and how it is known or what is lacking.

    The process is the unit. From 5 on their own scatter tells: `of_processes`. Fewer tell too little of it, so that it
    is taken from elsewhere, but never below what they show: `of_rounds`. Processes that are far more alike than others
    are known to be ran in one quiet minute and count as one.

    Args:
        runs: Each process that timed the cell.
        limit: In seconds.
        share: 0.50 or 0.90.
        scatter: How much the medians of processes scatter.
    """
    known = [(run, value) for run in runs if (value := _percentile(run, share))]
    if not known:
        return None, _lacking(runs, share)
    logs = [math.log(value) for _, value in known]
    scatter = scatter if share == 0.50 else scatter.of_tail()
    as_one = _are_of_one_minute(logs, scatter)
    if len(logs) >= LEAST_PROCESSES and not as_one:
        told = f"{len(logs)} processes, which scatter by {percent(stdev(logs))} % (Student's t)"
        return of_processes(logs, math.log(limit)), told
    scatter, count = _not_below(scatter, logs), 1 if as_one else len(logs)
    with_rounds = [run for run, _ in known if run.rounds]
    if with_rounds:
        aligned = np.concatenate([_aligned(run, share) for run in with_rounds])
        alike = ", which are so alike that they count as one" if as_one else ""
        told = f"{len(aligned)} rounds of {_processes(len(logs))}{alike}; {scatter.told}"
        probability = of_rounds(aligned, math.log(limit) - fmean(logs), share=share, scatter=scatter, runs=count)
        return probability, told
    intervals = [one.p50_interval for one, _ in known if one.p50_interval is not None and one.p50_interval.low > 0]
    if share != 0.50 or len(intervals) < len(known):
        return None, "the file does not hold the rounds (a baseline does not); name the results file of the run"
    errors = [math.log(one.high / one.low) / (2 * _QUANTILE) for one in intervals]
    error = math.hypot(*errors) / len(errors)
    probability = of_interval(error, math.log(limit) - fmean(logs), scatter=scatter, runs=count)
    return probability, f"the recorded interval of {_processes(len(logs))}, without its rounds; {scatter.told}"


def of_processes(logs: Sequence[float], log_limit: float) -> float:
    """Returns the probability that the mean of processes' logarithms is at most the limit's.

    Its posterior under Jeffreys' prior is Student's t with n - 1 degrees of freedom around the mean, scaled by s /
    sqrt(n) (Gelman et al., "Bayesian Data Analysis", 3rd ed., section 3.2). It takes log percentiles of processes for
    normal and independent, so that processes of one quiet minute tell nothing of a busy hour.
    """
    error = stdev(logs) / math.sqrt(len(logs))
    margin = log_limit - fmean(logs)
    return float(stdtr(len(logs) - 1, margin / error)) if error > _ROUNDING else float(margin >= -_ROUNDING)


def of_rounds(
    aligned: npt.NDArray[np.float64], log_margin: float, *, share: float, scatter: Scatter, runs: int
) -> float:
    """Returns the probability that a percentile is at most the limit, by rounds and the scatter of processes.

    Within a process: of n rounds k are at most the limit, and the share of all rounds that are is Beta(k + 1/2,
    n - k + 1/2) under Jeffreys' prior; the percentile is at most the limit where that share is at least `share`.
    Rounds are taken for independent of each other. Between processes: the typical one's percentile is exp(z) times that
    of these, z being the scatter over sqrt(runs); so the limit is moved by exp(-z), and what comes out is averaged over
    z.

    Args:
        aligned: Logarithms of the rounds of all processes, each process's less that of its own percentile.
        log_margin: Logarithm of the limit less that of the percentile, of several processes the mean of theirs.
        share: Of the percentile.
        scatter: Of processes.
        runs: How many processes.
    """
    ordered, total = np.sort(aligned), len(aligned)
    limits = log_margin + scatter.shifts() / math.sqrt(runs)
    # A round that is the limit is within it, though its logarithm is rounded.
    within = np.searchsorted(ordered, limits + _ROUNDING, side="right")
    return float(np.mean(1 - betainc(within + 0.5, total - within + 0.5, share)))


def of_interval(error: float, log_margin: float, *, scatter: Scatter, runs: int) -> float:
    """Returns the same of a median whose rounds are not known, but a standard error of its logarithm is."""
    limits = log_margin + scatter.shifts() / math.sqrt(runs)
    return float(np.mean(ndtr(limits / error) if error > 0 else limits >= 0))


def _are_of_one_minute(logs: Sequence[float], scatter: Scatter) -> bool:
    """Tells whether 5 processes or more scatter less than chance has it, were the known scatter theirs.

    By the chi-squared distribution of a normal sample's variance, at `_ALIKE`.
    """
    if len(logs) < LEAST_PROCESSES:
        return False
    freedom = len(logs) - 1
    return stdev(logs) < scatter.sigma * math.sqrt(float(chdtri(freedom, 1 - _ALIKE)) / freedom)


def _percentile(run: TimedRun, share: float) -> float | None:
    return run.p50_seconds if share == 0.50 else run.p90_seconds


def _aligned(run: TimedRun, share: float) -> npt.NDArray[np.float64]:
    value = _percentile(run, share)
    logs: npt.NDArray[np.float64] = np.log(np.maximum(np.asarray(run.rounds, np.float64), np.finfo(float).tiny))
    return logs - math.log(value or 1.0)


def _not_below(scatter: Scatter, logs: Sequence[float]) -> Scatter:
    """Returns the scatter, or that of the processes themselves where it is larger.

    Two to four processes alone would tell so little of it that next to nothing could be said; what is known of others
    counts as so many of them, as if it were the prior of a variance (Gelman et al., section 3.3), but for the value,
    which is the larger of the two.
    """
    own = stdev(logs) if len(logs) > 1 else 0.0
    if own <= scatter.sigma:
        return scatter
    known = _DEFAULT_FREEDOM if scatter.freedom is None else scatter.freedom
    return Scatter(sigma=own, freedom=known + len(logs) - 1, source=f"as these {len(logs)} did")


def _lacking(runs: Sequence[TimedRun], share: float) -> str:
    if not runs:
        return "it was not timed; run bench/test_latency.py, without --benchmark-disable"
    most = max(len(run.rounds) for run in runs)
    taken = f", and there are {most}" if most else ""
    return f"it takes {LEAST_SAMPLES[share]} rounds{taken}; run bench/ with --zoo-rounds {LEAST_SAMPLES[share]} or more"


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"
