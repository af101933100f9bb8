"""Is the nearest label the one that was meant, and is the usual cause named?"""

from dataclasses import replace

import pytest
from ai_edge_litert import schema_py_generated as schema

from modelfiles import labelled
from tflitefiles import edited
from zoobench.matrix.variants import SPECS
from zoobench.tflite.contract import Contract, labels_met, read_contract, violations
from zoobench.tflite.diagnosis import nearest_label, remarks


def contract(label: str) -> Contract:
    return read_contract(labelled(label))


def with_types(label: str, *, taken: str, given: str) -> Contract:
    found = contract(label)
    inputs, outputs = ((replace(side[0], type=kind),) for side, kind in ((found.inputs, taken), (found.outputs, given)))
    return replace(found, inputs=inputs, outputs=outputs)


def with_custom(name: bytes) -> Contract:
    """Returns the float32 file with a custom operator in the place of its softmax."""

    def edit(model: schema.ModelT) -> None:
        for code in model.operatorCodes:
            if code.builtinCode == schema.BuiltinOperator.SOFTMAX:
                code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
                code.customCode = name
        for operator in model.subgraphs[0].operators:
            if operator.builtinOptionsType == schema.BuiltinOptions.SoftmaxOptions:
                operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.NONE, None

    return read_contract(edited(labelled("float32"), edit))


def said(found: Contract) -> str:
    return " ".join(remarks(found, SPECS[nearest_label(found)[0]]))


@pytest.mark.parametrize("label", SPECS)
def test_a_file_that_meets_a_spec_is_nearest_to_it_and_nothing_is_said(label: str) -> None:
    found = contract(label)
    assert nearest_label(found) == (label, ())
    assert said(found) == ""


@pytest.mark.parametrize(
    ("taken", "given", "label", "words"),
    [
        ("uint8", "float32", "integer_only", "inference_input_type was set and inference_output_type was not"),
        ("int8", "float32", "integer_only_int8", "inference_input_type was set and inference_output_type was not"),
        ("float32", "uint8", "float_fallback", "inference_output_type was set and inference_input_type was not"),
        ("int8", "uint8", "integer_only_int8", "The input is int8 and the output uint8"),
    ],
)
def test_a_type_that_was_set_on_one_side_alone_is_named(taken: str, given: str, label: str, words: str) -> None:
    found = with_types("integer_only", taken=taken, given=given)
    near, violated = nearest_label(found)
    assert (labels_met(found), near, [one.about for one in violated]) == ((), label, ["outputs"])
    assert words in said(found)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b"FlexAdjustHue", "(Select TF): 1 FlexAdjustHue. LiteRT does not run the file"),
        (b"Glimpse", "1 Glimpse. LiteRT"),
    ],
)
def test_operators_that_litert_does_not_have_violate_every_spec(name: bytes, words: str) -> None:
    found = with_custom(name)
    assert labels_met(found) == ()
    assert nearest_label(found)[0] == "float32"
    assert violations(found, SPECS["float32"])[0].about == "operators that LiteRT does not have"
    assert words in said(found)


def test_a_custom_operator_that_litert_has_does_not() -> None:
    found = replace(contract("float32"), custom_operators={"TFLite_Detection_PostProcess": 1})
    assert labels_met(found) == ("float32",)


def test_of_equals_the_nearest_has_integer_weights_where_the_file_has() -> None:
    found = replace(contract("weight_only_int8"), weight_shares={"int4": 0.9, "float32": 0.1})
    assert nearest_label(found)[0] == "weight_only_int8"


def test_weights_of_tensorflow_1_get_a_word() -> None:
    found = contract("integer_only")
    layers = {replace(kind, weights="uint8", activations="uint8"): count for kind, count in found.layers.items()}
    legacy = replace(found, layers=layers, weight_bytes={"uint8": 9}, weight_shares={"uint8": 1.0})
    assert nearest_label(legacy)[0] == "integer_only"
    assert "uint8 weights of TensorFlow 1's quantizer" in said(legacy)


def test_a_file_with_one_layer_of_another_kind_is_nearest_to_what_the_others_are() -> None:
    found = contract("float_fallback")
    first, *rest = found.layers
    layers = {replace(first, computing="float", activations="float32"): 1, **dict.fromkeys(rest, 9)}
    mixed = replace(found, layers=layers, weight_shares={"int8": 0.75, "float32": 0.25})
    near, violated = nearest_label(mixed)
    assert near == "float_fallback"
    assert [one.about for one in violated] == ["weights", "layers", "activations"]


def test_what_tensorflow_1_or_a_detector_gives_is_no_forgotten_type() -> None:
    found = with_types("integer_only", taken="uint8", given="float32")
    assert "inference_" not in said(replace(found, custom_operators={"TFLite_Detection_PostProcess": 1}))


def test_a_small_network_of_dynamic_range_is_said_to_be_below_by_how_much() -> None:
    found = replace(contract("dynamic_range"), weight_shares={"int8": 0.61, "float32": 0.39})
    assert nearest_label(found)[0] == "dynamic_range"
    assert said(found).startswith("61.0 % of the weights' bytes are int8, 9.0 points less than required: TensorFlow's")
