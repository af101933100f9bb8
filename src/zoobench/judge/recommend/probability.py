"""How probable is it that a cell really holds a limit? By what its results, and no others, say.

Each probability is the posterior one of the cell's true value under Jeffreys' prior: of a latency percentile that of
this machine's typical process, of top-1 that of all images of which the test split is a sample, of memory that of a
typical fresh process. Where the results cannot say, it is None, with the reason.

Rounds of one process are not independent replicates of what the next process finds, so that a limit which 200 rounds
hold by a hair is held by every second process at best. How far processes spread is learned of this machine, or a
measured default: the standard deviation of natural logarithms of one process's percentile around the machine's typical
process, the one in the middle of many.

The defaults come from the measured bounds `TIME_NOISE` and others. These are of the difference between two processes,
whose spread is sqrt(2) times that of one, and about 1 pair in 100 is beyond them, so that they are 2.576 standard
deviations of it. For LiteRT that is ln(1.2) / (2.576 sqrt(2)) = 0.050. The consecutive runs behind the bound agree:
their medians moved by more than 5 % in 43 % and by more than 10 % in 13 % of pairs, which a normal spread of 0.045
gives.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv, chdtri, ndtr, ndtri, stdtr, stdtrit

from zoobench.errors import UsageError
from zoobench.judge.gate.noise import LEAST_RUNS, Noise
from zoobench.judge.metrics import KERAS, KERAS_NOISE, TIME_NOISE
from zoobench.judge.readings import QUANTILE, TAIL, TimedRun
from zoobench.judge.recommend.cells import (
    MOST_SLOWED,
    FloatFiles,
    KnownCell,
    paired_answers,
)
from zoobench.judge.recommend.limits import DROP, TOP1, Limit
from zoobench.matrix.variants import PREQUANTIZED
from zoobench.stats.intervals import LEAST_PROCESSES, LEAST_SAMPLES
from zoobench.system.units import percent

NODES = 2001
"""Equally probable deviations over which is averaged: more than enough for three digits of a probability."""
NOT_CERTAIN = 1 / (2 * NODES)
"""What a probability is away from 0 and 1 at the least, but for what is exact: less than half of one of the deviations
over which is averaged cannot be told."""
_MIDPOINTS = (np.arange(NODES) + 0.5) / NODES
_ROUNDING = 1e-12
"""Of logarithms: what is nearer is the same."""
_BEYOND = 0.01
"""Share of pairs of processes that are beyond the bound."""
_OF_BOUND = -float(ndtri(_BEYOND / 2)) * math.sqrt(2)
_DEFAULT_FREEDOM = 4
"""Degrees of freedom that the default spread counts as where processes differ more: those of `LEAST_PROCESSES`."""
_ALIKE = 0.01
"""Probability of processes being so alike by chance."""
_HALF = 0.5
"""Of Jeffreys' prior, for each kind of answer."""
_Known = tuple[float | None, str]
"""A probability, None where it cannot be told, and how it is known or what is lacking."""
_Weighed = tuple[float | None, float | None, str]
"""The same behind the value that was found, None where it was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How much processes differ.

    Attributes:
        between_process_sd: Standard deviation of a process's log median.
        source: Where that is known from.
        freedom: Degrees of freedom of the estimate; None where it is taken as exact.
    """

    between_process_sd: float
    source: str
    freedom: int | None = None

    @property
    def summary(self) -> str:
        """For people."""
        return f"processes differ by {percent(self.between_process_sd)} % (standard deviation), {self.source}"

    def shifts(self, processes: int = 1) -> npt.NDArray[np.float64]:
        """Returns `NODES` equally probable deviations of the mean log percentile of so many processes.

        By the midpoints of quantiles of a normal distribution, or of Student's t where the spread is itself an
        estimate. Midpoints rather than Gauss-Hermite nodes, since what is averaged over them is made of steps, one for
        each round.
        """
        quantiles = ndtri(_MIDPOINTS) if self.freedom is None else stdtrit(self.freedom, _MIDPOINTS)
        return np.asarray(self.between_process_sd * quantiles, np.float64) / math.sqrt(processes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitProbability:
    """What is known of a cell and a limit.

    Attributes:
        limit: What is to be held.
        value: What was found; None where it was not measured.
        probability: That the limit holds; None where that cannot be told.
        why: How that is known, or what is lacking.
        is_disturbed: Whether it rests on disturbed rounds, by which alone the cell may be beyond the limit.
    """

    limit: Limit
    value: float | None
    probability: float | None
    why: str
    is_disturbed: bool = False

    @property
    def excess(self) -> float | None:
        """By how much the value is beyond the limit, below 0 within it: as a share of it, of accuracy in shares."""
        if self.value is None:
            return None
        difference = self.value - self.limit.bound
        if not self.limit.metric.lower_is_better:
            difference = -difference
        return difference if self.limit.of_accuracy else difference / self.limit.bound

    @property
    def distance(self) -> float:
        """The same so that excesses of different limits can be ordered: a point of accuracy counts as much as 1 %."""
        return max(self.excess or 0.0, 0.0)

    @property
    def is_beyond(self) -> bool:
        """Whether the value found does not hold the limit."""
        return self.distance > 0


def probability_of(cell: KnownCell, limit: Limit, *, floats: FloatFiles, spread: Spread) -> LimitProbability:
    """Returns how probable it is that a cell holds a limit; `floats` are those of its machine.

    Raises:
        UsageError: If the limit is of a metric that nothing here weighs.
    """
    metric, timing = limit.metric, cell.timing
    value: float | None
    is_disturbed = False
    if metric.percentile is not None:
        value = timing.p50_seconds if metric.percentile == 0.50 else timing.p90_seconds
        found, why = latency_probability(timing.runs, limit.bound, share=metric.percentile, spread=spread)
        found = _never_certain(found)
        is_disturbed = bool(timing.disturbances) and value is not None and value <= MOST_SLOWED * limit.bound
    elif metric.test == "processes":
        value, sd = cell.middle(metric.key), default_sd(metric.noise)
        found, why = processes_probability(cell.observed.get(metric.key, ()), limit=limit.bound, sd=sd)
        found = _never_certain(found)
    elif metric.test == "exact":
        value, found, why = _of_size(cell, limit.bound)
    elif metric.test == "samples":
        value, found, why = _of_answers(cell, limit, floats)
    else:
        raise UsageError(f"{metric.key}: it is not known how to weigh a limit of this metric; leave it out")
    return LimitProbability(limit=limit, value=value, probability=found, why=why, is_disturbed=is_disturbed)


def _of_size(cell: KnownCell, most: float) -> _Weighed:
    if cell.size_bytes is None:
        return None, None, "there is no file"
    return float(cell.size_bytes), float(cell.size_bytes <= most), "exact"


def _of_answers(cell: KnownCell, limit: Limit, floats: FloatFiles) -> _Weighed:
    total, correct = len(cell.right), int(cell.right.sum())
    if not total:
        return None, None, "its accuracy was not tested; run bench/test_accuracy.py"
    if limit.metric.key == TOP1:
        found = _never_certain(top1_probability(correct, total, limit=limit.bound))
        return cell.top1, found, f"{correct} right of {total}"
    of_all = limit.metric.key == DROP
    reference = floats.best(cell) if of_all else floats.own(cell)
    answers = paired_answers(reference, cell) if reference else None
    if reference is None or answers is None:
        whose = "" if of_all else f" of {cell.recorded.backbone}"
        if cell.recorded.variant == PREQUANTIZED:
            unknown = "it was quantized elsewhere, so what that lost cannot be known; give --min-top1"
            return None, None, f"no float32 file{whose} answered the samples: {unknown}"
        return None, None, f"no float32 file{whose} answered the samples; add the results that hold it"
    if reference is cell:
        return 0.0, 1.0, "it is the reference itself"
    wrong, right = answers.newly_wrong, answers.newly_right
    found = _never_certain(drop_probability(wrong, right, total=total, limit=limit.bound))
    why = f"{wrong} newly wrong and {right} newly right of {total} against {reference.id}"
    return (wrong - right) / total, found, why


def _never_certain(probability: float | None) -> float | None:
    return None if probability is None else min(max(probability, NOT_CERTAIN), 1 - NOT_CERTAIN)


def spread_of(cell: KnownCell, noise: Noise | None) -> Spread:
    """Returns how much processes that time a cell differ, by what `zoobench noise` learned of the machine."""
    learned = noise.cells.get(cell.id) if noise else None
    if noise and learned and learned.runs >= LEAST_RUNS and learned.run_scatter > 0:
        source = f"as {learned.runs} runs of this cell on {noise.machine} did (zoobench noise)"
        return Spread(between_process_sd=learned.run_scatter, freedom=learned.runs - 1, source=source)
    if cell.recorded.runtime in KERAS:
        return Spread(between_process_sd=default_sd(KERAS_NOISE), source="the default for Keras")
    return Spread(between_process_sd=default_sd(TIME_NOISE), source="the default")


def default_sd(bound: float) -> float:
    """Returns the standard deviation of one process where two differ by at most `bound`, but for 1 pair in 100."""
    return math.log1p(bound) / _OF_BOUND


def latency_probability(runs: Sequence[TimedRun], limit: float, *, share: float, spread: Spread) -> _Known:
    """Returns the probability that a percentile of this machine's typical process is at most the limit.

    The process is the unit. From 5 on their own spread tells: `of_processes`. Fewer tell too little of it, so that it
    is taken from elsewhere, but never below what they show: `of_rounds`. Processes that are far more alike than others
    are known to be ran in one quiet minute and count as one.

    Args:
        runs: Each process that timed the cell.
        limit: In seconds.
        share: 0.50 or 0.90.
        spread: Of the medians of processes.
    """
    known = [(run, value) for run in runs if (value := _percentile(run, share))]
    if not known:
        return None, _missing_rounds(runs, share)
    logs = [math.log(value) for _, value in known]
    if share != 0.50:
        spread = replace(spread, between_process_sd=TAIL * spread.between_process_sd)
    as_one = _are_of_one_minute(logs, spread)
    if len(logs) >= LEAST_PROCESSES and not as_one:
        why = f"{len(logs)} processes, which differ by {percent(stdev(logs))} % (standard deviation; Student's t)"
        return of_processes(logs, math.log(limit)), why
    spread = _not_below(spread, logs)
    limits = math.log(limit) - fmean(logs) + spread.shifts(1 if as_one else len(logs))
    processes = "1 process" if len(logs) == 1 else f"{len(logs)} processes"
    timed = [(run, value) for run, value in known if run.rounds]
    if timed:
        aligned = np.concatenate([_logarithms(run.rounds) - math.log(value) for run, value in timed])
        alike = ", which are so alike that they count as one" if as_one else ""
        why = f"{len(aligned)} rounds of {processes}{alike}; {spread.summary}"
        return of_rounds(aligned, limits, share=share), why
    intervals = [run.p50_interval for run, _ in known if run.p50_interval is not None and run.p50_interval.low > 0]
    if share != 0.50 or len(intervals) < len(known):
        return None, "the file does not hold the rounds (a baseline does not); name the results file of the run"
    errors = [math.log(one.high / one.low) / (2 * QUANTILE) for one in intervals]
    found = of_interval(math.hypot(*errors) / len(errors), limits)
    return found, f"the recorded interval of {processes}, without its rounds; {spread.summary}"


def _percentile(run: TimedRun, share: float) -> float | None:
    return run.p50_seconds if share == 0.50 else run.p90_seconds


def _missing_rounds(runs: Sequence[TimedRun], share: float) -> str:
    if not runs:
        return "it was not timed; run bench/test_latency.py, without --benchmark-disable"
    most = max(len(run.rounds) for run in runs)
    taken = f", and there are {most}" if most else ""
    return f"it takes {LEAST_SAMPLES[share]} rounds{taken}; run bench/ with --zoo-rounds {LEAST_SAMPLES[share]} or more"


def _logarithms(rounds: Sequence[float]) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = np.log(np.maximum(np.asarray(rounds, np.float64), np.finfo(float).tiny))
    return found


def _are_of_one_minute(logs: Sequence[float], spread: Spread) -> bool:
    """Tells whether 5 processes or more differ less than chance has it, were the known spread theirs.

    By the chi-squared distribution of a normal sample's variance, at `_ALIKE`.
    """
    if len(logs) < LEAST_PROCESSES:
        return False
    freedom = len(logs) - 1
    return stdev(logs) < spread.between_process_sd * math.sqrt(float(chdtri(freedom, 1 - _ALIKE)) / freedom)


def _not_below(spread: Spread, logs: Sequence[float]) -> Spread:
    """Returns the spread, or that of the processes themselves where it is larger.

    Two to four processes alone would tell so little of it that next to nothing could be said; what is known of others
    counts as so many of them, as if it were the prior of a variance (Gelman et al., section 3.3), but for the value,
    which is the larger of the two.
    """
    own = stdev(logs) if len(logs) > 1 else 0.0
    if own <= spread.between_process_sd:
        return spread
    known = _DEFAULT_FREEDOM if spread.freedom is None else spread.freedom
    return Spread(between_process_sd=own, freedom=known + len(logs) - 1, source=f"as these {len(logs)} did")


def of_processes(logs: Sequence[float], log_limit: float) -> float:
    """Returns the probability that the mean of processes' logarithms is at most the limit's.

    Its posterior under Jeffreys' prior is Student's t with n - 1 degrees of freedom around the mean, scaled by s /
    sqrt(n) (Gelman et al., "Bayesian Data Analysis", 3rd ed., section 3.2). It takes log percentiles of processes for
    normal and independent, so that processes of one quiet minute tell nothing of a busy hour.
    """
    error = stdev(logs) / math.sqrt(len(logs))
    margin = log_limit - fmean(logs)
    return float(stdtr(len(logs) - 1, margin / error)) if error > _ROUNDING else float(margin >= -_ROUNDING)


def of_rounds(aligned: npt.NDArray[np.float64], limits: npt.NDArray[np.float64], *, share: float) -> float:
    """Returns the probability that a percentile is at most the limit, by rounds and the spread of processes.

    Within a process: of n rounds k are at most the limit, and the share of all rounds that are is Beta(k + 1/2,
    n - k + 1/2) under Jeffreys' prior; the percentile is at most the limit where that share is at least `share`.
    Rounds are taken for independent of each other. Between processes: the typical one's percentile is exp(z) times that
    of these, z being the spread over the root of their number; so the limit is moved by exp(-z), and what comes out is
    averaged over z.

    Args:
        aligned: Logarithms of the rounds of all processes, each process's less that of its own percentile.
        limits: Logarithm of the limit less that of the percentile, of several processes the mean of theirs, moved by
            each of the spread's `shifts`.
        share: Of the percentile.
    """
    # A round that is the limit is within it, though its logarithm is rounded.
    within = np.searchsorted(np.sort(aligned), limits + _ROUNDING, side="right")
    return float(np.mean(1 - betainc(within + _HALF, len(aligned) - within + _HALF, share)))


def of_interval(error: float, limits: npt.NDArray[np.float64]) -> float:
    """Returns the same of a median whose rounds are not known, but a standard error of its logarithm is."""
    return float(np.mean(ndtr(limits / error) if error > 0 else limits >= 0))


def processes_probability(runs: Sequence[Sequence[float]], *, limit: float, sd: float) -> _Known:
    """Returns the probability that the mean log of what fresh processes observe is at most the limit's.

    Student's t of the logarithms, as for latencies of several processes. To their standard error is added what the
    metric was measured to move by from one run to another, so that equal values of one run do not pass for certainty.

    Args:
        runs: Of each run what its processes observed, such as peaks of memory.
        limit: In the unit of the metric.
        sd: Standard deviation of the logarithm from one run to another.
    """
    logs = [math.log(value) for run in runs for value in run]
    if len(logs) < 2:
        few = "one process does not tell how much they differ" if logs else "it was not measured"
        return None, f"{few}; run bench/ with --zoo-processes 2 or more"
    error = math.hypot(stdev(logs) / math.sqrt(len(logs)), sd / math.sqrt(len(runs)))
    probability = float(stdtr(len(logs) - 1, (math.log(limit) - fmean(logs)) / error))
    return probability, f"{len(logs)} fresh processes"


def top1_probability(correct: int, total: int, *, limit: float) -> float:
    """Returns the probability that the share of right answers is at least the limit.

    The posterior of a binomial share under Jeffreys' prior is Beta(correct + 1/2, wrong + 1/2): L. D. Brown, T. T. Cai
    and A. DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001). It takes the test
    samples for independent draws of the images that will come.
    """
    return float(1 - betainc(correct + _HALF, total - correct + _HALF, limit))


def drop_probability(newly_wrong: int, newly_right: int, *, total: int, limit: float) -> float:
    """Returns the probability that the loss of top-1 is at most the limit, a share of one from 0.

    Both answered the same samples, so that a sample is newly wrong, newly right, or as before; their shares are
    Dirichlet(newly wrong + 1/2, newly right + 1/2, as before + 1/2) under Jeffreys' prior. By its aggregation property
    the share that changed, s, is Beta(changed + 1, as before + 1/2), and of it the share that is newly wrong, u, is
    independently Beta(newly wrong + 1/2, newly right + 1/2) (A. Gelman et al., "Bayesian Data Analysis", 3rd ed.,
    section 3.4 and appendix A). The loss is s (2 u - 1), so that P(u <= (1 + limit / s) / 2) is averaged over s, at
    `NODES` equally probable ones.
    """
    both = newly_wrong + newly_right
    changed = np.maximum(betaincinv(both + 2 * _HALF, total - both + _HALF, _MIDPOINTS), np.finfo(float).tiny)
    most_wrong = np.minimum((1 + limit / changed) / 2, 1.0)
    return float(np.mean(betainc(newly_wrong + _HALF, newly_right + _HALF, most_wrong)))
