"""Do the paired tests give published numbers, and behave as their definitions say?"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from zoobench.stats.paired import PairedAnswers, holm, mcnemar_mid_p, mcnemar_mid_p_of_loss, paired_difference

counts = st.integers(0, 400)


@pytest.mark.parametrize(
    ("lost", "won", "p_value"),
    [  # Fagerland, Lydersen and Laake (2013), tables 1 and 2: 18/256 - 8/256 by hand; 0.035 after rounding
        (1, 7, 10 / 256),
        (6, 16, 0.0347),
        (1, 1, 0.75),  # 1 - (2/4) / 2
        (0, 0, 1),
    ],
)
def test_the_mid_p_is_the_published_one(lost: int, won: int, p_value: float) -> None:
    assert mcnemar_mid_p(lost, won) == pytest.approx(p_value, abs=5e-5)
    assert mcnemar_mid_p(won, lost) == pytest.approx(p_value, abs=5e-5)


@pytest.mark.parametrize(
    ("lost", "won", "p_value"),
    [(3, 0, 1 / 16), (2, 1, 1 / 8 + 3 / 16), (0, 3, 15 / 16), (0, 0, 1)],  # (1/8) / 2
)
def test_the_mid_p_of_a_loss_by_hand(lost: int, won: int, p_value: float) -> None:
    assert mcnemar_mid_p_of_loss(lost, won) == pytest.approx(p_value)


@given(lost=counts, won=counts)
def test_the_mid_p_is_the_exact_p_less_the_chance_of_what_was_seen(lost: int, won: int) -> None:
    if lost == won:
        return
    exact = binomtest(lost, lost + won).pvalue
    assert mcnemar_mid_p(lost, won) == pytest.approx(exact - binom.pmf(lost, lost + won, 0.5), abs=1e-9)


@given(lost=counts, won=counts)
def test_one_side_and_the_other_make_one(lost: int, won: int) -> None:
    if lost + won:
        assert mcnemar_mid_p_of_loss(lost, won) + mcnemar_mid_p_of_loss(won, lost) == pytest.approx(1)
    if lost != won:
        smaller = min(mcnemar_mid_p_of_loss(lost, won), mcnemar_mid_p_of_loss(won, lost))
        assert mcnemar_mid_p(lost, won) == pytest.approx(2 * smaller)


@given(lost=counts, won=counts)
def test_a_p_value_is_a_probability_and_one_more_loss_makes_a_loss_likelier(lost: int, won: int) -> None:
    for p_value in (mcnemar_mid_p(lost, won), mcnemar_mid_p_of_loss(lost, won)):
        assert 0 <= p_value <= 1
    assert mcnemar_mid_p_of_loss(lost + 1, won) <= mcnemar_mid_p_of_loss(lost, won)


@pytest.mark.parametrize(("lost", "won"), [(-1, 2), (2, -1)])
def test_negative_counts_are_refused(lost: int, won: int) -> None:
    for test in (mcnemar_mid_p, mcnemar_mid_p_of_loss):
        with pytest.raises(ValueError, match="neither can be negative"):
            test(lost, won)


@pytest.mark.parametrize(
    ("both", "lost", "won", "neither", "low", "high"),
    [
        # Fagerland, Lydersen and Laake, "Statistical Analysis of Contingency Tables" (2017), chapter 8, Newcombe's
        # square-and-add of complete response before and after consolidation (Cavo et al., 2012)
        (59, 16, 6, 80, -0.1186, -0.0046),
        # The same authors, Statistics in Medicine 33 (2014): airway hyper-responsiveness (Bentur et al., 2009)
        (1, 7, 1, 12, -0.507, -0.026),
    ],
)
def test_the_interval_of_a_paired_difference_is_the_published_one(
    both: int, lost: int, won: int, neither: int, low: float, high: float
) -> None:
    found = paired_difference(PairedAnswers(both=both, newly_wrong=lost, newly_right=won, neither=neither))
    digits = 5e-5 if abs(low) < 0.2 else 5e-4
    assert (found.low, found.high) == pytest.approx((low, high), abs=digits)


answers = st.builds(PairedAnswers, both=counts, newly_wrong=counts, newly_right=counts, neither=counts).filter(
    lambda one: one.total > 0
)


@given(one=answers)
def test_the_interval_holds_the_difference_stays_within_one_and_mirrors(one: PairedAnswers) -> None:
    found = paired_difference(one)
    mirrored = paired_difference(
        PairedAnswers(both=one.both, newly_wrong=one.newly_right, newly_right=one.newly_wrong, neither=one.neither)
    )
    difference = (one.newly_right - one.newly_wrong) / one.total
    assert -1 - 1e-9 <= found.low <= difference + 1e-12
    assert difference - 1e-12 <= found.high <= 1 + 1e-9
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-9)


@given(one=answers)
def test_more_samples_narrow_the_interval(one: PairedAnswers) -> None:
    more = PairedAnswers(
        both=9 * one.both, newly_wrong=9 * one.newly_wrong, newly_right=9 * one.newly_right, neither=9 * one.neither
    )
    found, narrower = paired_difference(one), paired_difference(more)
    assert narrower.high - narrower.low < found.high - found.low


def test_a_difference_over_no_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        paired_difference(PairedAnswers(both=0, newly_wrong=0, newly_right=0, neither=0))


probabilities = st.lists(st.floats(0, 1), max_size=40)


@pytest.mark.parametrize(
    ("p_values", "asked", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], None, (0.03, 0.06, 0.06, 0.02)),  # 4 x 0.005, 3 x 0.01, 2 x 0.03, and no less
        ([], None, ()),
        ([0.04], None, (0.04,)),
        ([0.001, 0.01], 100, (0.1, 0.99)),  # questions that are not listed count as well
    ],
)
def test_holms_adjustment_by_hand(p_values: list[float], asked: int | None, adjusted: tuple[float, ...]) -> None:
    assert holm(p_values, asked=asked) == pytest.approx(adjusted)


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
