"""Are the drawn animals the same everywhere, different from each other, and there at all?"""

import hashlib

import numpy as np
import numpy.typing as npt
import pytest

from zoobench.data.animals import ANIMALS
from zoobench.data.drawn import CLASSES, SIZE, VERSION, contact_sheet, draw
from zoobench.data.shapes import Random, fill, moved, scaled
from zoobench.errors import DataError

# The promise across machines, operating systems and versions of NumPy and Pillow. A digest that changes on purpose
# needs a higher VERSION, as results measured on the old pixels no longer compare.
GOLDEN = {
    ("butterfly", 0, 0): "6860a4dbcc57f1a1f1894c055f2275ede8f9e0145d7c2e682956cbe509419ca9",
    ("cat", 0, 0): "ebf401a763d69d5f285da01e67c122ae31cd419d78d025760c9bc6d2d510c40c",
    ("chicken", 0, 0): "e3594a56c84d60ad992b695da6950933f6310603c78d3ce76b0d3f8884e1993d",
    ("cow", 0, 0): "7217d2410aed6a17bbd8d2d57e3b977a964ec56337e1f6458e862e00eb08b1da",
    ("dog", 0, 0): "2b20f9073194f5d69837570fc2900b74ae3eab8d9cb7ab0737f0f685ccff6bcb",
    ("elephant", 0, 0): "a55a309d5b09c31b0919a5a7936fca69f3bb0034cafa6eefbb506c4b6311ec98",
    ("horse", 0, 0): "892ce44ed5e187ee7ea608465c651fbcc16f4b63f00671c16691beb02aa9b457",
    ("sheep", 0, 0): "ad2c757e5afc88a48b0952cefcfbc03fb8f6895a73786fdb2d12d9d4446f286f",
    ("spider", 0, 0): "564df2af16d842ee4c793631b5ab92195131524400ec979758d79e223422c7bd",
    ("squirrel", 0, 0): "b2a278a4f11cd2c9cc897a28341afb6aec11c47a5ac07a0ce9effb771394b359",
    ("butterfly", 7, 599): "b7eb996447151dbb26534f05266270d754983525d207390829ecc3817af8bc25",
    ("cow", 2024, 41): "2157b9f26d68b1e4b2291ff19aefa647ee8c836cadf35783d8d54259209c0c01",
    ("spider", -1, 10**9): "2fd03a60504accd61f3b5e130998ff47a891477e4a8006735b8f3bd60f47fa71",
}


ALL_POSES = "27f8477821c67929ed625f89cd41fc5d96e22cfa91e591c17d5ffd1f065f5029"
"""Of the shapes of 20 animals of each class, before they are filled: every pose and ornament is among them."""


def silhouette(animal: str, *, seed: int) -> npt.NDArray[np.bool_]:
    """[SIZE, SIZE] bool: where the animal alone is, drawn in the middle, 240 pixels for its 1000 units."""
    shapes = scaled(ANIMALS[animal](Random(seed)), by=(240, 240))
    canvas = np.zeros((SIZE, SIZE), dtype=np.uint32)
    for points, _ in moved(shapes, to=(SIZE // 2, SIZE // 2)):
        fill(canvas, (points, (255, 255, 255)))
    return canvas > 0


@pytest.mark.parametrize(("animal", "seed", "index"), GOLDEN)
def test_the_pixels_are_the_same_on_every_machine_as_long_as_the_version_is(animal: str, seed: int, index: int) -> None:
    assert VERSION == 1
    np.random.seed(0)  # noqa: NPY002 - the global stream is what must not matter
    pixels = draw(animal, seed=seed, index=index)
    assert (pixels.shape, pixels.dtype) == ((256, 256, 3), np.uint8)
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == GOLDEN[animal, seed, index]


def test_every_pose_is_the_same_on_every_machine() -> None:
    shapes = [ANIMALS[animal](Random(seed)) for animal in CLASSES for seed in range(20)]
    assert hashlib.sha256(repr(shapes).encode()).hexdigest() == ALL_POSES


@pytest.mark.parametrize(
    ("animal", "seed", "index"), [("cat", 5, 7), ("cow", 6, 7), ("cow", 5, 8), ("cow", -5, 7), ("cow", 5, 10**12)]
)
def test_another_animal_seed_or_index_gives_other_pixels(animal: str, seed: int, index: int) -> None:
    assert (draw(animal, seed=seed, index=index) != draw("cow", seed=5, index=7)).mean() > 0.5


def test_an_unknown_animal_is_named_with_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"'zebra'; choose one of: butterfly, cat, .*, sheep, spider, squirrel$"):
        draw("zebra", seed=0, index=0)


def test_every_animal_fills_a_plausible_share_of_its_frame_in_each_of_its_poses() -> None:
    for animal in CLASSES:
        poses = [silhouette(animal, seed=seed) for seed in range(5)]
        assert all(0.08 < pose.mean() < 0.6 for pose in poses), animal
        assert len({pose.tobytes() for pose in poses}) == len(poses), animal


def test_the_contact_sheet_shows_the_first_images_of_each_class_in_a_row() -> None:
    assert contact_sheet(seed=0, columns=2, side=32).size == (80 + 2 * 32, 10 * 32)
    sheet = np.asarray(contact_sheet(seed=0, columns=1, side=256))
    assert (sheet[:256, 80:] == draw("butterfly", seed=0, index=0)).all()
    assert (sheet[9 * 256 :, 80:] == draw("squirrel", seed=0, index=0)).all()
