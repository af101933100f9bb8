"""Does each variant come from what it should, and is what they share computed once?"""

import keras
import numpy as np
import pytest
from networks import noise, tiny_features, tiny_head

from zoobench.build import ai_edge, conversion
from zoobench.build.breaches import breaches
from zoobench.build.contract import read_contract
from zoobench.build.network import assembled
from zoobench.build.quantizing import _MAKERS, Ingredients, quantized
from zoobench.errors import ModelError
from zoobench.promises import PROMISES
from zoobench.variants import VARIANTS, Quantizer


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
    assert breaches(read_contract(content), PROMISES[name]) == ()


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
