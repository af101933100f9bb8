"""Are the classes that a cell mixes up and surely does worse on found, with hand-checked numbers, and shown?"""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from fakes import a_record
from zoobench.results.answers import Answers
from zoobench.show.charts.confusion import ConfusionMatrix, mistakes
from zoobench.show.report.confusion import (
    MOST_CLASSES,
    OTHERS,
    class_scores,
    confusion_of,
    confusion_table,
    counted,
    worst_classes,
)
from zoobench.stats.intervals import wilson
from zoobench.stats.paired import holm

ANIMALS = ("cat", "dog", "eel")
pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)
"""Truth and prediction of each sample."""


def answers(rows: list[tuple[int, int]]) -> Answers:
    truth, predicted = (tuple(column) for column in zip(*rows, strict=True))
    return Answers(predicted=predicted, probability=(0.5,) * len(rows), truth=truth)


def a_matrix(*counts: tuple[int, ...]) -> ConfusionMatrix:
    return ConfusionMatrix(cell="a", classes=ANIMALS[: len(counts)], counts=counts)


def matrix_of(rows: list[tuple[int, int]], classes: Sequence[str] = ANIMALS) -> ConfusionMatrix:
    return counted(answers(rows), cell="a", classes=classes)


def test_a_row_holds_the_samples_of_a_class_by_what_they_were_taken_for() -> None:
    found = matrix_of([(0, 0), (0, 1), (1, 1), (2, 0), (0, 1)])
    assert found == a_matrix((1, 2, 0), (0, 1, 0), (1, 0, 0))
    assert (found.total, found.correct) == (5, 2)


def test_a_record_tells_its_confusion_unless_its_accuracy_was_not_measured() -> None:
    """`a_record` takes the first cat for a cat, the dog for a dog and the second cat for a dog."""
    assert confusion_of(a_record()) == ConfusionMatrix(
        cell="mobilenet-integer_only-litert-t1", classes=("cat", "dog"), counts=((1, 1), (0, 1))
    )
    assert confusion_of(a_record(accuracy=None)) is None


def test_recall_is_the_share_of_a_row_with_its_wilson_interval() -> None:
    cat, dog = class_scores(a_matrix((3, 1), (2, 4)))
    assert cat.recall is not None
    assert (cat.samples, cat.right, cat.recall.point, cat.recall.interval) == (4, 3, 3 / 4, wilson(3, 4))
    assert dog.recall is not None
    assert dog.recall.point == 4 / 6


def test_a_class_without_samples_has_no_recall() -> None:
    eel = class_scores(a_matrix((2, 0, 1), (3, 0, 0), (0, 0, 0)))[2]
    assert (eel.recall, eel.p_below) == (None, None)
    assert not eel.is_surely_below


def test_a_class_is_compared_with_the_others_by_fishers_exact_test() -> None:
    """One of 4 cats right, 3 of 4 dogs: C(4,1) C(4,3) / C(8,4) + C(4,0) C(4,4) / C(8,4) = 17/70, twice by Holm.

    The numbers are Fisher's of the lady who tastes tea ("The Design of Experiments", 1935).
    """
    cat, dog = class_scores(a_matrix((1, 3), (1, 3)))
    assert cat.p_below == pytest.approx(2 * 17 / 70)
    assert dog.p_below == pytest.approx(69 / 70)


def test_only_a_class_that_is_surely_below_is_called_so() -> None:
    scores = class_scores(a_matrix((10, 20, 0), (0, 29, 1), (0, 2, 28)))
    assert [score.is_surely_below for score in scores] == [True, False, False]
    assert not any(score.is_surely_below for score in class_scores(a_matrix((27, 3, 0), (0, 29, 1), (0, 2, 28))))


def test_a_single_class_is_not_below_itself() -> None:
    (cat,) = class_scores(a_matrix((5,)))
    assert cat.p_below == pytest.approx(1)


def test_the_worst_classes_come_first_and_those_that_are_always_right_are_none() -> None:
    scores = class_scores(a_matrix((4, 0, 0), (1, 1, 2), (2, 0, 1)))
    assert [score.name for score in worst_classes(scores, most=5)] == ["dog", "eel"]
    assert [score.name for score in worst_classes(scores, most=1)] == ["dog"]


def test_of_equally_bad_classes_that_with_more_samples_comes_first() -> None:
    scores = class_scores(a_matrix((1, 1), (3, 3)))
    assert [score.name for score in worst_classes(scores, most=2)] == ["dog", "cat"]


def test_the_most_frequent_mistakes_come_first_and_of_equal_ones_the_larger_share() -> None:
    found = mistakes(a_matrix((5, 3, 0), (3, 1, 0), (1, 0, 1)))
    assert found == [(1, 0), (0, 1), (2, 0)], "3 of 4, 3 of 8, 1 of 2"


def test_a_cell_that_is_always_right_makes_no_mistakes() -> None:
    assert mistakes(a_matrix((5, 0), (0, 2))) == []
    assert worst_classes(class_scores(a_matrix((5, 0), (0, 2))), most=9) == ()


@given(pairs)
def test_every_sample_stands_in_the_matrix_once(rows: list[tuple[int, int]]) -> None:
    found = matrix_of(rows)
    assert found.total == len(rows)
    assert found.correct == sum(truth == predicted for truth, predicted in rows)
    scores = class_scores(found)
    truths = Counter(truth for truth, _ in rows)
    assert [score.samples for score in scores] == [truths[index] for index in range(3)]
    assert sum(found.counts[truth][taken] for truth, taken in mistakes(found)) == found.total - found.correct
    assert all(0 <= score.p_below <= 1 for score in scores if score.p_below is not None)


@given(pairs, st.permutations(range(3)))
def test_classes_in_another_order_come_in_that_order(rows: list[tuple[int, int]], places: list[int]) -> None:
    """Class i becomes class places[i]."""
    moved = [(places[truth], places[predicted]) for truth, predicted in rows]
    names = [ANIMALS[places.index(place)] for place in range(3)]
    plain, turned = matrix_of(rows), matrix_of(moved, names)
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
    found = matrix_of(rows)
    scores = [score for score in class_scores(found) if score.samples]
    expected = [hypergeom.cdf(score.right, found.total, found.correct, score.samples) for score in scores]
    assert [score.p_below for score in scores] == pytest.approx(list(holm([min(one, 1.0) for one in expected])))


def test_every_count_stands_in_its_row_and_column_with_words_for_a_pointer() -> None:
    table = confusion_table(a_matrix((3, 1), (0, 4)))
    assert table.heads == ("cat", "dog")
    assert [[count for count, _, _ in fields] for _, fields in table.rows] == [["3", "1"], ["", "4"]]
    assert [[hover for _, _, hover in fields] for _, fields in table.rows] == [
        ["cat, right: 3 of 4 (75.0 %)", "cat taken for dog: 1 of 4 (25.0 %)"],
        ["", "dog, right: 4 of 4 (100.0 %)"],
    ]
    assert table.note == ""


def test_larger_shares_of_a_class_are_darker() -> None:
    (_, fields), _ = confusion_table(a_matrix((9, 1), (0, 4))).rows
    (_, darker, _), (_, lighter, _) = fields
    assert darker > lighter > 0


def test_of_many_classes_those_with_the_most_mistakes_are_shown_and_the_rest_is_counted() -> None:
    count = MOST_CLASSES + 5
    counts = [[4 if row == column else 0 for column in range(count)] for row in range(count)]
    counts[count - 1][0] = 3
    counts[count - 1][1] = 2
    counts[2][MOST_CLASSES + 1] = 1
    names = tuple(f"class {place}" for place in range(count))
    found = ConfusionMatrix(cell="a", classes=names, counts=tuple(map(tuple, counts)))
    table = confusion_table(found)
    assert len(table.rows) == MOST_CLASSES
    assert table.heads[-1] == OTHERS
    assert f"class {count - 1}" in table.heads
    assert f"class {count - 2}" not in table.heads
    assert table.note == f"The {MOST_CLASSES} classes with the most mistakes, of {count}."
    for name, fields in table.rows:
        assert sum(int(number or 0) for number, _, _ in fields) == sum(counts[names.index(name)])
