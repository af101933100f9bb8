"""What did a benchmark of the pipeline find? Values to keep and to show."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What work took.

    Attributes:
        seconds: Wall time, imports left out.
        peak_bytes: The most memory resident at once in the process that did it; None where several took part.
        parts: Wall time in seconds of its steps.
    """

    seconds: float
    peak_bytes: int | None = None
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Two ways to the same result, side by side.

    Attributes:
        question: What both do.
        subject: With what.
        direct: The way of the libraries' manuals.
        ours: The way of zoobench.
        goal: What `ratio` should be, for readers; no test fails for slowness.
        facts: What else was found, as plain JSON.
    """

    question: str
    subject: str
    direct: Cost
    ours: Cost
    goal: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.direct.seconds / self.ours.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """A run on a warm store: its wall time, and the parts of it that measure.

    Attributes:
        subject: What ran.
        wall_seconds: Of the whole command.
        invocation_seconds: Inside invocations of models.
        process_seconds: Inside fresh processes, whose start-up and memory are measured.
        invocations: How many there were.
        goal: The overhead in percent that is aimed at.
    """

    subject: str
    wall_seconds: float
    invocation_seconds: float
    process_seconds: float
    invocations: int
    goal: str

    @property
    def share(self) -> float:
        """All other time as a share of that which measures."""
        measuring = self.invocation_seconds + self.process_seconds
        return (self.wall_seconds - measuring) / measuring


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """What each stage took for one number of images."""

    subject: str
    images: int
    stages: Mapping[str, Cost]


AnyFinding = Finding | Overhead | Scaling


def to_json(finding: AnyFinding) -> dict[str, Any]:
    """Returns a finding as plain JSON, with its kind and what follows from its numbers."""
    derived = {"ratio": finding.ratio} if isinstance(finding, Finding) else {}
    derived |= {"share": finding.share} if isinstance(finding, Overhead) else {}
    return {"kind": type(finding).__name__.lower(), **asdict(finding), **derived}
