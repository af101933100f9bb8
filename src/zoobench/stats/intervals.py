"""Between what limits is what a sample says of a share, a percentile, a ratio? Every formula names its source."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from scipy.special import bdtr, fdtrc, ndtri

CONFIDENCE = 0.95
LEAST_SAMPLES = {0.50: 1, 0.90: 64, 0.95: 130, 0.99: 662}
"""Fewest samples that support a percentile: the early-stopping rule of MLPerf inference (appendix to its rules,
"Early Stopping Criterion", confidence 0.99)."""

_LARGEST_EXPONENT = 700.0
"""Of e, for a number that a float can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A range that holds the true value with `CONFIDENCE`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value and the interval around it."""

    point: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """Whether values of one group are more alike than values of different groups.

    Attributes:
        correlation: Of two values of a group: 1 where groups are all that differs, 0 or less where they do not matter.
        p: How probable groups that differ as much are if they do not matter.
    """

    correlation: float
    p: float


def wilson(successes: int, total: int, *, confidence: float = CONFIDENCE) -> Interval:
    """Returns the interval of a proportion.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), without
    continuity correction.

    Raises:
        ValueError: Unless 0 <= successes <= total and total >= 1.
    """
    if not (0 <= successes <= total and total >= 1):
        raise ValueError(f"{successes} successes of {total}: there must be 0 to all of them, of 1 or more")
    share, z = successes / total, float(ndtri((1 + confidence) / 2))
    centre = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    reach = z / (1 + z**2 / total) * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return Interval(
        low=centre - reach if successes > 0 else 0.0,
        high=centre + reach if successes < total else 1.0,
    )


def clustering(groups: Sequence[Sequence[float]]) -> Clustering | None:
    """Returns the intraclass correlation of groups and its F test, or None where there is nothing to compare.

    One-way random effects, ICC(1), with the mean size of unequal groups: A. Donner, "A review of inference procedures
    for the intraclass correlation coefficient in the one-way random effects model", International Statistical Review 54
    (1986).
    """
    sizes = [len(group) for group in groups]
    total, between_freedom = sum(sizes), len(groups) - 1
    within_freedom = total - len(groups)
    if between_freedom < 1 or within_freedom < 1:
        return None
    grand = math.fsum(math.fsum(group) for group in groups) / total
    means = [math.fsum(group) / len(group) for group in groups]
    between = sum(size * (mean - grand) ** 2 for size, mean in zip(sizes, means, strict=True)) / between_freedom
    within = sum((value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group)
    within /= within_freedom
    if within == 0:
        return Clustering(correlation=1.0, p=0.0) if between > 0 else None
    size = (total - sum(one**2 for one in sizes) / total) / between_freedom
    return Clustering(
        correlation=(between - within) / (between + (size - 1) * within),
        p=float(fdtrc(between_freedom, within_freedom, between / within)),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Returns a percentile, or None where the sample is too small to support it (`LEAST_SAMPLES`).

    The median is the mean of the middle two; other percentiles are the nearest rank: the smallest value with at least
    `share` of the sample at or below it.

    Raises:
        KeyError: If `share` is not in `LEAST_SAMPLES`.
    """
    if len(values) < LEAST_SAMPLES[share]:
        return None
    if share == 0.50:
        return median(values)
    return sorted(values)[math.ceil(share * len(values)) - 1]


def percentile_interval(values: Sequence[float], share: float, *, confidence: float = CONFIDENCE) -> Interval | None:
    """Returns a distribution-free interval of a percentile, or None where the sample is too small for one.

    Order statistics: the number of values below the true percentile is binomial(n, share), so the values at ranks l and
    u enclose it with probability P(l <= B < u). H. A. David and H. N. Nagaraja, "Order Statistics", 3rd ed.,
    section 7.1. The ranks are the innermost ones that leave at most (1 - confidence) / 2 on each side.
    """
    tail = (1 - confidence) / 2
    low = _binomial_quantile(tail, len(values), share)
    high = _binomial_quantile(1 - tail, len(values), share) + 1
    if low < 1 or high > len(values):
        return None
    ordered = sorted(values)
    return Interval(low=ordered[low - 1], high=ordered[high - 1])


def _binomial_quantile(probability: float, trials: int, share: float) -> int:
    """Returns the smallest number of successes that is not exceeded with at least this probability.

    By `scipy.special`: importing `scipy.stats` would take half a second of every run.
    """
    return int(np.searchsorted(bdtr(np.arange(trials), trials, share), probability))


def ratio_interval(*, above: Estimate, below: Estimate) -> Interval | None:
    """Returns the interval of the ratio above / below of two independent estimates, from their own intervals.

    The method of variance estimates recovery on logarithms, so that swapping the two turns the interval over: G. Y. Zou
    and A. Donner, "Construction of confidence limits about effect measures: a general approach", Statistics in Medicine
    27 (2008), equation 7.

    Returns:
        None where a value or an end of an interval is not positive, a point is outside its interval, or the ratio is
        too large for a number.
    """
    for one in (above, below):
        if not 0 < one.interval.low <= one.point <= one.interval.high:
            return None
    (point, low, high), (other_point, other_low, other_high) = (
        [math.log(value) for value in (one.point, one.interval.low, one.interval.high)] for one in (above, below)
    )
    ratio = point - other_point
    least = ratio - math.hypot(point - low, other_high - other_point)
    largest = ratio + math.hypot(high - point, other_point - other_low)
    return Interval(low=math.exp(least), high=math.exp(largest)) if largest < _LARGEST_EXPONENT else None
