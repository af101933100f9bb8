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


def test_the_float_twin_is_the_cell_that_the_speed_up_was_measured_against() -> None:
    records = by_id({"variant": "float32"}, {"variant": "float32", "runtime": "openvino"})
    variant = a_record(cell=a_cell(runtime="openvino"))
    found = float_twin(variant, records)
    assert found is not None
    assert found.cell.id == "mobilenet-float32-litert-t1"  # as `a_record` has it


def test_where_no_time_was_measured_it_is_float32_of_the_same_runtime_or_of_litert() -> None:
    records = by_id({"variant": "float32"}, {"variant": "float32", "runtime": "openvino"})
    for runtime, twin in (("openvino", "openvino"), ("onnxruntime", "litert"), ("litert", "litert")):
        found = float_twin(a_record(cell=a_cell(runtime=runtime), latency=None), records)
        assert found is not None
        assert found.cell.id == f"mobilenet-float32-{twin}-t1"


def test_float32_has_no_twin_and_neither_has_what_was_measured_alone() -> None:
    records = by_id({"variant": "float32"})
    assert float_twin(next(iter(records.values())), records) is None
    assert float_twin(a_record(cell=a_cell(threads=4), latency=None), records) is None


@given(values=st.lists(st.integers(0, 65535)))
def test_what_is_encoded_is_decoded(values: list[int]) -> None:
    assert decode(encode(values)) == tuple(values)


def test_numbers_are_encoded_as_base64_of_little_endian_unsigned_shorts() -> None:
    assert encode([1, 258]) == base64.b64encode(b"\x01\x00\x02\x01").decode() == "AQACAQ=="
    assert base64.b64decode(encode([0, 40_000, 65_535])) == struct.pack("<3H", 0, 40_000, 65_535)


@pytest.mark.parametrize("value", [-1, 65_536])
def test_numbers_that_do_not_fit_are_not_encoded(value: int) -> None:
    with pytest.raises(OverflowError):
        encode([value])


def test_shares_are_encoded_in_units_of_one_65535th() -> None:
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


def scored(**changes: Any) -> Record:
    """Returns a record with another accuracy: 2 of 3 samples right unless changed."""
    accuracy = a_record().accuracy
    assert accuracy is not None
    return a_record(accuracy=replace(accuracy, **changes))


def predicted(**changes: str) -> Record:
    """Returns a record with other predictions."""
    accuracy = a_record().accuracy
    assert accuracy is not None
    return scored(predictions=replace(accuracy.predictions, **changes))


def begun(**changes: Any) -> Record:
    """Returns a record with another initialization."""
    startup = a_record().startup
    assert startup is not None
    return a_record(startup=replace(startup, initialization=replace(startup.initialization, **changes)))


def held(**changes: Any) -> Record:
    """Returns a record with other memory."""
    memory = a_record().memory
    assert memory is not None
    return a_record(memory=replace(memory, **changes))


def trained(**changes: Any) -> Record:
    """Returns a record with another training."""
    return a_record(training=a_training(**changes))


def test_a_record_of_the_program_agrees() -> None:
    check_agreement(a_record(), "place")
    check_agreement(a_record(accuracy=None), "place")
    check_agreement(a_record(startup=None, memory=None), "place")
    check_agreement(a_record(training=None), "place")
    check_agreement(trained(kept_epoch=None, learning_rate=(), seconds=None), "place")
    check_agreement(trained(validated=(), validation_loss=(), validation_accuracy=()), "place")
    check_agreement(trained(epochs=400), "place")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (
            a_record(cell=a_cell(id="mobilenet-integer_only-litert-t2")),
            "cell.id: received 'mobilenet-integer_only-litert-t2'; "
            "expected 'mobilenet-integer_only-litert-t1' from backbone, variant, runtime and threads",
        ),
        (scored(correct=4), "accuracy.correct: received 4; expected at most the 3 of accuracy.total"),
        (scored(total=4), "accuracy.total: received 4; expected the 3 of dataset.samples"),
        (scored(top1=0.66), "accuracy.top1: received 0.66; expected 2 / 3 of accuracy.correct and .total"),
        (
            scored(correct=3, top1=1.0),
            "accuracy.predictions: received 2; expected as many right ones as accuracy.correct, 3",
        ),
        (
            predicted(classes=encode([0, 1])),
            "accuracy.predictions.classes: received 2 values; expected 3, as in truth",
        ),
        (
            predicted(classes=encode([0, 1, 2])),
            "accuracy.predictions.classes: received class 2; expected 0 to 1",
        ),
        (
            predicted(truth=encode([0, 1, 9])),
            "accuracy.predictions.truth: received class 9; expected 0 to 1",
        ),
        (
            predicted(classes=encode([0]), probabilities=encode_shares([1]), truth=encode([0])),
            "accuracy.predictions.truth: received 1; expected one for each of the 3 of accuracy.total",
        ),
        (
            begun(p50_seconds=0.07),
            "startup.initialization.p50_seconds: received 0.07; expected 0.05, the median of observed_seconds",
        ),
        (
            begun(interval=(0.04, 0.06)),
            "startup.initialization.interval: received [0.04, 0.06]; expected two of what was observed",
        ),
        (
            held(peak_rss_bytes=56_050_000),
            "memory.peak_rss_bytes: received 56050000; expected 56000000, the median of observed_peak_rss_bytes",
        ),
        (
            held(base_rss_bytes=None),
            "memory.base_rss_bytes: received None; expected 40000000, the median of observed_base_rss_bytes",
        ),
        (
            held(observed_anonymous_bytes=()),
            "memory.anonymous_bytes: received 25000000; expected None, the median of observed_anonymous_bytes",
        ),
        (
            held(interval=(1, 99_000_000)),
            "memory.interval: received [1, 99000000]; expected two of what was observed",
        ),
        (
            held(base_rss_bytes=57_000_000, observed_base_rss_bytes=(57_000_000,)),
            "memory.base_rss_bytes: received 57000000; expected at most the peak, 56000000",
        ),
        (
            trained(loss=(2.5,)),
            "training.loss: received 1; expected 4 values, one for each epoch of shown",
        ),
        (
            trained(accuracy=()),
            "training.accuracy: received 0; expected 4 values, one for each epoch of shown",
        ),
        (
            trained(learning_rate=(0.001,)),
            "training.learning_rate: received 1; expected 4 values, one for each epoch of shown",
        ),
        (
            trained(validation_loss=(1.5, 1.0, 0.5)),
            "training.validation_loss: received 3; expected 2 values, one for each epoch of validated",
        ),
        (
            trained(validation_accuracy=()),
            "training.validation_accuracy: received 0; expected 2 values, one for each epoch of validated",
        ),
        (trained(epochs=3), "training.shown: received 4; expected at most the 3 of epochs"),
        (trained(validated=(2, 5)), "training.validated: received 5; expected at most the 4 of epochs"),
        (trained(kept_epoch=5), "training.kept_epoch: received 5; expected at most the 4 of epochs"),
        (
            predicted(probabilities="AAA"),
            "accuracy.predictions.probabilities: predictions are not base64: Incorrect padding",
        ),
    ],
)
def test_values_that_contradict_one_another_are_named(record: Record, why: str) -> None:
    assert refusal(record) == f"place.{why}"


def test_long_names_make_no_long_message() -> None:
    assert len(refusal(a_record(cell=a_cell(id="x", backbone="b" * 1_000_000)))) < 300
