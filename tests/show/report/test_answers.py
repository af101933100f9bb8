"""Are the answers of cells told apart, summed up and compared with the float twin's, the most telling first?"""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import a_cell, a_record
from reportparts import FLOAT, INTEGER, TRUTH, answers, timed
from zoobench.judge.compare.flipped_samples import find_flips
from zoobench.results.answers import encode, encode_shares
from zoobench.results.schema import Predictions, Record, RecordedDataset
from zoobench.show.report.answers import (
    LEAST_SHOWN,
    MOST_IN_ALL,
    MOST_SHOWN,
    answered_of,
    distinct_answers,
    flipped_samples,
    shown_of,
    wanted_samples,
)
from zoobench.show.report.contents import FlippedSample, Pictures, VariantAnswers

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
