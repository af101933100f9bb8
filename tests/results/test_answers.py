"""Are two cells' answers put side by side only where they are to the same samples?"""

import base64
import struct
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from damage import FUZZ_INPUTS
from fakes import a_cell, a_record, a_training
from zoobench.errors import ResultsError
from zoobench.results.answers import (
    Answers,
    answers_of,
    both_answers,
    check_agreement,
    decode,
    encode,
    encode_shares,
    float_twin,
    unpack,
)
from zoobench.results.schema import Predictions, Record


def test_answers_are_those_of_the_record() -> None:
    answers = answers_of(a_record())
    assert answers is not None
    assert (answers.predicted, answers.truth) == ((0, 1, 1), (0, 1, 0))
    assert [round(one, 4) for one in answers.probability] == [0.5, 0.75, 1.0]


def test_what_was_not_measured_has_no_answers() -> None:
    assert answers_of(a_record(accuracy=None)) is None
    assert both_answers(a_record(accuracy=None), a_record()) is None


def test_answers_to_other_data_are_not_put_side_by_side() -> None:
    record = a_record()
    for changes in ({"sha256": "00" * 32}, {"classes": ("dog", "cat")}):
        other = replace(record, dataset=replace(record.dataset, **changes))
        assert both_answers(record, other) is None
    assert both_answers(record, record) == (answers_of(record), answers_of(record))


def by_id(*cells: dict[str, Any]) -> dict[str, Record]:
    records = [a_record(cell=a_cell(**changes)) for changes in cells]
    return {record.cell.id: record for record in records}


@pytest.mark.parametrize(
    ("cell", "has_time", "twin"),
    [
        ({"runtime": "openvino"}, True, "mobilenet-float32-litert-t1"),  # as the record's speed-up has it
        ({"runtime": "openvino"}, False, "mobilenet-float32-openvino-t1"),
        ({"runtime": "onnxruntime"}, False, "mobilenet-float32-litert-t1"),
        ({}, False, "mobilenet-float32-litert-t1"),
        ({"variant": "float32"}, False, None),
        ({"threads": 4}, False, None),
    ],
)
def test_the_float_twin_is_what_the_speed_up_is_over_or_the_nearest_float32(
    cell: dict[str, Any], has_time: bool, twin: str | None
) -> None:
    records = by_id({"variant": "float32"}, {"variant": "float32", "runtime": "openvino"})
    found = float_twin(a_record(cell=a_cell(**cell), **({} if has_time else {"latency": None})), records)
    assert (found.cell.id if found else None) == twin


@given(values=st.lists(st.integers(0, 65535)))
def test_what_is_encoded_is_decoded(values: list[int]) -> None:
    assert decode(encode(values)) == tuple(values)


def test_numbers_are_encoded_as_base64_of_little_endian_unsigned_shorts() -> None:
    assert encode([1, 258]) == base64.b64encode(b"\x01\x00\x02\x01").decode() == "AQACAQ=="
    assert base64.b64decode(encode([0, 40_000, 65_535])) == struct.pack("<3H", 0, 40_000, 65_535)
    for value in (-1, 65_536):
        with pytest.raises(OverflowError):
            encode([value])
    assert decode(encode_shares([0, 0.5, 1])) == (0, 32768, 65535)
    assert decode(encode_shares([-1e-9, 1.0000001])) == (0, 65535)


@given(shares=st.lists(st.floats(0, 1)))
def test_shares_keep_four_decimals(shares: list[float]) -> None:
    decoded = decode(encode_shares(shares))
    assert all(abs(one / 65535 - share) <= 0.5 / 65535 + 1e-12 for one, share in zip(decoded, shares, strict=True))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A", "predictions are not base64: "),
        ("AAA!", "predictions are not base64: "),
        ("AAA=\n", "predictions are not base64: "),
        ("été=", "predictions are not base64: "),
        ("AAAA", "predictions hold 3 bytes; expected an even number"),
    ],
)
def test_predictions_that_cannot_be_decoded_are_refused(text: str, why: str) -> None:
    with pytest.raises(ResultsError, match=f"^{why}"):
        decode(text)


@settings(max_examples=FUZZ_INPUTS)
@given(text=st.text())
def test_any_text_is_decoded_or_refused(text: str) -> None:
    with suppress(ResultsError):
        assert all(0 <= value <= 65535 for value in decode(text))


def predictions(**changes: str) -> Predictions:
    usual = {"classes": encode([0, 2]), "probabilities": encode_shares([0, 1]), "truth": encode([1, 2])}
    return Predictions(**{**usual, **changes})


def test_predictions_are_unpacked_as_numbers() -> None:
    expected = Answers(predicted=(0, 2), probability=(0.0, 1.0), truth=(1, 2))
    assert unpack(predictions(), classes=3) == expected


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"classes": "AAA!"}, "classes: predictions are not base64: "),
        ({"truth": "AAAA"}, "truth: predictions hold 3 bytes; expected an even number"),
        ({"classes": encode([0])}, "classes: received 1 values; expected 2, as in truth"),
        ({"probabilities": ""}, "probabilities: received 0 values; expected 2, as in truth"),
        ({"truth": encode([1, 2, 0])}, "classes: received 2 values; expected 3, as in truth"),
        ({"classes": encode([0, 3])}, "classes: received class 3; expected 0 to 2"),
        ({"truth": encode([65_535, 0])}, "truth: received class 65535; expected 0 to 2"),
    ],
)
def test_predictions_that_do_not_fit_together_are_refused_by_their_key(changes: dict[str, str], why: str) -> None:
    with pytest.raises(ResultsError, match=f"^{why}"):
        unpack(predictions(**changes), classes=3)


near_base64 = st.text("AB/+=", max_size=8) | st.binary(max_size=8).map(lambda raw: base64.b64encode(raw).decode())


@settings(max_examples=FUZZ_INPUTS)
@given(classes=near_base64 | st.text(), probabilities=near_base64, truth=near_base64, count=st.integers(1, 70_000))
def test_any_predictions_are_unpacked_or_refused(classes: str, probabilities: str, truth: str, count: int) -> None:
    with suppress(ResultsError):
        answers = unpack(Predictions(classes=classes, probabilities=probabilities, truth=truth), classes=count)
        assert len(answers.predicted) == len(answers.probability) == len(answers.truth)
        assert all(0 <= index < count for index in answers.predicted + answers.truth)
        assert all(0 <= probability <= 1 for probability in answers.probability)


def refusal(record: Record) -> str:
    with pytest.raises(ResultsError) as caught:
        check_agreement(record, "place")
    return str(caught.value)


def changed(part: str, **changes: Any) -> Record:
    """Returns a record another part of which is different, such as `startup.initialization`."""
    record = a_record(training=a_training())
    outer, _, inner = part.partition(".")
    value = getattr(record, outer)
    if inner:
        changes = {inner: replace(getattr(value, inner), **changes)}
    return replace(record, **{outer: replace(value, **changes)})


def test_a_record_of_the_program_agrees() -> None:
    check_agreement(a_record(), "place")
    check_agreement(a_record(accuracy=None, startup=None, memory=None, training=None, latency=None), "place")
    check_agreement(changed("training", kept_epoch=None, learning_rate=(), seconds=None), "place")
    check_agreement(changed("training", validated=(), validation_loss=(), validation_accuracy=()), "place")
    check_agreement(changed("training", epochs=400), "place")


PREDICTED, BEGUN = "accuracy.predictions", "startup.initialization"


@pytest.mark.parametrize(
    ("part", "changes", "why"),
    [
        (
            "cell",
            {"id": "a-litert-t2"},
            ".id: received 'a-litert-t2'; expected 'mobilenet-integer_only-litert-t1' from",
        ),
        ("accuracy", {"correct": 4}, ".correct: received 4; expected at most the 3 of accuracy.total"),
        ("accuracy", {"total": 4}, ".total: received 4; expected the 3 of dataset.samples"),
        ("accuracy", {"top1": 0.66}, ".top1: received 0.66; expected 2 / 3 of accuracy.correct and .total"),
        ("accuracy", {"correct": 3, "top1": 1.0}, ".predictions: received 2; expected as many right ones as accuracy."),
        (PREDICTED, {"classes": encode([0, 1])}, ".classes: received 2 values; expected 3, as in truth"),
        (PREDICTED, {"classes": encode([0, 1, 2])}, ".classes: received class 2; expected 0 to 1"),
        (PREDICTED, {"truth": encode([0, 1, 9])}, ".truth: received class 9; expected 0 to 1"),
        (PREDICTED, {"probabilities": "AAA"}, ".probabilities: predictions are not base64: Incorrect padding"),
        (
            PREDICTED,
            {"classes": encode([0]), "probabilities": encode_shares([1]), "truth": encode([0])},
            ".truth: received 1; expected one for each of the 3 of accuracy.total",
        ),
        (BEGUN, {"p50_seconds": 0.07}, ".p50_seconds: received 0.07; expected 0.05, the median of observed_seconds"),
        (BEGUN, {"interval": (0.04, 0.06)}, ".interval: received [0.04, 0.06]; expected two of what was observed"),
        ("memory", {"peak_rss_bytes": 56_050_000}, ".peak_rss_bytes: received 56050000; expected 56000000, the median"),
        ("memory", {"base_rss_bytes": None}, ".base_rss_bytes: received None; expected 40000000, the median of"),
        ("memory", {"observed_anonymous_bytes": ()}, ".anonymous_bytes: received 25000000; expected None, the median"),
        ("memory", {"interval": (1, 99_000_000)}, ".interval: received [1, 99000000]; expected two of what was"),
        (
            "memory",
            {"base_rss_bytes": 57_000_000, "observed_base_rss_bytes": (57_000_000,)},
            ".base_rss_bytes: received 57000000; expected at most the peak, 56000000",
        ),
        ("training", {"loss": (2.5,)}, ".loss: received 1; expected 4 values, one for each epoch of shown"),
        ("training", {"accuracy": ()}, ".accuracy: received 0; expected 4 values, one for each epoch of shown"),
        ("training", {"learning_rate": (0.001,)}, ".learning_rate: received 1; expected 4 values, one for each epoch"),
        (
            "training",
            {"validation_loss": (1.5, 1, 0.5)},
            ".validation_loss: received 3; expected 2 values, one for each",
        ),
        ("training", {"validation_accuracy": ()}, ".validation_accuracy: received 0; expected 2 values, one for each"),
        ("training", {"epochs": 3}, ".shown: received 4; expected at most the 3 of epochs"),
        ("training", {"validated": (2, 5)}, ".validated: received 5; expected at most the 4 of epochs"),
        ("training", {"kept_epoch": 5}, ".kept_epoch: received 5; expected at most the 4 of epochs"),
    ],
)
def test_values_that_contradict_one_another_are_named(part: str, changes: dict[str, Any], why: str) -> None:
    assert refusal(changed(part, **changes)).startswith(f"place.{part}{why}")


def test_long_names_make_no_long_message() -> None:
    assert len(refusal(a_record(cell=a_cell(id="x", backbone="b" * 1_000_000)))) < 300
