"""Is what is read from a file what is in it, counted by hand?"""

import json
from dataclasses import fields, replace

import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from modelfiles import labelled
from zoobench.matrix.variants import SPECS
from zoobench.tflite.contract import (
    Contract,
    LayerKind,
    Violation,
    describe_violations,
    labels_met,
    plain,
    read_contract,
    violations,
)

SMALL_WEIGHTS = 6 * 3 * 3 * 3 + 3 * 3 * 6 + 256 * 6 + 256 * 3  # convolution, depthwise, pointwise, dense
"""Values in the kernels of the small classifier; the rescaling is folded into the first."""


def contract(label: str) -> Contract:
    return read_contract(labelled(label))


def edited(label: str) -> schema.ModelT:
    return flatbuffer_utils.read_model_from_bytearray(bytearray(labelled(label)))


def written(model: schema.ModelT) -> bytes:
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


@pytest.mark.parametrize(
    ("label", "sizes"),
    [
        ("float32", {"float32": 4 * SMALL_WEIGHTS}),
        ("weight_only_int8", {"int8": SMALL_WEIGHTS}),
        ("dynamic_range", {"float32": 4 * 54, "int8": SMALL_WEIGHTS - 54}),
        ("dynamic_range_int4", {"float32": 4 * 54, "int4": (SMALL_WEIGHTS - 54) // 2}),
        ("integer_only", {"int8": SMALL_WEIGHTS}),
    ],
)
def test_weights_are_counted_in_bytes_as_they_are_stored(label: str, sizes: dict[str, int]) -> None:
    found = contract(label)
    assert found.weight_bytes == sizes
    assert found.weight_shares == {kind: size / sum(sizes.values()) for kind, size in sizes.items()}


@pytest.mark.parametrize(
    ("label", "biases"),
    [("float32", {"float32": 4 * 268}), ("integer_only", {"int32": 4 * 268}), ("int16x8", {"int64": 8 * 268})],
)
def test_biases_are_apart_whatever_their_type(label: str, biases: dict[str, int]) -> None:
    assert contract(label).bias_bytes == biases, "6 + 6 + 256 values; the dense layer's are zero and left out"


def test_axes_and_the_scales_of_blocks_are_no_weights() -> None:
    assert contract("float32").other_constant_bytes == {"int32": 2 * 4}  # of the mean over height and width
    found = contract("dynamic_range_int4_block")
    assert found.weight_bytes["int4"] == 256 * 3 // 2
    assert found.other_constant_bytes["float16"] == 2 * 3 * 256 // 32


def test_scales_and_slopes_are_no_weights() -> None:
    model = edited("float32")
    (graph,) = model.subgraphs
    dense = next(one for one in graph.operators if len(one.inputs) > 1 and graph.tensors[one.inputs[1]].shape[0] == 3)
    code = schema.BuiltinOperator.MUL
    model.operatorCodes.append(schema.OperatorCodeT(deprecatedBuiltinCode=code, builtinCode=code))
    dense.opcodeIndex = len(model.operatorCodes) - 1
    found = read_contract(written(model))
    assert found.weight_bytes == {"float32": 4 * (SMALL_WEIGHTS - 3 * 256)}
    assert found.other_constant_bytes["float32"] == 4 * 3 * 256


def test_a_buffer_that_two_tensors_share_counts_once() -> None:
    model = edited("float32")
    (graph,) = model.subgraphs
    dense = next(one for one in graph.operators if len(one.inputs) > 1 and graph.tensors[one.inputs[1]].shape[0] == 3)
    twin = flatbuffer_utils.copy.deepcopy(graph.tensors[dense.inputs[1]])
    graph.tensors.append(twin)
    again = flatbuffer_utils.copy.deepcopy(dense)
    again.inputs[1] = len(graph.tensors) - 1
    graph.operators.append(again)
    found = read_contract(written(model))
    assert found.operators["FULLY_CONNECTED"] == 2
    assert found.weight_bytes == contract("float32").weight_bytes


def test_inputs_and_outputs_come_with_their_quantization() -> None:
    found = contract("integer_only")
    (entry,), (exit_,) = found.inputs, found.outputs
    assert (entry.type, entry.shape, entry.scale, entry.zero_point) == ("uint8", (1, 24, 24, 3), 1.0, 0)
    assert (exit_.type, exit_.shape, exit_.scale, exit_.zero_point) == ("uint8", (1, 3), 1 / 256, 0)
    assert contract("float_fallback").inputs[0].scale is None


@pytest.mark.parametrize(
    ("label", "quantize", "dequantize"),
    [
        ("float_fallback", {"input": 1}, {"output": 1}),
        ("integer_only", {"input": 1, "output": 1}, {}),
        ("weight_only_int8", {}, {"weights": 4}),
    ],
)
def test_conversions_are_told_apart_by_their_place(
    label: str, quantize: dict[str, int], dequantize: dict[str, int]
) -> None:
    assert (contract(label).quantize, contract(label).dequantize) == (quantize, dequantize)


def test_operators_that_compute_in_float_are_outside_the_integer_set() -> None:
    assert contract("integer_only").outside_integer_set == contract("float_fallback").outside_integer_set == {}
    assert contract("float32").outside_integer_set == contract("float32").operators
    assert contract("dynamic_range").outside_integer_set["CONV_2D"] == 2


def test_a_custom_operator_is_outside_the_integer_set_and_no_obstacle() -> None:
    model = edited("integer_only_int8")
    softmax = next(one for one in model.operatorCodes if one.builtinCode == schema.BuiltinOperator.SOFTMAX)
    softmax.builtinCode = softmax.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    softmax.customCode = b"Softer\x1b[31m"
    for operator in model.subgraphs[0].operators:
        if model.operatorCodes[operator.opcodeIndex] is softmax:
            operator.builtinOptions, operator.builtinOptionsType = None, 0
    found = read_contract(written(model))
    assert found.outside_integer_set == {"Softer?[31m": 1}


def test_layers_are_told_by_what_they_store_and_how_they_compute() -> None:
    kinds = contract("dynamic_range").layers
    hybrid = {"weights": "int8", "granularity": "channel", "activations": "float32", "computing": "hybrid"}
    plain_float = {"weights": "float32", "granularity": "none", "activations": "float32", "computing": "float"}
    assert kinds == {
        LayerKind(operator="CONV_2D", **hybrid): 2,
        LayerKind(operator="DEPTHWISE_CONV_2D", **plain_float): 1,
        LayerKind(operator="FULLY_CONNECTED", **hybrid): 1,
    }


def test_a_tensor_that_nothing_uses_is_not_counted() -> None:
    model = edited("integer_only")
    left_over = schema.TensorT()
    left_over.shape, left_over.name, left_over.type = [1, 3], b"seam", schema.TensorType.FLOAT32
    model.subgraphs[0].tensors.append(left_over)
    assert "float32" not in read_contract(written(model)).tensors


def test_a_contract_is_plain_json() -> None:
    found = contract("dynamic_range")
    assert plain(found) == json.loads(json.dumps(plain(found)))
    assert plain(found).keys() == {field.name for field in fields(found)}
    assert plain(found)["layers"][0]["kind"]["computing"] == "hybrid"


def broken(label: str, *, file_of: str) -> dict[str, Violation]:
    """Returns the violations of one label's spec by the file of another."""
    return {one.about: one for one in violations(read_contract(labelled(file_of)), SPECS[label])}


@pytest.mark.parametrize("label", SPECS)
def test_a_file_meets_the_spec_of_its_own_label_and_no_other(label: str) -> None:
    assert labels_met(read_contract(labelled(label))) == (label,)


@pytest.mark.parametrize(
    ("label", "file_of", "expected"),
    [
        (
            *("integer_only", "float32"),
            {
                "inputs": ("uint8", None),
                "outputs": ("uint8", None),
                "weights": ("at least 90.0 % of the bytes int8", "100.0 % float32"),
                "layers": ("all integer", "4 float"),
                "activations": ("all layers take int8", "4 float32"),
                "operators outside the integer set": ("none", None),
            },
        ),
        ("integer_only", "float_fallback", {"inputs": ("uint8", None), "outputs": ("uint8", None)}),
        ("integer_only", "integer_only_int8", {"inputs": ("uint8", None), "outputs": ("uint8", None)}),
        ("integer_only_int8", "integer_only", {"inputs": ("int8", None), "outputs": ("int8", None)}),
        ("dynamic_range_int4_block", "dynamic_range_int4", {"scales of int4 weights": ("by block", "3 by channel")}),
    ],
)
def test_a_file_of_another_label_violates_what_differs_with_both_sides_shown(
    label: str, file_of: str, expected: dict[str, tuple[str, str | None]]
) -> None:
    found = broken(label, file_of=file_of)
    assert list(found) == list(expected)
    for about, (required, told) in expected.items():
        assert found[about].required == required
        assert told in (None, found[about].found)


@pytest.mark.parametrize(
    ("label", "file_of", "told"),
    [
        ("float_fallback", "dynamic_range", "3 hybrid, 1 float"),
        ("dynamic_range", "weight_only_int8", "4 dequantized"),
        ("weight_only_int8", "dynamic_range", "3 hybrid, 1 float"),
    ],
)
def test_layers_that_compute_otherwise_are_counted(label: str, file_of: str, told: str) -> None:
    assert broken(label, file_of=file_of)["layers"].found == told


def test_one_float_output_alone_breaks_the_spec() -> None:
    contract = read_contract(labelled("integer_only"))
    (exit_,) = contract.outputs
    contract = replace(contract, outputs=(exit_, replace(exit_, name="features", type="float32")))
    (violation,) = violations(contract, SPECS["integer_only"])
    assert (violation.about, violation.found) == ("outputs", f"uint8 ({exit_.name}), float32 (features)")


def test_a_float_operator_inside_an_integer_file_is_named() -> None:
    contract = replace(read_contract(labelled("integer_only")), outside_integer_set={"GELU": 2})
    (violation,) = violations(contract, SPECS["integer_only"])
    assert violation == Violation(about="operators outside the integer set", required="none", found="2 GELU")


def test_the_explanation_shows_both_sides() -> None:
    violation = Violation(about="inputs", required="uint8", found="float32 (image)")
    assert describe_violations([], label="integer_only", file="a.tflite") == ""
    assert describe_violations([violation], label="integer_only", file="a.tflite") == (
        "a.tflite does not meet the spec of integer_only:\n  inputs\n    required: uint8\n    found:    float32 (image)"
    )
