"""What became of one metric of one cell from a baseline to a candidate, and how surely? The one vocabulary of verdicts.

Here runs are compared as they were measured. What a gate weighs besides (replays, tolerances) stands in `gate.decide`,
and comes to the same `Finding`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from statistics import median
from typing import Literal

from zoobench.judge.compare.flipped_samples import Flip, paired_flips
from zoobench.judge.metrics import SPEEDUP_NOISE, Metric
from zoobench.results.run import Side, Timing
from zoobench.results.schema import Record
from zoobench.stats.intervals import (
    LEAST_PROCESSES,
    Estimate,
    Interval,
    median_ratio_interval,
    percentile,
    percentile_interval,
    ratio_interval,
)
from zoobench.stats.paired import mcnemar_mid_p, paired_difference

UNCHANGED_WITHIN = 0.03
"""A change that is surely below this is called none."""
_LARGEST = 1e300
"""Beyond it sums overflow."""

Basis = Literal["rounds", "processes", "samples", "exact", "replay", "stored"]
"""What an interval and a verdict rest on."""


class Verdict(str, Enum):
    """What became of a metric."""

    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One metric of one cell on both sides.

    Attributes:
        cell: Its id.
        metric: Key of the metric.
        baseline: The value in the unit of data; of several runs their median. None where it was not measured.
        candidate: The same of the candidate.
        change: candidate / baseline - 1, or candidate - baseline of a share. None where it is not defined.
        interval: Of the change, 95 %; None where nothing is known of it.
        basis: What the interval and the verdict rest on; None where there is neither.
        units: How many of these; 0 where that does not matter.
        verdict: None unless both sides have the metric, under conditions that let it be judged.
        p: Of the test, adjusted by Holm for all that was tested with it; None where nothing is tested.
        tolerance: In a gate, the largest change for the worse that is still none.
        smallest_change: In a gate, the smallest change for the worse that would have been called so; None where none
            would.
        remark: What a reader should know besides.
        newly_wrong: Samples that only the baseline has right, where a gate names them.
        newly_right: Samples that only the candidate has right.
    """

    cell: str
    metric: str
    baseline: float | None = None
    candidate: float | None = None
    change: float | None = None
    interval: Interval | None = None
    basis: Basis | None = None
    units: int = 0
    verdict: Verdict | None = None
    p: float | None = None
    tolerance: float | None = None
    smallest_change: float | None = None
    remark: str = ""
    newly_wrong: tuple[Flip, ...] = ()
    newly_right: tuple[Flip, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun:
    """What one run, a process, knows of one cell."""

    record: Record | None
    timing: Timing | None


def runs_of(side: Side, cell: str) -> list[CellRun]:
    """Returns what each run of a side that has a cell knows of it."""
    both = [CellRun(record=run.records.get(cell), timing=run.rounds.get(cell)) for run in side.runs]
    return [run for run in both if run.record or run.timing]


def observed(run: CellRun, metric: Metric) -> Sequence[float]:
    """Returns what each process of a run observed; of a file without records what its rounds say."""
    if run.record is not None:
        return metric.read(run.record)
    if run.timing is None or metric.percentile is None:
        return ()
    if metric.percentile == 0.50:
        return (run.timing.median_seconds,)
    known = percentile(run.timing.rounds, metric.percentile)
    return () if known is None else (known,)


def value_of(run: CellRun, metric: Metric) -> float | None:
    """Returns a run's value of a metric: the median of its processes, None where there is none that can be summed."""
    values = observed(run, metric)
    found = median(values) if values else None
    return found if found is not None and abs(found) < _LARGEST else None


def relative(baseline: float | None, candidate: float | None) -> float | None:
    """Returns candidate / baseline - 1, or None where that is no finite number or a side is missing or negative."""
    if baseline is None or candidate is None or baseline <= 0 or candidate < 0:
        return None
    # Rounded once: candidate / baseline - 1 puts 1 % of 100 above 1 %.
    change = (candidate - baseline) / baseline
    return change if math.isfinite(change) else None


def find(metric: Metric, baseline: Sequence[CellRun], candidate: Sequence[CellRun], *, cell: str, seed: int) -> Finding:
    """Returns what became of a metric between the runs of two sides.

    Args:
        metric: Which.
        baseline: What the runs of one side know of the cell.
        candidate: The same of the other side.
        cell: Its id.
        seed: Of the bootstrap.
    """
    if metric.test == "rounds" or metric.test == "processes":
        return _ratio(Finding(cell=cell, metric=metric.key), metric, baseline, candidate, seed=seed)
    ours, theirs = (_first_measured(side, metric) for side in (baseline, candidate))
    values = tuple(metric.read(one)[0] if one else None for one in (ours, theirs))
    bare = Finding(cell=cell, metric=metric.key, baseline=values[0], candidate=values[1])
    if metric.test == "samples":
        return _paired(bare, ours, theirs) if ours and theirs else bare
    change = relative(*values)
    if change is None:
        return bare
    if metric.test == "none":
        verdict = Verdict.UNCHANGED if change == 0 else Verdict.INCONCLUSIVE
        return replace(bare, change=change, verdict=verdict)
    verdict = Verdict.UNCHANGED if change == 0 else direction(metric, up=change > 0)
    return replace(bare, change=change, interval=Interval(low=change, high=change), basis="exact", verdict=verdict)


def direction(metric: Metric, *, up: bool) -> Verdict:
    """Returns what a change is that is one."""
    return Verdict.REGRESSED if up == metric.lower_is_better else Verdict.IMPROVED


def _first_measured(side: Sequence[CellRun], metric: Metric) -> Record | None:
    """Returns the first record that has a metric which the same model gives every run alike."""
    return next((run.record for run in side if run.record and metric.read(run.record)), None)


def _ratio(
    bare: Finding, metric: Metric, baseline: Sequence[CellRun], candidate: Sequence[CellRun], *, seed: int
) -> Finding:
    """Returns the change with the run as the unit where there are enough, else with what single runs hold."""
    before, after = (
        [one for run in side if (one := value_of(run, metric)) is not None] for side in (baseline, candidate)
    )
    bare = replace(bare, baseline=median(before) if before else None, candidate=median(after) if after else None)
    change = relative(bare.baseline, bare.candidate)
    if change is None:
        return bare
    bare = replace(bare, change=change, verdict=Verdict.INCONCLUSIVE)
    if min(len(before), len(after)) >= LEAST_PROCESSES:
        return _weighed(bare, metric, median_ratio_interval(after, before, seed=seed), basis="processes", noise=0.0)
    if not len(baseline) == len(candidate) == 1:
        return bare
    first, second = baseline[0], candidate[0]
    noise = metric.noise_on(second.record.cell.runtime if second.record else "")
    basis: Basis = "processes" if metric.test == "processes" else "rounds"
    found = _weighed(bare, metric, _within_runs(metric, first, second, seed=seed), basis=basis, noise=noise)
    return replace(found, verdict=Verdict.UNCHANGED) if _are_copies(first, second) else found


def _within_runs(metric: Metric, baseline: CellRun, candidate: CellRun, *, seed: int) -> Interval | None:
    """Returns the interval of candidate / baseline as far as a single run of each holds one."""
    if metric.test == "processes":
        before, after = observed(baseline, metric), observed(candidate, metric)
        enough = min(len(before), len(after)) >= LEAST_PROCESSES
        return median_ratio_interval(after, before, seed=seed) if enough else None
    if metric.percentile == 0.50:
        rounds = [run.timing.rounds if run.timing else () for run in (candidate, baseline)]
        return median_ratio_interval(rounds[0], rounds[1], seed=seed)
    above, below = _estimate(metric, candidate), _estimate(metric, baseline)
    return ratio_interval(above=above, below=below) if above and below else None


def _estimate(metric: Metric, run: CellRun) -> Estimate | None:
    """Returns a run's value with the interval that its rounds give it, or that its record has."""
    if metric.percentile is not None:
        rounds = run.timing.rounds if run.timing else ()
        point = percentile(rounds, metric.percentile)
        interval = percentile_interval(rounds, metric.percentile) if point is not None else None
    else:
        point, ends = value_of(run, metric), metric.interval(run.record) if run.record else None
        interval = Interval(low=ends[0], high=ends[1]) if ends else None
    return Estimate(point=point, interval=interval) if point is not None and interval is not None else None


def _weighed(bare: Finding, metric: Metric, ratio: Interval | None, *, basis: Basis, noise: float) -> Finding:
    """Returns a finding with what an interval of candidate / baseline comes to, beyond what two processes differ by."""
    if ratio is None or not math.isfinite(ratio.low + ratio.high):
        return bare
    verdict = Verdict.INCONCLUSIVE
    if ratio.low > 1 + noise:
        verdict = direction(metric, up=True)
    elif ratio.high < 1 / (1 + noise):
        verdict = direction(metric, up=False)
    elif noise <= SPEEDUP_NOISE and ratio.low > 1 / (1 + UNCHANGED_WITHIN) and ratio.high < 1 + UNCHANGED_WITHIN:
        verdict = Verdict.UNCHANGED
    return replace(bare, interval=Interval(low=ratio.low - 1, high=ratio.high - 1), basis=basis, verdict=verdict)


def _are_copies(baseline: CellRun, candidate: CellRun) -> bool:
    """Tells whether both are one measurement, not two that agree."""
    rounds = baseline.timing.rounds if baseline.timing else ()
    return bool(rounds and candidate.timing and rounds == candidate.timing.rounds)


def _paired(bare: Finding, baseline: Record, candidate: Record) -> Finding:
    """Returns the change of a share of right answers, paired by sample where both answered the same ones.

    Whether it is more than chance is decided when the p values of all cells are known.
    """
    before, after = bare.baseline, bare.candidate
    change = None if before is None or after is None else after - before
    bare = replace(bare, change=change, verdict=Verdict.INCONCLUSIVE)
    flips = paired_flips(baseline, candidate)
    if flips is None:
        return bare
    bare = replace(bare, interval=paired_difference(flips.answers), basis="samples")
    if baseline.cell.has_random_weights or candidate.cell.has_random_weights:  # of these it means nothing
        return bare
    lost, won = flips.answers.newly_wrong, flips.answers.newly_right
    verdict = Verdict.UNCHANGED if lost == won == 0 else Verdict.INCONCLUSIVE
    return replace(bare, p=mcnemar_mid_p(lost, won), verdict=verdict)
