"""Did the candidate become worse than the baseline? Verdicts from evidence; nothing here is measured.

Three verdicts answer whether a change for the worse is within its tolerance: `regressed` where it surely is not,
`unchanged` (or `improved`) where it surely is, `inconclusive` where that cannot be told. What is tested shares one
error rate by Holm's procedure, so that a gate of many cells does not cry wolf more often than one of a single cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from zoobench.judge.gate.schedule import Rates
from zoobench.judge.gate.verdict import Finding, Verdict
from zoobench.stats.multiple import holm

LATENCY, TOP1, SIZE, MEMORY = METRICS = ("latency", "top-1", "size", "memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A finding without its verdict, and what decides it.

    Attributes:
        finding: Its verdict and p are still to come.
        p_worse: At the most how probable such data are if it is no worse than the tolerance allows; of top-1, whose
            tolerance is held against what was found, if it is no worse at all.
        p_within: The same if it is worse than that.
        p_better: The same if it is no better.
    """

    finding: Finding
    p_worse: float
    p_within: float
    p_better: float


def decide(tests: Sequence[Test], rates: Rates) -> tuple[Finding, ...]:
    """Returns the findings of all tests of one gate, their verdicts holding together."""
    worse = holm([test.p_worse for test in tests])
    better = holm([test.p_better for test in tests])
    return tuple(
        _advised(replace(test.finding, verdict=_verdict(p_worse, test.p_within, p_better, rates), p=p_worse))
        for test, p_worse, p_better in zip(tests, worse, better, strict=True)
    )


def _advised(finding: Finding) -> Finding:
    """Returns a finding with what may make it clear, where it is not and that is not said yet."""
    if finding.verdict is not Verdict.INCONCLUSIVE or finding.method != "replay" or finding.remark:
        return finding
    return replace(finding, remark="not clear yet; give it more time (--zoo-gate-seconds) or a quieter machine")


def _verdict(p_worse: float, p_within: float, p_better: float, rates: Rates) -> Verdict:
    if p_worse <= rates.error_rate:
        return Verdict.REGRESSED
    if p_within > rates.miss_rate:
        return Verdict.INCONCLUSIVE
    return Verdict.IMPROVED if p_better <= rates.error_rate else Verdict.UNCHANGED
