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
from fakes import a_cell, a_record
from zoobench.errors import ResultsError
from zoobench.results.answers import (
    Answers,
    answers_of,
    both_answers,
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
