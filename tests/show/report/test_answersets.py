"""Are the answers of the cells told apart, summed up and held against the float twin's?"""

from dataclasses import replace

from reportparts import FLOAT, INTEGER, TRUTH, answers, timed
from zoobench.show.report.answerparts import Answered, Photo, Pictures
from zoobench.show.report.answersets import (
    LEAST_SHOWN,
    MOST_IN_ALL,
    MOST_SHOWN,
    answered_of,
    distinct_answers,
    shown_of,
    wanted_samples,
)

NO_PICTURES = Pictures()
PHOTO = Photo(name="photo-1", data="data:image/jpeg;base64,AA==")


def answered(*records: object, pictures: Pictures = NO_PICTURES) -> tuple[Answered, ...]:
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
    assert (float_one.worst, float_one.mixups, float_one.flipped, float_one.flipped_told) == (None, None, (), "")


def test_a_flipped_sample_is_shown_with_what_both_said() -> None:
    _, integer = answered(FLOAT, INTEGER, pictures=Pictures(photos=(PHOTO,), shown={3: "photo-1"}))
    (sample,) = integer.flipped
    assert (sample.sample, sample.photo, sample.kind) == (4, "photo-1", "lost")
    assert (sample.truth, sample.before, sample.after, sample.after_sure) == ("cat", "cat", "dog", "75.0 %")
    assert integer.flipped_told == (
        f"Against its float twin, {FLOAT.cell.id}: 1 lost, 0 won, 0 wrong in another way; "
        "showing 1 of 1, the most telling first."
    )


def test_samples_without_a_picture_are_left_out_where_others_have_one_and_that_is_counted() -> None:
    worse = timed("integer_only", 0.004, predicted=(0, 0, 1, 1, 1, 1, 1, 1))
    _, found = answered(FLOAT, worse, pictures=Pictures(photos=(PHOTO,), shown={3: "photo-1"}))
    assert [one.sample for one in found.flipped] == [4]
    assert "showing 1 of 2" in found.flipped_told
    _, without = answered(FLOAT, worse)
    assert [one.sample for one in without.flipped] == [3, 4]


def test_what_cannot_be_held_against_a_twin_says_so() -> None:
    (alone,) = answered(INTEGER)
    assert alone.flipped_told == "Its float twin is not in this file, so that nothing can be held against it."
    same = timed("integer_only", 0.004, threads=1)
    found = answered(FLOAT, replace(same, cell=replace(same.cell, weights="random")))
    assert found[1].flipped_told == f"None: it says of all 8 samples what its float twin, {FLOAT.cell.id}, says."
    assert "weights are random" in found[1].summary


def test_a_variant_that_answers_as_its_float_file_is_one_set_with_it_and_that_is_said() -> None:
    (both,) = answered(FLOAT, timed("float16", 0.009))
    assert both.title == "mobilenet float32, float16"
    assert both.flipped_told == f"None: it says of all 8 samples what its float twin, {FLOAT.cell.id}, says."


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
