"""Is a file that runs held against Keras, and one that does not named with the runtime's own reason?"""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from networks import tiny_features, tiny_head
from pet_photos import opened as opened_data
from zoobench.build import assembly, conversion, recipe
from zoobench.build.assembly import compared
from zoobench.build.network import assembled
from zoobench.build.recipe import BuildRequest, ConversionConfig, TrainingConfig
from zoobench.build.weights import Weights
from zoobench.errors import MeasurementError, ModelError
from zoobench.matrix.backbones import Backbone
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
    kept = assembly.calibration_images(request_)
    assert assembly.calibration_images(request_) == kept
    images = np.load(kept.path)
    assert images.shape == (5, 32, 32, 3)
    assert images.dtype == np.uint8
    training = {request_.dataset.samples[row].name for row in request_.dataset.indices("train")}
    assert len(set(kept.facts["images"]) & training) == 5


def test_a_float32_file_answers_as_keras_does(request_: BuildRequest, model: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(conversion.float32(model))
    found = assembly.held_against_keras(request_, lambda: model, path)
    assert found["refused"] is None
    assert found["calibration"] == recipe.calibration(request_).folder_name
    assert found["numerics"]["images"] == 5
    assert found["numerics"]["top1_agreement"] == 1
    assert found["numerics"]["max_probability_difference"] < 1e-5


def test_keras_answers_once_for_all_variants(request_: BuildRequest, model: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(conversion.float32(model))
    first = assembly.held_against_keras(request_, lambda: model, path)
    assert assembly.held_against_keras(request_, lambda: pytest.fail("asked again"), path) == first


def test_at_most_so_many_images_are_compared(
    request_: BuildRequest, model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "COMPARED_IMAGES", 3)
    path = tmp_path / "model.tflite"
    path.write_bytes(conversion.float32(model))
    assert assembly.held_against_keras(request_, lambda: model, path)["numerics"]["images"] == 3


def test_a_file_that_the_runtime_refuses_is_known_with_its_reason(
    request_: BuildRequest, model: keras.Model, tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"no model")
    found = assembly.held_against_keras(request_, lambda: model, path)
    assert found["numerics"] is None
    assert found["refused"]["by"] == "litert"
    assert found["refused"]["reason"].startswith("LiteRT cannot open model.tflite: ")


def test_keras_answers_that_are_not_finite_are_an_error_that_names_the_backbone(request_: BuildRequest) -> None:
    pixels = keras.Input((32, 32, 3))
    endless = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(np.inf)(pixels)))
    images = assembly.calibration_images(request_).path
    with pytest.raises(ModelError, match="mine gives numbers that are not finite in Keras itself"):
        assembly._reference(request_, lambda: endless, images)


def test_what_fails_on_all_cores_is_tried_once_more_alone(
    request_: BuildRequest, model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(conversion.float32(model))
    real = assembly.run_all

    def short_of_memory(opener: OpenSession, samples: Samples, *, workers: int = 1) -> Any:
        if workers > 1:
            raise MeasurementError("no memory")
        return real(opener, samples)

    monkeypatch.setattr(assembly, "run_all", short_of_memory)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert assembly.held_against_keras(request_, lambda: model, path)["refused"] is None


Floats = npt.NDArray[np.float32]


def test_two_images_by_hand() -> None:
    """KL of (0.5, 0.5) from (0.25, 0.75) is 0.5 ln 2 + 0.5 ln(2/3) = 0.1438 nats; the second image adds nothing."""
    reference = np.float32([[0.5, 0.5], [0.9, 0.1]])
    found = compared(reference, np.float32([[0.25, 0.75], [0.9, 0.1]]))
    assert found.images == 2
    assert found.top1_agreement == 0.5
    assert found.mean_probability_difference == pytest.approx(0.125)
    assert found.max_probability_difference == pytest.approx(0.25)
    assert found.kl_divergence_nats == pytest.approx((0.5 * math.log(2) + 0.5 * math.log(2 / 3)) / 2)


def test_a_probability_of_zero_gives_a_large_divergence_and_no_infinity() -> None:
    found = compared(np.float32([[0.5, 0.5]]), np.float32([[1.0, 0.0]]))
    assert 5 < found.kl_divergence_nats < 10


@pytest.mark.parametrize("shapes", [((2, 3), (2, 2)), ((2, 3), (1, 3)), ((0, 3), (0, 3)), ((3,), (3,))])
def test_answers_that_do_not_fit_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="received shapes"):
        compared(np.zeros(shapes[0], np.float32), np.zeros(shapes[1], np.float32))


PROBABILITIES = hnp.arrays(np.float32, (4, 3), elements=st.floats(0.015625, 1, width=32))


def rows(values: Floats) -> Floats:
    return values / values.sum(1, keepdims=True)


@settings(deadline=None)
@given(reference=PROBABILITIES, answers=PROBABILITIES)
def test_nothing_is_negative_and_only_equals_agree_wholly(reference: Floats, answers: Floats) -> None:
    reference, answers = rows(reference), rows(answers)
    found, same = compared(reference, answers), compared(reference, reference)
    assert found.kl_divergence_nats >= -1e-9
    assert 0 <= found.mean_probability_difference <= found.max_probability_difference <= 1
    assert (same.top1_agreement, same.max_probability_difference, same.kl_divergence_nats) == (1, 0, 0)


@settings(deadline=None)
@given(reference=PROBABILITIES, answers=PROBABILITIES, order=st.permutations(range(4)))
def test_the_order_of_images_is_no_matter(reference: Floats, answers: Floats, order: list[int]) -> None:
    first, second = compared(reference, answers), compared(reference[order], answers[order])
    assert first.kl_divergence_nats == pytest.approx(second.kl_divergence_nats)
    assert first.top1_agreement == second.top1_agreement
