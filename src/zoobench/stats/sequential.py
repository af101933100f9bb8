"""Is a ratio beyond its tolerance, when was that asked often enough, and of which cell next? Tests that look again.

A unit is the logarithm of candidate / baseline as one process saw it. Looks come at fixed numbers of units; the k-th
may spend the share 1 / (k (k + 1)) of the error rate. These shares sum to one however many looks there are, so that by
Bonferroni's inequality the whole sequence keeps the rate, whenever it is stopped. What a look finds is Student's t of
the units: the rates asked for here (a hundredth of a hundredth) are beyond what a bootstrap of 6 to 30 units can tell,
whose extremes are the smallest and the largest of them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from statistics import fmean, stdev

from scipy.special import stdtr, stdtrit

from zoobench.stats.intervals import CONFIDENCE, Interval

FIRST_LOOK = 6
"""Units at the first look: fewer say too little of how much they scatter."""
_BLIND = math.log(10)
"""Who could only have seen a tenfold change could have seen none."""
_LARGEST = math.log(1000)
LOOK_EVERY = 2
"""Units from one look to the next: so that both orders have been taken."""
MOST_UNITS = 30
"""Units that are taken at the most, clear or not."""
_MOST_STARTED = 3
"""Processes that are started at the most, as a multiple of those that may count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often a family of tests, such as a gate, may be wrong.

    Attributes:
        error_rate: Of the whole family calling anything worse, or better, which is not.
        miss_rate: Of a ratio that is called within the tolerance and is beyond it.
        tests: Among how many the error rate is shared.
    """

    error_rate: float = 0.01
    miss_rate: float = 0.01
    tests: int = 1

    @property
    def each(self) -> float:
        """The error rate that one test may spend."""
        return self.error_rate / self.tests


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioEvidence:
    """What the units say of a ratio; all changes are shares, 0.05 for 5 % more.

    Attributes:
        change: Geometric mean of the ratios, less one.
        interval: Of it, `CONFIDENCE`, for a reader; the verdict goes by the p values.
        units: How many there were.
        p_worse: At the most how probable such units are, at any look so far, if the ratio is within the tolerance.
        p_within: The same if the ratio is beyond the tolerance.
        p_better: The same if the ratio is not smaller than 1 / (1 + tolerance).
        smallest_change: The smallest change that would have been called worse here, the units scattering as they do;
            None where they scatter so that none would.
    """

    change: float
    interval: Interval
    units: int
    p_worse: float
    p_within: float
    p_better: float
    smallest_change: float | None


class Nothing(Enum):
    """What a process may come to instead of a ratio."""

    NOT_COUNTED = "disturbed, so it is repeated"
    GIVEN_UP = "failed, and would again"


Replay = Callable[[str, int], float | Nothing]
"""Given a cell's id and how many of its processes counted, returns the log ratio that one more sees."""


def is_clear(evidence: RatioEvidence | None, rates: Rates) -> bool:
    """Tells whether more units could only confirm what these say."""
    return evidence is not None and (evidence.p_worse <= rates.each or evidence.p_within <= rates.miss_rate)


def is_look(units: int) -> bool:
    """Tells whether there is a look at this number of units."""
    return units >= FIRST_LOOK and (units - FIRST_LOOK) % LOOK_EVERY == 0


def weigh_sequence(log_ratios: Sequence[float], *, tolerance: float, error_rate: float) -> RatioEvidence | None:
    """Returns what units say that were looked at as they came; None before the first look.

    Args:
        log_ratios: In the order in which they came.
        tolerance: The largest change that is still none.
        error_rate: That this one test may spend, for `smallest_change`.
    """
    looks = [units for units in range(len(log_ratios) + 1) if is_look(units)]
    if not looks:
        return None
    found = [
        weigh(log_ratios[:units], tolerance=tolerance, error_rate=error_rate, inflation=k * (k + 1))
        for k, units in enumerate(looks, start=1)
    ]
    return replace(
        found[-1],
        p_worse=min(one.p_worse for one in found),
        p_within=min(one.p_within for one in found),
        p_better=min(one.p_better for one in found),
    )


def weigh(log_ratios: Sequence[float], *, tolerance: float, error_rate: float, inflation: float = 1.0) -> RatioEvidence:
    """Returns what units say that are looked at once.

    Student, "The probable error of a mean", Biometrika 6 (1908): (mean - bound) / (s / sqrt(n)) has n - 1 degrees of
    freedom where the mean is at the bound.

    Args:
        log_ratios: At least two.
        tolerance: The largest change that is still none.
        error_rate: See `weigh_sequence`.
        inflation: What p values are multiplied by, for the share of the error rate that this look may spend.
    """
    units = len(log_ratios)
    return weigh_mean(
        fmean(log_ratios),
        error=stdev(log_ratios) / math.sqrt(units),
        freedom=units - 1,
        units=units,
        tolerance=tolerance,
        error_rate=error_rate,
        inflation=inflation,
    )


def weigh_mean(
    mean: float,
    *,
    error: float,
    freedom: int,
    units: int,
    tolerance: float,
    error_rate: float,
    inflation: float = 1.0,
) -> RatioEvidence:
    """Returns what a mean log ratio with a standard error of so many degrees of freedom says; see `weigh`."""
    bound = math.log1p(tolerance)
    reach = error * float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
    seen = bound + error * -float(stdtrit(freedom, min(error_rate / inflation, 0.5)))
    return RatioEvidence(
        change=_change(mean),
        interval=Interval(low=_change(mean - reach), high=_change(mean + reach)),
        units=units,
        p_worse=min(1.0, inflation * _below(bound - mean, error, freedom)),
        p_within=min(1.0, inflation * _below(mean - bound, error, freedom)),
        p_better=min(1.0, inflation * _below(mean + bound, error, freedom)),
        smallest_change=_change(seen) if seen < _BLIND else None,
    )


def replay_until_clear(
    tolerances: Mapping[str, float],
    *,
    replay: Replay,
    rates: Rates,
    seconds: float,
    clock: Callable[[], float],
    processes: int = MOST_UNITS,
) -> dict[str, tuple[float, ...]]:
    """Returns each cell's log ratios in the order in which they came.

    Cells take turns, a process each, so that what the machine does meanwhile falls on all of them; a cell whose answer
    is clear takes no more turns, nor one whose next process would not end within the seconds.
    """
    deadline = clock() + seconds
    seen: dict[str, list[float]] = {cell: [] for cell in tolerances}
    started = dict.fromkeys(tolerances, 0)
    longest = dict.fromkeys(tolerances, 0.0)
    open_cells = list(tolerances)
    while open_cells:
        for cell in list(open_cells):
            began, ratios = clock(), seen[cell]
            if began + longest[cell] > deadline or started[cell] >= _MOST_STARTED * processes:
                open_cells.remove(cell)
                continue
            ratio = replay(cell, len(ratios))
            started[cell] += 1
            longest[cell] = max(longest[cell], clock() - began)
            if isinstance(ratio, float):
                ratios.append(ratio)
            is_done = ratio is Nothing.GIVEN_UP or len(ratios) >= processes
            if is_done or _is_clear_now(ratios, tolerances[cell], rates):
                open_cells.remove(cell)
    return {cell: tuple(ratios) for cell, ratios in seen.items()}


def _is_clear_now(ratios: list[float], tolerance: float, rates: Rates) -> bool:
    return is_look(len(ratios)) and is_clear(weigh_sequence(ratios, tolerance=tolerance, error_rate=rates.each), rates)


def _below(distance: float, error: float, freedom: int) -> float:
    """Returns the probability that a t is at or below distance / error; units that do not scatter leave no doubt."""
    if error == 0:
        return 0.0 if distance < 0 else 1.0
    return float(stdtr(freedom, distance / error))


def _change(logarithm: float) -> float:
    """Returns a change as a share; one of more than a thousandfold is called a thousandfold."""
    return math.expm1(min(logarithm, _LARGEST))
