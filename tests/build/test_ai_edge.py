"""Does AI Edge Quantizer do well with what we set for it?"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from networks import (
    answers,
    drawings,
    lively_float32,
    noise,
    one_by_one,
    opened,
    stored,
    tiny_features,
    tiny_head,
)
from zoobench.build import ai_edge, conversion
from zoobench.build.guards import Statistics
from zoobench.build.network import assembled
from zoobench.errors import ModelError
from zoobench.matrix.variants import NumberType

IO_TYPES: tuple[NumberType, ...] = ("float32", "uint8", "int8")


def message(call: Callable[[], object]) -> str:
    with pytest.raises(ModelError) as caught:
        call()
    return str(caught.value)


def stored_weights(content: bytes) -> Iterator[tuple[str, str]]:
    """Yields the kind and the kernel's number type of each layer that has a kernel."""
    kinds = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
    types = {schema.TensorType.FLOAT32: "float32", schema.TensorType.INT8: "int8", schema.TensorType.INT4: "int4"}
    model = schema.ModelT.InitFromPackedBuf(content)
    (graph,) = model.subgraphs
    for operator in graph.operators:
        kind = kinds[model.operatorCodes[operator.opcodeIndex].builtinCode]
        if kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            yield kind, types[graph.tensors[operator.inputs[1]].type]


@pytest.fixture(scope="module")
def tiny() -> bytes:
    return conversion.float32(assembled(tiny_features(channels=256), tiny_head(inputs=256)))


@pytest.fixture(scope="module")
def tiny_statistics(tiny: bytes) -> Statistics:
    return ai_edge.calibrated(tiny, one_by_one(noise(4)))


# Dynamic range


def test_depthwise_convolutions_stay_float_and_all_else_is_int8(tiny: bytes) -> None:
    assert list(stored_weights(ai_edge.dynamic_range(tiny))) == [
        ("CONV_2D", "int8"),
        ("DEPTHWISE_CONV_2D", "float32"),
        ("CONV_2D", "int8"),
        ("FULLY_CONNECTED", "int8"),
    ]


def test_a_dynamic_range_file_answers_nearly_as_the_float_one(tiny: bytes) -> None:
    content = ai_edge.dynamic_range(tiny)
    np.testing.assert_allclose(answers(content, noise(6)), answers(tiny, noise(6)), atol=0.05)
    details = opened(content)
    assert details.get_input_details()[0]["dtype"] == details.get_output_details()[0]["dtype"] == np.float32


@pytest.mark.slow
def test_a_dynamic_range_mobilenet_is_a_third_as_large() -> None:
    content = ai_edge.dynamic_range(lively_float32())
    assert set(stored_weights(content)) == {
        ("CONV_2D", "int8"),
        ("DEPTHWISE_CONV_2D", "float32"),
        ("FULLY_CONNECTED", "int8"),
    }
    assert len(content) < 0.37 * len(lively_float32())


# Files that store less


def test_float16_halves_the_file_and_answers_nearly_as_the_float_one(tiny: bytes) -> None:
    content = ai_edge.float16(tiny)
    assert len(content) < 0.8 * len(tiny)
    np.testing.assert_allclose(answers(content, noise(6)), answers(tiny, noise(6)), atol=0.01)


def test_weight_only_answers_nearly_as_the_float_one(tiny: bytes) -> None:
    np.testing.assert_allclose(answers(ai_edge.weight_only(tiny), noise(6)), answers(tiny, noise(6)), atol=0.05)


def test_int4_by_channel_is_for_all_but_depthwise_convolutions(tiny: bytes) -> None:
    content = ai_edge.dynamic_range_int4(tiny)
    assert [type_ for _, type_ in stored_weights(content)] == ["int4", "float32", "int4", "int4"]
    assert np.isfinite(answers(content, noise(2))).all()


def test_int4_by_block_is_for_dense_layers_and_all_else_is_dynamic_range(tiny: bytes) -> None:
    content = ai_edge.dynamic_range_int4_block(tiny)
    assert [type_ for _, type_ in stored_weights(content)] == ["int8", "float32", "int8", "int4"]
    np.testing.assert_allclose(answers(content, noise(6)), answers(tiny, noise(6)), atol=0.2)


def test_int16x8_answers_nearer_to_the_float_file_than_int8(tiny: bytes, tiny_statistics: Statistics) -> None:
    fine, coarse = ai_edge.int16x8(tiny, tiny_statistics), ai_edge.integer(tiny, tiny_statistics, io="float32")
    off_fine, off_coarse = (np.abs(answers(one, noise(6)) - answers(tiny, noise(6))).mean() for one in (fine, coarse))
    assert off_fine < off_coarse


# Integer files


@pytest.mark.parametrize("io", IO_TYPES)
def test_input_and_output_are_of_the_type_asked_for(tiny: bytes, tiny_statistics: Statistics, io: NumberType) -> None:
    interpreter = opened(ai_edge.integer(tiny, tiny_statistics, io=io))
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert entry["dtype"] == exit_["dtype"] == np.dtype(io)
    floats = [one["name"] for one in interpreter.get_tensor_details() if one["dtype"] == np.float32]
    assert len(floats) == (2 if io == "float32" else 0), floats


def test_uint8_input_takes_pixels_as_they_are(tiny: bytes, tiny_statistics: Statistics) -> None:
    interpreter = opened(ai_edge.integer(tiny, tiny_statistics, io="uint8"))
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert entry["quantization"] == (1.0, 0)
    assert exit_["quantization"] == (1 / 256, 0)


def test_all_kernels_are_int8(tiny: bytes, tiny_statistics: Statistics) -> None:
    kernels = list(stored_weights(ai_edge.integer(tiny, tiny_statistics, io="float32")))
    assert [dtype for _, dtype in kernels] == ["int8"] * 4


def test_the_integer_types_differ_only_at_the_edge(tiny: bytes, tiny_statistics: Statistics) -> None:
    unsigned, signed = (
        stored(ai_edge.integer(tiny, tiny_statistics, io=io), noise(6)).astype(int) for io in ("uint8", "int8")
    )
    np.testing.assert_array_equal(unsigned, signed + 128)


def test_integer_answers_are_near_the_float_ones(tiny: bytes, tiny_statistics: Statistics) -> None:
    content = ai_edge.integer(tiny, tiny_statistics, io="float32")
    np.testing.assert_allclose(answers(content, noise(6)), answers(tiny, noise(6)), atol=0.05)


def test_quantizing_leaves_the_statistics_as_they_were(tiny: bytes, tiny_statistics: Statistics) -> None:
    """So that they serve for the next variant."""
    first = ai_edge.integer(tiny, tiny_statistics, io="uint8")
    ai_edge.integer(tiny, tiny_statistics, io="float32")
    assert ai_edge.integer(tiny, tiny_statistics, io="uint8") == first


def test_without_statistics_it_is_an_error_that_says_so(tiny: bytes) -> None:
    text = message(lambda: ai_edge.integer(tiny, {}, io="uint8"))
    assert text.startswith("AI Edge Quantizer cannot quantize the float32 model: ")


def test_the_range_of_a_tensor_is_that_over_all_images_whatever_their_order(tiny: bytes) -> None:
    images = np.concatenate([np.full((1, 24, 24, 3), level, np.uint8) for level in (40, 200, 7)])
    forwards, backwards = (ai_edge.calibrated(tiny, one_by_one(order)) for order in (images, images[::-1]))
    (entry,) = opened(tiny).get_input_details()
    assert [float(np.ravel(forwards[entry["name"]][edge])[0]) for edge in ("min", "max")] == [7, 200]
    assert forwards.keys() == backwards.keys()
    for name, seen in forwards.items():
        np.testing.assert_array_equal(seen["min"], backwards[name]["min"])
        np.testing.assert_array_equal(seen["max"], backwards[name]["max"])


@pytest.mark.slow
def test_both_quantizers_make_mobilenet_alike() -> None:
    """Each is off the float answers by its own rounding; they are much nearer to each other than to a guess."""
    images = drawings(20)[0]
    ours = ai_edge.integer(lively_float32(), ai_edge.calibrated(lively_float32(), one_by_one(images)), io="uint8")
    theirs = conversion.integer(conversion.calibrated(lively_float32(), lambda: one_by_one(images)), io="uint8")
    assert abs(len(ours) / len(theirs) - 1) < 0.05
    assert np.abs(answers(ours, images) - answers(theirs, images)).mean() < 0.05


# Every runtime


def quantized_files(content: bytes, statistics: Statistics) -> Iterator[bytes]:
    yield ai_edge.float16(content)
    yield ai_edge.dynamic_range(content)
    yield from (ai_edge.integer(content, statistics, io=io) for io in IO_TYPES)


def test_every_constant_stands_in_the_flatbuffer_and_every_operator_is_named_twice(
    tiny: bytes, tiny_statistics: Statistics
) -> None:
    for content in quantized_files(tiny, tiny_statistics):
        model = schema.ModelT.InitFromPackedBuf(content)
        assert {(buffer.offset, buffer.size) for buffer in model.buffers} == {(0, 0)}
        assert sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None) > 1024
        assert all(code.deprecatedBuiltinCode == min(code.builtinCode, 127) for code in model.operatorCodes)


def test_openvino_reads_every_file(tiny: bytes, tiny_statistics: Statistics, tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino", reason="needs pip install openvino")
    core = openvino.Core()
    path = tmp_path / "model.tflite"
    for content in quantized_files(tiny, tiny_statistics):
        path.write_bytes(content)
        assert len(core.read_model(path).inputs) == 1
