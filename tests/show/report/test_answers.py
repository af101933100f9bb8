"""Are the answers of cells told apart, summed up and compared with the float twin's, the most telling first?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from fakes import a_cell, a_record
from reportparts import FLOAT, INTEGER, TRUTH, answers, timed
from zoobench.judge.compare.flipped_samples import find_flips
from zoobench.results.answers import Answers, encode, encode_shares
from zoobench.results.schema import Predictions, Record, RecordedDataset
from zoobench.show.charts.confusion import ConfusionMatrix, mistakes
from zoobench.show.report.answers import (
    LEAST_SHOWN,
    MOST_CLASSES,
    MOST_IN_ALL,
    MOST_SHOWN,
    OTHERS,
    answered_of,
    class_scores,
    confusion_of,
    confusion_table,
    counted,
    distinct_answers,
    flipped_samples,
    shown_of,
    wanted_samples,
    worst_classes,
)
from zoobench.show.report.contents import FlippedSample, Pictures, VariantAnswers
from zoobench.stats.intervals import wilson
from zoobench.stats.paired import holm

NO_PICTURES = Pictures()
PHOTOS = {"photo-1": "data:image/jpeg;base64,AA=="}
ANIMALS = ("cat", "dog", "eel")
Given = list[tuple[int, float]]
"""Class and probability of each answer."""

rows = st.lists(
    st.tuples(*[st.integers(0, 2)] * 3, st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40
)  # truth, both classes, both probabilities

rows = st.lists(
    st.tuples(*[st.integers(0, 2)] * 3, st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40
)  # truth, both classes, both probabilities


def answered(*records: object, pictures: Pictures = NO_PICTURES) -> tuple[VariantAnswers, ...]:
    return answered_of(distinct_answers(records), pictures)  # type: ignore[arg-type]


def test_cells_that_answered_alike_are_one_set_and_all_are_named() -> None:
    again = timed("integer_only", 0.003, predicted=(0, 0, 0, 1, 1, 1, 1, 1), threads=2)
    _, integer = answered(FLOAT, INTEGER, again)
    assert integer.cells == (INTEGER.cell.id, again.cell.id)
    assert integer.summary.startswith("7 of 8 samples right: 87.5 % (95 %: ")
    assert integer.summary.endswith(f"The same answers in {INTEGER.cell.id}, {again.cell.id}.")


def test_a_set_is_named_as_shortly_as_tells_it_from_others() -> None:
    other = timed("integer_only", 0.004, predicted=(1,) * 8, runtime="openvino")
    more = timed("integer_only", 0.004, predicted=(0,) * 8, runtime="openvino", threads=2)
    assert [one.title for one in answered(FLOAT, INTEGER, other)] == [
        "mobilenet float32",
        "mobilenet integer_only on litert",
        "mobilenet integer_only on openvino",
    ]
    assert [one.title for one in answered(FLOAT, INTEGER, other, more)][2:] == [other.cell.id, more.cell.id]


def test_no_two_sets_have_one_name() -> None:
    found = answered(FLOAT, INTEGER, timed("dynamic_range", 0.005, predicted=(1,) * 8))
    assert len({one.name for one in found}) == len(found) == 3


def test_the_worst_classes_and_the_confusions_are_told() -> None:
    _, integer = answered(FLOAT, INTEGER)
    assert integer.worst is not None
    assert integer.worst.grid.rows == (("cat", "3", "4", "75.0", "30.1–95.4", "1"),)  # Wilson's interval of 3 of 4
    assert integer.mixups is not None
    assert integer.mixups.grid.rows == (("cat", "dog", "1", "25.0"),)


def test_a_model_without_mistakes_has_no_worst_classes() -> None:
    (float_one,) = answered(FLOAT)
    assert (float_one.worst, float_one.mixups, float_one.flipped, float_one.flips) == (None, None, (), "")


def test_a_flipped_sample_is_shown_with_what_both_said() -> None:
    _, integer = answered(FLOAT, INTEGER, pictures=Pictures(photos=PHOTOS, shown={3: "photo-1"}))
    (sample,) = integer.flipped
    assert (sample.sample, sample.kind, sample.truth) == (3, "newly_wrong", "cat")
    assert (sample.before, sample.after, sample.after_probability) == ("cat", "dog", pytest.approx(0.75, abs=1e-4))
    assert integer.flips == (
        f"Against its float twin, {FLOAT.cell.id}: 1 newly wrong, 0 newly right, 0 wrong in another way; "
        "showing 1 of 1, the most telling first."
    )


def test_samples_without_a_picture_are_left_out_where_others_have_one_and_that_is_counted() -> None:
    worse = timed("integer_only", 0.004, predicted=(0, 0, 1, 1, 1, 1, 1, 1))
    _, found = answered(FLOAT, worse, pictures=Pictures(photos=PHOTOS, shown={3: "photo-1"}))
    assert [one.sample for one in found.flipped] == [3]
    assert "showing 1 of 2" in found.flips
    _, without = answered(FLOAT, worse)
    assert [one.sample for one in without.flipped] == [2, 3]


def test_what_cannot_be_compared_with_a_twin_says_so() -> None:
    (alone,) = answered(INTEGER)
    assert alone.flips == "Its float twin is not in this file, so it cannot be compared with it."
    same = timed("integer_only", 0.004, threads=1)
    found = answered(FLOAT, replace(same, cell=replace(same.cell, weights="random")))
    assert found[1].flips == f"None: it says of all 8 samples what its float twin, {FLOAT.cell.id}, says."
    assert "weights are random" in found[1].summary


def test_a_variant_that_answers_as_its_float_file_is_one_set_with_it_and_that_is_said() -> None:
    (both,) = answered(FLOAT, timed("float16", 0.009))
    assert both.title == "mobilenet float32, float16"
    assert both.flips == f"None: it says of all 8 samples what its float twin, {FLOAT.cell.id}, says."


def test_the_most_telling_samples_of_every_set_come_first() -> None:
    three = timed("int16x8", 0.1, predicted=(1, 1, 1, 0, 1, 1, 1, 1))
    found = distinct_answers([FLOAT, INTEGER, three])
    assert wanted_samples(found) == (3, 0, 1, 2)


def test_many_sets_show_fewer_samples_each() -> None:
    some = distinct_answers([FLOAT, INTEGER])
    assert shown_of(some) == MOST_SHOWN
    assert shown_of(some * 25) == MOST_IN_ALL // 50
    assert shown_of(some * 500) == LEAST_SHOWN
    assert shown_of(()) == MOST_SHOWN


def test_cells_without_accuracy_have_no_answers() -> None:
    assert distinct_answers([replace(FLOAT, accuracy=None)]) == ()
    assert len(TRUTH) == answers(TRUTH).total


def record(truth: list[int], given: Given, *, variant: str = "integer_only") -> Record:
    usual = a_record(cell=a_cell(variant=variant))
    predictions = Predictions(
        classes=encode([one for one, _ in given]),
        probabilities=encode_shares([share for _, share in given]),
        truth=encode(truth),
    )
    dataset = RecordedDataset(name="pets", sha256="cd" * 32, classes=ANIMALS, samples=max(len(truth), 1), left_out=0)
    assert usual.accuracy is not None
    return replace(usual, dataset=dataset, accuracy=replace(usual.accuracy, predictions=predictions))


def test_samples_have_both_answers() -> None:
    base = record([0, 1], [(0, 1.0), (1, 0.6)], variant="float32")
    assert flipped_samples(base, record([0, 1], [(2, 0.4), (1, 0.6)])) == (
        FlippedSample(
            sample=0,
            kind="newly_wrong",
            truth="cat",
            before="cat",
            before_probability=1.0,
            after="eel",
            after_probability=26214 / 65535,
        ),
    )


def test_newly_wrong_samples_come_first_the_surer_the_base_was_the_sooner_then_newly_right_ones_then_the_rest() -> None:
    truth = [0, 0, 0, 0, 0, 0]
    base = record(truth, [(0, 0.6), (0, 0.9), (1, 0.9), (1, 0.5), (1, 0.7), (0, 0.8)])
    new = record(truth, [(1, 0.5), (1, 0.4), (0, 0.5), (0, 0.8), (2, 0.7), (0, 0.9)])
    assert [(one.kind, one.sample) for one in flipped_samples(base, new) or ()] == [
        ("newly_wrong", 1),
        ("newly_wrong", 0),
        ("newly_right", 3),
        ("newly_right", 2),
        ("changed", 4),
    ]


def test_the_same_answers_flip_nothing_however_sure_they_are() -> None:
    assert flipped_samples(record([0, 1], [(0, 1.0), (2, 1.0)]), record([0, 1], [(0, 0.4), (2, 0.5)])) == ()


def test_other_samples_are_not_compared_with_each_other() -> None:
    assert flipped_samples(record([0], [(0, 1.0)]), record([1], [(0, 1.0)])) is None
    assert flipped_samples(record([0], [(0, 1.0)]), a_record(accuracy=None)) is None


@given(rows)
def test_counts_are_those_of_the_gate_and_every_sample_is_named_once(
    given_rows: list[tuple[int, int, int, float, float]],
) -> None:
    truth = [row[0] for row in given_rows]
    first, second = [(row[1], row[3]) for row in given_rows], [(row[2], row[4]) for row in given_rows]
    found = flipped_samples(record(truth, first), record(truth, second))
    flips = find_flips([one for one, _ in first], [one for one, _ in second], truth=truth, classes=ANIMALS)
    assert found is not None
    kinds = Counter(one.kind for one in found)
    assert (kinds["newly_wrong"], kinds["newly_right"]) == (len(flips.newly_wrong), len(flips.newly_right))
    assert len({one.sample for one in found}) == len(found)
    assert all(one.before != one.after for one in found)
    probabilities = [one.before_probability for one in found if one.kind == "newly_wrong"]
    assert probabilities == sorted(probabilities, reverse=True)


@given(rows)
def test_sides_that_change_places_turn_newly_wrong_into_newly_right(
    given_rows: list[tuple[int, int, int, float, float]],
) -> None:
    truth = [row[0] for row in given_rows]
    base, new = (record(truth, [(row[1 + side], row[3 + side]) for row in given_rows]) for side in (0, 1))
    there, back = flipped_samples(base, new), flipped_samples(new, base)
    assert there is not None
    assert back is not None
    forth, back_again = (Counter(one.kind for one in found) for found in (there, back))
    assert (forth["newly_wrong"], forth["changed"]) == (back_again["newly_right"], back_again["changed"])
    assert {one.sample for one in there} == {one.sample for one in back}


pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)
"""Truth and prediction of each sample."""


def answers_of_rows(rows: list[tuple[int, int]]) -> Answers:
    truth, predicted = (tuple(column) for column in zip(*rows, strict=True))
    return Answers(predicted=predicted, probability=(0.5,) * len(rows), truth=truth)


def a_matrix(*counts: tuple[int, ...]) -> ConfusionMatrix:
    return ConfusionMatrix(cell="a", classes=ANIMALS[: len(counts)], counts=counts)


def matrix_of(rows: list[tuple[int, int]], classes: Sequence[str] = ANIMALS) -> ConfusionMatrix:
    return counted(answers_of_rows(rows), cell="a", classes=classes)


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
    assert (cat.samples, cat.right, cat.recall) == (4, 3, wilson(3, 4))
    assert (dog.samples, dog.right, dog.recall) == (6, 4, wilson(4, 6))


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
