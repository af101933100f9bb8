"""What was found of one cell's metric, and what does it mean for the gate?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from zoobench.judge.compare.flipped import Flip
from zoobench.results.environments import Difference
from zoobench.stats.statistics import Interval

PASSED = 0
REGRESSED = 1
UNUSABLE = 2
INCONCLUSIVE = 3


class Verdict(str, Enum):
    """What a change is called."""

    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict with what it rests on.

    Attributes:
        cell: Its id.
        metric: latency, top-1, size or memory.
        method: replay, stored, paired, exact or processes.
        verdict: What the change is called.
        baseline: The value, in the unit of the metric: seconds, a share, bytes.
        candidate: The same of the candidate.
        change: Relative; of top-1 the difference of the shares. More is worse but for top-1.
        interval: Of the change, 95 %; None where it is exact or cannot be told.
        tolerance: The largest change for the worse that is still none.
        p: Of the test that it is no worse, after Holm; None where nothing is tested.
        smallest_change: The smallest change for the worse that would have been called so; None where none would.
        units: How many processes, samples or runs it rests on.
        remark: What a reader should know besides.
        lost: Samples that only the baseline has right.
        won: Samples that only the candidate has right.
    """

    cell: str
    metric: str
    method: str
    verdict: Verdict
    baseline: float | None
    candidate: float | None
    change: float | None
    interval: Interval | None
    tolerance: float
    p: float | None
    smallest_change: float | None
    units: int
    remark: str = ""
    lost: tuple[Flip, ...] = ()
    won: tuple[Flip, ...] = ()


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
    def status(self) -> int:
        """The exit status: what is unusable comes before what regressed, and that before what is not clear."""
        return UNUSABLE if self.problems else status_of(finding.verdict for finding in self.findings)


def status_of(verdicts: Iterable[Verdict]) -> int:
    """Returns the exit status of verdicts alone."""
    found = set(verdicts)
    if Verdict.REGRESSED in found:
        return REGRESSED
    return INCONCLUSIVE if Verdict.INCONCLUSIVE in found else PASSED
