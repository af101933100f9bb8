"""Ways of timing one file took turns: how far apart are they, and do two that should agree?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import log
from statistics import median

from zoobench.errors import Status
from zoobench.stats.intervals import Estimate, Interval
from zoobench.stats.sequential import weigh

TOLERANCE = 0.03
"""By how much medians may differ that still agree."""
LEAST_TURNS = 2
"""One turn says nothing of how much turns scatter."""
_ERROR_RATE = 0.05
"""`weigh` returns more than the interval, at this rate; none of it is used here."""


class Answer(str, Enum):
    """Whether two methods agree: the whole interval says so, or says the opposite, or it is open."""

    YES = "yes"
    NO = "no"
    OPEN = "open"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPath:
    """One method of timing the file.

    Attributes:
        name: What it is called.
        what: What is timed, and how.
        turns: Each turn's median in seconds.
        resolution_seconds: What these were rounded to by the program that reported them; 0 if they were not.
    """

    name: str
    what: str
    turns: tuple[float, ...]
    resolution_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """The median of the turns."""
        return median(self.turns)

    @property
    def rounding(self) -> float:
        """How far a rounded median may be off, as a share."""
        return self.resolution_seconds / 2 / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much was timed.

    Attributes:
        turns: How many count.
        warmups: How often each method ran the file in a turn before the clock.
        runs: And how often on the clock.
        retaken: How many turns more were taken that do not count, as others kept the processors busy.
        crowded: How many count although that was so: there were not enough others.
    """

    turns: int
    warmups: int
    runs: int
    retaken: int = 0
    crowded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrosscheckReport:
    """What is known of the methods of timing one file."""

    subject: str
    sha256: str
    threads: int
    images: str
    effort: Effort
    paths: tuple[TimedPath, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[tuple[str, str], ...] = ()
    phases: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    versions: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def gaps_of_pairs(self) -> tuple[tuple[str, str, Estimate], ...]:
        """The names of the pairs that were timed, both of them, and how much longer ours takes."""
        timed = {path.name: path for path in self.paths}
        both = [pair for pair in self.pairs if set(pair) <= timed.keys()]
        return tuple((ours, theirs, gap(timed[ours], timed[theirs])) for ours, theirs in both)

    @property
    def status(self) -> Status:
        """0 if all agree, 1 if two do not, 3 if that is open, as it is where there was nothing to compare ours with."""
        answers = {answer(found) for _, _, found in self.gaps_of_pairs}
        if Answer.NO in answers:
            return Status.FAILED
        return Status.PASSED if answers == {Answer.YES} else Status.UNDECIDED


def gap(path: TimedPath, reference: TimedPath) -> Estimate:
    """Returns how much longer a method takes than another that took turns with it, as a share: 0.03 for 3 % longer.

    A turn is the unit: Student's t of the logarithms of the ratios of one turn's medians (`sequential.weigh`), wider by
    what either median was rounded.

    Raises:
        ValueError: Unless both took the same number of turns, two or more.
    """
    above, below = path.turns, reference.turns
    if len(above) != len(below) or len(above) < LEAST_TURNS:
        raise ValueError(f"{len(above)} and {len(below)} turns: both methods must take as many, at least {LEAST_TURNS}")
    log_ratios = [log(one / other) for one, other in zip(above, below, strict=True)]
    evidence = weigh(log_ratios, tolerance=TOLERANCE, error_rate=_ERROR_RATE)
    rounding = 1 + path.rounding + reference.rounding
    low, high = evidence.interval.low, evidence.interval.high
    widened = Interval(low=(1 + low) / rounding - 1, high=(1 + high) * rounding - 1)
    return Estimate(point=evidence.change, interval=widened)


def answer(found: Estimate) -> Answer:
    """Returns whether two methods with this gap agree within `TOLERANCE`."""
    low, high = found.interval.low, found.interval.high
    if low >= -TOLERANCE and high <= TOLERANCE:
        return Answer.YES
    return Answer.NO if low > TOLERANCE or high < -TOLERANCE else Answer.OPEN
