"""What do two values of a metric say, and how surely? One test for each metric and way of knowing it."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from zoobench.judge.compare.flipped import Flip, Flips
from zoobench.judge.gate.gate import LATENCY, MEMORY, SIZE, TOP1, Test
from zoobench.judge.gate.schedule import Rates
from zoobench.judge.gate.verdict import Finding, Verdict
from zoobench.stats.paired import mcnemar_mid_p_of_loss, paired_difference
from zoobench.stats.sequential import FIRST_LOOK, RatioEvidence, weigh_mean, weigh_sequence
from zoobench.system.units import percent

LEAST_RUNS = 5
"""Fewest runs whose scatter says anything: Student's t of fewer takes any change for noise."""
_NAMED = 5
"""Lost samples that are named."""


def latency_test(
    cell: str,
    log_ratios: Sequence[float],
    *,
    seconds: tuple[Sequence[float], Sequence[float]],
    tolerance: float,
    rates: Rates,
) -> Test:
    """Returns the test of a replayed latency.

    Args:
        cell: Its id.
        log_ratios: Of each process, in the order in which they came.
        seconds: Each process's median of the baseline, and of the candidate.
        tolerance: The largest relative change that is still none.
        rates: Of the gate.
    """
    evidence = weigh_sequence(log_ratios, tolerance=tolerance, error_rate=rates.each)
    draft = _draft(cell, LATENCY, "replay", tolerance, units=len(log_ratios))
    draft = replace(draft, baseline=_middle(seconds[0]), candidate=_middle(seconds[1]))
    if evidence is None:
        few = f"a verdict takes {FIRST_LOOK} processes, and there was time for {len(log_ratios)}: give the gate more"
        return _untold(replace(draft, remark=few))
    return _of_ratio(draft, evidence)


def stored_latency_test(
    cell: str, seconds: tuple[float, float], *, scatter: float | None, runs: int, tolerance: float, rates: Rates
) -> Test:
    """Returns the test of two medians that were measured at different times on one machine.

    Args:
        cell: Its id.
        seconds: The baseline's median and the candidate's.
        scatter: Standard deviation of the log median from one run to another, learned from A/A runs; None if unknown.
        runs: How many runs that was learned from.
        tolerance: The largest relative change that is still none.
        rates: Of the gate.
    """
    baseline, candidate = seconds
    draft = _draft(cell, LATENCY, "stored", tolerance, units=runs)
    draft = replace(draft, baseline=baseline, candidate=candidate, change=candidate / baseline - 1)
    if scatter is None or runs < LEAST_RUNS:
        known = f"known from {runs} runs, and it takes {LEAST_RUNS}" if runs else "not known"
        remark = f"this machine's own noise is {known}; learn it with `zoobench aa`"
        return _untold(replace(draft, remark=remark))
    evidence = weigh_mean(
        math.log(candidate / baseline),
        error=scatter * math.sqrt(2),  # both medians scatter
        freedom=runs - 1,
        units=runs,
        tolerance=tolerance,
        error_rate=rates.each,
    )
    return _of_ratio(draft, evidence)


def unmeasured_latency_test(
    cell: str, *, tolerance: float, why: str, seconds: tuple[float, float] | None = None
) -> Test:
    """Returns a test that can only be inconclusive, because of `why`; both medians are shown where there are any."""
    draft = replace(_draft(cell, LATENCY, "stored", tolerance, units=0), remark=why)
    if seconds is None:
        return _untold(draft)
    baseline, candidate = seconds
    return _untold(replace(draft, baseline=baseline, candidate=candidate, change=candidate / baseline - 1))


def memory_test(cell: str, peaks: tuple[Sequence[int], Sequence[int]], *, tolerance: float, rates: Rates) -> Test:
    """Returns the test of peaks of resident memory, each of a process of its own.

    Student's t of two samples of equal variance, of the logarithms.

    Args:
        cell: Its id.
        peaks: Bytes of the baseline's processes, and of the candidate's.
        tolerance: The largest relative change that is still none.
        rates: Of the gate.
    """
    before, after = ([math.log(peak) for peak in side] for side in peaks)
    draft = _draft(cell, MEMORY, "processes", tolerance, units=len(before) + len(after))
    draft = replace(draft, baseline=_middle(peaks[0]), candidate=_middle(peaks[1]))
    freedom = len(before) + len(after) - 2
    if min(len(before), len(after)) < 1 or freedom < 1:
        return _untold(replace(draft, remark="too few processes told their peak of memory"))
    squares = sum((value - sum(side) / len(side)) ** 2 for side in (before, after) for value in side)
    evidence = weigh_mean(
        sum(after) / len(after) - sum(before) / len(before),
        error=math.sqrt(squares / freedom * (1 / len(before) + 1 / len(after))),
        freedom=freedom,
        units=len(before) + len(after),
        tolerance=tolerance,
        error_rate=rates.each,
    )
    return _of_ratio(draft, evidence)


def top1_test(cell: str, flips: Flips, *, tolerance: float, rates: Rates) -> Test:
    """Returns the paired test of the share of right answers: exact McNemar, mid-p, beside the tolerance.

    A loss above the tolerance is a regression only if it is more than chance; one within it is none, though a larger
    one might hide behind it: `smallest_change` says how large.
    """
    total = flips.answers.total
    change = (flips.answers.won - flips.answers.lost) / total
    draft = _draft(cell, TOP1, "paired", tolerance, units=total)
    return Test(
        finding=replace(
            draft,
            baseline=(flips.answers.both + flips.answers.lost) / total,
            candidate=(flips.answers.both + flips.answers.won) / total,
            change=change,
            interval=paired_difference(flips.answers),
            smallest_change=_smallest_loss(flips, tolerance=tolerance, rate=rates.each),
            remark=_told(flips),
            lost=flips.lost,
            won=flips.won,
        ),
        p_worse=mcnemar_mid_p_of_loss(flips.answers.lost, flips.answers.won) if -change > tolerance else 1.0,
        p_within=0.0 if -change <= tolerance else 1.0,
        p_better=mcnemar_mid_p_of_loss(flips.answers.won, flips.answers.lost) if change > tolerance else 1.0,
    )


def size_finding(cell: str, sizes: tuple[int, int], *, tolerance: float) -> Finding:
    """Returns the finding of two sizes in bytes, which are exact."""
    baseline, candidate = sizes
    change = (candidate - baseline) / baseline  # rounded once: candidate / baseline - 1 puts 1 % of 100 above 1 %
    verdict = Verdict.UNCHANGED
    if abs(change) > tolerance:
        verdict = Verdict.REGRESSED if change > 0 else Verdict.IMPROVED
    return replace(
        _draft(cell, SIZE, "exact", tolerance, units=1),
        verdict=verdict,
        baseline=float(baseline),
        candidate=float(candidate),
        change=change,
        smallest_change=tolerance,
    )


def _draft(cell: str, metric: str, method: str, tolerance: float, *, units: int) -> Finding:
    return Finding(
        cell=cell,
        metric=metric,
        method=method,
        verdict=Verdict.INCONCLUSIVE,
        baseline=None,
        candidate=None,
        change=None,
        interval=None,
        tolerance=tolerance,
        p=None,
        smallest_change=None,
        units=units,
    )


def _of_ratio(draft: Finding, evidence: RatioEvidence) -> Test:
    finding = replace(
        draft,
        change=evidence.change,
        interval=evidence.interval,
        smallest_change=evidence.smallest_change,
        units=evidence.units,
    )
    return Test(finding=finding, p_worse=evidence.p_worse, p_within=evidence.p_within, p_better=evidence.p_better)


def _untold(finding: Finding) -> Test:
    return Test(finding=finding, p_worse=1.0, p_within=1.0, p_better=1.0)


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _smallest_loss(flips: Flips, *, tolerance: float, rate: float) -> float | None:
    """Returns the smallest loss that would have been called one, the samples won staying as many; None if none is."""
    total, won = flips.answers.total, flips.answers.won
    for lost in range(won + 1, total - won + 1):
        loss = (lost - won) / total
        if loss > tolerance and mcnemar_mid_p_of_loss(lost, won) <= rate:
            return loss
    return None


def _told(flips: Flips) -> str:
    """Says how many answers flipped, which class lost most, and which samples; nothing where none did."""
    if not flips.lost and not flips.won:
        return ""
    told = [f"{len(flips.lost)} lost, {len(flips.won)} won"]
    if worst := flips.worst_class:
        told.append(f"most of all {worst.name}: {percent(worst.before)} to {percent(worst.after)} %")
    if flips.lost:
        more = f" and {len(flips.lost) - _NAMED} more" if len(flips.lost) > _NAMED else ""
        told.append(f"lost are {', '.join(map(_named, flips.lost[:_NAMED]))}{more}")
    return "; ".join(told)


def _named(flip: Flip) -> str:
    return f"{flip.name or f'sample {flip.sample}'} ({flip.truth} as {flip.after})"
