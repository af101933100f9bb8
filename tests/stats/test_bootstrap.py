"""Do the bootstrap intervals give hand-worked numbers, cover what they should, and know where they end?"""

import math
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from zoobench.stats.bootstrap import MOST_VALUES, median_interval, median_ratio_interval, thinned
from zoobench.stats.intervals import Interval

MICE = (94, 197, 16, 38, 99, 141, 23)
"""Days that treated mice survived: B. Efron and R. J. Tibshirani (1993), table 2.1."""

samples = st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=25)
few = settings(max_examples=25, deadline=None)


def exact_share_up_to(rank: int, count: int) -> float:
    """Returns the probability that the median of a resample is one of the `rank` smallest values, for odd counts.

    It is if more than half of the draws are: B. Efron, "Bootstrap methods: another look at the jackknife" (1979).
    """
    return float(binom.sf((count - 1) / 2, count, rank / count))


def test_the_bca_interval_is_that_of_the_exact_bootstrap_distribution() -> None:
    """z0 is 0 as the median of 7 is symmetric; the acceleration follows from the medians without one value."""
    left_out = [(94 + 99) / 2] * 3 + [(38 + 99) / 2] + [(38 + 94) / 2] * 3
    deviations = [sum(left_out) / 7 - one for one in left_out]
    acceleration = sum(one**3 for one in deviations) / (6 * sum(one**2 for one in deviations) ** 1.5)
    assert acceleration == pytest.approx(-0.0176, abs=5e-4)
    ends = []
    for z in norm.ppf([0.025, 0.975]):
        share = norm.cdf(z / (1 - acceleration * z))
        ends.append(next(rank for rank in range(1, 8) if exact_share_up_to(rank, 7) >= share))
    assert [sorted(MICE)[rank - 1] for rank in ends] == [23, 141]
    found = median_interval(MICE)
    assert found == Interval(low=23, high=141)


def test_what_cannot_be_resampled_has_no_interval() -> None:
    assert median_interval([]) is None
    assert median_interval([5.0]) is None
    assert median_ratio_interval([5.0], [1.0, 2.0]) is None
    assert median_ratio_interval([1.0, 2.0], [5.0]) is None


def test_a_ratio_of_what_is_not_positive_has_no_interval() -> None:
    assert median_ratio_interval([0.0, 1.0, 2.0], [1.0, 2.0, 3.0]) is None
    assert median_ratio_interval([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]) is None


def test_constant_samples_have_a_point() -> None:
    assert median_interval([3.0] * 9) == Interval(low=3, high=3)
    assert median_ratio_interval([3.0] * 9, [2.0] * 4) == Interval(low=1.5, high=1.5)


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0, 1.0, 5.0], [1.0] * 50 + [2.0], [1.0, 2.0], [1e-12, 1e9, 1e9]])
def test_where_bca_is_not_defined_the_percentile_interval_is_given_without_a_warning(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = median_interval(values)
    assert found is not None
    assert min(values) <= found.low <= np.median(values) <= found.high <= max(values)


@few
@example(values=[181.76883525101894, 15.0, 1.25])  # rounded to 3e-14 above the largest
@given(values=samples)
def test_the_interval_lies_within_the_sample_and_is_never_nan(values: list[float]) -> None:
    found = median_interval(values)
    assert found is not None
    assert min(values) <= found.low <= found.high <= max(values)


@few
@given(values=samples, factor=st.sampled_from([0.25, 2.0, 1024.0]), seed=st.integers(0, 5))
def test_scaling_the_sample_scales_the_interval(values: list[float], factor: float, seed: int) -> None:
    found = median_interval(values, seed=seed)
    scaled = median_interval([factor * value for value in values], seed=seed)
    assert found is not None
    assert scaled == Interval(low=factor * found.low, high=factor * found.high)


@few
@given(values=st.lists(st.integers(0, 1000), min_size=2, max_size=25), shift=st.integers(-1000, 1000))
def test_shifting_the_sample_shifts_the_interval(values: list[int], shift: int) -> None:
    found, shifted = median_interval(values), median_interval([value + shift for value in values])
    assert found is not None
    assert shifted is not None
    assert (shifted.low, shifted.high) == pytest.approx((found.low + shift, found.high + shift), abs=1e-6)


@few
@given(above=samples, below=samples)
def test_scaling_both_samples_leaves_the_ratio_and_scaling_one_scales_it(
    above: list[float], below: list[float]
) -> None:
    found = median_ratio_interval(above, below)
    assert found is not None
    assert median_ratio_interval([4 * one for one in above], [4 * one for one in below]) == found
    scaled = median_ratio_interval([4 * one for one in above], below)
    assert scaled is not None
    assert (scaled.low, scaled.high) == pytest.approx((4 * found.low, 4 * found.high))


def test_a_seed_gives_its_interval_again() -> None:
    values = np.random.default_rng(1).normal(10, 1, 40).tolist()
    assert median_interval(values, seed=3) == median_interval(values, seed=3)
    assert len({median_interval(values, seed=seed) for seed in range(8)}) > 1


def test_more_values_narrow_the_interval() -> None:
    values = np.random.default_rng(1).normal(10, 1, 400).tolist()
    few_values, many = median_interval(values[:25]), median_interval(values)
    assert few_values is not None
    assert many is not None
    assert many.high - many.low < few_values.high - few_values.low


@pytest.mark.parametrize("count", [5, 25])
def test_intervals_of_ratios_hold_the_true_ratio_as_often_as_they_say(count: int) -> None:
    random, held = np.random.default_rng(5), 0
    for seed in range(200):
        above, below = random.lognormal(0.5, 0.1, count).tolist(), random.lognormal(0, 0.1, count).tolist()
        found = median_ratio_interval(above, below, seed=seed, resamples=299)
        assert found is not None
        held += found.low <= math.exp(0.5) <= found.high
    assert 0.90 <= held / 200 <= 0.99  # 0.95 and three standard errors


def test_a_long_sample_is_thinned_evenly() -> None:
    kept = thinned(range(10 * MOST_VALUES))
    assert len(kept) == MOST_VALUES
    assert (kept[0], kept[-1]) == (0, 10 * MOST_VALUES - 1)
    assert {later - earlier for earlier, later in pairwise(kept)} <= {10, 11}
    assert thinned([1.0, 2.0]) == [1.0, 2.0]
