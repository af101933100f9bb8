"""Is a model fed what its interface says, and are its outputs read as the probabilities that they stand for?"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fakes import FakeClock, ScriptedSession
from messages import message_of
from zoobench.errors import MeasurementError
from zoobench.matrix.interface import Interface, PixelRange
from zoobench.measure.runtimes import InterfacedSession, flattened, presented, probabilities
from zoobench.tflite.ports import Port

ALL_PIXELS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)


def classifier(**parts: Any) -> Interface:
    return Interface(taken_as="classifier", **parts)


def colour(*rgb: int) -> npt.NDArray[np.uint8]:
    return np.array(rgb, np.uint8).reshape(1, 1, 1, 3)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ("0..255", (255, 0, 51)),
        ("0..1", (1.0, 0.0, 0.2)),
        ("-1..1", (1.0, -1.0, -0.6)),
        # of 51 blue, 0 green and 255 red: 51 - 103.939, 0 - 116.779, 255 - 123.68
        ("imagenet-caffe", (-52.939, -116.779, 131.32)),
        # (1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.2 - 0.406) / 0.225
        ("imagenet-torch", (2.2489083, -2.0357143, -0.9155556)),
    ],
)
def test_pixels_are_brought_into_the_range_of_the_model(pixels: PixelRange, expected: tuple[float, ...]) -> None:
    shown = presented(colour(255, 0, 51), classifier(pixels=pixels))
    assert shown[0, 0, 0].tolist() == pytest.approx(expected, rel=1e-6)
    assert shown.dtype == (np.uint8 if pixels == "0..255" else np.float32)


@given(rgb=st.tuples(*[st.integers(0, 255)] * 3))
def test_a_grey_model_sees_what_pillow_makes_of_a_photo(rgb: tuple[int, int, int]) -> None:
    grey = Image.new("RGB", (1, 1), rgb).convert("L").getpixel((0, 0))
    assert presented(colour(*rgb), classifier(channels=1)).tolist() == [[[[grey]]]]


def test_a_grey_model_has_no_channels_of_imagenet() -> None:
    grey = classifier(channels=1, pixels="imagenet-torch")
    message = message_of(MeasurementError, lambda: presented(colour(1, 2, 3), grey))
    assert "imagenet-torch" in message
    assert "0..255, 0..1, -1..1" in message


def test_channels_come_first_where_the_model_takes_them_so() -> None:
    images = np.arange(2 * 2 * 3 * 3, dtype=np.uint8).reshape(2, 2, 3, 3)
    shown = presented(images, classifier(layout="NCHW", pixels="0..1"))
    assert shown.shape == (2, 3, 2, 3)
    assert shown[1, 2, 0, 1] == pytest.approx(images[1, 0, 1, 2] / 255)
    assert shown.flags.c_contiguous


@pytest.mark.parametrize(("dtype", "zero_point"), [("uint8", 0), ("int8", -128)])
def test_a_tensor_that_holds_0_to_1_gets_exactly_the_pixels(dtype: str, zero_point: int) -> None:
    scale = float(np.float32(1 / 255))
    port = Port(index=0, dtype=np.dtype(dtype), scale=scale, zero_point=zero_point)
    stored = port.stored(presented(ALL_PIXELS, classifier(pixels="0..1")))
    assert stored.dtype == np.dtype(dtype)
    assert np.array_equal(stored.astype(int) - zero_point, ALL_PIXELS)


def test_real_values_beyond_a_tensor_are_clipped_to_it_also_where_it_is_in_units_of_pixels() -> None:
    port = Port(index=0, dtype=np.dtype(np.uint8), scale=1.0, zero_point=0)
    assert port.stored(np.array([-3.0, 1.4, 1.5, 300.0], np.float32)).tolist() == [0, 1, 2, 255]


@pytest.mark.parametrize(
    ("outputs", "parts", "expected"),
    [
        ([[0.2, 0.8]], {"order": (1, 0)}, [[0.8, 0.2]]),
        ([[0.0, math.log(3)]], {"scores": "logits"}, [[0.25, 0.75]]),
        ([[1000.0, 1000.0, -1000.0]], {"scores": "logits"}, [[0.5, 0.5, 0.0]]),
        ([[0.0, math.log(2), math.log(5)]], {"scores": "logits", "order": (2, 0, 1)}, [[0.625, 0.125, 0.25]]),
        ([[0.7]], {"scores": "sigmoid"}, [[0.3, 0.7]]),
        ([[0.7]], {"scores": "sigmoid", "order": (1, 0)}, [[0.7, 0.3]]),
        ([[math.log(4)], [-900.0]], {"scores": "logits"}, [[0.2, 0.8], [1.0, 0.0]]),
        ([[0.6, 0.9]], {"scores": "sigmoid"}, [[0.6, 0.9]]),
        ([[[[0.2, 0.8]]]], {}, [[0.2, 0.8]]),
    ],
)
def test_outputs_become_probabilities(outputs: Any, parts: dict[str, Any], expected: list[list[float]]) -> None:
    answers = np.array(outputs, np.float32)
    found = probabilities(answers, classifier(**parts), count=len(answers))
    assert found.dtype == np.float32
    assert found == pytest.approx(np.array(expected), abs=1e-6)


def test_a_class_without_an_output_is_refused() -> None:
    answers, third = np.zeros((1, 2), np.float32), classifier(order=(0, 2))
    message = message_of(MeasurementError, lambda: probabilities(answers, third, count=1))
    assert "gives 2 classes" in message
    assert "output 2" in message


@pytest.mark.parametrize("shape", [(1, 1, 1, 5), (5,), (1, 5, 1), (1, 5)])
def test_an_answer_with_one_number_for_each_class_is_taken_in_any_shape(shape: tuple[int, ...]) -> None:
    assert flattened(np.zeros(shape, np.float32), count=1).shape == (1, 5)


@pytest.mark.parametrize(("shape", "count"), [((1, 7, 7, 5), 1), ((1, 5), 2), ((10,), 2), ((2, 2, 5), 2), ((1, 0), 1)])
def test_what_is_no_one_answer_to_each_image_is_refused(shape: tuple[int, ...], count: int) -> None:
    message = message_of(MeasurementError, lambda: flattened(np.zeros(shape, np.float32), count=count))
    assert str(shape) in message


def test_what_is_timed_is_the_inner_session_s_own_invocation() -> None:
    inner = ScriptedSession([[0.0, math.log(3)]], clock=FakeClock())
    session = InterfacedSession(inner, classifier(scores="logits"))
    assert session.invoke == inner.invoke
    session.load(np.zeros((1, 2, 2, 3), np.uint8))
    session.invoke()
    assert session.read() == pytest.approx(np.array([[0.25, 0.75]]))
