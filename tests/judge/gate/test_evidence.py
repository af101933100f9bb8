"""Is what stands in the way of a comparison said, in words that tell what to do?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from fakes import a_cell, a_record
from zoobench.judge.gate.evidence import obstacles, unjudged
from zoobench.matrix.interface import Interface
from zoobench.results.answers import encode
from zoobench.results.schema import Record, Refusal

CELL = "mobilenet-integer_only-litert-t1"
OTHER_CELL = "mobilenet-float32-litert-t1"
OTHER_DATA = "ef" * 32


def by_id(*records: Record) -> dict[str, Record]:
    return {record.cell.id: record for record in records}


def named(*ids: str, image_size: int = 224, **parts: Any) -> dict[str, Record]:
    return by_id(*(a_record(cell=a_cell(id=one, image_size=image_size), **parts) for one in ids))


def with_dataset(*, accuracy: bool = True, **changes: Any) -> Record:
    record = a_record() if accuracy else a_record(accuracy=None)
    return replace(record, dataset=replace(record.dataset, **changes))


def with_answers(record: Record, *, classes: Sequence[int], truth: Sequence[int]) -> Record:
    assert record.accuracy is not None
    predictions = replace(record.accuracy.predictions, classes=encode(classes), truth=encode(truth))
    return replace(record, accuracy=replace(record.accuracy, predictions=predictions))


def altered(part: str, **values: Any) -> Record:
    record = a_record()
    return replace(record, **{part: replace(getattr(record, part), **values)})


def refused(by: str = "LiteRT") -> Record:
    return a_record(model=None, accuracy=None, latency=None, refusal=Refusal(by=by, reason="NEG"))


RANDOM = a_cell(weights="random")
MANY = [f"cell-{number}" for number in range(8)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (a_record(), a_record()),
        (a_record(), with_answers(a_record(environment={"cpu": "A76"}), classes=[1, 1, 1], truth=[0, 1, 0])),
        (a_record(), altered("model", sha256=OTHER_DATA, size_bytes=1)),
        (a_record(accuracy=None), a_record(accuracy=None)),
        (a_record(cell=RANDOM), a_record(cell=RANDOM, accuracy=None)),
        (a_record(), a_record(latency=None)),
    ],
    ids=[
        *("itself", "other answers on another machine", "another file", "accuracy that neither side has"),
        *("accuracy of random weights", "times, which can be replayed"),
    ],
)
def test_what_is_judged_or_need_not_be_known_is_no_obstacle(before: Record, after: Record) -> None:
    assert obstacles(by_id(before), by_id(after)) == ()


def mine(digit: str, *, backbone: str = "mine", **interface: Any) -> dict[str, Record]:
    """Returns a record of a model of one's own, whose file has a hash of these digits."""
    record = a_record(cell=a_cell(backbone=backbone, weights=f"file:{digit * 64}"))
    assert record.model
    known = Interface(taken_as="classifier", **interface) if interface else None
    return by_id(replace(record, model=replace(record.model, interface=known)))


def test_other_weights_of_a_model_of_ones_own_are_what_is_judged_and_a_note() -> None:
    before, after = mine("a"), mine("b")
    assert obstacles(before, after) == ()
    assert unjudged(before, after) == (
        "other weights in mine (file:aaaaaaaaaaaa / file:bbbbbbbbbbbb): these are judged",
    )
    assert unjudged(before, before) == ()


def test_a_model_of_ones_own_by_the_name_of_a_known_network_is_told_by_what_it_is_taken_as() -> None:
    named = {"backbone": "mobilenet", "pixels": "0..1"}
    assert obstacles(mine("a", **named), mine("b", **named)) == ()
    (refused,) = obstacles(mine("a", backbone="mobilenet"), mine("b", backbone="mobilenet"))
    assert refused.startswith("other weights in mobilenet: the baseline has file:aaa")
    assert refused.endswith("; only a whole model of your own (--zoo-backbones FILE) is judged by its weights")
    (one_sided,) = obstacles(mine("a", backbone="mobilenet"), mine("b", **named))
    assert one_sided.startswith("other weights in mobilenet")


def test_another_quantizer_is_a_note() -> None:
    before, after = (by_id(altered("model", quantizer=one)) for one in ("ai_edge", "tensorflow"))
    (note,) = unjudged(before, after)
    assert note == "integer_only of mobilenet by another quantizer (ai_edge / tensorflow)"
    assert unjudged(by_id(a_record()), after) == (), "an older file does not say which"


def test_what_else_a_model_of_ones_own_is_taken_as_is_a_note() -> None:
    notes = unjudged(mine("a", pixels="0..1"), mine("a", pixels="-1..1"))
    assert notes == ("mine has another pixels (0..1 / -1..1): these are judged",)


DATA, BOTH, AGAIN = (
    "another data set or split:",
    "though both name one data set",
    "a file was altered, so measure both again",
)


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        (a_record(cell=a_cell(image_size=160)), "another image size in mobilenet: the baseline has 224, the candidate"),
        (a_record(cell=RANDOM), "other weights in mobilenet: the baseline has imagenet, the candidate random;"),
        (with_dataset(sha256=OTHER_DATA, classes=("cat", "eel")), f"{DATA} the baseline's classes are cat, dog, the"),
        (with_dataset(sha256=OTHER_DATA, samples=9, name="zoo"), f"{DATA} the baseline has 3 test samples (pets), the"),
        (
            with_answers(with_dataset(sha256=OTHER_DATA), classes=[0, 1, 1], truth=[0, 1, 1]),
            f"{DATA} of 3 test samples in pets cat has 1 instead of 2, dog has 2 instead of 1; measure both on",
        ),
        (with_dataset(sha256=OTHER_DATA), f"{DATA} pets and pets have as many test samples of each class, but not the"),
        (refused(), f"{CELL} was measured in the baseline; now LiteRT refuses it: NEG"),
        (a_record(accuracy=None), f"the candidate has no accuracy of {CELL}, the other side has; measure it"),
        (a_record(model=None), f"the candidate has no file of {CELL}, the other side has; measure it"),
        (
            with_answers(a_record(), classes=[0, 1, 1], truth=[0, 1, 1]),
            f"the samples of {CELL} have other labels in the candidate, {BOTH}; {AGAIN}",
        ),
        (
            with_dataset(classes=("cat",)),
            f"{CELL}: the baseline's classes are cat, dog, the candidate's cat, {BOTH}; {AGAIN}",
        ),
        (
            with_dataset(samples=9),
            f"{CELL}: the baseline has 3 test samples (pets), the candidate 9 (pets), {BOTH}; {AGAIN}",
        ),
        *(
            (altered("latency", p50_seconds=one), f"the candidate has a median of {one} seconds of {CELL}; {AGAIN}")
            for one in (0.0, -0.004, 5e-324, 1e308)
        ),
        (altered("model", size_bytes=0), f"the candidate has 0 bytes of {CELL}; {AGAIN}"),
    ],
)
def test_what_makes_two_records_incomparable_is_named_with_both_and_what_to_do(candidate: Record, said: str) -> None:
    (message,) = obstacles(by_id(a_record()), by_id(candidate))
    assert message.startswith(said)
    assert len(obstacles(by_id(candidate), by_id(a_record()))) == 1


def test_a_split_without_answers_that_differs_in_nothing_else_is_named_by_its_hash() -> None:
    both = (with_dataset(accuracy=False), with_dataset(accuracy=False, sha256=OTHER_DATA))
    (message,) = obstacles(*map(by_id, both))
    assert "(SHA-256 cdcdcdcdcdcd and efefefefefef)" in message


def test_what_the_baseline_lacks_or_refuses_asks_for_a_new_one() -> None:
    for lacking, said in (
        (a_record(accuracy=None), f"the baseline has no accuracy of {CELL}, the other side has; measure it"),
        (refused(), f"{CELL} was refused by LiteRT in the baseline and runs now; save a new baseline"),
    ):
        (message,) = obstacles(by_id(lacking), by_id(a_record()))
        assert message.startswith(said)


def test_a_cell_that_one_side_lacks_is_named_with_the_side_and_of_many_five() -> None:
    one, both = named(CELL), named(CELL, OTHER_CELL)
    assert obstacles(both, one) == (
        f"the candidate has no record of {OTHER_CELL}; measure it, or gate the others alone",
    )
    assert obstacles(one, both) == (
        f"the baseline has no record of {OTHER_CELL}; save a new one, or gate the others alone",
    )
    (message, *_) = obstacles(named(*MANY), one)
    assert "no record of cell-0, cell-1, cell-2, cell-3, cell-4 and 3 more;" in message


def test_a_difference_that_several_cells_share_is_told_once() -> None:
    assert len(obstacles(named(CELL, OTHER_CELL), named(CELL, OTHER_CELL, image_size=160))) == 1


def test_refused_cells_alone_are_nothing_to_judge_but_do_not_stand_in_the_way_of_another() -> None:
    assert obstacles(by_id(refused()), by_id(refused())) == (
        "no cell was measured on both sides, so there is nothing to judge",
    )
    side = by_id(refused()) | named(OTHER_CELL)
    assert obstacles(side, side) == ()


NOT_MEASURED = "top-1 is not judged where neither side has measured it:"


@pytest.mark.parametrize(
    ("baseline", "candidate", "note"),
    [
        (named(CELL, OTHER_CELL, accuracy=None), {}, f"{NOT_MEASURED} {CELL}, {OTHER_CELL}"),
        (named(*MANY, accuracy=None), {}, f"{NOT_MEASURED} {', '.join(MANY[:5])} and 3 more"),
        (by_id(a_record(cell=RANDOM)), {}, f"top-1 is not judged where the weights are random: {CELL}"),
        (by_id(a_record(cell=RANDOM, accuracy=None)), {}, f"top-1 is not judged where the weights are random: {CELL}"),
        (by_id(refused()), {}, f"nothing is judged where both sides are refused: {CELL} (by LiteRT)"),
        (by_id(refused()), by_id(refused("tflite")), f"nothing is judged where both sides are refused: {CELL} (by "),
    ],
)
def test_what_is_not_judged_is_one_note_for_each_reason(
    baseline: dict[str, Record], candidate: dict[str, Record], note: str
) -> None:
    (found,) = unjudged(baseline, candidate or baseline)
    assert found.startswith(note)


def test_what_is_judged_in_full_or_lacked_by_one_side_alone_is_no_note() -> None:
    for candidate in (named(CELL), named(CELL, accuracy=None), by_id(refused()), {}):
        assert unjudged(named(CELL), candidate) == ()
