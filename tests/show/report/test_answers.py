"""Are the answers of cells told apart, summed up and compared with the float twin's, the most telling first?"""

import tracemalloc
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from fakes import a_cell, a_record
from reportparts import FLOAT, INTEGER, timed
from zoobench.judge.evidence import find_flips
from zoobench.results.answers import encode, encode_shares
from zoobench.results.schema import Predictions, Record, RecordedDataset
from zoobench.show.charts.confusion import Counts, mistakes
from zoobench.show.report.answers import (
    LEAST_SHOWN,
    MOST_CLASSES,
    MOST_IN_ALL,
    MOST_SHOWN,
    OTHERS,
    below_the_rest,
    confusion_of,
    confusion_table,
    flipped_samples,
    right_and_wrong,
    shown_of,
    worst_classes,
)
from zoobench.show.report.contents import Pictures, VariantAnswers
from zoobench.stats.paired import holm

SHOWN = Pictures(photos={"photo-1": "data:image/jpeg;base64,AA=="}, shown={3: "photo-1"})
ANIMALS = ("cat", "dog", "eel")
Given = list[tuple[int, float]]
"""Class and probability of each answer."""
Rows = list[tuple[int, int, int, float, float]]
"""Truth, both classes and both probabilities of each sample."""
rows = st.lists(st.tuples(*[st.integers(0, 2)] * 3, st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


def answered(*records: Record, pictures: Pictures | None = None) -> tuple[VariantAnswers, ...]:
    return right_and_wrong(records, pictured=lambda _: pictures or Pictures())[0]


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
        *("mobilenet float32", "mobilenet integer_only on litert", "mobilenet integer_only on openvino"),
    ]
    assert [one.title for one in answered(FLOAT, INTEGER, other, more)][2:] == [other.cell.id, more.cell.id]
    assert [one.name for one in answered(FLOAT, INTEGER, other)] == ["answers-1", "answers-2", "answers-3"]


def test_the_worst_classes_and_the_confusions_are_told() -> None:
    float_one, integer = answered(FLOAT, INTEGER)
    assert (float_one.worst, float_one.mixups, float_one.flipped, float_one.flips) == (None, None, (), "")
    assert integer.worst is not None
    assert integer.worst.rows == (("cat", "3", "4", "75.0", "30.1–95.4", "1"),)  # Wilson's interval of 3 of 4
    assert integer.mixups is not None
    assert integer.mixups.rows == (("cat", "dog", "1", "25.0"),)


def test_only_a_class_that_is_significantly_below_the_rest_is_called_so() -> None:
    """10 of 30 against 57 of 60; 27 of 30 against 57 of 60 may be chance."""
    for cats, verdicts in ((10, ["significantly worse than the rest", "", ""]), (27, [])):
        taken = [0] * cats + [1] * (30 - cats) + [1] * 29 + [2] + [1] * 2 + [2] * 28
        truth = [0] * 30 + [1] * 30 + [2] * 30
        [found] = answered(record(truth, [(one, 0.5) for one in taken], variant="float32"))
        assert found.worst is not None
        assert [row[6] for row in found.worst.rows if len(row) == 7] == verdicts


def test_a_flipped_sample_is_shown_with_what_both_said() -> None:
    _, integer = answered(FLOAT, INTEGER, pictures=SHOWN)
    (sample,) = integer.flipped
    assert (sample.sample, sample.kind, sample.truth) == (3, "newly_wrong", "cat")
    assert (sample.before, sample.after, sample.after_probability) == ("cat", "dog", pytest.approx(0.75, abs=1e-4))
    assert integer.flips == (
        f"Against its float twin, {FLOAT.cell.id}: 1 newly wrong, 0 newly right, 0 wrong in another way; "
        "showing 1 of 1, the most telling first."
    )


def test_samples_without_a_picture_are_left_out_where_others_have_one_and_that_is_counted() -> None:
    worse = timed("integer_only", 0.004, predicted=(0, 0, 1, 1, 1, 1, 1, 1))
    _, found = answered(FLOAT, worse, pictures=SHOWN)
    assert [one.sample for one in found.flipped] == [3]
    assert "showing 1 of 2" in found.flips
    assert [one.sample for one in answered(FLOAT, worse)[1].flipped] == [2, 3]


def test_what_cannot_be_compared_with_a_twin_says_so() -> None:
    (alone,) = answered(INTEGER)
    assert alone.flips == "Its float twin is not in this file, so it cannot be compared with it."
    found = answered(FLOAT, timed("integer_only", 0.004, weights="random"))
    assert found[1].flips == f"None: it says of all 8 samples what its float twin, {FLOAT.cell.id}, says."
    assert "weights are random" in found[1].summary


def test_a_variant_that_answers_as_its_float_file_is_one_set_with_it_and_that_is_said() -> None:
    (both,) = answered(FLOAT, timed("float16", 0.009))
    assert both.title == "mobilenet float32, float16"
    assert both.flips == f"None: it says of all 8 samples what its float twin, {FLOAT.cell.id}, says."


def test_pictures_are_wanted_of_the_most_telling_samples_of_every_set_first() -> None:
    three = timed("int16x8", 0.1, predicted=(1, 1, 1, 0, 1, 1, 1, 1))
    wanted: list[int] = []

    def pictured(samples: Sequence[int]) -> Pictures:
        wanted.extend(samples)
        return SHOWN

    assert right_and_wrong([FLOAT, INTEGER, three], pictured=pictured)[1] == SHOWN
    assert wanted == [3, 0, 1, 2]


@pytest.mark.parametrize(
    ("sets", "shown"), [(0, MOST_SHOWN), (2, MOST_SHOWN), (50, MOST_IN_ALL // 50), (1000, LEAST_SHOWN)]
)
def test_many_sets_show_fewer_samples_each(sets: int, shown: int) -> None:
    assert shown_of(sets) == shown


def test_cells_without_accuracy_have_no_answers() -> None:
    assert answered(replace(FLOAT, accuracy=None)) == ()


def record(truth: Sequence[int], given: Given, *, variant: str = "integer_only") -> Record:
    usual = a_record(cell=a_cell(variant=variant))
    predictions = Predictions(
        classes=encode([one for one, _ in given]),
        probabilities=encode_shares([share for _, share in given]),
        truth=encode(truth),
    )
    dataset = RecordedDataset(name="pets", sha256="cd" * 32, classes=ANIMALS, samples=max(len(truth), 1), left_out=0)
    assert usual.accuracy is not None
    return replace(usual, dataset=dataset, accuracy=replace(usual.accuracy, predictions=predictions))


def test_newly_wrong_samples_come_first_the_surer_the_base_was_the_sooner_then_newly_right_ones_then_the_rest() -> None:
    truth = [0, 0, 0, 0, 0, 0]
    base = record(truth, [(0, 0.6), (0, 0.9), (1, 0.9), (1, 0.5), (1, 0.7), (0, 0.8)])
    new = record(truth, [(1, 0.5), (1, 0.4), (0, 0.5), (0, 0.8), (2, 0.7), (0, 0.9)])
    assert [(one.kind, one.sample) for one in flipped_samples(base, new) or ()] == [
        *(("newly_wrong", 1), ("newly_wrong", 0), ("newly_right", 3), ("newly_right", 2), ("changed", 4)),
    ]


def test_the_same_answers_flip_nothing_and_other_samples_are_not_compared() -> None:
    base = record([0, 1], [(0, 1.0), (2, 1.0)])
    assert flipped_samples(base, record([0, 1], [(0, 0.4), (2, 0.5)])) == ()
    assert flipped_samples(base, record([1, 1], [(0, 1.0), (2, 1.0)])) is None
    assert flipped_samples(base, a_record(accuracy=None)) is None


def both_sides(given_rows: Rows) -> tuple[Record, Record]:
    truth = [row[0] for row in given_rows]
    base, new = (record(truth, [(row[1 + side], row[3 + side]) for row in given_rows]) for side in (0, 1))
    return base, new


@given(rows)
def test_counts_are_those_of_the_gate_and_every_sample_is_named_once(given_rows: Rows) -> None:
    truth, first, second, *_ = zip(*given_rows, strict=True)
    found = flipped_samples(*both_sides(given_rows))
    flips = find_flips(first, second, truth=truth, classes=ANIMALS)
    assert found is not None
    kinds = Counter(one.kind for one in found)
    assert (kinds["newly_wrong"], kinds["newly_right"]) == (len(flips.newly_wrong), len(flips.newly_right))
    assert len({one.sample for one in found}) == len(found)
    assert all(one.before != one.after for one in found)
    probabilities = [one.before_probability for one in found if one.kind == "newly_wrong"]
    assert probabilities == sorted(probabilities, reverse=True)


@given(rows)
def test_sides_that_change_places_turn_newly_wrong_into_newly_right(given_rows: Rows) -> None:
    base, new = both_sides(given_rows)
    there, back = flipped_samples(base, new), flipped_samples(new, base)
    assert there is not None
    assert back is not None
    forth, back_again = (Counter(one.kind for one in found) for found in (there, back))
    assert (forth["newly_wrong"], forth["changed"]) == (back_again["newly_right"], back_again["changed"])
    assert {one.sample for one in there} == {one.sample for one in back}


pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)
"""Truth and prediction of each sample."""


def counts_of(rows: list[tuple[int, int]]) -> Counts:
    return confusion_of(record([truth for truth, _ in rows], [(predicted, 0.5) for _, predicted in rows]))


def test_a_row_holds_the_samples_of_a_class_by_what_they_were_taken_for() -> None:
    assert [*map(list, counts_of([(0, 0), (0, 1), (1, 1), (2, 0), (0, 1)]))] == [[1, 2, 0], [0, 1, 0], [1, 0, 0]]


def test_a_class_is_compared_with_the_others_by_fishers_exact_test() -> None:
    """One of 4 cats right, 3 of 4 dogs: C(4,1) C(4,3) / C(8,4) + C(4,0) C(4,4) / C(8,4) = 17/70, twice by Holm.

    The numbers are Fisher's of the lady who tastes tea ("The Design of Experiments", 1935).
    """
    assert below_the_rest(((1, 3), (1, 3))) == {0: pytest.approx(2 * 17 / 70), 1: pytest.approx(69 / 70)}


def test_a_single_class_is_not_below_itself_and_one_without_samples_is_not_compared() -> None:
    assert below_the_rest(((5,),)) == {0: pytest.approx(1)}
    assert list(below_the_rest(((2, 0, 1), (3, 0, 0), (0, 0, 0)))) == [0, 1]


@pytest.mark.parametrize(
    ("counts", "worst"),
    [
        (((4, 0, 0), (1, 1, 2), (2, 0, 1)), [1, 2]),
        (((1, 1), (3, 3)), [1, 0]),  # equally bad: that with more samples first
        (((5, 0), (0, 2)), []),
    ],
)
def test_the_worst_classes_come_first_and_those_that_are_always_right_are_none(
    counts: Counts, worst: list[int]
) -> None:
    assert worst_classes(counts) == worst


@given(pairs)
def test_every_sample_stands_in_the_matrix_once(rows: list[tuple[int, int]]) -> None:
    found = counts_of(rows)
    assert Counter(rows) == {(i, j): found[i][j] for i in range(3) for j in range(3) if found[i][j]}
    assert sum(found[truth][taken] for truth, taken in mistakes(found)) == sum(one != other for one, other in rows)
    assert all(0 <= p <= 1 for p in below_the_rest(found).values())


@given(pairs, st.permutations(range(3)))
def test_classes_in_another_order_come_in_that_order(rows: list[tuple[int, int]], places: list[int]) -> None:
    """Class i becomes class places[i]."""
    plain, turned = counts_of(rows), counts_of([(places[truth], places[predicted]) for truth, predicted in rows])
    assert all(turned[places[i]][places[j]] == plain[i][j] for i in range(3) for j in range(3))
    found = below_the_rest(turned)
    assert {places[index]: pytest.approx(p) for index, p in below_the_rest(plain).items()} == found


@given(pairs)
def test_p_values_agree_with_scipys_hypergeometric_distribution(rows: list[tuple[int, int]]) -> None:
    counts = counts_of(rows)
    correct = sum(counts[index][index] for index in range(3))
    sizes = {index: sum(row) for index, row in enumerate(counts) if sum(row)}
    expected = [hypergeom.cdf(counts[index][index], len(rows), correct, size) for index, size in sizes.items()]
    assert list(below_the_rest(counts).values()) == pytest.approx(list(holm([min(one, 1.0) for one in expected])))


def test_every_count_stands_in_its_row_and_column_with_words_for_a_pointer() -> None:
    table = confusion_table(((9, 1), (0, 4)), ("cat", "dog"))
    assert (table.heads, table.note) == (("cat", "dog"), "")
    (_, ((right, darker, told), (wrong, lighter, of_wrong))), (_, (none, (last, *_))) = table.rows
    assert (right, wrong, none, last) == ("9", "1", ("", 0, ""), "4")
    assert (told, of_wrong) == ("cat, right: 9 of 10 (90.0 %)", "cat taken for dog: 1 of 10 (10.0 %)")
    assert darker > lighter > 0


def test_of_many_classes_those_with_the_most_mistakes_are_shown_and_the_rest_is_counted() -> None:
    count = MOST_CLASSES + 5
    counts = [[4 if row == column else 0 for column in range(count)] for row in range(count)]
    counts[count - 1][:2] = [3, 2]
    counts[2][MOST_CLASSES + 1] = 1
    names = [f"class {place}" for place in range(count)]
    table = confusion_table(counts, names)
    assert len(table.rows) == MOST_CLASSES
    assert table.heads[-1] == OTHERS
    assert f"class {count - 1}" in table.heads
    assert f"class {count - 2}" not in table.heads
    assert table.note == f"The {MOST_CLASSES} classes with the most mistakes, of {count}."
    for name, fields in table.rows:
        assert sum(int(number or 0) for number, _, _ in fields) == sum(counts[names.index(name)])


def test_counts_of_many_classes_take_little_memory() -> None:
    few_classes = record([0, 1], [(0, 0.5), (1, 0.5)])
    many = replace(few_classes, dataset=replace(few_classes.dataset, classes=tuple(map(str, range(1000)))))
    tracemalloc.start()
    counts = confusion_of(many)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(counts) == len(counts[0]) == 1000
    assert most < 6_000_000  # 4 bytes for each pair of classes
