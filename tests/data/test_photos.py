"""Are a user's own images read, resized, spread, and refused where they do not fit?"""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoobench.data import photos as sourcephotos
from zoobench.data.drawn import draw
from zoobench.data.images import decode, load, resize
from zoobench.data.photos import Photos, decoded, drawn_photos, given_images, given_photos, photos_of
from zoobench.errors import DataError, UsageError
from zoobench.measure.target import Samples


def test_samples_are_spread_over_all_images(tmp_path: Path) -> None:
    images = np.zeros((9, 8, 8, 3), np.uint8) + np.arange(9, dtype=np.uint8)[:, None, None, None]
    np.save(tmp_path / "images.npy", images)
    found = given_images(tmp_path / "images.npy", size=8)
    assert [int(image[0, 0, 0, 0]) for image in found.spread(3)] == [0, 4, 8]
    assert len(list(found.spread(100))) == 9


def test_photos_of_any_size_and_depth_are_resized(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (40, 30), (10, 20, 30)).save(tmp_path / "cat" / "one.png")
    (image,) = given_images(tmp_path, size=8).spread(5)
    assert image.shape == (1, 8, 8, 3)
    assert image[0, 0, 0].tolist() == [10, 20, 30]


def test_images_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "float.npy", np.zeros((1, 8, 8, 3)))
    with pytest.raises(UsageError, match=r"float64 \[1, 8, 8, 3\]; the model takes uint8"):
        given_images(tmp_path / "float.npy", size=8)
    with pytest.raises(DataError, match=r"is no \.npy file"):
        given_images(tmp_path / "none.npy", size=8)
    (tmp_path / "photos").mkdir()
    with pytest.raises(UsageError, match="has no images"):
        given_images(tmp_path / "photos", size=8)
    (tmp_path / "photos" / "bad.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"bad\.png cannot be used"):
        list(given_images(tmp_path / "photos", size=8).spread(1))


def samples(folder: Path, rows: list[list[object]], *, chosen: list[int]) -> Samples:
    """Returns samples of a decoded data set with these rows beside it."""
    np.save(folder / "pixels.npy", np.zeros((len(rows), 8, 8, 3), np.uint8))
    (folder / "rows.json").write_text(json.dumps({"rows": rows, "left_out": []}))
    return Samples(path=folder / "pixels.npy", rows=np.array(chosen), labels=np.zeros(len(chosen), np.int64))


def photo(path: Path, colour: int) -> str:
    """Writes a photo and returns its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), (colour, 0, 0)).save(path)
    return sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def pets(tmp_path: Path) -> tuple[Path, Samples]:
    """A folder of two photos, and samples of them in the other order."""
    folder = tmp_path / "pets"
    rows = [["cat/1.jpg", 0, photo(folder / "cat/1.jpg", 50)], ["dog/2.jpg", 1, photo(folder / "dog/2.jpg", 250)]]
    return folder, samples(tmp_path, rows, chosen=[1, 0])


def test_the_photos_of_samples_are_found_in_their_order(pets: tuple[Path, Samples]) -> None:
    folder, of_them = pets
    found = photos_of(of_them, folder=folder, seed=0)
    assert found == Photos(
        source="photos of pets",
        contents=((folder / "dog/2.jpg").read_bytes(), (folder / "cat/1.jpg").read_bytes()),
    )


def test_a_photo_that_is_gone_or_another_one_is_told(pets: tuple[Path, Samples]) -> None:
    folder, of_them = pets
    photo(folder / "cat/1.jpg", 51)
    assert "1.jpg is another photo than the one that was measured on" in str(photos_of(of_them, folder=folder, seed=0))
    (folder / "cat/1.jpg").unlink()
    assert "the photos are not in reach: there is no" in str(photos_of(of_them, folder=folder, seed=0))


def test_drawn_animals_are_drawn_again_and_become_jpeg(tmp_path: Path) -> None:
    of_them = samples(tmp_path, [["drawn/dog/00003", 0, "ab"]], chosen=[0])
    found = photos_of(of_them, folder=None, seed=7)
    assert isinstance(found, Photos)
    assert found.source == "drawn animals as JPEG"
    again, same, other = decode(found.contents[0]), draw("dog", seed=7, index=3), draw("dog", seed=7, index=4)
    assert np.corrcoef(again.ravel(), same.ravel())[0, 1] > 0.8  # JPEG loses some of the grain
    assert np.corrcoef(again.ravel(), other.ravel())[0, 1] < 0.6


def test_rows_that_are_no_drawings_do_not_pass_for_them(tmp_path: Path) -> None:
    for name in ("cat/1.jpg", "drawn/unicorn/00001", "drawn/dog/one"):
        found = photos_of(samples(tmp_path, [[name, 0, "ab"]], chosen=[0]), folder=None, seed=0)
        assert f"does not say which folder {name} was in" in str(found)


def test_without_pillow_there_are_no_photos_and_it_is_said_how_to_get_it(
    pets: tuple[Path, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, of_them = pets
    monkeypatch.setattr(sourcephotos, "has_pillow", lambda: False)
    for found in (photos_of(of_them, folder=folder, seed=0), given_photos(folder)):
        assert "pip install pillow" in str(found)
    with pytest.raises(UsageError, match=r"with --images, or pip install pillow"):
        drawn_photos()


def test_photos_of_a_named_folder_are_taken_and_decoded_images_are_none(pets: tuple[Path, Samples]) -> None:
    folder, of_them = pets
    found = given_photos(folder)
    assert isinstance(found, Photos)
    assert len(found.contents) == 2
    assert "holds images that are decoded; name a folder of photos" in str(given_photos(of_them.path))


def test_photos_reach_the_model_as_a_data_set_reads_them(pets: tuple[Path, Samples], tmp_path: Path) -> None:
    folder, _ = pets
    found = given_photos(folder)
    assert isinstance(found, Photos)
    images = decoded(found, size=16, folder=tmp_path).images(0, 2)
    assert np.array_equal(images[0], resize(load(folder / "cat/1.jpg"), size=16))


def test_a_file_of_which_nothing_is_known_gets_drawn_animals() -> None:
    found = drawn_photos()
    assert len(set(found.contents)) == 64
    assert all(content.startswith(b"\xff\xd8\xff") for content in found.contents)
