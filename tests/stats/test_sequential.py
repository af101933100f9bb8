"""Do the sequential tests give published numbers, keep their rate however often they look, and why no bootstrap?"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtr
from scipy.stats import bootstrap

from zoobench.stats.sequential import FIRST_LOOK, is_look, weigh, weigh_mean, weigh_sequence

TOLERANCE = 0.05
BOUND = math.log1p(TOLERANCE)
MOST = 30
"""Units after which a gate gives up."""
LOOKS = [units for units in range(MOST + 1) if is_look(units)]
Noise = Callable[[np.random.Generator, tuple[int, int]], npt.NDArray[np.float64]]

units = st.lists(st.floats(-0.2, 0.2).map(lambda value: round(value, 4)), min_size=6, max_size=12).filter(
    lambda values: len(set(values)) > 1
)


def of_ratio(ratio: float, spread: float, count: int) -> list[float]:
    """Returns an even number of log ratios whose mean is the ratio's, half of them `spread` above, half below."""
    return [math.log(ratio) + spread * (1 if place % 2 else -1) for place in range(count)]


def test_looks_come_from_six_units_on_at_every_second_one() -> None:
    assert LOOKS == [6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]


def test_before_the_first_look_nothing_is_said() -> None:
    assert weigh_sequence([0.5] * (FIRST_LOOK - 1), tolerance=TOLERANCE, error_rate=0.01) is None


@pytest.mark.parametrize(
    ("freedom", "quantile", "tail"),
    [  # Student's t, upper tail: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2
        (5, 2.015, 0.05),
        (5, 3.365, 0.01),
        (5, 5.894, 0.001),
        (9, 1.833, 0.05),
        (9, 2.821, 0.01),
        (29, 2.462, 0.01),
        (29, 3.396, 0.001),
    ],
)
def test_p_values_are_those_of_the_published_table(freedom: int, quantile: float, tail: float) -> None:
    found = weigh_mean(
        BOUND + 0.01 * quantile, error=0.01, freedom=freedom, units=freedom + 1, tolerance=TOLERANCE, error_rate=tail
    )
    assert found.p_worse == pytest.approx(tail, rel=5e-3)
    assert found.p_within == pytest.approx(1 - tail, rel=5e-3)
    assert found.smallest_change == pytest.approx(math.expm1(BOUND + 0.01 * quantile), rel=1e-3)


def test_the_interval_is_students() -> None:
    """Six units at 1.10 ± 0.02: the standard error is 0.02 * sqrt(6 / 5) / sqrt(6), t(0.975, 5) = 2.571."""
    found = weigh(of_ratio(1.10, 0.02, 6), tolerance=TOLERANCE, error_rate=0.01)
    reach = 2.571 * 0.02 / math.sqrt(5)
    assert found.change == pytest.approx(0.10)
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (1.10 * math.exp(-reach) - 1, 1.10 * math.exp(reach) - 1), abs=1e-5
    )


def test_a_clear_slow_down_a_clear_rest_and_a_clear_speed_up_are_told_apart() -> None:
    slower, same, faster = (
        weigh(of_ratio(ratio, 0.005, 6), tolerance=TOLERANCE, error_rate=0.01) for ratio in (1.10, 1.0, 0.90)
    )
    assert slower.p_worse < 1e-4
    assert min(same.p_worse, same.p_better) > 0.99
    assert same.p_within < 1e-4
    assert max(faster.p_better, faster.p_within) < 1e-4
    assert min(slower.p_within, slower.p_better, faster.p_worse) > 0.99


def test_at_the_bound_itself_both_sides_are_as_likely() -> None:
    found = weigh(of_ratio(1 + TOLERANCE, 0.01, 6), tolerance=TOLERANCE, error_rate=0.01)
    assert (found.p_worse, found.p_within) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(("ratio", "p_worse", "p_within"), [(1.06, 0.0, 1.0), (1.04, 1.0, 0.0)])
def test_units_that_do_not_scatter_leave_no_doubt(ratio: float, p_worse: float, p_within: float) -> None:
    found = weigh_mean(math.log(ratio), error=0.0, freedom=5, units=6, tolerance=TOLERANCE, error_rate=0.01)
    assert (found.p_worse, found.p_within) == (p_worse, p_within)
    assert found.smallest_change == pytest.approx(TOLERANCE)


@given(units, st.floats(0.001, 0.1))
def test_the_slower_the_candidate_the_smaller_is_p_worse(values: list[float], shift: float) -> None:
    before, after = (
        weigh([value + by for value in values], tolerance=TOLERANCE, error_rate=0.01) for by in (0.0, shift)
    )
    assert after.p_worse <= before.p_worse
    assert after.p_within >= before.p_within
    assert after.p_better >= before.p_better
    assert after.change > before.change


@given(units, st.floats(0.0, 0.2))
def test_a_larger_tolerance_forgives_more(values: list[float], more: float) -> None:
    strict, lax = (weigh(values, tolerance=TOLERANCE + by, error_rate=0.01) for by in (0.0, more))
    assert lax.p_worse >= strict.p_worse
    assert lax.p_within <= strict.p_within


@given(units)
def test_a_baseline_in_the_candidates_place_turns_worse_into_better(values: list[float]) -> None:
    found, turned = (
        weigh([sign * value for value in values], tolerance=TOLERANCE, error_rate=0.01) for sign in (1, -1)
    )
    assert turned.p_better == pytest.approx(found.p_worse, abs=1e-12)
    assert 1 + turned.change == pytest.approx(1 / (1 + found.change))


@given(units, st.permutations(range(6)))
def test_one_look_does_not_care_for_the_order(values: list[float], order: Sequence[int]) -> None:
    values = values[:6] if len(set(values[:6])) > 1 else [*values[:5], values[0] + 0.01]
    found, other = (
        weigh(one, tolerance=TOLERANCE, error_rate=0.01) for one in (values, [values[place] for place in order])
    )
    assert other.p_worse == pytest.approx(found.p_worse, rel=1e-6, abs=1e-12)


@given(units, st.floats(0.5, 3.0))
def test_units_and_bound_that_grow_alike_leave_p_as_it_was(values: list[float], scale: float) -> None:
    found = weigh(values, tolerance=TOLERANCE, error_rate=0.01)
    scaled = weigh([scale * value for value in values], tolerance=math.expm1(scale * BOUND), error_rate=0.01)
    assert scaled.p_worse == pytest.approx(found.p_worse, rel=1e-6, abs=1e-12)


@given(units)
def test_the_smallest_change_is_where_the_verdict_turns(values: list[float]) -> None:
    found = weigh(values, tolerance=TOLERANCE, error_rate=0.01)
    centred = [value - math.log1p(found.change) + math.log1p(found.smallest_change) for value in values]
    assert weigh(centred, tolerance=TOLERANCE, error_rate=0.01).p_worse == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("looks", [1, 13, 1000])
def test_the_shares_of_all_looks_sum_to_the_whole_rate_at_the_most(looks: int) -> None:
    assert sum(1 / (k * (k + 1)) for k in range(1, looks + 1)) == pytest.approx(1 - 1 / (looks + 1))


def test_the_kth_look_may_spend_one_kth_of_one_over_k_plus_one() -> None:
    """The same six units with others to come after them: p is 2 times the first look's t, 6 times the second's."""
    first = of_ratio(1.07, 0.02, 6)
    once = weigh(first, tolerance=TOLERANCE, error_rate=0.01)
    assert weigh_sequence(first, tolerance=TOLERANCE, error_rate=0.01).p_worse == pytest.approx(2 * once.p_worse)
    eight = of_ratio(1.07, 0.02, 8)
    twice = weigh(eight, tolerance=TOLERANCE, error_rate=0.01)
    found = weigh_sequence(eight, tolerance=TOLERANCE, error_rate=0.01)
    assert found.p_worse == pytest.approx(min(2 * once.p_worse, 6 * twice.p_worse))


def test_what_an_earlier_look_found_is_not_forgotten() -> None:
    found = weigh_sequence([*of_ratio(1.20, 0.001, 6), -1.0, 1.0], tolerance=TOLERANCE, error_rate=0.01)
    assert found.p_worse < 1e-6
    assert found.units == 8


def test_a_unit_between_two_looks_is_not_looked_at() -> None:
    seven = [*of_ratio(1.07, 0.02, 6), 5.0]
    found, before = (weigh_sequence(seven[:count], tolerance=TOLERANCE, error_rate=0.01) for count in (7, 6))
    assert found == before


def share_called_worse(noise: Noise, *, error_rate: float, repeats: int) -> float:
    """Returns how often candidates at the bound are called worse at any look, by the rule as it is documented."""
    values = BOUND + noise(np.random.default_rng(20261125), (repeats, MOST))
    called = np.zeros(repeats, bool)
    for k, count in enumerate(LOOKS, start=1):
        seen = values[:, :count]
        t = (seen.mean(axis=1) - BOUND) / (seen.std(axis=1, ddof=1) / math.sqrt(count))
        called |= k * (k + 1) * stdtr(count - 1, -t) <= error_rate
    of_few = [weigh_sequence(row.tolist(), tolerance=TOLERANCE, error_rate=error_rate) for row in values[:50]]
    assert [one is not None and one.p_worse <= error_rate for one in of_few] == called[:50].tolist()
    return float(called.mean())


@pytest.mark.parametrize(
    "noise",
    [
        lambda random, shape: 0.02 * random.standard_normal(shape),
        lambda random, shape: 0.02 * random.standard_t(3, shape),
    ],
    ids=["normal", "t of 3 degrees of freedom"],
)
def test_a_candidate_at_the_bound_is_called_worse_at_any_look_no_oftener_than_the_rate(noise: Noise) -> None:
    share = share_called_worse(noise, error_rate=0.05, repeats=20_000)
    assert 0.01 < share <= 0.05


def test_a_bca_interval_of_six_units_misses_far_oftener_than_it_says() -> None:
    """Why Student's t: a 99 % bootstrap interval, BCa, of six normal units holds the mean in about 90 % of cases."""
    random = np.random.default_rng(0)
    data = random.standard_normal((400, 6))
    found = bootstrap(
        (data,), np.mean, axis=1, confidence_level=0.99, n_resamples=999, method="BCa", random_state=random
    ).confidence_interval
    covered = np.mean((found.low <= 0) & (found.high >= 0))
    error = data.std(axis=1, ddof=1) / math.sqrt(6)
    by_student = np.mean(np.abs(data.mean(axis=1)) <= 4.032 * error)  # t(0.995, 5)
    assert covered < 0.95
    assert by_student > 0.975
