"""Is a file that runs held against Keras, and one that does not named with the runtime's own reason?"""

from pathlib import Path

import keras
import numpy as np
import pytest

from networks import tiny_features, tiny_head
from pet_photos import opened as opened_data
from zoobench.build import conversion, recipe, trial
from zoobench.build.backbones import Backbone
from zoobench.build.config import ConversionConfig, TrainingConfig
from zoobench.build.network import assembled
from zoobench.build.recipe import BuildRequest
from zoobench.build.weights import Weights
from zoobench.errors import MeasurementError, ModelError
from zoobench.measure.accuracy import Outputs
from zoobench.measure.runtimes import OpenSession
from zoobench.measure.target import Samples


@pytest.fixture
def request_(pets: Path, kept: Path, tmp_path: Path) -> BuildRequest:
    return BuildRequest(
        backbone=Backbone(name="mine"),
        weights=Weights(identity="random"),
        image_size=32,
        dataset=opened_data(pets, kept),
        training=TrainingConfig(),
        conversion=ConversionConfig(calibration_images=5),
        root=tmp_path / "models",
    )


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return assembled(tiny_features(side=32), tiny_head())


def test_calibration_images_are_training_images_and_kept_once(request_: BuildRequest) -> None:
    kept = trial.calibration_images(request_)
    assert trial.calibration_images(request_) == kept
    images = np.load(kept.path)
    assert images.shape == (5, 32, 32, 3)
    assert images.dtype == np.uint8
    training = {request_.dataset.samples[row].name for row in request_.dataset.indices("train")}
    assert len(set(kept.facts["images"]) & training) == 5


def test_a_float32_file_answers_as_keras_does(request_: BuildRequest, model: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(conversion.float32(model))
    found = trial.held_against_keras(request_, lambda: model, path)
    assert found["refused"] is None
    assert found["calibration"] == recipe.calibration(request_).folder_name
    assert found["numerics"]["images"] == 5
    assert found["numerics"]["top1_agreement"] == 1
    assert found["numerics"]["max_probability_difference"] < 1e-5


def test_keras_answers_once_for_all_variants(request_: BuildRequest, model: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(conversion.float32(model))
    first = trial.held_against_keras(request_, lambda: model, path)
    assert trial.held_against_keras(request_, lambda: pytest.fail("asked again"), path) == first


def test_at_most_so_many_images_are_compared(
    request_: BuildRequest, model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "COMPARED_IMAGES", 3)
    path = tmp_path / "model.tflite"
    path.write_bytes(conversion.float32(model))
    assert trial.held_against_keras(request_, lambda: model, path)["numerics"]["images"] == 3


def test_a_file_that_the_runtime_refuses_is_known_with_its_reason(
    request_: BuildRequest, model: keras.Model, tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"no model")
    found = trial.held_against_keras(request_, lambda: model, path)
    assert found["numerics"] is None
    assert found["refused"]["by"] == "litert"
    assert found["refused"]["reason"].startswith("LiteRT cannot open model.tflite: ")


def test_keras_answers_that_are_not_finite_are_an_error_that_names_the_backbone(request_: BuildRequest) -> None:
    pixels = keras.Input((32, 32, 3))
    endless = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(np.inf)(pixels)))
    images = trial.calibration_images(request_).path
    with pytest.raises(ModelError, match="mine gives numbers that are not finite in Keras itself"):
        trial._reference(request_, lambda: endless, images)


def test_what_fails_on_all_cores_is_tried_once_more_alone(
    request_: BuildRequest, model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(conversion.float32(model))
    real = trial.run_all

    def short_of_memory(opener: OpenSession, samples: Samples, *, workers: int = 1) -> Outputs:
        if workers > 1:
            raise MeasurementError("no memory")
        return real(opener, samples)

    monkeypatch.setattr(trial, "run_all", short_of_memory)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert trial.held_against_keras(request_, lambda: model, path)["refused"] is None
