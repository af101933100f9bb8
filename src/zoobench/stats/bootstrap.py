"""How surely is a median, or a ratio of two medians, what it was found to be? Intervals by resampling."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.stats.intervals import CONFIDENCE, Interval

RESAMPLES = 999
"""Enough for the second digit of a 95 % interval: its ends are the 25th from either side."""
MOST_VALUES = 1000
"""Values that are resampled; of a longer sample every k-th, evenly. More would cost minutes over a whole matrix, and
say little: rounds of one process are not independent."""
LEAST_PROCESSES = 5
"""Fewest processes whose medians are resampled. The interval of a median can be no wider than from the least to the
largest value, which holds the true one with probability 1 - 2 / 2^n: 94 % for five, 75 % for three."""
_BATCH_VALUES = 1 << 21
"""Resampled values that are in memory at once."""
_Values = npt.NDArray[np.float64]


def median_interval(
    values: Sequence[float], *, seed: int = 0, confidence: float = CONFIDENCE, resamples: int = RESAMPLES
) -> Interval | None:
    """Returns the bootstrap interval of a median.

    Bias-corrected and accelerated: B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter
    14, as `scipy.stats.bootstrap` has it. Where all values are the same the interval is that point; where the
    correction is not defined, because leaving any one value out changes nothing or all resamples lie on one side, it is
    the percentile interval of the same resamples.

    Args:
        values: Independent of each other: where there are several processes, one median for each of them.
        seed: Of the resampling; the same one gives the same interval.
        confidence: How often the interval is to hold the true median.
        resamples: How often is resampled.

    Returns:
        None for fewer than two values: they say nothing of how far another one may be.
    """
    return _interval((values,), _median, seed=seed, confidence=confidence, resamples=resamples)


def median_ratio_interval(
    above: Sequence[float],
    below: Sequence[float],
    *,
    seed: int = 0,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """Returns the bootstrap interval of median(above) / median(below) of two independent samples.

    As `median_interval`; each sample is resampled on its own.

    Returns:
        None where a sample has fewer than two values, or a value that is not positive.
    """
    if any(value <= 0 for value in (*above, *below)):
        return None
    return _interval((above, below), _median_ratio, seed=seed, confidence=confidence, resamples=resamples)


def thinned(values: Sequence[float]) -> Sequence[float]:
    """Returns at most `MOST_VALUES` of the values, evenly spread over them in their order."""
    if len(values) <= MOST_VALUES:
        return values
    return [values[index] for index in np.linspace(0, len(values) - 1, MOST_VALUES).round().astype(int).tolist()]


def _median(values: _Values, axis: int = -1) -> Any:
    return np.median(values, axis=axis)


def _median_ratio(above: _Values, below: _Values, axis: int = -1) -> Any:
    return np.median(above, axis=axis) / np.median(below, axis=axis)


def _interval(
    samples: Sequence[Sequence[float]],
    statistic: Callable[..., Any],
    *,
    seed: int,
    confidence: float,
    resamples: int,
) -> Interval | None:
    """Returns the BCa interval, a point for constant samples, or the percentile interval where BCa is not defined."""
    if any(len(sample) < 2 for sample in samples):
        return None
    arrays = tuple(np.asarray(thinned(sample), np.float64) for sample in samples)
    if all(np.ptp(array) == 0 for array in arrays):
        point = float(statistic(*arrays))
        return Interval(low=point, high=point)
    from scipy.stats import bootstrap  # takes a second to import

    given: dict[str, Any] = {
        "confidence_level": confidence,
        "n_resamples": resamples,
        "vectorized": True,
        "batch": max(1, _BATCH_VALUES // max(len(array) for array in arrays)),
    }
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # scipy warns where BCa is not defined; that is looked for below
        done = bootstrap(arrays, statistic, method="BCa", random_state=np.random.default_rng(seed), **given)
        if not np.all(np.isfinite(done.confidence_interval)):
            given["n_resamples"] = 0
            done = bootstrap(arrays, statistic, method="percentile", bootstrap_result=done, **given)
    # Interpolating between resamples may round to just outside them.
    low, high = np.clip(done.confidence_interval, done.bootstrap_distribution.min(), done.bootstrap_distribution.max())
    return Interval(low=float(low), high=float(high))
