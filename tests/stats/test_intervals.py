"""Do the intervals give published numbers, and behave as their definitions say?"""

import math
import random
import warnings
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, f_oneway, norm

from zoobench.stats.intervals import (
    LEAST_SAMPLES,
    MOST_VALUES,
    Clustering,
    Estimate,
    Interval,
    _binomial_quantile,
    clustering,
    median_ratio_interval,
    percentile,
    percentile_interval,
    ratio_interval,
    summarized_median_interval,
    thinned,
    wilson,
)

whole_numbers = st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=300)
"""Samples on which sums and products are exact."""

shares = st.sampled_from(sorted(LEAST_SAMPLES))


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [  # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),  # of which the lower end is exact
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_the_published_one(successes: int, total: int, low: float, high: float) -> None:
    found = wilson(successes, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert (found.low == 0) == (successes == 0)


@given(total=st.integers(1, 5000), data=st.data())
def test_wilsons_interval_is_scipys(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total))
    found, expected = wilson(successes, total), binomtest(successes, total).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(trials=st.integers(1, 3000), share=shares, tail=st.sampled_from([0.005, 0.025, 0.05]))
def test_the_quantile_of_a_binomial_is_scipys(trials: int, share: float, tail: float) -> None:
    for probability in (tail, 1 - tail):
        assert _binomial_quantile(probability, trials, share) == binom.ppf(probability, trials, share)


@pytest.mark.parametrize(("successes", "total"), [(5, 4), (-1, 4), (0, 0)])
def test_a_proportion_that_cannot_be_is_refused(successes: int, total: int) -> None:
    with pytest.raises(ValueError, match="must"):
        wilson(successes, total)


@given(total=st.integers(1, 5000), data=st.data())
def test_wilsons_interval_holds_the_share_and_mirrors(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total))
    found, mirrored = wilson(successes, total), wilson(total - successes, total)
    assert 0 <= found.low <= successes / total <= found.high <= 1
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-12)


@given(total=st.integers(2, 2000), data=st.data())
def test_more_successes_move_wilsons_interval_up(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total - 1))
    fewer, more = wilson(successes, total), wilson(successes + 1, total)
    assert fewer.low <= more.low
    assert fewer.high <= more.high


@given(total=st.integers(1, 500), data=st.data())
def test_more_samples_and_less_confidence_narrow_wilsons_interval(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total))

    def width(interval: Interval) -> float:
        return interval.high - interval.low

    assert width(wilson(4 * successes, 4 * total)) < width(wilson(successes, total))
    assert width(wilson(successes, total, confidence=0.9)) < width(wilson(successes, total))


@pytest.mark.parametrize(
    ("share", "least", "rank"),
    [(0.90, 64, 58), (0.95, 130, 124), (0.99, 662, 656)],  # 57.6, 123.5 and 655.38, rounded up
)
def test_a_percentile_is_absent_below_its_least_sample_and_the_nearest_rank_from_there(
    share: float, least: int, rank: int
) -> None:
    values = list(range(1, least + 1))
    assert percentile(values[:-1], share) is None
    assert percentile(values, share) == rank


def test_the_median_is_the_middle_or_the_mean_of_the_middle_two() -> None:
    assert percentile([], 0.50) is None
    assert percentile([7], 0.50) == 7
    assert percentile([5, 1, 9], 0.50) == 5
    assert percentile([5, 1, 9, 7], 0.50) == 6


def test_a_percentile_without_a_least_sample_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        percentile([1.0] * 1000, 0.80)


@pytest.mark.parametrize("share", [0.90, 0.95, 0.99])
def test_the_rank_is_not_one_too_high_where_the_product_is_a_whole_number(share: float) -> None:
    for count in range(LEAST_SAMPLES[share], 3000):
        exact = math.ceil(Fraction(str(share)) * count)
        assert percentile(range(1, count + 1), share) == exact, count


@given(values=whole_numbers, share=shares, shift=st.integers(-(10**6), 10**6), factor=st.integers(1, 1000))
def test_percentiles_move_and_stretch_with_the_sample(values: list[int], share: float, shift: int, factor: int) -> None:
    found = percentile(values, share)
    changed = percentile([factor * value + shift for value in values], share)
    assert changed == (None if found is None else factor * found + shift)


@given(values=whole_numbers, share=shares, data=st.data())
def test_the_order_of_the_sample_plays_no_part(values: list[int], share: float, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(values))
    assert percentile(shuffled, share) == percentile(values, share)
    assert percentile_interval(shuffled, share) == percentile_interval(values, share)


@settings(max_examples=25)
@given(values=st.lists(st.integers(-1000, 1000), min_size=662, max_size=700))
def test_higher_percentiles_are_not_lower(values: list[int]) -> None:
    found = [percentile(values, share) or 0 for share in sorted(LEAST_SAMPLES)]
    assert found == sorted(found)
    assert min(values) <= found[0]
    assert found[-1] <= max(values)


@pytest.mark.parametrize(
    ("count", "share", "ranks"),
    [
        (5, 0.50, None),  # P(B <= 0) = 1/32 = 0.031
        (6, 0.50, (1, 6)),  # P(B <= 0) = 1/64 = 0.016
        (8, 0.50, (1, 8)),  # P(B <= 1) = 9/256 = 0.035
        (9, 0.50, (2, 8)),  # P(B <= 1) = 10/512 = 0.020
        (10, 0.50, (2, 9)),  # P(B <= 1) = 11/1024 = 0.011, P(B <= 2) = 56/1024 = 0.055, and 0.025 lies between
        (15, 0.50, (4, 12)),  # P(B <= 3) = 576/32768 = 0.018, P(B <= 4) = 1941/32768 = 0.059
        (20, 0.50, (6, 15)),  # P(B <= 5) = 21700/1048576 = 0.021, P(B <= 6) = 60460/1048576 = 0.058
        (35, 0.90, None),  # P(B = 35) = 0.9 ** 35 = 0.0250
        (36, 0.90, (29, 36)),  # P(B <= 28) = 0.0235, P(B <= 29) = 0.0628, P(B = 36) = 0.9 ** 36 = 0.0225
        (35, 0.10, None),
        (0, 0.50, None),
        (1, 0.50, None),
    ],
)
def test_the_interval_of_a_percentile_has_the_ranks_of_the_binomial(
    count: int, share: float, ranks: tuple[int, int] | None
) -> None:
    found = percentile_interval(range(1, count + 1), share)
    assert found == (ranks and Interval(low=ranks[0], high=ranks[1]))


@given(values=whole_numbers, share=shares)
def test_the_interval_holds_the_point(values: list[int], share: float) -> None:
    point, interval = percentile(values, share), percentile_interval(values, share)
    if point is not None and interval is not None:
        assert interval.low <= point <= interval.high


@given(values=whole_numbers, shift=st.integers(-(10**6), 10**6), factor=st.integers(1, 1000))
def test_the_interval_moves_and_stretches_with_the_sample(values: list[int], shift: int, factor: int) -> None:
    found = percentile_interval(values, 0.50)
    changed = percentile_interval([factor * value + shift for value in values], 0.50)
    assert changed == (found and Interval(low=factor * found.low + shift, high=factor * found.high + shift))


@given(values=st.lists(st.integers(), min_size=10, max_size=100))
def test_more_confidence_widens_the_interval(values: list[int]) -> None:
    usual, less = percentile_interval(values, 0.50), percentile_interval(values, 0.50, confidence=0.80)
    assert usual.low <= less.low <= less.high <= usual.high


@pytest.mark.parametrize("count", [10, 25, 64])
def test_the_interval_of_a_median_covers_it_in_95_of_100_samples(count: int) -> None:
    # By the binomial the coverage is 0.979, 0.957 and 0.967; of 3000 samples one standard error is at most 0.004.
    chance = random.Random(20261123)
    covered = 0
    for _ in range(3000):
        found = percentile_interval([chance.expovariate(1) for _ in range(count)], 0.50)
        assert found is not None
        covered += found.low <= math.log(2) <= found.high  # the median of this skewed distribution
    assert 0.94 <= covered / 3000 <= 0.99


def estimated(three: Sequence[float]) -> Estimate:
    low, point, high = three
    return Estimate(point=point, interval=Interval(low=low, high=high))


@pytest.mark.parametrize(
    ("above", "below", "ends"),
    [
        # Both are known to a factor of e^0.3 and e^0.4 either way, so their ratio is to e^0.5.
        ((6 * math.exp(-0.3), 6, 6 * math.exp(0.3)), (2 * math.exp(-0.4), 2, 2 * math.exp(0.4)), (-0.5, 0.5)),
        # The lower end takes the upper part of what is below: hypot(0.3, 0.4); the upper one hypot(1.2, 0.5).
        ((math.exp(-0.3), 1, math.exp(1.2)), (math.exp(-0.5), 1, math.exp(0.4)), (-0.5, 1.3)),
    ],
)
def test_the_interval_of_a_ratio_adds_the_squares_of_logarithms(
    above: tuple[float, ...], below: tuple[float, ...], ends: tuple[float, float]
) -> None:
    found, point = ratio_interval(above=estimated(above), below=estimated(below)), above[1] / below[1]
    assert (found.low, found.high) == pytest.approx((point * math.exp(ends[0]), point * math.exp(ends[1])))


positive = st.floats(1e-3, 1e3)
estimates = st.tuples(positive, positive, positive).map(sorted).map(estimated)


@given(above=estimates, below=estimates)
def test_swapping_the_two_turns_the_ratios_interval_over(above: Estimate, below: Estimate) -> None:
    found, turned = ratio_interval(above=above, below=below), ratio_interval(above=below, below=above)
    assert (found.low, found.high) == pytest.approx((1 / turned.high, 1 / turned.low))
    assert found.low <= above.point / below.point * (1 + 1e-9)
    assert found.high >= above.point / below.point * (1 - 1e-9)


@pytest.mark.parametrize("odd", [(0, 1, 2), (2, 1, 3), (-2, -1, -0.5), (1e-308, 1, 1e308)])
def test_the_ratio_of_what_is_no_positive_estimate_has_no_interval(odd: tuple[float, ...]) -> None:
    assert ratio_interval(above=estimated(odd), below=estimated(odd)) is None


def test_the_intraclass_correlation_is_the_published_one() -> None:
    # P. E. Shrout and J. L. Fleiss, "Intraclass correlations: uses in assessing rater reliability", Psychological
    # Bulletin 86 (1979), table 2 and ICC(1,1) of table 4: .17
    ratings = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
    found = clustering(ratings)
    assert found.correlation == pytest.approx(0.17, abs=0.005)
    assert found.p == pytest.approx(f_oneway(*ratings).pvalue)


def test_groups_of_unequal_size_are_tested_as_an_analysis_of_variance_does() -> None:
    groups = [[1.0, 2.0, 3.0], [2.0, 4.0], [5.0, 6.0, 7.0, 9.0]]
    found = clustering(groups)
    assert found.p == pytest.approx(f_oneway(*groups).pvalue)
    assert clustering([[1.0, 1.0], [2.0, 2.0]]) == Clustering(correlation=1.0, p=0.0)  # groups are all that differs


@pytest.mark.parametrize("groups", [[], [[1.0, 2.0]], [[1.0], [2.0]], [[1.0, 1.0], [1.0, 1.0]]])
def test_where_groups_cannot_be_compared_there_is_no_correlation(groups: list[list[float]]) -> None:
    assert clustering(groups) is None


MICE = (94, 197, 16, 38, 99, 141, 23)
"""Days that treated mice survived: B. Efron and R. J. Tibshirani (1993), table 2.1."""

samples = st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=25)
few = settings(max_examples=25, deadline=None)


def median_interval(values: Sequence[float], *, seed: int = 0) -> Interval | None:
    """Returns the interval of a median, as that of its ratio to a median that is known exactly."""
    return median_ratio_interval(values, (1.0, 1.0), seed=seed)


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


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ([], [1.0, 2.0]),
        ([5.0], [1.0, 2.0]),
        ([1.0, 2.0], [5.0]),
        ([0.0, 1.0, 2.0], [1.0, 2.0]),
        ([1.0, 2.0], [0.0, 0.0]),
    ],
)
def test_what_cannot_be_resampled_or_is_not_positive_has_no_interval(above: list[float], below: list[float]) -> None:
    assert median_ratio_interval(above, below) is None


def test_constant_samples_have_a_point() -> None:
    assert median_ratio_interval([3.0] * 9, [2.0] * 4) == Interval(low=1.5, high=1.5)


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0, 1.0, 5.0], [1.0] * 50 + [2.0], [1.0, 2.0], [1e-12, 1e9, 1e9]])
def test_where_bca_is_not_defined_the_percentile_interval_is_given_without_a_warning(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = median_interval(values)
    assert min(values) <= found.low <= np.median(values) <= found.high <= max(values)


@few
@example(values=[181.76883525101894, 15.0, 1.25])  # rounded to 3e-14 above the largest
@given(values=samples)
def test_the_interval_lies_within_the_sample_and_is_never_nan(values: list[float]) -> None:
    found = median_interval(values)
    assert min(values) <= found.low <= found.high <= max(values)


@few
@given(above=samples, below=samples)
def test_scaling_both_samples_leaves_the_ratio_and_scaling_one_scales_it(
    above: list[float], below: list[float]
) -> None:
    found = median_ratio_interval(above, below)
    assert median_ratio_interval([4 * one for one in above], [4 * one for one in below]) == found
    scaled = median_ratio_interval([4 * one for one in above], below)
    assert scaled == Interval(low=4 * found.low, high=4 * found.high)


def test_a_seed_gives_its_interval_again() -> None:
    values = np.random.default_rng(1).normal(10, 1, 40).tolist()
    assert median_interval(values, seed=3) == median_interval(values, seed=3)
    assert len({median_interval(values, seed=seed) for seed in range(8)}) > 1


def test_more_values_narrow_the_interval() -> None:
    values = np.random.default_rng(1).normal(10, 1, 400).tolist()
    few_values, many = median_interval(values[:25]), median_interval(values)
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


@pytest.mark.parametrize("count", [5, 9, 100])
def test_the_interval_of_a_median_from_its_quartiles_holds_the_true_one_as_often_as_it_says(count: int) -> None:
    random, held = np.random.default_rng(7), 0
    for _ in range(400):
        values = random.lognormal(0, 0.1, count)
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
        found = summarized_median_interval(float(middle), iqr=float(high - low), count=count)
        assert found is not None
        held += found.low <= 1 <= found.high
    assert 0.90 <= held / 400 <= 0.99


def test_the_interval_of_a_median_from_its_quartiles_is_that_of_its_source() -> None:
    found = summarized_median_interval(100.0, iqr=10.0, count=1_000_000)
    assert found == Interval(low=pytest.approx(100 - 1.96 * 0.00926, abs=1e-4), high=pytest.approx(100.01815, abs=1e-4))
    assert summarized_median_interval(100.0, iqr=10.0, count=4) is None
    assert summarized_median_interval(0.0, iqr=0.0, count=400) is None
