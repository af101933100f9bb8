"""Did the candidate become worse than the baseline? Each metric's test, and the verdicts that hold for all together.

Three verdicts answer whether a change for the worse is within its tolerance: `regressed` where it is significantly
beyond it, `unchanged` (or `improved`) where it is significantly within it, `inconclusive` where neither is known. What
is tested shares one error rate by Holm's procedure, so that a gate of many cells has no more false alarms than one of a
single cell. Nothing here is measured.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from zoobench.errors import Status
from zoobench.judge.evidence import Finding, Flips, Verdict, direction, relative
from zoobench.judge.gate.noise import LEAST_RUNS, CellNoise
from zoobench.judge.metrics import LATENCY_P50, METRICS
from zoobench.results.conditions import Difference
from zoobench.stats.paired import holm, mcnemar_mid_p_of_loss, paired_difference
from zoobench.stats.sequential import FIRST_LOOK, Rates, RatioEvidence, weigh_mean, weigh_sequence
from zoobench.system.units import change_percent, few, percent

_NAMED = 5
"""Newly wrong samples that are named."""
_ADVICE = "not clear yet; give it more time (--seconds, in pytest --zoo-gate-seconds) or a quieter machine"

_UNSEEN = (
    "measured by other versions ({}; baseline / candidate), and what those changed a replay of both files by the same "
    "ones does not see. Replay the baseline by its own with --baseline-python PATH (in pytest "
    "--zoo-gate-baseline-python), see docs/ci.md, or save a new baseline"
)


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
    """All that a gate found."""

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
    decided = verdicts_of([(test.p_worse, test.p_within, test.p_better) for test in tests], rates)
    findings = []
    for test, (verdict, p) in zip(tests, decided, strict=True):
        found = replace(test.finding, verdict=verdict, p=p)
        can_be_advised = verdict is Verdict.INCONCLUSIVE and found.basis == "replay" and not found.remark
        findings.append(replace(found, remark=_ADVICE) if can_be_advised else found)
    return tuple(findings)


def verdicts_of(
    probabilities: Sequence[Sequence[float]], rates: Rates, *, asked: int = 0
) -> list[tuple[Verdict, float]]:
    """Returns the verdict of each test and its p of being worse, adjusted by Holm for all of them.

    Args:
        probabilities: `p_worse`, `p_within` and `p_better` of each.
        rates: Of the gate.
        asked: How many tests the gate has, where more than are given here.
    """
    asked = max(asked, len(probabilities))
    worse, better = (holm([one[place] for one in probabilities], asked=asked) for place in (0, 2))
    found = []
    for p_worse, (_, p_within, _), p_better in zip(worse, probabilities, better, strict=True):
        verdict = Verdict.UNCHANGED
        if p_worse <= rates.error_rate:
            verdict = Verdict.REGRESSED
        elif p_within > rates.miss_rate:
            verdict = Verdict.INCONCLUSIVE
        elif p_better <= rates.error_rate:
            verdict = Verdict.IMPROVED
        found.append((verdict, p_worse))
    return found


def replay_test(
    cell: str,
    log_ratios: Sequence[float],
    *,
    seconds: tuple[Sequence[float], Sequence[float]],
    tolerance: float,
    rates: Rates,
) -> Test:
    """Returns the test of a replayed latency.

    It rests on the logarithm of candidate / baseline of each process, in the order in which they came; each process's
    median of the baseline, and of the candidate, is shown.
    """
    evidence = weigh_sequence(log_ratios, tolerance=tolerance, error_rate=rates.each)
    units = len(log_ratios)
    why = f"a verdict takes {FIRST_LOOK} processes, and there was time for {units}: give the gate more"
    draft = Finding(cell=cell, metric=LATENCY_P50.key, basis="replay", tolerance=tolerance, units=units, remark=why)
    return _of_sides(draft, seconds, evidence)


def joint_test(replayed: Test, stored: Test, *, unseen: str) -> Test:
    """Returns the test of a latency whose replay ran both sides by versions that one was not measured by.

    Such a replay sees what the files differ in, and the stored times what files and versions do together: it is worse
    where either is (each may spend half of the error rate), and within the tolerance only where both are.
    """
    shown = stored if stored.finding.interval and stored.p_worse <= replayed.p_worse else replayed
    recorded = stored.finding.change
    said = "" if recorded is None else f"; the recorded medians differ by {change_percent(recorded)} %"
    why = f" ({stored.finding.remark})" if stored.finding.remark else ""
    return Test(
        finding=replace(shown.finding, remark=f"{_UNSEEN.format(unseen)}{said}{why}"),
        p_worse=min(1.0, 2 * min(replayed.p_worse, stored.p_worse)),
        p_within=max(replayed.p_within, stored.p_within),
        p_better=max(replayed.p_better, stored.p_better),
    )


def stored_test(
    cell: str, seconds: tuple[float, float], *, noise: CellNoise | None, tolerance: float, rates: Rates
) -> Test:
    """Returns the test of two median times, the baseline's first, that were measured at different times on one machine.

    How far a run's median scatters is known from A/A runs; times that did not scatter were too coarse to learn from.
    """
    runs = noise.runs if noise else 0
    if noise is None or noise.run_scatter == 0 or runs < LEAST_RUNS:
        known = f"known from {runs} runs, and it takes {LEAST_RUNS}" if runs else "not known"
        why = f"this machine's own noise is {known}; learn it with `zoobench noise`"
        return unmeasured_test(cell, tolerance=tolerance, why=why, seconds=seconds, units=runs)
    evidence = weigh_mean(
        math.log(seconds[1] / seconds[0]),
        error=noise.run_scatter * math.sqrt(2),  # both medians scatter
        freedom=runs - 1,
        units=runs,
        tolerance=tolerance,
        error_rate=rates.each,
    )
    return _of_ratio(unmeasured_test(cell, tolerance=tolerance, why="", seconds=seconds).finding, evidence)


def unmeasured_test(
    cell: str, *, tolerance: float, why: str, seconds: tuple[float, float] | None = None, units: int = 0
) -> Test:
    """Returns a test that can only be inconclusive, because of `why`; both medians are shown where there are any."""
    baseline, candidate = seconds or (None, None)
    finding = Finding(
        cell=cell,
        metric=LATENCY_P50.key,
        basis="stored",
        baseline=baseline,
        candidate=candidate,
        change=relative(baseline, candidate),
        tolerance=tolerance,
        units=units,
        remark=why,
    )
    return Test(finding=finding)


def processes_test(
    cell: str, metric: str, values: tuple[Sequence[float], Sequence[float]], *, tolerance: float, rates: Rates
) -> Test:
    """Returns the test of what fresh processes observed once each, as a peak of resident memory; less is better.

    Student's t of two samples of equal variance, of the logarithms of the baseline's processes and the candidate's.
    """
    before, after = ([math.log(value) for value in side] for side in values)
    units = len(before) + len(after)
    freedom, evidence = units - 2, None
    if before and after and freedom > 0:
        means = fmean(before), fmean(after)
        squares = sum((value - mean) ** 2 for side, mean in zip((before, after), means, strict=True) for value in side)
        evidence = weigh_mean(
            means[1] - means[0],
            error=math.sqrt(squares / freedom * (1 / len(before) + 1 / len(after))),
            freedom=freedom,
            units=units,
            tolerance=tolerance,
            error_rate=rates.each,
        )
    why = f"too few processes reported {METRICS[metric].title}"
    draft = Finding(cell=cell, metric=metric, basis="processes", tolerance=tolerance, units=units, remark=why)
    return _of_sides(draft, values, evidence)


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
        baseline=answers.base_share,
        candidate=answers.new_share,
        change=change,
        interval=paired_difference(answers),
        smallest_change=_smallest_loss(flips, tolerance=tolerance, rate=rates.each),
        remark=_describe(flips),
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


def _of_sides(draft: Finding, values: tuple[Sequence[float], Sequence[float]], evidence: RatioEvidence | None) -> Test:
    """Returns the test of what processes saw; the draft's remark says why there is no evidence where there is none."""
    baseline, candidate = (median(side) if side else None for side in values)
    draft = replace(draft, baseline=baseline, candidate=candidate)
    return _of_ratio(replace(draft, remark=""), evidence) if evidence else Test(finding=draft)


def _of_ratio(draft: Finding, evidence: RatioEvidence) -> Test:
    finding = replace(
        draft,
        change=evidence.change,
        interval=evidence.interval,
        smallest_change=evidence.smallest_change,
        units=evidence.units,
    )
    return Test(finding=finding, p_worse=evidence.p_worse, p_within=evidence.p_within, p_better=evidence.p_better)


def _smallest_loss(flips: Flips, *, tolerance: float, rate: float) -> float | None:
    """Returns the smallest loss that would have been called one, as many samples newly right; None if none is."""
    total, right = flips.answers.total, flips.answers.newly_right
    for wrong in range(right + 1, total - right + 1):
        loss = (wrong - right) / total
        if loss > tolerance and mcnemar_mid_p_of_loss(wrong, right) <= rate:
            return loss
    return None


def _describe(flips: Flips) -> str:
    wrong, right = flips.newly_wrong, flips.newly_right
    if not wrong and not right:
        return ""
    parts = [f"{len(wrong)} newly wrong, {len(right)} newly right"]
    if worst := flips.worst_class:
        parts.append(f"most of all {worst[0]}: {percent(worst[1].base_share)} to {percent(worst[1].new_share)} %")
    if wrong:
        named = [f"{one.name or f'sample {one.sample}'} ({one.truth} as {one.after})" for one in wrong]
        parts.append(f"newly wrong are {few(named, most=_NAMED)}")
    return "; ".join(parts)
