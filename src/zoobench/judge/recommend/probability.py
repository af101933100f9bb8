"""How probable is it that a cell really holds a limit? By what its results, and no others, say.

Each probability is the posterior one of the cell's true value under Jeffreys' prior: of a latency percentile that of
this machine's typical process, of top-1 that of all images of which the test split is a sample, of memory that of a
typical fresh process. Where the results cannot say, it is None, with the reason.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv, chdtri, ndtr, stdtr

from zoobench.errors import UsageError
from zoobench.judge.metrics import METRICS
from zoobench.judge.readings import QUANTILE, TimedRun
from zoobench.judge.recommend.cells import (
    MOST_SLOWED,
    NODES,
    KnownCell,
    Observed,
    Spread,
    default_sd,
    find_best_float_file,
    find_float_file,
    newly_wrong_and_right,
)
from zoobench.judge.recommend.limits import DROP, P50, P90, QUANTIZATION_DROP, SIZE, TOP1, Limit
from zoobench.stats.intervals import LEAST_PROCESSES, LEAST_SAMPLES
from zoobench.system.units import percent

NOT_CERTAIN = 1 / (2 * NODES)
"""What a probability is away from 0 and 1 at the least, but for what is exact: less than half of one of the deviations
over which is averaged cannot be told."""
_ROUNDING = 1e-12
"""Of logarithms: what is nearer is the same."""
_DEFAULT_FREEDOM = 4
"""Degrees of freedom that the default spread counts as where processes differ more: those of `LEAST_PROCESSES`."""
_ALIKE = 0.01
"""Probability of processes being so alike by chance."""
_HALF = 0.5
"""Of Jeffreys' prior, for each kind of answer."""
_Known = tuple[float | None, str]
"""A probability, None where it cannot be told, and how it is known or what is lacking."""


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
    def is_beyond(self) -> bool:
        """Whether the value found does not hold the limit."""
        if self.value is None:
            return False
        return self.value > self.limit.bound if self.limit.quantity.lower_is_better else self.value < self.limit.bound

    @property
    def excess(self) -> float | None:
        """By how much the value is beyond the limit, below 0 within it: as a share of it, of accuracy in shares."""
        if self.value is None:
            return None
        difference = self.value - self.limit.bound
        if self.limit.quantity.of_accuracy:
            return difference if self.limit.quantity.lower_is_better else -difference
        return difference / self.limit.bound

    @property
    def distance(self) -> float:
        """The same so that excesses of different limits can be ordered: a point of accuracy counts as much as 1 %."""
        return max(self.excess or 0.0, 0.0)


def probability_of(
    cell: KnownCell, limit: Limit, *, cells: Mapping[str, KnownCell], spread: Spread
) -> LimitProbability:
    """Returns how probable it is that a cell holds a limit.

    Args:
        cell: Which, with all that its machine's results say of it.
        limit: What is to be held.
        cells: All cells of the machine, among which are the float32 files.
        spread: How much processes differ on the machine.

    Raises:
        UsageError: If the limit is of a metric that nothing here weighs.
    """
    if limit.metric in (P50, P90):
        return _of_latency(cell, limit, spread)
    if limit.metric in METRICS and METRICS[limit.metric].test == "processes":
        observed = cell.observed.get(limit.metric, Observed(values=(), runs=0))
        found, why = processes_probability(observed, limit=limit.bound, sd=default_sd(METRICS[limit.metric].noise))
        value = cell.middle(limit.metric)
        return LimitProbability(limit=limit, value=value, probability=_never_certain(found), why=why)
    if limit.metric == SIZE:
        return _of_size(cell, limit)
    if limit.metric in (TOP1, DROP, QUANTIZATION_DROP):
        return _of_accuracy(cell, limit, cells)
    raise UsageError(f"{limit.metric}: it is not known how to weigh a limit of this metric; leave it out")


def latency_probability(runs: Sequence[TimedRun], limit: float, *, share: float, spread: Spread) -> _Known:
    """Returns the probability that a percentile of this machine's typical process is at most the limit.

    The process is the unit. From 5 on their own spread tells: `of_processes`. Fewer tell too little of it, so that it
    is taken from elsewhere, but never below what they show: `of_rounds`. Processes that are far more alike than others
    are known to be ran in one quiet minute and count as one.

    Args:
        runs: Each process that timed the cell.
        limit: In seconds.
        share: 0.50 or 0.90.
        spread: How much the medians of processes differ.
    """
    known = [(run, value) for run in runs if (value := _percentile(run, share))]
    if not known:
        return None, _missing_rounds(runs, share)
    logs = [math.log(value) for _, value in known]
    spread = spread if share == 0.50 else spread.of_tail()
    as_one = _are_of_one_minute(logs, spread)
    if len(logs) >= LEAST_PROCESSES and not as_one:
        why = f"{len(logs)} processes, which differ by {percent(stdev(logs))} % (standard deviation; Student's t)"
        return of_processes(logs, math.log(limit)), why
    spread, count = _not_below(spread, logs), 1 if as_one else len(logs)
    margin = math.log(limit) - fmean(logs)
    with_rounds = [run for run, _ in known if run.rounds]
    if with_rounds:
        aligned = np.concatenate([_aligned(run, share) for run in with_rounds])
        alike = ", which are so alike that they count as one" if as_one else ""
        why = f"{len(aligned)} rounds of {_processes(len(logs))}{alike}; {spread.summary}"
        return of_rounds(aligned, margin, share=share, spread=spread, runs=count), why
    intervals = [one.p50_interval for one, _ in known if one.p50_interval is not None and one.p50_interval.low > 0]
    if share != 0.50 or len(intervals) < len(known):
        return None, "the file does not hold the rounds (a baseline does not); name the results file of the run"
    errors = [math.log(one.high / one.low) / (2 * QUANTILE) for one in intervals]
    probability = of_interval(math.hypot(*errors) / len(errors), margin, spread=spread, runs=count)
    return probability, f"the recorded interval of {_processes(len(logs))}, without its rounds; {spread.summary}"


def of_processes(logs: Sequence[float], log_limit: float) -> float:
    """Returns the probability that the mean of processes' logarithms is at most the limit's.

    Its posterior under Jeffreys' prior is Student's t with n - 1 degrees of freedom around the mean, scaled by s /
    sqrt(n) (Gelman et al., "Bayesian Data Analysis", 3rd ed., section 3.2). It takes log percentiles of processes for
    normal and independent, so that processes of one quiet minute tell nothing of a busy hour.
    """
    error = stdev(logs) / math.sqrt(len(logs))
    margin = log_limit - fmean(logs)
    return float(stdtr(len(logs) - 1, margin / error)) if error > _ROUNDING else float(margin >= -_ROUNDING)


def of_rounds(aligned: npt.NDArray[np.float64], log_margin: float, *, share: float, spread: Spread, runs: int) -> float:
    """Returns the probability that a percentile is at most the limit, by rounds and the spread of processes.

    Within a process: of n rounds k are at most the limit, and the share of all rounds that are is Beta(k + 1/2,
    n - k + 1/2) under Jeffreys' prior; the percentile is at most the limit where that share is at least `share`.
    Rounds are taken for independent of each other. Between processes: the typical one's percentile is exp(z) times that
    of these, z being the spread over sqrt(runs); so the limit is moved by exp(-z), and what comes out is averaged over
    z.

    Args:
        aligned: Logarithms of the rounds of all processes, each process's less that of its own percentile.
        log_margin: Logarithm of the limit less that of the percentile, of several processes the mean of theirs.
        share: Of the percentile.
        spread: Of processes.
        runs: How many processes.
    """
    ordered, total = np.sort(aligned), len(aligned)
    limits = log_margin + spread.shifts() / math.sqrt(runs)
    # A round that is the limit is within it, though its logarithm is rounded.
    within = np.searchsorted(ordered, limits + _ROUNDING, side="right")
    return float(np.mean(1 - betainc(within + 0.5, total - within + 0.5, share)))


def of_interval(error: float, log_margin: float, *, spread: Spread, runs: int) -> float:
    """Returns the same of a median whose rounds are not known, but a standard error of its logarithm is."""
    limits = log_margin + spread.shifts() / math.sqrt(runs)
    return float(np.mean(ndtr(limits / error) if error > 0 else limits >= 0))


def processes_probability(observed: Observed, *, limit: float, sd: float) -> _Known:
    """Returns the probability that the mean log of what fresh processes observe is at most the limit's.

    Student's t of the logarithms, as for latencies of several processes. To their standard error is added what the
    metric was measured to move by from one run to another, so that equal values of one run do not pass for certainty.

    Args:
        observed: Such as peaks of memory.
        limit: In the unit of the metric.
        sd: Standard deviation of the logarithm from one run to another.
    """
    values = observed.values
    if len(values) < 2:
        few = "one process does not tell how much they differ" if values else "it was not measured"
        return None, f"{few}; run bench/ with --zoo-processes 2 or more"
    logs = [math.log(value) for value in values]
    error = math.hypot(stdev(logs) / math.sqrt(len(logs)), sd / math.sqrt(observed.runs))
    probability = float(stdtr(len(logs) - 1, (math.log(limit) - fmean(logs)) / error))
    return probability, f"{len(values)} fresh processes"


def top1_probability(correct: int, total: int, *, limit: float) -> float:
    """Returns the probability that the share of right answers is at least the limit.

    The posterior of a binomial share under Jeffreys' prior is Beta(correct + 1/2, wrong + 1/2): L. D. Brown, T. T. Cai
    and A. DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001). It takes the test
    samples for independent draws of the images that will come.
    """
    return float(1 - betainc(correct + _HALF, total - correct + _HALF, limit))


def drop_probability(newly_wrong: int, newly_right: int, *, total: int, limit: float) -> float:
    """Returns the probability that the loss of top-1 is at most the limit.

    Both answered the same samples, so that a sample is newly wrong, newly right, or as before; their shares are
    Dirichlet(newly wrong + 1/2, newly right + 1/2, as before + 1/2) under Jeffreys' prior. By its aggregation property
    the share that changed, s, is Beta(changed + 1, as before + 1/2), and of it the share that is newly wrong, u, is
    independently Beta(newly wrong + 1/2, newly right + 1/2) (A. Gelman et al., "Bayesian Data Analysis", 3rd ed.,
    section 3.4 and appendix A). The loss is s (2 u - 1), so that P(u <= (1 + limit / s) / 2) is averaged over s, at
    `NODES` equally probable ones.

    Args:
        newly_wrong: Samples that only the reference has right.
        newly_right: Samples that only the cell has right.
        total: All samples.
        limit: A share of one, from 0.
    """
    shares, both = (np.arange(NODES) + 0.5) / NODES, newly_wrong + newly_right
    changed = np.maximum(betaincinv(both + 2 * _HALF, total - both + _HALF, shares), np.finfo(float).tiny)
    most_wrong = np.minimum((1 + limit / changed) / 2, 1.0)
    return float(np.mean(betainc(newly_wrong + _HALF, newly_right + _HALF, most_wrong)))


def _of_latency(cell: KnownCell, limit: Limit, spread: Spread) -> LimitProbability:
    timing = cell.timing
    share, value = (0.50, timing.p50_seconds) if limit.metric == P50 else (0.90, timing.p90_seconds)
    found, why = latency_probability(timing.runs, limit.bound, share=share, spread=spread)
    return LimitProbability(
        limit=limit,
        value=value,
        probability=_never_certain(found),
        why=why,
        is_disturbed=bool(timing.disturbances) and value is not None and value <= MOST_SLOWED * limit.bound,
    )


def _of_size(cell: KnownCell, limit: Limit) -> LimitProbability:
    if cell.size_bytes is None:
        return LimitProbability(limit=limit, value=None, probability=None, why="there is no file")
    holds = cell.size_bytes <= limit.bound
    return LimitProbability(limit=limit, value=float(cell.size_bytes), probability=float(holds), why="exact")


def _of_accuracy(cell: KnownCell, limit: Limit, cells: Mapping[str, KnownCell]) -> LimitProbability:
    if cell.answered is None:
        untested = "its accuracy was not tested; run bench/test_accuracy.py"
        return LimitProbability(limit=limit, value=None, probability=None, why=untested)
    if limit.metric == DROP:
        return _of_drop(cell, limit, find_best_float_file(cell, cells))
    if limit.metric == QUANTIZATION_DROP:
        return _of_drop(cell, limit, find_float_file(cell, cells))
    correct, total = cell.answered.correct, cell.answered.total
    probability = _never_certain(top1_probability(correct, total, limit=limit.bound))
    return LimitProbability(
        limit=limit, value=correct / total, probability=probability, why=f"{correct} right of {total}"
    )


def _of_drop(cell: KnownCell, limit: Limit, reference: KnownCell | None) -> LimitProbability:
    if reference is None or reference.answered is None or cell.answered is None:
        whose = f" of {cell.cell.backbone}" if limit.metric == QUANTIZATION_DROP else ""
        lacking = f"no float32 file{whose} answered the samples; add the results that hold it"
        return LimitProbability(limit=limit, value=None, probability=None, why=lacking)
    if reference is cell:
        return LimitProbability(limit=limit, value=0.0, probability=1.0, why="it is the reference itself")
    wrong, right = newly_wrong_and_right(reference.answered, cell.answered)
    total = cell.answered.total
    return LimitProbability(
        limit=limit,
        value=(wrong - right) / total,
        probability=_never_certain(drop_probability(wrong, right, total=total, limit=limit.bound)),
        why=f"{wrong} newly wrong and {right} newly right of {total} against {reference.cell.id}",
    )


def _never_certain(probability: float | None) -> float | None:
    return None if probability is None else min(max(probability, NOT_CERTAIN), 1 - NOT_CERTAIN)


def _are_of_one_minute(logs: Sequence[float], spread: Spread) -> bool:
    """Tells whether 5 processes or more differ less than chance has it, were the known spread theirs.

    By the chi-squared distribution of a normal sample's variance, at `_ALIKE`.
    """
    if len(logs) < LEAST_PROCESSES:
        return False
    freedom = len(logs) - 1
    return stdev(logs) < spread.between_process_sd * math.sqrt(float(chdtri(freedom, 1 - _ALIKE)) / freedom)


def _percentile(run: TimedRun, share: float) -> float | None:
    return run.p50_seconds if share == 0.50 else run.p90_seconds


def _aligned(run: TimedRun, share: float) -> npt.NDArray[np.float64]:
    value = _percentile(run, share)
    logs: npt.NDArray[np.float64] = np.log(np.maximum(np.asarray(run.rounds, np.float64), np.finfo(float).tiny))
    return logs - math.log(value or 1.0)


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


def _missing_rounds(runs: Sequence[TimedRun], share: float) -> str:
    if not runs:
        return "it was not timed; run bench/test_latency.py, without --benchmark-disable"
    most = max(len(run.rounds) for run in runs)
    taken = f", and there are {most}" if most else ""
    return f"it takes {LEAST_SAMPLES[share]} rounds{taken}; run bench/ with --zoo-rounds {LEAST_SAMPLES[share]} or more"


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"
