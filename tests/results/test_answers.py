"""Are two cells' answers put side by side only where they are to the same samples?"""

from dataclasses import replace
from typing import Any

from fakes import a_cell, a_record
from zoobench.results.answers import answers_of, both_answers, float_twin
from zoobench.results.record import Record


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
