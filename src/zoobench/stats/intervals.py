"""Between what limits is what a sample says of a share, a percentile, a ratio? Every formula names its source."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, fdtrc, ndtri, stdtrit

CONFIDENCE = 0.95
LEAST_SAMPLES = {0.50: 1, 0.90: 64, 0.95: 130, 0.99: 662}
"""Fewest samples that support a percentile: the early-stopping rule of MLPerf inference (appendix to its rules,
"Early Stopping Criterion", confidence 0.99)."""

LEAST_PROCESSES = 5
"""Fewest processes whose medians are resampled. The interval of a median can be no wider than from the least to the
largest value, which holds the true one with probability 1 - 2 / 2^n: 94 % for five, 75 % for three."""

RESAMPLES = 999
"""Enough for the second digit of a 95 % interval: its ends are the 25th from either side."""

MOST_VALUES = 1000
"""Values that are resampled; of a longer sample every k-th, evenly. More would cost minutes over a whole matrix, and
say little: rounds of one process are not independent."""

_BATCH_VALUES = 1 << 21
"""Resampled values that are in memory at once."""

_IQR_EFFICIENCY = 0.37
"""Of an interquartile range, beside the standard deviation: 0.5 / 1.36, its asymptotic variances of normal values."""

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
    return Interval(low=centre - reach if successes else 0.0, high=centre + reach if successes < total else 1.0)


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


def summarized_median_interval(middle: float, *, iqr: float, count: int) -> Interval | None:
    """Returns the interval of a median of which only the interquartile range and the number of values are known.

    Its standard error is 1.25 IQR / (1.35 sqrt n): R. McGill, J. W. Tukey and W. A. Larsen, "Variations of box plots",
    The American Statistician 32 (1978); taken on the logarithm, so that no end is negative. Student's t has 37 % of
    n - 1 degrees of freedom, as an interquartile range tells a normal spread as well as the standard deviation of 37 %
    of the values does.

    Returns:
        None for fewer than `LEAST_PROCESSES` values, or where the median is not positive.
    """
    if count < LEAST_PROCESSES or middle <= 0:
        return None
    error = 1.25 * iqr / (1.35 * math.sqrt(count)) / middle
    freedom = _IQR_EFFICIENCY * (count - 1)
    reach = min(error * float(stdtrit(freedom, (1 + CONFIDENCE) / 2)), _LARGEST_EXPONENT)
    return Interval(low=middle * math.exp(-reach), high=middle * math.exp(reach))


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
    ends = [(one.interval.low, one.point, one.interval.high) for one in (above, below)]
    if not all(0 < low <= point <= high for low, point, high in ends):
        return None
    (low, point, high), (other_low, other_point, other_high) = (map(math.log, one) for one in ends)
    ratio = point - other_point
    least = ratio - math.hypot(point - low, other_high - other_point)
    largest = ratio + math.hypot(high - point, other_point - other_low)
    return Interval(low=math.exp(least), high=math.exp(largest)) if largest < _LARGEST_EXPONENT else None


def median_ratio_interval(
    above: Sequence[float],
    below: Sequence[float],
    *,
    seed: int = 0,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """Returns the bootstrap interval of median(above) / median(below) of two independent samples.

    Each is resampled on its own. Bias-corrected and accelerated: B. Efron and R. J. Tibshirani, "An Introduction to the
    Bootstrap" (1993), chapter 14, as `scipy.stats.bootstrap` has it. Where all values of each are the same the interval
    is that point; where the correction is not defined, because leaving any one value out changes nothing or all
    resamples lie on one side, it is the percentile interval of the same resamples.

    Args:
        above: Values that are independent of each other: where there are several processes, one median for each.
        below: Likewise.
        seed: Of the resampling; the same one gives the same interval.
        confidence: How often the interval is to hold the true ratio.
        resamples: How often is resampled.

    Returns:
        None where a sample has fewer than two values, which say nothing of how far another one may be, or a value that
        is not positive.
    """
    if min(len(above), len(below)) < 2 or min(*above, *below) <= 0:
        return None
    samples = tuple(np.asarray(thinned(sample), np.float64) for sample in (above, below))
    if all(np.ptp(sample) == 0 for sample in samples):
        point = float(_median_ratio(samples[0], samples[1]))
        return Interval(low=point, high=point)
    from scipy.stats import bootstrap  # takes a second to import

    given: dict[str, Any] = {
        "confidence_level": confidence,
        "n_resamples": resamples,
        "vectorized": True,
        "batch": max(1, _BATCH_VALUES // max(map(len, samples))),
    }
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scipy warns where BCa is not defined; that is looked for below
        done = bootstrap(samples, _median_ratio, method="BCa", random_state=np.random.default_rng(seed), **given)
        if not np.all(np.isfinite(done.confidence_interval)):
            given["n_resamples"] = 0
            done = bootstrap(samples, _median_ratio, method="percentile", bootstrap_result=done, **given)
    # Interpolating between resamples may round to just outside them.
    low, high = np.clip(done.confidence_interval, done.bootstrap_distribution.min(), done.bootstrap_distribution.max())
    return Interval(low=float(low), high=float(high))


def thinned(values: Sequence[float]) -> Sequence[float]:
    """Returns at most `MOST_VALUES` of the values, evenly spread over them in their order."""
    if len(values) <= MOST_VALUES:
        return values
    return [values[index] for index in np.linspace(0, len(values) - 1, MOST_VALUES).round().astype(int).tolist()]


def _median_ratio(above: npt.NDArray[np.float64], below: npt.NDArray[np.float64], axis: int = -1) -> Any:
    return np.median(above, axis=axis) / np.median(below, axis=axis)
