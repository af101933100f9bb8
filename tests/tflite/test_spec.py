"""Is each label told from every other, and does a wrong one show what was promised and what was found?"""

from dataclasses import replace

import pytest

from modelfiles import labelled
from zoobench.matrix.specs import SPECS
from zoobench.tflite.contract import read_contract
from zoobench.tflite.spec import Violation, describe_violations, labels_met, violations


def broken(label: str, *, file_of: str) -> dict[str, Violation]:
    """Returns the violations of one label's promise by the file of another."""
    return {one.about: one for one in violations(read_contract(labelled(file_of)), SPECS[label])}


@pytest.mark.parametrize("label", SPECS)
def test_a_file_is_what_its_own_label_promises_and_no_other(label: str) -> None:
    assert labels_met(read_contract(labelled(label))) == (label,)


def test_a_float32_file_is_not_integer_only() -> None:
    found = broken("integer_only", file_of="float32")
    assert found.keys() == {
        *("inputs", "outputs", "weights", "layers", "activations"),
        "operators outside the integer set",
    }
    assert found["weights"] == Violation(
        about="weights", required="at least 90.0 % of the bytes int8", found="100.0 % float32"
    )
    assert found["layers"] == Violation(about="layers", required="all integer", found="4 float")


def test_a_dynamic_range_file_is_not_float_fallback() -> None:
    found = broken("float_fallback", file_of="dynamic_range")
    assert found["layers"].required == "all integer"
    assert found["layers"].found == "3 hybrid, 1 float"
    assert found["activations"].required == "all layers take int8"


def test_an_integer_file_with_float_outputs_is_not_integer_only() -> None:
    found = broken("integer_only", file_of="float_fallback")
    assert found.keys() == {"inputs", "outputs"}
    assert found["outputs"].required == "uint8"
    assert found["outputs"].found.startswith("float32 (")


def test_one_float_output_alone_breaks_the_promise() -> None:
    contract = read_contract(labelled("integer_only"))
    (exit_,) = contract.outputs
    contract = replace(contract, outputs=(exit_, replace(exit_, name="features", type="float32")))
    (violation,) = violations(contract, SPECS["integer_only"])
    assert (violation.about, violation.found) == ("outputs", f"uint8 ({exit_.name}), float32 (features)")


def test_int8_and_uint8_edges_are_different_promises() -> None:
    assert broken("integer_only", file_of="integer_only_int8").keys() == {"inputs", "outputs"}
    assert broken("integer_only_int8", file_of="integer_only").keys() == {"inputs", "outputs"}


def test_scales_by_channel_are_not_scales_by_block() -> None:
    found = broken("dynamic_range_int4_block", file_of="dynamic_range_int4")
    assert found == {
        "scales of int4 weights": Violation(about="scales of int4 weights", required="by block", found="3 by channel")
    }


def test_weight_only_is_not_dynamic_range() -> None:
    assert broken("dynamic_range", file_of="weight_only_int8")["layers"].found == "4 dequantized"
    assert broken("weight_only_int8", file_of="dynamic_range")["layers"].found == "3 hybrid, 1 float"


def test_a_float_operator_inside_an_integer_file_is_named() -> None:
    contract = replace(read_contract(labelled("integer_only")), outside_integer_set={"GELU": 2})
    (violation,) = violations(contract, SPECS["integer_only"])
    assert violation == Violation(about="operators outside the integer set", required="none", found="2 GELU")


def test_the_explanation_shows_both_sides() -> None:
    violation = Violation(about="inputs", required="uint8", found="float32 (image)")
    assert describe_violations([violation], label="integer_only", file="a.tflite") == (
        "a.tflite is not what integer_only promises:\n  inputs\n    required: uint8\n    found:    float32 (image)"
    )


def test_a_kept_promise_needs_no_explanation() -> None:
    assert describe_violations([], label="integer_only", file="a.tflite") == ""
