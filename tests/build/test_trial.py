"""Is a file that runs compared with its source, and one that does not named with the runtime's own reason?"""

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

from networks import answers, noise, tiny_features, tiny_head
from pet_photos import opened as opened_data
from zoobench.build import assembly, conversion, recipe
from zoobench.build.assembly import compared
from zoobench.build.network import assembled
from zoobench.build.recipe import BuildRequest, ConversionConfig, TrainingConfig
from zoobench.build.source import Answering, extract, predicted
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


@pytest.fixture(scope="module")
def file(model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file") / "model.tflite"
    path.write_bytes(conversion.float32(model))
    return path


def answering(model: keras.Model) -> Answering:
    return lambda images: predicted(model, images, None)


def test_calibration_images_are_training_images_and_kept_once(request_: BuildRequest) -> None:
    kept = assembly.calibration_images(request_)
    assert assembly.calibration_images(request_) == kept
    images = np.load(kept.path)
    assert images.shape == (5, 32, 32, 3)
    assert images.dtype == np.uint8
    training = {request_.dataset.samples[row].name for row in request_.dataset.indices("train")}
    assert len(set(kept.facts["images"]) & training) == 5


def test_a_float32_file_answers_as_keras_does_which_is_asked_once_for_all_variants(
    request_: BuildRequest, model: keras.Model, file: Path
) -> None:
    found = assembly.compared_with_reference(request_, answering(model), file)
    assert found["refused"] is None
    assert found["calibration"] == recipe.calibration(request_).folder_name
    assert (found["numerics"]["images"], found["numerics"]["top1_agreement"]) == (5, 1)
    assert found["numerics"]["max_probability_difference"] < 1e-5
    assert assembly.compared_with_reference(request_, lambda _: pytest.fail("asked again"), file) == found


def test_at_most_so_many_images_are_compared(
    request_: BuildRequest, model: keras.Model, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "COMPARED_IMAGES", 3)
    assert assembly.compared_with_reference(request_, answering(model), file)["numerics"]["images"] == 3


def test_a_file_that_the_runtime_refuses_is_known_with_its_reason(
    request_: BuildRequest, model: keras.Model, tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"no model")
    found = assembly.compared_with_reference(request_, answering(model), path)
    assert (found["numerics"], found["refused"]["by"]) == (None, "litert")
    assert found["refused"]["reason"].startswith("LiteRT cannot open model.tflite: ")


def test_keras_answers_that_are_not_finite_are_an_error_that_names_the_backbone(request_: BuildRequest) -> None:
    pixels = keras.Input((32, 32, 3))
    endless = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(np.inf)(pixels)))
    images = assembly.calibration_images(request_).path
    with pytest.raises(ModelError, match="mine gives numbers that are not finite in Keras itself"):
        assembly._reference(request_, answering(endless), images)


def test_what_fails_on_all_cores_is_tried_once_more_alone(
    request_: BuildRequest, model: keras.Model, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = assembly.run_all

    def short_of_memory(opener: OpenSession, samples: Samples, *, workers: int = 1) -> Any:
        if workers > 1:
            raise MeasurementError("no memory")
        return real(opener, samples)

    monkeypatch.setattr(assembly, "run_all", short_of_memory)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert assembly.compared_with_reference(request_, answering(model), file)["refused"] is None


# What the float32 file sees in each image


def test_every_image_has_its_features_and_progress_is_told(
    request_: BuildRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, dataset = conversion.float32(tiny_features(side=32)), request_.dataset
    (tmp_path / "features.tflite").write_bytes(content)
    np.save(dataset.pixels_path, noise(17, side=32))
    features = extract(tmp_path / "features.tflite", dataset, name="tiny")
    assert (features.shape, features.dtype) == ((17, 8), np.float32)
    assert len(np.unique(features, axis=0)) == 17
    np.testing.assert_array_equal(features, answers(content, noise(17, side=32)))
    assert "Features of tiny: 17 in " in capsys.readouterr().err


def test_a_file_that_is_no_model_is_named(request_: BuildRequest, tmp_path: Path) -> None:
    path = tmp_path / "features.tflite"
    path.write_bytes(b"what is this?")
    with pytest.raises(MeasurementError, match=f"^LiteRT cannot open {path}: "):
        extract(path, request_.dataset, name="tiny")


# The numerical contract

Floats = npt.NDArray[np.float32]


def test_two_images_by_hand() -> None:
    """KL of (0.5, 0.5) from (0.25, 0.75) is 0.5 ln 2 + 0.5 ln(2/3) = 0.1438 nats; the second image adds nothing."""
    reference = np.float32([[0.5, 0.5], [0.9, 0.1]])
    found = compared(reference, np.float32([[0.25, 0.75], [0.9, 0.1]]))
    assert found == {
        "images": 2,
        "top1_agreement": 0.5,
        "mean_probability_difference": pytest.approx(0.125),
        "max_probability_difference": pytest.approx(0.25),
        "kl_divergence_nats": pytest.approx((0.5 * math.log(2) + 0.5 * math.log(2 / 3)) / 2),
    }


def test_a_probability_of_zero_gives_a_large_divergence_and_no_infinity() -> None:
    assert 5 < compared(np.float32([[0.5, 0.5]]), np.float32([[1.0, 0.0]]))["kl_divergence_nats"] < 10


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
    assert found["kl_divergence_nats"] >= -1e-9
    assert 0 <= found["mean_probability_difference"] <= found["max_probability_difference"] <= 1
    keys = ("top1_agreement", "max_probability_difference", "kl_divergence_nats")
    assert [same[key] for key in keys] == [1, 0, 0]


@settings(deadline=None)
@given(reference=PROBABILITIES, answers=PROBABILITIES, order=st.permutations(range(4)))
def test_the_order_of_images_is_no_matter(reference: Floats, answers: Floats, order: list[int]) -> None:
    assert compared(reference[order], answers[order]) == pytest.approx(compared(reference, answers))
