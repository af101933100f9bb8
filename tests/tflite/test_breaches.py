"""Is each label told from every other, and does a wrong one show what was promised and what was found?"""

from dataclasses import replace

import pytest

from modelfiles import labelled
from zoobench.matrix.promises import PROMISES
from zoobench.tflite.breaches import Breach, breaches, explained, labels_kept
from zoobench.tflite.contract import read_contract


def broken(label: str, *, file_of: str) -> dict[str, Breach]:
    """Returns the breaches of one label's promise by the file of another."""
    return {one.about: one for one in breaches(read_contract(labelled(file_of)), PROMISES[label])}


@pytest.mark.parametrize("label", PROMISES)
def test_a_file_is_what_its_own_label_promises_and_no_other(label: str) -> None:
    assert labels_kept(read_contract(labelled(label))) == (label,)


def test_a_float32_file_is_not_integer_only() -> None:
    found = broken("integer_only", file_of="float32")
    assert found.keys() == {
        *("inputs", "outputs", "weights", "layers", "activations"),
        "operators outside the integer set",
    }
    assert found["weights"] == Breach(
        about="weights", promised="at least 90.0 % of the bytes int8", found="100.0 % float32"
    )
    assert found["layers"] == Breach(about="layers", promised="all integer", found="4 float")


def test_a_dynamic_range_file_is_not_float_fallback() -> None:
    found = broken("float_fallback", file_of="dynamic_range")
    assert found["layers"].promised == "all integer"
    assert found["layers"].found == "3 hybrid, 1 float"
    assert found["activations"].promised == "all layers take int8"


def test_an_integer_file_with_float_outputs_is_not_integer_only() -> None:
    found = broken("integer_only", file_of="float_fallback")
    assert found.keys() == {"inputs", "outputs"}
    assert found["outputs"].promised == "uint8"
    assert found["outputs"].found.startswith("float32 (")


def test_one_float_output_alone_breaks_the_promise() -> None:
    contract = read_contract(labelled("integer_only"))
    (exit_,) = contract.outputs
    contract = replace(contract, outputs=(exit_, replace(exit_, name="features", type="float32")))
    (breach,) = breaches(contract, PROMISES["integer_only"])
    assert (breach.about, breach.found) == ("outputs", f"uint8 ({exit_.name}), float32 (features)")


def test_int8_and_uint8_edges_are_different_promises() -> None:
    assert broken("integer_only", file_of="integer_only_int8").keys() == {"inputs", "outputs"}
    assert broken("integer_only_int8", file_of="integer_only").keys() == {"inputs", "outputs"}


def test_scales_by_channel_are_not_scales_by_block() -> None:
    found = broken("dynamic_range_int4_block", file_of="dynamic_range_int4")
    assert found == {
        "scales of int4 weights": Breach(about="scales of int4 weights", promised="by block", found="3 by channel")
    }


def test_weight_only_is_not_dynamic_range() -> None:
    assert broken("dynamic_range", file_of="weight_only_int8")["layers"].found == "4 dequantized"
    assert broken("weight_only_int8", file_of="dynamic_range")["layers"].found == "3 hybrid, 1 float"


def test_a_float_operator_inside_an_integer_file_is_named() -> None:
    contract = replace(read_contract(labelled("integer_only")), outside_integer_set={"GELU": 2})
    (breach,) = breaches(contract, PROMISES["integer_only"])
    assert breach == Breach(about="operators outside the integer set", promised="none", found="2 GELU")


def test_the_explanation_shows_both_sides() -> None:
    breach = Breach(about="inputs", promised="uint8", found="float32 (image)")
    assert explained([breach], label="integer_only", file="a.tflite") == (
        "a.tflite is not what integer_only promises:\n  inputs\n    promised: uint8\n    found:    float32 (image)"
    )


def test_a_kept_promise_needs_no_explanation() -> None:
    assert explained([], label="integer_only", file="a.tflite") == ""
