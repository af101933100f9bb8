"""Is what stands in the way of a comparison said, in words that tell what to do?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from fakes import a_cell, a_record
from zoobench.judge.gate.evidence import obstacles, unjudged
from zoobench.results.answers import encode
from zoobench.results.schema import Record, Refusal

CELL = "mobilenet-integer_only-litert-t1"
OTHER_CELL = "mobilenet-float32-litert-t1"


def by_id(*records: Record) -> dict[str, Record]:
    return {record.cell.id: record for record in records}


def found(baseline: Record, candidate: Record) -> tuple[str, ...]:
    return obstacles(by_id(baseline), by_id(candidate))


def with_dataset(record: Record, **changes: Any) -> Record:
    return replace(record, dataset=replace(record.dataset, **changes))


def with_answers(record: Record, *, classes: Sequence[int], truth: Sequence[int]) -> Record:
    assert record.accuracy is not None
    predictions = replace(record.accuracy.predictions, classes=encode(classes), truth=encode(truth))
    return replace(record, accuracy=replace(record.accuracy, predictions=predictions))


def refused(by: str, reason: str) -> Record:
    return a_record(model=None, accuracy=None, latency=None, refusal=Refusal(by=by, reason=reason))


def test_nothing_stands_in_the_way_of_a_run_and_itself() -> None:
    assert found(a_record(), a_record()) == ()


def test_other_times_answers_files_and_machines_are_what_is_judged_and_no_obstacle() -> None:
    before = a_record()
    after = with_answers(a_record(environment={"cpu": "Cortex", "cores": 4}), classes=[1, 1, 1], truth=[0, 1, 0])
    after = replace(after, model=replace(after.model, sha256="ef" * 32, size_bytes=1))  # type: ignore[type-var]
    assert found(before, after) == ()


def test_a_cell_that_one_side_lacks_is_named_with_the_side() -> None:
    one, both = a_record(), by_id(a_record(), a_record(cell=a_cell(id=OTHER_CELL)))
    assert obstacles(both, by_id(one)) == (
        f"the candidate has no record of {OTHER_CELL}; measure it, or gate the others alone",
    )
    assert obstacles(by_id(one), both) == (
        f"the baseline has no record of {OTHER_CELL}; save a new one, or gate the others alone",
    )


def test_of_many_missing_cells_five_are_named_and_the_rest_is_counted() -> None:
    many = by_id(*(a_record(cell=a_cell(id=f"cell-{number}")) for number in range(8)))
    (message, _) = obstacles(many, by_id(a_record()))
    assert "no record of cell-0, cell-1, cell-2, cell-3, cell-4 and 3 more;" in message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_size": 160}, "another image size in mobilenet: the baseline has 224, the candidate 160;"),
        ({"weights": "random"}, "other weights in mobilenet: the baseline has imagenet, the candidate random;"),
    ],
)
def test_another_image_size_and_other_weights_are_named_with_both(changes: dict[str, Any], message: str) -> None:
    (found_message,) = found(a_record(), a_record(cell=a_cell(**changes)))
    assert found_message.startswith(message)


def test_a_difference_that_several_cells_share_is_told_once() -> None:
    cells = (CELL, OTHER_CELL)
    before = by_id(*(a_record(cell=a_cell(id=one)) for one in cells))
    after = by_id(*(a_record(cell=a_cell(id=one, image_size=160)) for one in cells))
    assert len(obstacles(before, after)) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes": ("cat", "eel")}, "the baseline's classes are cat, dog, the candidate's cat, eel;"),
        ({"samples": 9, "name": "zoo"}, "the baseline has 3 test samples (pets), the candidate 9 (zoo);"),
    ],
)
def test_other_classes_and_another_number_of_samples_are_named(changes: dict[str, Any], said: str) -> None:
    (message,) = found(a_record(), with_dataset(a_record(), sha256="ef" * 32, **changes))
    assert f"another data set or split: {said}" in message
    assert message.endswith("measure both on the same images")


def test_a_class_with_more_samples_than_before_is_named() -> None:
    after = with_answers(with_dataset(a_record(), sha256="ef" * 32), classes=[0, 1, 1], truth=[0, 1, 1])
    (message,) = found(a_record(), after)
    assert "of 3 test samples in pets cat has 1 instead of 2, dog has 2 instead of 1;" in message


@pytest.mark.parametrize("changes", [{}, {"accuracy": None}])
def test_a_split_that_differs_in_nothing_else_is_told_by_its_hash(changes: dict[str, Any]) -> None:
    before, after = a_record(**changes), with_dataset(a_record(**changes), sha256="ef" * 32)
    (message,) = found(before, after)
    assert "not the same images, labels or splits (SHA-256 cdcdcdcdcdcd and efefefefefef)" in message


def test_a_cell_that_only_one_side_refuses_is_named_with_the_reason_or_what_to_do() -> None:
    once = refused("LiteRT", "no such operator")
    assert found(a_record(), once) == (f"{CELL} was measured in the baseline; now LiteRT refuses it: no such operator",)
    assert found(once, a_record()) == (
        f"{CELL} was refused by LiteRT in the baseline and runs now; save a new baseline",
    )


def test_a_gate_of_refused_cells_alone_has_nothing_to_judge() -> None:
    assert found(refused("LiteRT", "a"), refused("LiteRT", "a")) == (
        "no cell was measured on both sides, so there is nothing to judge",
    )


def test_a_cell_that_both_sides_refuse_does_not_stand_in_the_way_of_another() -> None:
    side = by_id(refused("LiteRT", "a"), a_record(cell=a_cell(id=OTHER_CELL)))
    assert obstacles(side, side) == ()


@pytest.mark.parametrize(("part", "name"), [("accuracy", "accuracy"), ("model", "file")])
def test_what_one_side_alone_knows_of_a_cell_is_missed(part: str, name: str) -> None:
    whole, lacking = a_record(), a_record(**{part: None})
    (message,) = found(whole, lacking)
    assert message.startswith(f"the candidate has no {name} of {CELL}, the other side has; measure it")
    (message,) = found(lacking, whole)
    assert message.startswith(f"the baseline has no {name} of {CELL}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (a_record(accuracy=None), a_record(accuracy=None)),
        (a_record(cell=a_cell(weights="random")), a_record(cell=a_cell(weights="random"), accuracy=None)),
        (a_record(), a_record(latency=None)),
    ],
    ids=["known to neither", "accuracy of random weights", "times, which can be replayed"],
)
def test_what_cannot_be_judged_or_need_not_be_known_is_not_missed(before: Record, after: Record) -> None:
    assert found(before, after) == ()


def test_other_labels_under_the_same_hash_are_an_altered_file() -> None:
    (message,) = found(a_record(), with_answers(a_record(), classes=[0, 1, 1], truth=[0, 1, 1]))
    assert message == (
        f"the samples of {CELL} have other labels in the candidate, though both name one data set; a file was altered, "
        "so measure both again"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        *(({"latency": {"p50_seconds": one}}, f"a median of {one} seconds") for one in (0.0, -0.004, 5e-324, 1e308)),
        ({"model": {"size_bytes": 0}}, "0 bytes"),
    ],
)
def test_times_and_sizes_that_cannot_be_are_an_altered_file(changes: dict[str, dict[str, Any]], said: str) -> None:
    record = a_record()
    altered = replace(record, **{part: replace(getattr(record, part), **values) for part, values in changes.items()})
    for side, both in (("baseline", (altered, record)), ("candidate", (record, altered))):
        (message,) = found(*both)
        assert message.startswith(f"the {side} has {said} of {CELL}; a file was altered")


def test_other_classes_or_samples_under_the_same_hash_are_an_altered_file() -> None:
    (message,) = found(a_record(), with_dataset(a_record(), classes=("cat",)))
    assert message == (
        f"{CELL}: the baseline's classes are cat, dog, the candidate's cat, though both name one data set; "
        "a file was altered, so measure both again"
    )
    (message,) = found(a_record(), with_dataset(a_record(), samples=9))
    assert message.startswith(f"{CELL}: the baseline has 3 test samples (pets), the candidate 9 (pets), though both")


def test_accuracy_that_neither_side_has_is_noted() -> None:
    without = by_id(a_record(accuracy=None), a_record(accuracy=None, cell=a_cell(id=OTHER_CELL)))
    assert unjudged(without, without) == (
        f"top-1 is not judged where neither side has measured it: {CELL}, {OTHER_CELL}",
    )


@pytest.mark.parametrize("changes", [{}, {"accuracy": None}])
def test_random_weights_are_noted_and_not_as_an_accuracy_that_is_missing(changes: dict[str, Any]) -> None:
    drawn = by_id(a_record(cell=a_cell(weights="random"), **changes))
    assert unjudged(drawn, drawn) == (f"top-1 is not judged where the weights are random: {CELL}",)


def test_cells_that_both_sides_refuse_are_noted_with_who_refuses_them() -> None:
    one, other = (by_id(refused(by, "NEG"), a_record(cell=a_cell(id=OTHER_CELL))) for by in ("litert", "tflite"))
    assert unjudged(one, one) == (f"nothing is judged where both sides are refused: {CELL} (by litert)",)
    assert unjudged(one, other) == (f"nothing is judged where both sides are refused: {CELL} (by litert and tflite)",)


def test_what_is_judged_in_full_or_lacked_by_one_side_alone_is_no_note() -> None:
    for candidate in (by_id(a_record()), by_id(a_record(accuracy=None)), by_id(refused("litert", "NEG")), {}):
        assert unjudged(by_id(a_record()), candidate) == ()


def test_many_cells_are_one_note() -> None:
    many = by_id(*(a_record(accuracy=None, cell=a_cell(id=f"cell-{number}")) for number in range(8)))
    (note,) = unjudged(many, many)
    assert note.endswith("cell-0, cell-1, cell-2, cell-3, cell-4 and 3 more")
