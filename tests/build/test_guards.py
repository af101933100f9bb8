"""Are ranges widened where quantizer or kernels would go wrong without, and nowhere else?"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import Floats, answers, noise, one_by_one, tiny_features, tiny_head
from zoobench.build import ai_edge, conversion, guards
from zoobench.build.guards import BIAS_LIMIT, INT8_STEPS, INT16_STEPS, Statistics, guarded, off_powers_of_two
from zoobench.build.network import assembled

BIAS = 2.87
"""Of a channel whose kernel is all zero, as ImageNet's MobileNet has one."""


@pytest.fixture(scope="module")
def tiny() -> bytes:
    return conversion.float32(assembled(tiny_features(channels=256), tiny_head(inputs=256)))


@pytest.fixture(scope="module")
def tiny_statistics(tiny: bytes) -> Statistics:
    return ai_edge.calibrated(tiny, one_by_one(noise(4)))


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


def error_by_channel(silent: tuple[keras.Model, bytes], statistics: Statistics) -> Floats:
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


def test_a_network_without_silent_channels_is_left_as_it_is(tiny: bytes, tiny_statistics: Statistics) -> None:
    assert guarded(tiny, tiny_statistics) == tiny_statistics


@pytest.mark.parametrize("steps", [INT8_STEPS, INT16_STEPS])
def test_guarding_adds_the_silent_kernel_and_leaves_what_it_is_given_as_it_was(
    silent: tuple[keras.Model, bytes], steps: int
) -> None:
    before = ai_edge.calibrated(silent[1], one_by_one(noise(2, side=8)))
    names = set(before)
    after = guarded(silent[1], before, steps=steps)
    (added,) = after.keys() - names
    assert set(before) == names
    assert after[added]["max"].size == 4


def test_int16_activations_need_a_wider_range_by_as_much_as_their_steps_are_finer(
    silent: tuple[keras.Model, bytes],
) -> None:
    """All pixels are positive, so the steps differ by 32767 / 255 = 128.5."""
    before = ai_edge.calibrated(silent[1], one_by_one(noise(2, side=8)))
    (narrow, wide) = (guarded(silent[1], before, steps=steps) for steps in (INT8_STEPS, INT16_STEPS))
    (added,) = narrow.keys() - before.keys()
    ratio = np.ravel(wide[added]["max"])[2] / np.ravel(narrow[added]["max"])[2]
    assert ratio == pytest.approx(INT16_STEPS / INT8_STEPS, rel=1e-3)


def test_the_constant_output_of_a_silent_channel_survives_int16_too(silent: tuple[keras.Model, bytes]) -> None:
    model, content = silent
    images = noise(6, side=8)
    found = answers(ai_edge.int16x8(content, ai_edge.calibrated(content, one_by_one(images))), images)
    assert np.abs(found - model.predict(images.astype(np.float32), verbose=0)).max() < 0.02


def seen(low: float, high: float) -> dict[str, npt.NDArray[np.float32]]:
    return {"min": np.float32([low]), "max": np.float32([high])}


def test_ranges_whose_int16_scale_is_a_power_of_two_are_widened_by_two_percent() -> None:
    found = off_powers_of_two(
        {"a": seen(-1, 1), "b": seen(0, 2), "c": seen(-4, 3), "d": seen(0, 6), "zero": seen(0, 0)}
    )
    assert [float(one["max"][0]) for one in found.values()] == pytest.approx([1.02, 2.04, 3.06, 6, 0])
    assert [float(one["min"][0]) for one in found.values()] == pytest.approx([-1.02, 0, -4.08, 0, 0])


def test_ranges_by_channel_are_left_alone() -> None:
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


def range_of(kernel: npt.NDArray[Any], bias: list[float], *, axis: int) -> Mapping[str, npt.NDArray[Any]] | None:
    return guards._wider_range(kernel, np.array(bias, np.float32), axis=axis, input_scale=1 / 255)


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
    assert guards._wider_range(kernel, bias, axis=0, input_scale=0.0) is None


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
    found = guards._wider_range(kernel, bias, axis=0, input_scale=input_scale)
    low, high = (kernel.min(1), kernel.max(1)) if found is None else (found["min"][:, 0], found["max"][:, 0])
    assert (low <= kernel.min(1)).all()
    assert (high >= kernel.max(1)).all()
    scale = np.maximum(-low, high).astype(np.float64) / 127
    assert (np.abs(bias) <= scale * input_scale * BIAS_LIMIT * (1 + 1e-6)).all()
