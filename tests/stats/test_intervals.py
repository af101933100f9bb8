"""Do the intervals give published numbers, and behave as their definitions say?"""

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, f_oneway

from zoobench.stats.intervals import (
    LEAST_SAMPLES,
    Clustering,
    Estimate,
    Interval,
    _binomial_quantile,
    clustering,
    percentile,
    percentile_interval,
    ratio_interval,
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
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_the_published_one(successes: int, total: int, low: float, high: float) -> None:
    found = wilson(successes, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(total=st.integers(1, 5000), data=st.data())
def test_wilsons_interval_is_scipys(total: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, total))
    found, expected = wilson(successes, total), binomtest(successes, total).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(trials=st.integers(1, 3000), share=shares, tail=st.sampled_from([0.005, 0.025, 0.05]))
def test_the_quantile_of_a_binomial_is_scipys(trials: int, share: float, tail: float) -> None:
    for probability in (tail, 1 - tail):
        assert _binomial_quantile(probability, trials, share) == binom.ppf(probability, trials, share)


def test_wilsons_interval_ends_exactly_at_nought_and_one() -> None:
    assert wilson(0, 20).low == 0
    assert wilson(20, 20).high == 1


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


@given(values=st.lists(st.integers(-1000, 1000), min_size=662, max_size=700))
def test_higher_percentiles_are_not_lower(values: list[int]) -> None:
    found = [percentile(values, share) or 0 for share in sorted(LEAST_SAMPLES)]
    assert found == sorted(found)
    assert min(values) <= found[0]
    assert found[-1] <= max(values)


def test_the_interval_of_a_median_of_ten_goes_from_rank_two_to_rank_nine() -> None:
    # B is binomial(10, 1/2): P(B <= 1) = 11/1024 = 0.011, P(B <= 2) = 56/1024 = 0.055, and 0.025 lies between.
    assert percentile_interval(range(1, 11), 0.50) == Interval(low=2, high=9)


@pytest.mark.parametrize(
    ("count", "ranks"),
    [
        (6, (1, 6)),  # P(B <= 0) = 1/64 = 0.016
        (8, (1, 8)),  # P(B <= 1) = 9/256 = 0.035
        (9, (2, 8)),  # P(B <= 1) = 10/512 = 0.020
        (15, (4, 12)),  # P(B <= 3) = 576/32768 = 0.018, P(B <= 4) = 1941/32768 = 0.059
        (20, (6, 15)),  # P(B <= 5) = 21700/1048576 = 0.021, P(B <= 6) = 60460/1048576 = 0.058
    ],
)
def test_the_interval_of_a_median_has_the_ranks_of_the_binomial(count: int, ranks: tuple[int, int]) -> None:
    assert percentile_interval(range(1, count + 1), 0.50) == Interval(low=ranks[0], high=ranks[1])


@pytest.mark.parametrize(
    ("count", "share"),
    [
        (0, 0.50),
        (1, 0.50),
        (5, 0.50),  # P(B <= 0) = 1/32 = 0.031
        (35, 0.90),  # P(B = 35) = 0.9 ** 35 = 0.0250
        (35, 0.10),
    ],
)
def test_a_sample_too_small_for_an_interval_has_none(count: int, share: float) -> None:
    assert percentile_interval([1.0] * count, share) is None


def test_the_interval_of_the_90th_percentile_begins_at_36_values() -> None:
    assert 0.9**36 < 0.025 < 0.9**35
    found = percentile_interval(range(1, 37), 0.90)
    assert found is not None
    assert found.high == 36


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
    assert usual is not None
    assert less is not None
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


def estimated(point: float, low: float, high: float) -> Estimate:
    return Estimate(point=point, interval=Interval(low=low, high=high))


def test_the_interval_of_a_ratio_adds_the_squares_of_logarithms() -> None:
    """Both are known to a factor of e^0.3 and e^0.4 either way, so their ratio is to e^0.5."""
    above = estimated(6, 6 * math.exp(-0.3), 6 * math.exp(0.3))
    below = estimated(2, 2 * math.exp(-0.4), 2 * math.exp(0.4))
    found = ratio_interval(above=above, below=below)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((3 * math.exp(-0.5), 3 * math.exp(0.5)))


def test_the_interval_of_a_ratio_by_hand_where_the_two_are_lopsided() -> None:
    """The lower end takes the upper part of what is below: hypot(0.3, 0.4); the upper one hypot(1.2, 0.5)."""
    above = estimated(1, math.exp(-0.3), math.exp(1.2))
    below = estimated(1, math.exp(-0.5), math.exp(0.4))
    found = ratio_interval(above=above, below=below)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((math.exp(-0.5), math.exp(1.3)))


positive = st.floats(1e-3, 1e3)
estimates = st.tuples(positive, positive, positive).map(lambda three: estimated(*(sorted(three)[i] for i in (1, 0, 2))))


@given(above=estimates, below=estimates)
def test_swapping_the_two_turns_the_ratios_interval_over(above: Estimate, below: Estimate) -> None:
    found, turned = ratio_interval(above=above, below=below), ratio_interval(above=below, below=above)
    assert found is not None
    assert turned is not None
    assert (found.low, found.high) == pytest.approx((1 / turned.high, 1 / turned.low))
    assert found.low <= above.point / below.point * (1 + 1e-9)
    assert found.high >= above.point / below.point * (1 - 1e-9)


@pytest.mark.parametrize(
    "odd", [estimated(1, 0, 2), estimated(1, 2, 3), estimated(-1, -2, -0.5), estimated(1, 1e-308, 1e308)]
)
def test_the_ratio_of_what_is_no_positive_estimate_has_no_interval(odd: Estimate) -> None:
    assert ratio_interval(above=odd, below=odd) is None


def test_the_intraclass_correlation_is_the_published_one() -> None:
    # P. E. Shrout and J. L. Fleiss, "Intraclass correlations: uses in assessing rater reliability", Psychological
    # Bulletin 86 (1979), table 2 and ICC(1,1) of table 4: .17
    ratings = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
    found = clustering(ratings)
    assert found is not None
    assert found.correlation == pytest.approx(0.17, abs=0.005)
    assert found.p == pytest.approx(f_oneway(*ratings).pvalue)


def test_groups_of_unequal_size_are_tested_as_an_analysis_of_variance_does() -> None:
    groups = [[1.0, 2.0, 3.0], [2.0, 4.0], [5.0, 6.0, 7.0, 9.0]]
    found = clustering(groups)
    assert found is not None
    assert found.p == pytest.approx(f_oneway(*groups).pvalue)


def test_groups_that_are_all_that_differs_correlate_fully() -> None:
    assert clustering([[1.0, 1.0], [2.0, 2.0]]) == Clustering(correlation=1.0, p=0.0)


@pytest.mark.parametrize("groups", [[], [[1.0, 2.0]], [[1.0], [2.0]], [[1.0, 1.0], [1.0, 1.0]]])
def test_where_groups_cannot_be_compared_there_is_no_correlation(groups: list[list[float]]) -> None:
    assert clustering(groups) is None
