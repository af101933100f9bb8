"""Did the candidate become worse than the baseline? Each metric's test, and the verdicts that hold for all together.

Three verdicts answer whether a change for the worse is within its tolerance: `regressed` where it surely is not,
`unchanged` (or `improved`) where it surely is, `inconclusive` where that cannot be told. What is tested shares one
error rate by Holm's procedure, so that a gate of many cells has no more false alarms than one of a single cell.
Nothing here is measured.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from zoobench.errors import Status
from zoobench.judge.compare.flipped_samples import Flip, Flips
from zoobench.judge.evidence import Finding, Verdict, direction, relative
from zoobench.judge.gate.noise import LEAST_RUNS
from zoobench.judge.gate.schedule import Rates
from zoobench.judge.metrics import LATENCY_P50, METRICS
from zoobench.results.conditions import Difference
from zoobench.stats.paired import holm, mcnemar_mid_p_of_loss, paired_difference
from zoobench.stats.sequential import FIRST_LOOK, RatioEvidence, weigh_mean, weigh_sequence
from zoobench.system.units import few, percent

_NAMED = 5
"""Newly wrong samples that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A finding without its verdict, and what decides it.

    Attributes:
        finding: Its verdict and p are still to come.
        p_worse: At the most how probable such data are if it is no worse than the tolerance allows; of top-1, whose
            tolerance is compared with what was found, if it is no worse at all.
        p_within: The same if it is worse than that.
        p_better: The same if it is no better.
    """

    finding: Finding
    p_worse: float = 1.0
    p_within: float = 1.0
    p_better: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """All that a gate found.

    Attributes:
        baseline: Name or path of the stored side.
        candidate: Path of the new side.
        findings: By cell and metric.
        problems: What makes the two sides incomparable, or could not be measured.
        environment: In what machine, libraries and settings differ.
        notes: What happened on the way.
        seconds: How long the replay took.
    """

    baseline: str
    candidate: str
    findings: Sequence[Finding]
    problems: Sequence[str]
    environment: Sequence[Difference]
    notes: Sequence[str]
    seconds: float

    @property
    def status(self) -> Status:
        """The exit status: what is unusable comes before what regressed, and that before what is not clear."""
        return Status.UNUSABLE if self.problems else status_of(finding.verdict for finding in self.findings)


def status_of(verdicts: Iterable[Verdict | None]) -> Status:
    """Returns the exit status of verdicts alone."""
    found = set(verdicts)
    if Verdict.REGRESSED in found:
        return Status.FAILED
    return Status.UNDECIDED if Verdict.INCONCLUSIVE in found else Status.PASSED


def decide(tests: Sequence[Test], rates: Rates) -> tuple[Finding, ...]:
    """Returns the findings of all tests of one gate, their verdicts holding together."""
    worse = holm([test.p_worse for test in tests])
    better = holm([test.p_better for test in tests])
    return tuple(
        _advised(replace(test.finding, verdict=_verdict(p_worse, test.p_within, p_better, rates), p=p_worse))
        for test, p_worse, p_better in zip(tests, worse, better, strict=True)
    )


def _verdict(p_worse: float, p_within: float, p_better: float, rates: Rates) -> Verdict:
    if p_worse <= rates.error_rate:
        return Verdict.REGRESSED
    if p_within > rates.miss_rate:
        return Verdict.INCONCLUSIVE
    return Verdict.IMPROVED if p_better <= rates.error_rate else Verdict.UNCHANGED


def _advised(finding: Finding) -> Finding:
    """Returns a finding with what may make it clear, where it is not and that is not said yet."""
    if finding.verdict is not Verdict.INCONCLUSIVE or finding.basis != "replay" or finding.remark:
        return finding
    advice = "give it more time (--seconds, in pytest --zoo-gate-seconds) or a quieter machine"
    return replace(finding, remark=f"not clear yet; {advice}")


def replay_test(
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
    draft = Finding(
        cell=cell,
        metric=LATENCY_P50.key,
        basis="replay",
        baseline=_middle(seconds[0]),
        candidate=_middle(seconds[1]),
        tolerance=tolerance,
        units=len(log_ratios),
    )
    if evidence is None:
        few = f"a verdict takes {FIRST_LOOK} processes, and there was time for {len(log_ratios)}: give the gate more"
        return Test(finding=replace(draft, remark=few))
    return _of_ratio(draft, evidence)


def stored_test(
    cell: str, seconds: tuple[float, float], *, scatter: float | None, runs: int, tolerance: float, rates: Rates
) -> Test:
    """Returns the test of two median times that were measured at different times on one machine.

    Args:
        cell: Its id.
        seconds: The baseline's median and the candidate's.
        scatter: Standard deviation of the log median from one run to another, learned from A/A runs; None if unknown.
        runs: How many runs that was learned from.
        tolerance: The largest relative change that is still none.
        rates: Of the gate.
    """
    if scatter is None or runs < LEAST_RUNS:
        known = f"known from {runs} runs, and it takes {LEAST_RUNS}" if runs else "not known"
        why = f"this machine's own noise is {known}; learn it with `zoobench noise`"
        return unmeasured_test(cell, tolerance=tolerance, why=why, seconds=seconds, units=runs)
    evidence = weigh_mean(
        math.log(seconds[1] / seconds[0]),
        error=scatter * math.sqrt(2),  # both medians scatter
        freedom=runs - 1,
        units=runs,
        tolerance=tolerance,
        error_rate=rates.each,
    )
    return _of_ratio(_stored(cell, seconds, tolerance=tolerance), evidence)


def unmeasured_test(
    cell: str, *, tolerance: float, why: str, seconds: tuple[float, float] | None = None, units: int = 0
) -> Test:
    """Returns a test that can only be inconclusive, because of `why`; both medians are shown where there are any."""
    return Test(finding=replace(_stored(cell, seconds, tolerance=tolerance), remark=why, units=units))


def _stored(cell: str, seconds: tuple[float, float] | None, *, tolerance: float) -> Finding:
    baseline, candidate = seconds or (None, None)
    return Finding(
        cell=cell,
        metric=LATENCY_P50.key,
        basis="stored",
        baseline=baseline,
        candidate=candidate,
        change=relative(baseline, candidate),
        tolerance=tolerance,
    )


def processes_test(
    cell: str, metric: str, values: tuple[Sequence[float], Sequence[float]], *, tolerance: float, rates: Rates
) -> Test:
    """Returns the test of what fresh processes observed once each, as a peak of resident memory.

    Student's t of two samples of equal variance, of the logarithms.

    Args:
        cell: Its id.
        metric: Key of the metric, of which less is better.
        values: Of the baseline's processes, and of the candidate's; above 0.
        tolerance: The largest relative change that is still none.
        rates: Of the gate.
    """
    before, after = ([math.log(value) for value in side] for side in values)
    draft = Finding(
        cell=cell,
        metric=metric,
        basis="processes",
        baseline=_middle(values[0]),
        candidate=_middle(values[1]),
        tolerance=tolerance,
        units=len(before) + len(after),
    )
    freedom = len(before) + len(after) - 2
    if min(len(before), len(after)) < 1 or freedom < 1:
        few = f"too few processes reported {METRICS[metric].title}"
        return Test(finding=replace(draft, remark=few))
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


def samples_test(cell: str, metric: str, flips: Flips, *, tolerance: float, rates: Rates) -> Test:
    """Returns the paired test of the share of right answers: exact McNemar, mid-p, beside the tolerance.

    A loss above the tolerance is a regression only if it is more than chance; one within it is none, though a larger
    one might hide behind it: `smallest_change` says how large.
    """
    answers = flips.answers
    change = (answers.newly_right - answers.newly_wrong) / answers.total
    finding = Finding(
        cell=cell,
        metric=metric,
        basis="samples",
        tolerance=tolerance,
        units=answers.total,
        baseline=(answers.both + answers.newly_wrong) / answers.total,
        candidate=(answers.both + answers.newly_right) / answers.total,
        change=change,
        interval=paired_difference(answers),
        smallest_change=_smallest_loss(flips, tolerance=tolerance, rate=rates.each),
        remark=describe_flips(flips),
        newly_wrong=flips.newly_wrong,
        newly_right=flips.newly_right,
    )
    return Test(
        finding=finding,
        p_worse=mcnemar_mid_p_of_loss(answers.newly_wrong, answers.newly_right) if -change > tolerance else 1.0,
        p_within=0.0 if -change <= tolerance else 1.0,
        p_better=mcnemar_mid_p_of_loss(answers.newly_right, answers.newly_wrong) if change > tolerance else 1.0,
    )


def exact_finding(cell: str, metric: str, values: tuple[float, float], *, tolerance: float) -> Finding:
    """Returns the finding of two numbers without an error, such as sizes in bytes."""
    change = relative(*values) or 0.0
    changed = direction(METRICS[metric], up=change > 0)
    return Finding(
        cell=cell,
        metric=metric,
        basis="exact",
        tolerance=tolerance,
        units=1,
        verdict=changed if abs(change) > tolerance else Verdict.UNCHANGED,
        baseline=values[0],
        candidate=values[1],
        change=change,
        smallest_change=tolerance,
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


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _smallest_loss(flips: Flips, *, tolerance: float, rate: float) -> float | None:
    """Returns the smallest loss that would have been called one, as many samples newly right; None if none is."""
    total, won = flips.answers.total, flips.answers.newly_right
    for lost in range(won + 1, total - won + 1):
        loss = (lost - won) / total
        if loss > tolerance and mcnemar_mid_p_of_loss(lost, won) <= rate:
            return loss
    return None


def describe_flips(flips: Flips) -> str:
    """Says how many answers flipped, which class lost most, and which samples; '' where none did."""
    wrong, right = flips.newly_wrong, flips.newly_right
    if not wrong and not right:
        return ""
    parts = [f"{len(wrong)} newly wrong, {len(right)} newly right"]
    if worst := flips.worst_class:
        parts.append(f"most of all {worst.name}: {percent(worst.before)} to {percent(worst.after)} %")
    if wrong:
        parts.append(f"newly wrong are {few([_named(one) for one in wrong], most=_NAMED)}")
    return "; ".join(parts)


def _named(flip: Flip) -> str:
    return f"{flip.name or f'sample {flip.sample}'} ({flip.truth} as {flip.after})"
