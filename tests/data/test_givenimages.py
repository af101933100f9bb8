"""Are a user's own images read, resized, spread, and refused where they do not fit?"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoobench.data.givenimages import given_images
from zoobench.errors import DataError, UsageError


def test_samples_are_spread_over_all_images(tmp_path: Path) -> None:
    images = np.zeros((9, 8, 8, 3), np.uint8) + np.arange(9, dtype=np.uint8)[:, None, None, None]
    np.save(tmp_path / "images.npy", images)
    found = given_images(tmp_path / "images.npy", side=8)
    assert [int(image[0, 0, 0, 0]) for image in found.spread(3)] == [0, 4, 8]
    assert len(list(found.spread(100))) == 9


def test_photos_of_any_size_and_depth_are_resized(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (40, 30), (10, 20, 30)).save(tmp_path / "cat" / "one.png")
    (image,) = given_images(tmp_path, side=8).spread(5)
    assert image.shape == (1, 8, 8, 3)
    assert image[0, 0, 0].tolist() == [10, 20, 30]


def test_images_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "float.npy", np.zeros((1, 8, 8, 3)))
    with pytest.raises(UsageError, match=r"float64 \[1, 8, 8, 3\]; the model takes uint8"):
        given_images(tmp_path / "float.npy", side=8)
    with pytest.raises(DataError, match=r"is no \.npy file"):
        given_images(tmp_path / "none.npy", side=8)
    (tmp_path / "photos").mkdir()
    with pytest.raises(UsageError, match="has no images"):
        given_images(tmp_path / "photos", side=8)
    (tmp_path / "photos" / "bad.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"bad\.png cannot be used"):
        list(given_images(tmp_path / "photos", side=8).spread(1))
