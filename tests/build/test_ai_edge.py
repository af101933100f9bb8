"""Does AI Edge Quantizer do well with what we set for it?"""

from collections.abc import Callable, Iterator, Mapping
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
    stored,
    tiny_features,
    tiny_head,
)

from zoobench.build import ai_edge, conversion
from zoobench.build.network import assembled
from zoobench.errors import ModelError
from zoobench.variants import NumberType

IO_TYPES: tuple[NumberType, ...] = ("float32", "uint8", "int8")
BIAS = 2.87
"""Of a channel whose kernel is all zero, as ImageNet's MobileNet has one."""


def message(call: Callable[[], object]) -> str:
    with pytest.raises(ModelError) as caught:
        call()
    return str(caught.value)


def stored_weights(content: bytes) -> Iterator[tuple[str, np.dtype[Any]]]:
    """Yields the kind and the kernel's number type of each layer that has a kernel."""
    kinds = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
    types = {schema.TensorType.FLOAT32: np.dtype(np.float32), schema.TensorType.INT8: np.dtype(np.int8)}
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
def tiny_statistics(tiny: bytes) -> ai_edge.Statistics:
    return ai_edge.calibrated(tiny, one_by_one(noise(4)))


# Dynamic range


def test_depthwise_convolutions_stay_float_and_all_else_is_int8(tiny: bytes) -> None:
    assert list(stored_weights(ai_edge.dynamic_range(tiny))) == [
        ("CONV_2D", np.int8),
        ("DEPTHWISE_CONV_2D", np.float32),
        ("CONV_2D", np.int8),
        ("FULLY_CONNECTED", np.int8),
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
        ("CONV_2D", np.dtype(np.int8)),
        ("DEPTHWISE_CONV_2D", np.dtype(np.float32)),
        ("FULLY_CONNECTED", np.dtype(np.int8)),
    }
    assert len(content) < 0.37 * len(lively_float32())


# Integer files


@pytest.mark.parametrize("io", IO_TYPES)
def test_input_and_output_are_of_the_type_asked_for(
    tiny: bytes, tiny_statistics: ai_edge.Statistics, io: NumberType
) -> None:
    interpreter = opened(ai_edge.integer(tiny, tiny_statistics, io=io))
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert entry["dtype"] == exit_["dtype"] == np.dtype(io)
    floats = [one["name"] for one in interpreter.get_tensor_details() if one["dtype"] == np.float32]
    assert len(floats) == (2 if io == "float32" else 0), floats


def test_uint8_input_takes_pixels_as_they_are(tiny: bytes, tiny_statistics: ai_edge.Statistics) -> None:
    interpreter = opened(ai_edge.integer(tiny, tiny_statistics, io="uint8"))
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert entry["quantization"] == (1.0, 0)
    assert exit_["quantization"] == (1 / 256, 0)


def test_all_kernels_are_int8(tiny: bytes, tiny_statistics: ai_edge.Statistics) -> None:
    kernels = list(stored_weights(ai_edge.integer(tiny, tiny_statistics, io="float32")))
    assert [dtype for _, dtype in kernels] == [np.int8] * 4


def test_the_integer_types_differ_only_at_the_edge(tiny: bytes, tiny_statistics: ai_edge.Statistics) -> None:
    unsigned, signed = (
        stored(ai_edge.integer(tiny, tiny_statistics, io=io), noise(6)).astype(int) for io in ("uint8", "int8")
    )
    np.testing.assert_array_equal(unsigned, signed + 128)


def test_integer_answers_are_near_the_float_ones(tiny: bytes, tiny_statistics: ai_edge.Statistics) -> None:
    content = ai_edge.integer(tiny, tiny_statistics, io="float32")
    np.testing.assert_allclose(answers(content, noise(6)), answers(tiny, noise(6)), atol=0.05)


def test_quantizing_leaves_the_statistics_as_they_were(tiny: bytes, tiny_statistics: ai_edge.Statistics) -> None:
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


def error_by_channel(silent: tuple[keras.Model, bytes], statistics: ai_edge.Statistics) -> Floats:
    model, content = silent
    images = noise(6, side=8)
    found = answers(ai_edge.integer(content, statistics, io="float32"), images)
    difference: Floats = np.abs(found - model.predict(images.astype(np.float32), verbose=0)).max(axis=(0, 1, 2))
    return difference


def test_the_constant_output_of_a_silent_channel_survives(silent: tuple[keras.Model, bytes]) -> None:
    statistics = ai_edge.calibrated(silent[1], one_by_one(noise(6, side=8)))
    assert error_by_channel(silent, statistics).max() < 0.03  # one step of the output is 6.5 / 255 = 0.026


def test_without_the_guard_it_would_be_lost(silent: tuple[keras.Model, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ai_edge, "guarded", lambda _content, statistics: statistics)
    statistics = ai_edge.calibrated(silent[1], one_by_one(noise(6, side=8)))
    error = error_by_channel(silent, statistics)
    assert error[2] > BIAS / 2
    assert np.delete(error, 2).max() < 0.03


def test_a_network_without_silent_channels_is_left_as_it_is(tiny: bytes, tiny_statistics: ai_edge.Statistics) -> None:
    assert ai_edge.guarded(tiny, tiny_statistics) == tiny_statistics


def test_guarding_leaves_what_it_is_given_as_it_was(silent: tuple[keras.Model, bytes]) -> None:
    guarded = ai_edge.calibrated(silent[1], one_by_one(noise(2, side=8)))
    added = {name: seen for name, seen in guarded.items() if seen["min"].size == 4}
    before = {name: seen for name, seen in guarded.items() if name not in added}
    again = ai_edge.guarded(silent[1], before)
    assert len(added) == 1
    assert again.keys() == guarded.keys()
    assert not added.keys() & before.keys()


def range_of(kernel: npt.NDArray[Any], bias: list[float], *, axis: int) -> Mapping[str, npt.NDArray[Any]] | None:
    return ai_edge._wider_range(kernel, np.array(bias, np.float32), axis=axis, input_scale=1 / 255)


def test_the_range_is_as_wide_as_the_bias_needs() -> None:
    """2.87 / (1/255 x scale) fits into 2^30 from scale 6.8e-7 on, and the range is 127 times that: 8.66e-5."""
    kernel = np.array([[0.5, -0.25], [0.0, 0.0]], np.float32)
    found = range_of(kernel, [BIAS, BIAS], axis=0)
    assert found is not None
    np.testing.assert_allclose(found["min"], [[-0.25], [-8.656e-5]], rtol=1e-3)
    np.testing.assert_allclose(found["max"], [[0.5], [8.656e-5]], rtol=1e-3)


def test_the_range_has_the_shape_of_the_channel_axis() -> None:
    found = range_of(np.zeros((1, 3, 3, 5), np.float32), [1.0] * 5, axis=3)
    assert found is not None
    assert found["min"].shape == found["max"].shape == (1, 1, 1, 5)


def test_a_kernel_whose_own_range_will_do_has_no_other() -> None:
    assert range_of(np.ones((2, 2), np.float32), [BIAS, -BIAS], axis=0) is None
    assert range_of(np.zeros((2, 2), np.float32), [0.0, 0.0], axis=0) is None


def test_an_input_that_is_always_zero_gives_nothing_to_measure_a_bias_by() -> None:
    kernel, bias = np.ones((2, 2), np.float32), np.ones(2, np.float32)
    assert ai_edge._wider_range(kernel, bias, axis=0, input_scale=0.0) is None


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
    assert (np.abs(bias) <= scale * input_scale * ai_edge.BIAS_LIMIT * (1 + 1e-6)).all()
