"""Are classes that a cell mixes up, and that it surely does worse on, told with hand-checked numbers?"""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from fakes import a_record
from resultfiles import answered
from zoobench.results.answers import Answers
from zoobench.show.report.confusion import (
    Confusion,
    Mixup,
    class_scores,
    confusion,
    confusion_of,
    frequent_mixups,
    losing_classes,
    worst_classes,
)
from zoobench.stats.multiple import holm
from zoobench.stats.statistics import wilson

ANIMALS = ("cat", "dog", "eel")
pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)
"""Truth and prediction of each sample."""


def answers(rows: list[tuple[int, int]]) -> Answers:
    truth, predicted = (tuple(column) for column in zip(*rows, strict=True))
    return Answers(predicted=predicted, probability=(0.5,) * len(rows), truth=truth)


def counted(*counts: tuple[int, ...]) -> Confusion:
    return Confusion(classes=ANIMALS[: len(counts)], counts=counts)


def test_a_row_holds_the_samples_of_a_class_by_what_they_were_taken_for() -> None:
    found = confusion(answers([(0, 0), (0, 1), (1, 1), (2, 0), (0, 1)]), classes=ANIMALS)
    assert found == counted((1, 2, 0), (0, 1, 0), (1, 0, 0))
    assert (found.total, found.correct) == (5, 2)


def test_a_record_tells_its_confusion_unless_its_accuracy_was_not_measured() -> None:
    """`a_record` takes the first cat for a cat, the dog for a dog and the second cat for a dog."""
    assert confusion_of(a_record()) == Confusion(classes=("cat", "dog"), counts=((1, 1), (0, 1)))
    assert confusion_of(a_record(accuracy=None)) is None


def test_recall_and_precision_are_shares_of_rows_and_columns_with_their_wilson_intervals() -> None:
    cat, dog = class_scores(counted((3, 1), (2, 4)))
    assert cat.recall is not None
    assert cat.precision is not None
    assert (cat.samples, cat.predicted, cat.right) == (4, 5, 3)
    assert (cat.recall.point, cat.precision.point) == (3 / 4, 3 / 5)
    assert (cat.recall.interval, cat.precision.interval) == (wilson(3, 4), wilson(3, 5))
    assert dog.recall is not None
    assert dog.recall.point == 4 / 6


def test_a_class_without_samples_has_no_recall_and_one_never_predicted_no_precision() -> None:
    _, dog, eel = class_scores(counted((2, 0, 1), (3, 0, 0), (0, 0, 0)))
    assert (eel.recall, eel.p_below) == (None, None)
    assert not eel.is_surely_below
    assert dog.precision is None
    assert eel.precision is not None


def test_a_class_is_held_against_the_others_by_fishers_exact_test() -> None:
    """One of 4 cats right, 3 of 4 dogs: C(4,1) C(4,3) / C(8,4) + C(4,0) C(4,4) / C(8,4) = 17/70, twice by Holm.

    The numbers are Fisher's of the lady who tastes tea ("The Design of Experiments", 1935).
    """
    cat, dog = class_scores(counted((1, 3), (1, 3)))
    assert cat.p_below == pytest.approx(2 * 17 / 70)
    assert dog.p_below == pytest.approx(69 / 70)


def test_only_a_class_that_is_surely_below_is_called_so() -> None:
    scores = class_scores(counted((10, 20, 0), (0, 29, 1), (0, 2, 28)))
    assert [score.is_surely_below for score in scores] == [True, False, False]
    assert not any(score.is_surely_below for score in class_scores(counted((27, 3, 0), (0, 29, 1), (0, 2, 28))))


def test_a_single_class_is_not_below_itself() -> None:
    (cat,) = class_scores(counted((5,)))
    assert cat.p_below == pytest.approx(1)


def test_the_worst_classes_come_first_and_those_that_are_always_right_are_none() -> None:
    scores = class_scores(counted((4, 0, 0), (1, 1, 2), (2, 0, 1)))
    assert [score.name for score in worst_classes(scores, most=5)] == ["dog", "eel"]
    assert [score.name for score in worst_classes(scores, most=1)] == ["dog"]


def test_of_equally_bad_classes_that_with_more_samples_comes_first() -> None:
    scores = class_scores(counted((1, 1), (3, 3)))
    assert [score.name for score in worst_classes(scores, most=2)] == ["dog", "cat"]


def test_the_most_frequent_mixups_come_first() -> None:
    found = frequent_mixups(counted((5, 3, 0), (3, 1, 0), (1, 0, 1)), most=2)
    assert found == (
        Mixup(truth="dog", predicted="cat", count=3, share=3 / 4),
        Mixup(truth="cat", predicted="dog", count=3, share=3 / 8),
    )


def test_a_cell_that_is_always_right_mixes_nothing_up() -> None:
    assert frequent_mixups(counted((5, 0), (0, 2)), most=9) == ()
    assert worst_classes(class_scores(counted((5, 0), (0, 2))), most=9) == ()


def test_a_class_that_loses_many_samples_and_wins_none_surely_loses() -> None:
    """Ten samples lost of one class, none won: the mid-p is 2^-10 - 2^-11, of one class that has samples."""
    (found,) = losing_classes(a_record(accuracy=answered("+" * 12)), a_record(accuracy=answered("-" * 10 + "++"))) or ()
    assert (found.loss.newly_wrong, found.loss.newly_right, found.loss.before, found.loss.after) == (10, 0, 1.0, 1 / 6)
    assert found.p == pytest.approx(2**-11)
    assert found.is_sure


def test_a_single_lost_sample_is_no_sure_loss() -> None:
    (found,) = losing_classes(a_record(accuracy=answered("++++")), a_record(accuracy=answered("+++-"))) or ()
    assert found.p == pytest.approx(1 / 4)
    assert not found.is_sure


def test_cells_that_answered_other_samples_are_not_held_against_each_other() -> None:
    assert losing_classes(a_record(accuracy=answered("+++")), a_record(accuracy=None)) is None


@given(pairs)
def test_every_sample_stands_in_the_matrix_once(rows: list[tuple[int, int]]) -> None:
    found = confusion(answers(rows), classes=ANIMALS)
    assert found.total == len(rows)
    assert found.correct == sum(truth == predicted for truth, predicted in rows)
    scores = class_scores(found)
    truths, predictions = Counter(truth for truth, _ in rows), Counter(predicted for _, predicted in rows)
    assert [score.samples for score in scores] == [truths[index] for index in range(3)]
    assert [score.predicted for score in scores] == [predictions[index] for index in range(3)]
    assert sum(mixup.count for mixup in frequent_mixups(found, most=99)) == found.total - found.correct
    assert all(0 <= score.p_below <= 1 for score in scores if score.p_below is not None)


@given(pairs, st.permutations(range(3)))
def test_classes_in_another_order_come_in_that_order(rows: list[tuple[int, int]], places: list[int]) -> None:
    """Class i becomes class places[i]."""
    moved = [(places[truth], places[predicted]) for truth, predicted in rows]
    names = [ANIMALS[places.index(place)] for place in range(3)]
    plain, turned = confusion(answers(rows), classes=ANIMALS), confusion(answers(moved), classes=names)
    for truth in range(3):
        for predicted in range(3):
            assert turned.counts[places[truth]][places[predicted]] == plain.counts[truth][predicted]
    scores, others = class_scores(plain), class_scores(turned)
    for index, score in enumerate(scores):
        other = others[places[index]]
        assert (other.name, other.right, other.recall) == (score.name, score.right, score.recall)
        assert other.p_below == pytest.approx(score.p_below)


@given(pairs)
def test_p_values_agree_with_scipys_hypergeometric_distribution(rows: list[tuple[int, int]]) -> None:
    found = confusion(answers(rows), classes=ANIMALS)
    scores = [score for score in class_scores(found) if score.samples]
    expected = [hypergeom.cdf(score.right, found.total, found.correct, score.samples) for score in scores]
    assert [score.p_below for score in scores] == pytest.approx(list(holm([min(one, 1.0) for one in expected])))
