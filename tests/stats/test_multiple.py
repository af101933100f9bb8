"""Does the correction for many questions give Holm's numbers?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.stats.multiple import holm

probabilities = st.lists(st.floats(0, 1), max_size=40)


def test_holms_adjustment_is_the_worked_example() -> None:
    """Four p-values: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04 is no less than the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_nothing_asked_is_nothing_adjusted() -> None:
    assert holm([]) == ()


def test_one_question_needs_no_adjustment() -> None:
    assert holm([0.04]) == (0.04,)


def test_questions_that_are_not_listed_count_as_well() -> None:
    assert holm([0.001, 0.01], asked=100) == pytest.approx((0.1, 0.99))


@given(p_values=probabilities)
def test_adjusting_keeps_the_order_and_lies_between_the_raw_value_and_bonferronis(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for raw, found in zip(p_values, adjusted, strict=True):
        assert raw <= found <= min(1.0, raw * len(p_values) + 1e-12)
    ordered = [found for _, found in sorted(zip(p_values, adjusted, strict=True))]
    assert ordered == sorted(ordered)


@given(p_values=probabilities, data=st.data())
def test_the_order_of_the_questions_does_not_matter(p_values: list[float], data: st.DataObject) -> None:
    places = data.draw(st.permutations(range(len(p_values))))
    adjusted = holm(p_values)
    assert holm([p_values[place] for place in places]) == pytest.approx([adjusted[place] for place in places])


@given(p_values=probabilities)
def test_what_is_listed_last_of_a_larger_family_is_as_if_all_were_listed(p_values: list[float]) -> None:
    assert holm(p_values, asked=len(p_values) + 7) == holm([*p_values, *[1.0] * 7])[: len(p_values)]


def test_families_without_any_effect_are_rarely_called_significant() -> None:
    random = np.random.default_rng(1)
    false_alarms = [min(holm(random.uniform(size=20).tolist())) < 0.05 for _ in range(2000)]
    assert np.mean(false_alarms) == pytest.approx(1 - 0.9975**20, abs=0.015)  # of 20 at 0.05 / 20


@pytest.mark.parametrize(("p_values", "asked"), [([-0.1], None), ([1.1], None), ([float("nan")], None), ([0.5] * 3, 2)])
def test_what_is_no_family_of_p_values_is_refused(p_values: list[float], asked: int | None) -> None:
    with pytest.raises(ValueError, match="must be from 0 to 1"):
        holm(p_values, asked=asked)
