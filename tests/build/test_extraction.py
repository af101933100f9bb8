"""Are the features of every image those that the network gives it, in the order of the images?"""

from pathlib import Path

import numpy as np
import pytest

from networks import answers, noise, tiny_features
from pet_photos import opened
from zoobench.build import conversion
from zoobench.build.extraction import extract
from zoobench.data.dataset import Dataset
from zoobench.errors import MeasurementError


@pytest.fixture(scope="module")
def content() -> bytes:
    return conversion.float32(tiny_features(side=32))


@pytest.fixture
def features_file(content: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "features.tflite"
    path.write_bytes(content)
    return path


@pytest.fixture
def dataset(pets: Path, kept: Path) -> Dataset:
    found = opened(pets, kept)
    np.save(found.pixels_path, noise(len(found.samples), side=32))
    return found


def test_every_image_has_its_features(content: bytes, features_file: Path, dataset: Dataset) -> None:
    features = extract(features_file, dataset, name="tiny")
    assert (features.shape, features.dtype) == ((17, 8), np.float32)
    assert len(np.unique(features, axis=0)) == 17
    np.testing.assert_array_equal(features, answers(content, noise(17, side=32)))


def test_progress_is_told(features_file: Path, dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    extract(features_file, dataset, name="tiny")
    assert "Features of tiny: 17 in " in capsys.readouterr().err


def test_a_file_that_is_no_model_is_named(tmp_path: Path, dataset: Dataset) -> None:
    path = tmp_path / "features.tflite"
    path.write_bytes(b"what is this?")
    with pytest.raises(MeasurementError, match=f"^LiteRT cannot open {path}: "):
        extract(path, dataset, name="tiny")
