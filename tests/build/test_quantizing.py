"""Does each variant come from what it should, and is what they share computed once?"""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from networks import noise, tiny_features, tiny_head
from zoobench.build import ai_edge, conversion
from zoobench.build.network import assembled
from zoobench.build.quantizing import _MAKERS, Ingredients, made_by_package, quantized
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.registry import Package
from zoobench.matrix.specs import SPECS
from zoobench.matrix.variants import VARIANTS, Quantizer, Variant
from zoobench.tflite.contract import read_contract
from zoobench.tflite.edit import plain_for_runtimes
from zoobench.tflite.spec import violations


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return assembled(tiny_features(channels=256), tiny_head(inputs=256))


@pytest.fixture(scope="module")
def ingredients(model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Ingredients:
    folder = tmp_path_factory.mktemp("ingredients")
    (folder / "model.tflite").write_bytes(conversion.float32(model))
    np.save(folder / "images.npy", noise(4))
    return Ingredients(
        keras_model=lambda: model, float32_file=folder / "model.tflite", images_file=folder / "images.npy"
    )


@pytest.mark.parametrize(("quantizer", "name"), [pair for pair in _MAKERS if pair != ("tensorflow", "dynamic_range")])
def test_each_variant_keeps_its_promise_whoever_makes_it(
    ingredients: Ingredients, quantizer: Quantizer, name: str
) -> None:
    """TensorFlow leaves kernels below 1,024 values in float, so its dynamic range of a network so small does not."""
    content = quantized(ingredients, VARIANTS[name], quantizer=quantizer)
    assert violations(read_contract(content), SPECS[name]) == ()


def test_a_quantizer_that_does_not_make_a_variant_says_who_does(ingredients: Ingredients) -> None:
    with pytest.raises(ModelError) as caught:
        quantized(ingredients, VARIANTS["dynamic_range_int4"], quantizer="tensorflow")
    assert str(caught.value) == "tensorflow makes no dynamic_range_int4; use --zoo-quantizer ai_edge, or auto"


def test_calibration_is_run_once_for_all_variants(ingredients: Ingredients, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ingredients.statistics
    monkeypatch.setattr(ai_edge, "calibrated", lambda *_: pytest.fail("calibrated again"))
    for name in ("float_fallback", "integer_only", "integer_only_int8", "int16x8"):
        quantized(ingredients, VARIANTS[name], quantizer="ai_edge")


def test_images_come_one_by_one_as_often_as_they_are_asked_for(ingredients: Ingredients) -> None:
    for _ in range(2):
        images = list(ingredients.images())
        assert [image.shape for image in images] == [(1, 24, 24, 3)] * 4
        np.testing.assert_array_equal(np.concatenate(images), noise(4))


PACKAGE = Package(name="zoobench-made", version="1.0")
ADDED = Variant(name="made", short="M", weights="int8", maker="made_by_package:make", package=PACKAGE)


OTHER_SHAPES = """
from networks import tiny_head
from zoobench.build import conversion

def make(float32):
    return conversion.float32(tiny_head(inputs=7))
"""


def made(folder: Path, ingredients: Ingredients, text: str, *, calibrated: bool = False) -> bytes:
    (folder / "made_by_package.py").write_text(text)
    return made_by_package(ingredients, replace(ADDED, calibrated=calibrated))


def test_a_maker_is_given_the_float32_file(beside_us: Path, ingredients: Ingredients) -> None:
    assert made(beside_us, ingredients, "make = lambda float32: float32") == plain_for_runtimes(ingredients.float32)


def test_a_calibrated_maker_is_given_the_images_anew_each_time(beside_us: Path, ingredients: Ingredients) -> None:
    text = """
def make(float32, images):
    assert [image.shape for _ in range(2) for image in images()] == [(1, 24, 24, 3)] * 8
    return float32
"""
    assert made(beside_us, ingredients, text, calibrated=True) == plain_for_runtimes(ingredients.float32)


def test_a_maker_that_refuses_is_not_one_that_fails(beside_us: Path, ingredients: Ingredients) -> None:
    text = """
from zoobench.errors import ModelError
def make(float32):
    raise ModelError("too deep")
"""
    with pytest.raises(ModelError, match=r"^too deep$"):
        made(beside_us, ingredients, text)


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
