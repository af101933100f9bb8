"""Are a variant's answers compared with Keras's as they should be?"""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zoobench.build.numerics import compared

Floats = npt.NDArray[np.float32]


def test_two_images_by_hand() -> None:
    """KL of (0.5, 0.5) from (0.25, 0.75) is 0.5 ln 2 + 0.5 ln(2/3) = 0.1438 nats; the second image adds nothing."""
    reference = np.float32([[0.5, 0.5], [0.9, 0.1]])
    found = compared(reference, np.float32([[0.25, 0.75], [0.9, 0.1]]))
    assert found.images == 2
    assert found.top1_agreement == 0.5
    assert found.mean_probability_difference == pytest.approx(0.125)
    assert found.max_probability_difference == pytest.approx(0.25)
    assert found.kl_divergence_nats == pytest.approx((0.5 * math.log(2) + 0.5 * math.log(2 / 3)) / 2)


def test_a_probability_of_zero_gives_a_large_divergence_and_no_infinity() -> None:
    found = compared(np.float32([[0.5, 0.5]]), np.float32([[1.0, 0.0]]))
    assert 5 < found.kl_divergence_nats < 10


@pytest.mark.parametrize("shapes", [((2, 3), (2, 2)), ((2, 3), (1, 3)), ((0, 3), (0, 3)), ((3,), (3,))])
def test_answers_that_do_not_fit_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="received shapes"):
        compared(np.zeros(shapes[0], np.float32), np.zeros(shapes[1], np.float32))


PROBABILITIES = hnp.arrays(np.float32, (4, 3), elements=st.floats(0.015625, 1, width=32))


def rows(values: Floats) -> Floats:
    return values / values.sum(1, keepdims=True)


@settings(deadline=None)
@given(reference=PROBABILITIES, answers=PROBABILITIES)
def test_nothing_is_negative_and_only_equals_agree_wholly(reference: Floats, answers: Floats) -> None:
    reference, answers = rows(reference), rows(answers)
    found, same = compared(reference, answers), compared(reference, reference)
    assert found.kl_divergence_nats >= -1e-9
    assert 0 <= found.mean_probability_difference <= found.max_probability_difference <= 1
    assert (same.top1_agreement, same.max_probability_difference, same.kl_divergence_nats) == (1, 0, 0)


@settings(deadline=None)
@given(reference=PROBABILITIES, answers=PROBABILITIES, order=st.permutations(range(4)))
def test_the_order_of_images_is_no_matter(reference: Floats, answers: Floats, order: list[int]) -> None:
    first, second = compared(reference, answers), compared(reference[order], answers[order])
    assert first.kl_divergence_nats == pytest.approx(second.kl_divergence_nats)
    assert first.top1_agreement == second.top1_agreement
