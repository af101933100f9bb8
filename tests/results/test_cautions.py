"""Is each model of one's own said to be what it is taken as, and is a runtime that computes otherwise named?"""

from dataclasses import replace

import pytest

from fakes import a_record
from zoobench.matrix.interface import WARNING, Interface
from zoobench.results.cautions import cautions, taken_as
from zoobench.results.schema import Record, RecordedModel, ReferenceAgreement
from zoobench.system.units import three_digits

SEEN = "its outputs sum to one on 32 photos."
LOUD = f"{WARNING}its classes look permuted."


def of(interface: Interface | None, *, name: str = "mine") -> Record:
    record, model = a_record(), RecordedModel(sha256="ab" * 32, size_bytes=8, float_twin_size_bytes=8)
    cell = replace(record.cell, backbone=name)
    return replace(record, cell=cell, model=replace(model, interface=interface))


def test_what_a_model_is_taken_as_is_said_once_for_all_its_cells() -> None:
    interface = Interface(taken_as="classifier", scores="logits", pixels="0..1", remarks=(SEEN, LOUD))
    records = [of(interface), of(interface), of(None, name="mobilenet"), replace(a_record(), model=None)]
    assert taken_as(records) == ["mine: taken as a classifier: logits, pixels 0..1.", f"mine: {SEEN}"]
    assert cautions(records) == [f"{WARNING}mine: its classes look permuted."]


def test_networks_that_are_not_of_one_s_own_have_nothing_to_say() -> None:
    assert taken_as([of(None)]) == cautions([of(None)]) == []


def apart(variant: str, *, largest: float | None, mean: float | None) -> Record:
    record = a_record()
    assert record.accuracy
    agreement = ReferenceAgreement(
        cell="the-other", share=1.0, max_probability_difference=largest, mean_probability_difference=mean
    )
    cell = replace(record.cell, variant=variant, runtime="openvino", id=f"mobilenet-{variant}-openvino-t1")
    return replace(record, cell=cell, accuracy=replace(record.accuracy, agreement_with_reference=agreement))


@pytest.mark.parametrize(
    ("variant", "largest", "mean", "is_named"),
    [
        ("float32", 0.043, 0.002, True),
        ("float32", 0.0000053, 0.0000009, False),
        ("float16", 0.0011, 0.0001, True),
        ("keras", 0.0011, 0.0001, True),
        ("integer_only", 0.145, 0.014, False),
        ("dynamic_range", 0.047, 0.008, False),
        ("integer_only", 0.4, 0.06, True),
        ("w4_of_a_package", 0.043, 0.002, False),
        ("float32", None, None, False),
    ],
)
def test_a_runtime_that_computes_otherwise_is_named_though_no_class_differs(
    variant: str, largest: float | None, mean: float | None, is_named: bool
) -> None:
    found = cautions([apart(variant, largest=largest, mean=mean)])
    assert bool(found) is is_named
    for one in found:
        assert one.startswith(f"{WARNING}mobilenet-{variant}-openvino-t1 computes otherwise than the-other")
        assert f"up to {three_digits(largest)}" in one
