"""Does a TFLite file do what its Keras model does, and is the quantized one TensorFlow's own?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from architectures import ARCHITECTURES, Architecture, built, converted_whole, operators
from networks import (
    Floats,
    Pixels,
    answers,
    drawings,
    lively,
    lively_classifier,
    lively_float32,
    noise,
    one_by_one,
    opened,
    stored,
    tiny_features,
    tiny_head,
)
from zoobench.build import ai_edge, conversion
from zoobench.build.conversion import _MAKERS, Ingredients, quantized
from zoobench.build.network import assembled
from zoobench.build.pieces import WEIGHT_LIMIT
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.backbones import BACKBONES
from zoobench.matrix.registry import Package
from zoobench.matrix.variants import SPECS, VARIANTS, NumberType, Quantizer, Variant
from zoobench.system.terminal import capture_native_output
from zoobench.tflite.contract import read_contract, violations
from zoobench.tflite.edit import plain_for_runtimes

IO_TYPES: tuple[NumberType, ...] = ("float32", "uint8", "int8")


def dtypes(content: bytes) -> tuple[type, type]:
    interpreter = opened(content)
    return interpreter.get_input_details()[0]["dtype"], interpreter.get_output_details()[0]["dtype"]


# Float files


@pytest.fixture(scope="module")
def tiny() -> keras.Model:
    return assembled(tiny_features(), tiny_head())


@pytest.fixture(scope="module")
def tiny_float32(tiny: keras.Model) -> bytes:
    return conversion.float32(tiny)


@pytest.fixture(scope="module")
def tiny_calibrated(tiny_float32: bytes) -> bytes:
    return conversion.calibrated(tiny_float32, lambda: one_by_one(noise(4)))


def test_the_float32_file_takes_one_image_and_answers_as_the_keras_model_does(
    tiny: keras.Model, tiny_float32: bytes
) -> None:
    expected = tiny.predict(noise(5).astype(np.float32), verbose=0)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(answers(tiny_float32, noise(5)), expected, rtol=0, atol=1e-5)
    (entry,), (exit_,) = opened(tiny_float32).get_input_details(), opened(tiny_float32).get_output_details()
    assert entry["shape"].tolist() == entry["shape_signature"].tolist() == [1, 24, 24, 3]
    assert exit_["shape"].tolist() == [1, 3]


def test_a_file_made_after_another_answers_as_the_whole_model_does(tiny_float32: bytes) -> None:
    parts = conversion.float32(tiny_head(), after=conversion.float32(tiny_features()))
    np.testing.assert_allclose(answers(parts, noise(5)), answers(tiny_float32, noise(5)), rtol=0, atol=1e-6)


def test_the_dynamic_range_file_stores_wide_layers_in_int8() -> None:
    """TensorFlow leaves kernels below 1024 values as they are."""
    pixels = keras.Input((24, 24, 3))
    wide = keras.layers.Conv2D(64, 3)(pixels)
    model = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(wide))
    content, images = conversion.dynamic_range(model), noise(3)
    kinds = {tuple(one["shape"]): one["dtype"] for one in opened(content).get_tensor_details()}
    assert kinds[64, 3, 3, 3] == np.int8
    assert dtypes(content) == (np.float32, np.float32)
    expected = model.predict(images.astype(np.float32), verbose=0)
    np.testing.assert_allclose(answers(content, images), expected, atol=0.02 * np.abs(expected).max())


def test_a_model_that_has_no_tflite_form_is_an_error_that_names_it() -> None:
    pixels = keras.Input((8, 8, 3))
    model = keras.Model(pixels, keras.layers.Lambda(tf.math.erfinv, output_shape=(8, 8, 3))(pixels), name="mine")
    with pytest.raises(ModelError, match=r"(?s)^TensorFlow cannot convert mine to TFLite: .*Erfinv"):
        conversion.float32(model)


# The same network as the converter makes of the whole model


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_pieces_are_bit_by_bit_what_the_whole_is_and_the_same_bytes_again(architecture: Architecture) -> None:
    """What was built and converted before plays no part: among it the whole, and other architectures."""
    model = built(architecture)
    whole = operators(converted_whole(model))
    first = conversion.float32(model, weight_limit=1)
    assert operators(first) == whole
    assert operators(conversion.float32(model)) == whole
    assert conversion.float32(built(architecture), weight_limit=1) == first


def test_a_change_of_one_weight_is_seen_by_that_comparison() -> None:
    model = built(ARCHITECTURES[0])
    before = operators(conversion.float32(model))
    bias = model.weights[-1]
    bias.assign(bias.numpy() + np.float32(1e-3))
    assert operators(conversion.float32(model)) != before


@pytest.mark.parametrize("convert", [conversion.dynamic_range, conversion.float16])
def test_the_pieces_of_smaller_files_are_what_the_whole_is(convert: Callable[..., bytes]) -> None:
    """TensorFlow stores only kernels of 1024 values and more in int8."""
    pixels = maps = keras.Input((16, 16, 3))
    for _ in range(3):
        maps = keras.layers.Conv2D(32, 3, activation="relu", bias_initializer="normal")(maps)
    model = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(maps))
    types = [tf.float16] if convert is conversion.float16 else []
    target = tf.lite.TargetSpec(supported_types=types)
    whole = converted_whole(model, optimizations=[tf.lite.Optimize.DEFAULT], target_spec=target)
    assert operators(convert(model, weight_limit=1)) == operators(whole)
    assert operators(whole) != operators(converted_whole(model))


# Real backbones: those that take seconds, and by night those that take minutes; the others were tried by hand


def nightly(*names: str) -> list[Any]:
    return [pytest.param(name, marks=pytest.mark.nightly) for name in names]


IN_PIECES = ("mobilenet_025", "mobilenet_v2", "efficientnet_b0", "nasnet_mobile")
"""Those that are cut wherever they can be; what is large is cut of itself."""


@cache
def lively_file(name: str) -> tuple[keras.Model, bytes]:
    """Returns a backbone with random weights and its float32 file."""
    model = lively(BACKBONES[name], side=64)
    return model, conversion.float32(model, weight_limit=1 if name in IN_PIECES else WEIGHT_LIMIT)


@pytest.mark.slow
@pytest.mark.parametrize("name", [IN_PIECES[0], *nightly(*IN_PIECES[1:])])
def test_a_backbone_in_pieces_is_bit_by_bit_what_it_is_whole_and_the_same_bytes_again(name: str) -> None:
    model, content = lively_file(name)
    assert operators(content) == operators(converted_whole(model))
    assert conversion.float32(model, weight_limit=1) == content


def likeness(found: Floats, expected: Floats) -> float:
    """Returns how far features differ between images in the same way, 1 for the same."""
    centre = expected.mean(axis=0)
    return float(np.corrcoef((found - centre).ravel(), (expected - centre).ravel())[0, 1])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *("mobilenet_025", "mobilenet_v3_small"),
        *nightly("mobilenet_v2", "mobilenet_v3_large", "efficientnet_b0", "efficientnet_v2_b0", "nasnet_mobile"),
    ],
)
def test_a_backbone_can_be_converted_quantized_and_run(name: str) -> None:
    images: Pixels = drawings(10, side=64)[0]
    model, content = lively_file(name)
    expected = model.predict(images.astype(np.float32), verbose=0)
    assert 0.1 < np.abs(expected).max() < 100
    np.testing.assert_allclose(answers(content, images), expected, rtol=0, atol=1e-4 * np.abs(expected).max())
    by_tensorflow = conversion.integer(conversion.calibrated(content, lambda: one_by_one(images)), io="uint8")
    by_ai_edge = ai_edge.integer(content, ai_edge.calibrated(content, one_by_one(images)), io="uint8")
    for small in (ai_edge.dynamic_range(content), by_tensorflow, by_ai_edge):
        assert len(small) < 0.38 * len(content)
        assert likeness(answers(small, images), expected) > 0.3


# Integer files


@pytest.fixture(scope="module", params=["tensorflow", "ai_edge"])
def integers(request: pytest.FixtureRequest, tiny_float32: bytes, tiny_calibrated: bytes) -> Mapping[NumberType, bytes]:
    """Those that a quantizer makes, by the type of input and output."""
    if request.param == "tensorflow":
        return {io: conversion.integer(tiny_calibrated, io=io) for io in IO_TYPES}
    statistics = ai_edge.calibrated(tiny_float32, one_by_one(noise(4)))
    return {io: ai_edge.integer(tiny_float32, statistics, io=io) for io in IO_TYPES}


@pytest.mark.parametrize("io", IO_TYPES)
def test_input_and_output_are_of_the_type_asked_for_and_all_between_is_integer(
    integers: Mapping[NumberType, bytes], io: NumberType
) -> None:
    assert dtypes(integers[io]) == (np.dtype(io).type, np.dtype(io).type)
    floats = [one["name"] for one in opened(integers[io]).get_tensor_details() if one["dtype"] == np.float32]
    assert len(floats) == (2 if io == "float32" else 0), floats


def test_uint8_input_takes_pixels_as_they_are_and_int8_differs_only_at_the_edge(
    integers: Mapping[NumberType, bytes],
) -> None:
    interpreter = opened(integers["uint8"])
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (entry["quantization"], exit_["quantization"]) == ((1.0, 0), (1 / 256, 0))
    unsigned, signed = (stored(integers[io], noise(6)).astype(int) for io in IO_TYPES[1:])
    np.testing.assert_array_equal(unsigned, signed + 128)


def test_integer_answers_are_near_the_float_ones_and_calibration_leaves_them_as_they_are(
    integers: Mapping[NumberType, bytes], tiny_calibrated: bytes, tiny_float32: bytes
) -> None:
    expected = answers(tiny_float32, noise(6))
    np.testing.assert_array_equal(answers(tiny_calibrated, noise(6)), expected)
    np.testing.assert_allclose(answers(integers["float32"], noise(6)), expected, atol=0.05)


def test_images_of_another_kind_cannot_be_calibrated_on_and_garbage_cannot_be_quantized(tiny_float32: bytes) -> None:
    with pytest.raises(ModelError, match=r"^TensorFlow's calibrator cannot run the float32 model: "):
        conversion.calibrated(tiny_float32, lambda: one_by_one(noise(2)[..., :1]))
    with pytest.raises(ModelError, match=r"an int8 model with uint8 input and output: Invalid model$"):
        conversion.integer(b"what is this?", io="uint8")


def by_the_converter(model: keras.Model, images: Pixels, io: NumberType) -> bytes:
    """Returns what TensorFlow's documentation says how to make: post-training integer quantization."""

    def samples() -> Iterator[list[npt.NDArray[Any]]]:
        for image in one_by_one(images):
            yield [image.astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.as_dtype(io)
    with capture_native_output():
        content: bytes = converter.convert()
    return content


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning")  # the converter's own
@pytest.mark.parametrize("io", IO_TYPES)
def test_quantizing_the_float32_file_gives_what_the_converter_gives(
    tiny: keras.Model, tiny_calibrated: bytes, io: NumberType
) -> None:
    ours, theirs = conversion.integer(tiny_calibrated, io=io), by_the_converter(tiny, noise(4), io)
    assert dtypes(ours) == dtypes(theirs)
    np.testing.assert_allclose(answers(ours, noise(40)), answers(theirs, noise(40)), atol=1.01 / 256)


# The smallest MobileNet


@pytest.mark.slow
def test_the_float32_file_of_mobilenet_answers_as_keras_does() -> None:
    images, _ = drawings(20)
    expected = lively_classifier().predict(images.astype(np.float32), verbose=0)
    assert (expected.max(axis=1) > 0.2).any()
    np.testing.assert_allclose(answers(lively_float32(), images), expected, rtol=0, atol=5e-5)


@pytest.mark.slow
def test_the_dynamic_range_file_of_mobilenet_is_a_third_as_large() -> None:
    content = conversion.dynamic_range(lively_classifier())
    assert len(content) < 0.35 * len(lively_float32())
    found, expected = answers(content, drawings(20)[0]), answers(lively_float32(), drawings(20)[0])
    np.testing.assert_allclose(found, expected, atol=0.1)


@pytest.mark.nightly
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning")
def test_a_quantized_mobilenet_is_what_the_converter_gives() -> None:
    images = drawings(20)[0]
    calibrated = conversion.calibrated(lively_float32(), lambda: one_by_one(images))
    ours, theirs = conversion.integer(calibrated, io="uint8"), by_the_converter(lively_classifier(), images, "uint8")
    quanta = np.abs(answers(ours, drawings(40)[0]) - answers(theirs, drawings(40)[0])) * 256
    assert quanta.max() <= 1.01
    assert (quanta == 0).mean() > 0.99


# Variants


@pytest.fixture(scope="module")
def ingredients(tmp_path_factory: pytest.TempPathFactory) -> Ingredients:
    folder = tmp_path_factory.mktemp("ingredients")
    model = assembled(tiny_features(channels=256), tiny_head(inputs=256))
    (folder / "model.tflite").write_bytes(conversion.float32(model))
    np.save(folder / "images.npy", noise(4))
    return Ingredients(
        keras_model=lambda: model, float32_file=folder / "model.tflite", images_file=folder / "images.npy"
    )


@pytest.mark.parametrize(("quantizer", "name"), [pair for pair in _MAKERS if pair != ("tensorflow", "dynamic_range")])
def test_each_variant_meets_its_spec_whoever_makes_it(
    ingredients: Ingredients, quantizer: Quantizer, name: str
) -> None:
    """TensorFlow leaves kernels below 1,024 values in float, so its dynamic range of a network so small does not."""
    content = quantized(ingredients, VARIANTS[name], quantizer=quantizer)
    assert violations(read_contract(content), SPECS[name]) == ()


def test_a_quantizer_that_does_not_make_a_variant_says_who_does(ingredients: Ingredients) -> None:
    with pytest.raises(ModelError, match=r"makes no dynamic_range_int4; use --zoo-quantizer ai_edge, or auto$"):
        quantized(ingredients, VARIANTS["dynamic_range_int4"], quantizer="tensorflow")


def test_a_quantizer_whose_file_cannot_be_read_is_named(
    ingredients: Ingredients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_MAKERS, ("ai_edge", "dynamic_range"), lambda *_: ingredients.float32[:-400])
    with pytest.raises(
        ModelError, match=r"^ai_edge makes a file of it that cannot be read: this TFLite file is cut off"
    ):
        quantized(ingredients, VARIANTS["dynamic_range"], quantizer="ai_edge")


def test_a_recurrent_network_answers_as_in_keras() -> None:
    """Its loop is an operator that calls two graphs."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    start = [keras.Input((24, 24, 3)), layers.Rescaling(1 / 255), layers.Reshape((24, 72))]
    model = keras.Sequential([*start, layers.Bidirectional(layers.LSTM(4)), layers.Dense(3, activation="softmax")])
    expected = model.predict(noise(3).astype(np.float32), verbose=0)
    content = conversion.float32(model)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(answers(content, noise(3)), expected, atol=1e-6)
    np.testing.assert_allclose(answers(ai_edge.dynamic_range(content), noise(3)), expected, atol=0.02)


def test_what_a_loop_begins_with_is_no_weight_and_its_activations_are_not_quantized(tmp_path: Path) -> None:
    layers = keras.layers
    start = [keras.Input((24, 24, 3)), layers.Reshape((2, 12, 24, 3)), layers.ConvLSTM2D(4, 3)]
    model = keras.Sequential([*start, layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax")])
    (tmp_path / "model.tflite").write_bytes(content := conversion.float32(model))
    weights = 3 * 3 * (3 + 4) * 16 + 4 * 3
    assert read_contract(content).weight_bytes == {"float32": 4 * weights}
    assert violations(read_contract(ai_edge.dynamic_range(content)), SPECS["dynamic_range"]) == ()
    recurrent = Ingredients(
        keras_model=lambda: model, float32_file=tmp_path / "model.tflite", images_file=tmp_path / "none.npy"
    )
    for quantizer in ("ai_edge", "tensorflow"):
        with pytest.raises(ModelError, match=r"^the network has a loop.*unroll=True"):
            quantized(recurrent, VARIANTS["integer_only"], quantizer=quantizer)


def test_calibration_is_run_once_for_all_variants(ingredients: Ingredients, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ingredients.statistics
    monkeypatch.setattr(ai_edge, "calibrated", lambda *_: pytest.fail("calibrated again"))
    for name in ("float_fallback", "integer_only", "integer_only_int8", "int16x8"):
        quantized(ingredients, VARIANTS[name], quantizer="ai_edge")


PACKAGE = Package(name="zoobench-made", version="1.0")
ADDED = Variant(name="made", short="M", weights="int8", maker="made_by_package:make", package=PACKAGE)
CALIBRATED = """
def make(float32, images):
    assert [image.shape for _ in range(2) for image in images()] == [(1, 24, 24, 3)] * 8
    return float32
"""
REFUSING = """
from zoobench.errors import ModelError
def make(float32):
    raise ModelError("too deep")
"""
OTHER_SHAPES = """
from networks import tiny_head
from zoobench.build import conversion
def make(float32):
    return conversion.float32(tiny_head(inputs=7))
"""


def made(folder: Path, ingredients: Ingredients, text: str, *, calibrated: bool = False) -> bytes:
    (folder / "made_by_package.py").write_text(text)
    return quantized(ingredients, replace(ADDED, calibrated=calibrated), quantizer=None)


@pytest.mark.parametrize(("text", "calibrated"), [("make = lambda float32: float32", False), (CALIBRATED, True)])
def test_a_maker_is_given_the_float32_file_and_where_it_calibrates_the_images_anew_each_time(
    beside_us: Path, ingredients: Ingredients, text: str, calibrated: bool
) -> None:
    expected = plain_for_runtimes(ingredients.float32)
    assert made(beside_us, ingredients, text, calibrated=calibrated) == expected


def test_a_maker_that_refuses_is_not_one_that_fails(beside_us: Path, ingredients: Ingredients) -> None:
    with pytest.raises(ModelError, match=r"^too deep$"):
        made(beside_us, ingredients, REFUSING)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("make = lambda float32: 1 / 0", "failed to make made: ZeroDivisionError: division by zero"),
        ("make = lambda: b''", "failed to make made: TypeError: <lambda>() takes 0 positional arguments"),
        ("make = str", "gave str; expected the bytes of a TFLite file"),
        ("make = lambda float32: b'TFL3'", "gave 4 bytes that are no TFLite file: "),
        (OTHER_SHAPES, "gave a file with the shapes ((1, 7), "),
    ],
    ids=["error", "arguments", "type", "content", "shapes"],
)
def test_a_maker_that_fails_is_told_with_its_package(
    beside_us: Path, ingredients: Ingredients, text: str, told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        made(beside_us, ingredients, text)
    assert str(caught.value).startswith(f"made_by_package:make of zoobench-made 1.0 {told}")
