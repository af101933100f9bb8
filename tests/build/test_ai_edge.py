"""Does AI Edge Quantizer do well with what we set for it?"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import (
    Floats,
    answers,
    drawings,
    lively_float32,
    noise,
    one_by_one,
    opened,
    tiny_features,
    tiny_head,
)
from zoobench.build import ai_edge, conversion
from zoobench.build.ai_edge import BIAS_LIMIT, INT8_STEPS, INT16_STEPS, Range, Statistics, guarded, off_powers_of_two
from zoobench.build.network import assembled
from zoobench.errors import ModelError
from zoobench.matrix.variants import SPECS, NumberType
from zoobench.tflite.contract import read_contract, violations

IO_TYPES: tuple[NumberType, ...] = ("float32", "uint8", "int8")


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


@pytest.mark.parametrize(
    ("make", "kernels", "tolerance"),
    [
        (ai_edge.float16, None, 0.01),
        (ai_edge.weight_only, None, 0.05),
        (ai_edge.dynamic_range, ["int8", "float32", "int8", "int8"], 0.05),
        (ai_edge.dynamic_range_int4, ["int4", "float32", "int4", "int4"], 1.0),
        (ai_edge.dynamic_range_int4_block, ["int8", "float32", "int8", "int4"], 0.2),
    ],
)
def test_a_file_that_stores_less_answers_nearly_as_the_float_one_its_depthwise_convolutions_float_where_they_compute(
    tiny: bytes, make: Callable[[bytes], bytes], kernels: list[str] | None, tolerance: float
) -> None:
    content = make(tiny)
    assert len(content) < 0.8 * len(tiny)
    assert kernels is None or [type_ for _, type_ in stored_weights(content)] == kernels
    np.testing.assert_allclose(answers(content, noise(6)), answers(tiny, noise(6)), atol=tolerance)
    details = opened(content)
    assert details.get_input_details()[0]["dtype"] == details.get_output_details()[0]["dtype"] == np.float32


@pytest.fixture(scope="module")
def depthwise() -> bytes:
    """Nearly all its weights are those of a depthwise convolution."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((24, 24, 3))
    maps = keras.layers.Conv2D(16, 1)(keras.layers.Rescaling(1 / 255)(pixels))
    maps = keras.layers.DepthwiseConv2D(7, padding="same", activation="relu")(maps)
    dense = keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling2D()(maps))
    return conversion.float32(keras.Model(pixels, dense))


def test_depthwise_convolutions_are_quantized_where_the_file_would_not_be_what_it_is_labelled(depthwise: bytes) -> None:
    content = ai_edge.dynamic_range(depthwise)
    assert not violations(read_contract(content), SPECS["dynamic_range"])
    assert {type_ for _, type_ in stored_weights(content)} == {"int8"}
    np.testing.assert_allclose(answers(content, noise(6)), answers(depthwise, noise(6)), atol=0.01)


def test_int4_is_refused_where_the_weights_are_those_of_depthwise_convolutions(depthwise: bytes) -> None:
    with pytest.raises(
        ModelError, match=r"for DEPTHWISE_CONV_2D, which .*: weights: 9\d\.\d % float32, .* int4 \(required"
    ):
        ai_edge.dynamic_range_int4(depthwise)


@pytest.mark.slow
def test_a_dynamic_range_mobilenet_is_a_third_as_large() -> None:
    content = ai_edge.dynamic_range(lively_float32())
    kinds = {("CONV_2D", "int8"), ("DEPTHWISE_CONV_2D", "float32"), ("FULLY_CONNECTED", "int8")}
    assert set(stored_weights(content)) == kinds
    assert len(content) < 0.37 * len(lively_float32())


def test_int16x8_answers_nearer_to_the_float_file_than_int8(tiny: bytes, tiny_statistics: Statistics) -> None:
    fine, coarse = ai_edge.int16x8(tiny, tiny_statistics), ai_edge.integer(tiny, tiny_statistics, io="float32")
    off_fine, off_coarse = (np.abs(answers(one, noise(6)) - answers(tiny, noise(6))).mean() for one in (fine, coarse))
    assert off_fine < off_coarse


# Integer files


def test_all_kernels_are_int8(tiny: bytes, tiny_statistics: Statistics) -> None:
    content = ai_edge.integer(tiny, tiny_statistics, io="float32")
    assert [dtype for _, dtype in stored_weights(content)] == ["int8"] * 4


def test_quantizing_leaves_the_statistics_as_they_were_and_without_them_is_an_error(
    tiny: bytes, tiny_statistics: Statistics
) -> None:
    """So that they serve for the next variant."""
    first = ai_edge.integer(tiny, tiny_statistics, io="uint8")
    ai_edge.integer(tiny, tiny_statistics, io="float32")
    assert ai_edge.integer(tiny, tiny_statistics, io="uint8") == first
    with pytest.raises(ModelError, match=r"^AI Edge Quantizer cannot quantize the float32 model: "):
        ai_edge.integer(tiny, {}, io="uint8")


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


BIAS = 2.87
"""Of a channel whose kernel is all zero, as ImageNet's MobileNet has one."""

# The guard of the bias


@pytest.fixture(scope="module")
def silent() -> tuple[keras.Model, bytes]:
    """A convolution one of whose channels has no kernel, only a bias."""
    kernel = np.random.default_rng(0).normal(scale=0.01, size=(1, 1, 3, 4)).astype(np.float32)
    kernel[..., 2] = 0
    pixels = keras.Input((8, 8, 3))
    layer = keras.layers.Conv2D(4, 1)
    model = keras.Model(pixels, layer(pixels))
    layer.set_weights([kernel, np.array([0.1, -0.2, BIAS, 0.3], np.float32)])
    return model, conversion.float32(model)


def errors(silent: tuple[keras.Model, bytes], make: Callable[[bytes, Statistics], bytes]) -> Floats:
    """Returns by channel how far the answers of a quantized file are from those of Keras."""
    model, content = silent
    images = noise(6, side=8)
    found = answers(make(content, ai_edge.calibrated(content, one_by_one(images))), images)
    difference: Floats = np.abs(found - model.predict(images.astype(np.float32), verbose=0)).max(axis=(0, 1, 2))
    return difference


def test_the_constant_output_of_a_silent_channel_survives_and_would_be_lost_without_the_guard(
    silent: tuple[keras.Model, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One step of the int8 output is 6.5 / 255 = 0.026."""
    int8 = partial(ai_edge.integer, io="float32")
    assert errors(silent, int8).max() < 0.03
    assert errors(silent, ai_edge.int16x8).max() < 0.02
    monkeypatch.setattr(ai_edge, "guarded", lambda _content, statistics: statistics)
    unguarded = errors(silent, int8)
    assert unguarded[2] > BIAS / 2
    assert np.delete(unguarded, 2).max() < 0.03


def test_a_network_without_silent_channels_is_left_as_it_is(tiny: bytes, tiny_statistics: Statistics) -> None:
    assert guarded(tiny, tiny_statistics) == tiny_statistics


def test_guarding_adds_the_silent_kernel_the_wider_the_finer_the_steps_and_changes_nothing_that_it_is_given(
    silent: tuple[keras.Model, bytes],
) -> None:
    """All pixels are positive, so the steps differ by 32767 / 255 = 128.5."""
    before = ai_edge.calibrated(silent[1], one_by_one(noise(2, side=8)))
    names = set(before)
    narrow, wide = (guarded(silent[1], before, steps=steps) for steps in (INT8_STEPS, INT16_STEPS))
    assert set(before) == names
    (added,) = narrow.keys() - names
    assert wide.keys() == narrow.keys()
    assert narrow[added]["max"].size == 4
    ratio = np.ravel(wide[added]["max"])[2] / np.ravel(narrow[added]["max"])[2]
    assert ratio == pytest.approx(INT16_STEPS / INT8_STEPS, rel=1e-3)


def seen(low: float, high: float) -> dict[str, npt.NDArray[np.float32]]:
    return {"min": np.float32([low]), "max": np.float32([high])}


def test_ranges_whose_int16_scale_is_a_power_of_two_are_widened_by_two_percent_but_those_by_channel() -> None:
    found = off_powers_of_two(
        {"a": seen(-1, 1), "b": seen(0, 2), "c": seen(-4, 3), "d": seen(0, 6), "zero": seen(0, 0)}
    )
    assert [float(one["max"][0]) for one in found.values()] == pytest.approx([1.02, 2.04, 3.06, 6, 0])
    assert [float(one["min"][0]) for one in found.values()] == pytest.approx([-1.02, 0, -4.08, 0, 0])
    kernel = {"min": -np.ones(3, np.float32), "max": np.ones(3, np.float32)}
    assert off_powers_of_two({"kernel": kernel})["kernel"] is kernel


@given(size=st.floats(1e-6, 1e6))
def test_no_scale_is_a_power_of_two_after_widening_and_no_range_is_narrower(size: float) -> None:
    (found,) = off_powers_of_two({"one": seen(-size, size)}).values()
    exponent = np.log2(float(found["max"][0]) / INT16_STEPS)
    assert abs(exponent - round(exponent)) > 1e-3
    assert found["max"][0] >= np.float32(size)


def test_without_it_litert_refuses_an_int16_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pixels scaled to -1..1: the product, the constant and the sum all have scales that are powers of two."""
    pixels = keras.Input((8, 8, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)  # not folded into what is padded after it
    content = conversion.float32(keras.Model(pixels, keras.layers.Conv2D(4, 3, padding="same")(scaled)))
    images = noise(2, side=8)
    images[0, 0, 0], images[0, 0, 1] = 0, 255
    statistics = ai_edge.calibrated(content, one_by_one(images))
    assert answers(ai_edge.int16x8(content, statistics), images).shape == (2, 8, 8, 4)
    monkeypatch.setattr(ai_edge, "off_powers_of_two", lambda statistics: statistics)
    with pytest.raises(RuntimeError, match="input1_shift"):
        answers(ai_edge.int16x8(content, statistics), images)


def range_of(kernel: npt.NDArray[Any], bias: list[float], *, axis: int = 0, scale: float = 1 / 255) -> Range | None:
    return ai_edge._wider_range(kernel, np.array(bias, np.float32), axis=axis, input_scale=scale)


def test_the_range_is_as_wide_as_the_bias_needs_along_the_channel_axis() -> None:
    """2.87 / (1/255 x scale) fits into 2^30 from scale 6.8e-7 on, and the range is 127 times that: 8.66e-5."""
    found = range_of(np.array([[0.5, -0.25], [0.0, 0.0]], np.float32), [BIAS, BIAS])
    assert found is not None
    np.testing.assert_allclose(found["min"], [[-0.25], [-8.656e-5]], rtol=1e-3)
    np.testing.assert_allclose(found["max"], [[0.5], [8.656e-5]], rtol=1e-3)
    found = range_of(np.zeros((1, 3, 3, 5), np.float32), [1.0] * 5, axis=3)
    assert found is not None
    assert found["min"].shape == found["max"].shape == (1, 1, 1, 5)


def test_a_kernel_whose_own_range_will_do_or_whose_input_is_always_zero_has_no_other() -> None:
    assert range_of(np.ones((2, 2), np.float32), [BIAS, -BIAS]) is None
    assert range_of(np.zeros((2, 2), np.float32), [0.0, 0.0]) is None
    assert range_of(np.ones((2, 2), np.float32), [1.0, 1.0], scale=0.0) is None


CHANNEL = st.tuples(
    st.just(0.0) | st.floats(1e-12, 1e3) | st.floats(-1e3, -1e-12),
    st.sampled_from([0.0, 1e-12, 1e-9, 1e-6, 1e-3, 1.0]),
    st.sampled_from([-1.0, 1.0]),
)
"""Bias, size of the kernel and its sign."""


@settings(max_examples=200, deadline=None)
@given(channels=st.lists(CHANNEL, min_size=1, max_size=6), input_scale=st.floats(1e-6, 1e3))
def test_every_bias_fits_and_no_range_is_narrower_than_its_kernel(
    channels: list[tuple[float, float, float]], input_scale: float
) -> None:
    bias = np.array([constant for constant, _, _ in channels], np.float32)
    kernel = np.array([[sign * size, sign * size / 3] for _, size, sign in channels], np.float32)
    found = ai_edge._wider_range(kernel, bias, axis=0, input_scale=input_scale)
    low, high = (kernel.min(1), kernel.max(1)) if found is None else (found["min"][:, 0], found["max"][:, 0])
    assert (low <= kernel.min(1)).all()
    assert (high >= kernel.max(1)).all()
    scale = np.maximum(-low, high).astype(np.float64) / 127
    assert (np.abs(bias) <= scale * input_scale * BIAS_LIMIT * (1 + 1e-6)).all()
