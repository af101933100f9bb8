"""Other pixels and other orders of the classes: are they found where they fit, and nowhere else?"""

import numpy as np
import numpy.typing as npt
import pytest

from zoobench.build.misfit import guessing, misfits
from zoobench.matrix.interface import PixelRange

LETTERS = tuple("abcdefgh")
Floats = npt.NDArray[np.float32]


def answered(labels: npt.NDArray[np.int64], *, right: float, classes: int = 8, seed: int = 0) -> Floats:
    """Returns sure answers [n, classes] of which a share is right and the others are guesses."""
    generator = np.random.default_rng(seed)
    guesses = generator.integers(0, classes, len(labels))
    answers = np.where(generator.random(len(labels)) < right, labels, guesses)
    return np.eye(classes, dtype=np.float32)[answers]


def found(by_range: dict[PixelRange, Floats], labels: npt.NDArray[np.int64], *, classes: tuple[str, ...]) -> list[str]:
    return misfits(by_range.get, labels, model="mine", pixels="0..255", classes=classes)


def labels_of(count: int, classes: int = 8) -> npt.NDArray[np.int64]:
    return np.arange(count) % classes


def test_pixels_that_are_far_better_are_named_with_both_counts_and_the_option() -> None:
    labels = labels_of(60, 3)
    wrong = np.eye(3, dtype=np.float32)[np.where(labels == 2, 0, labels)]
    (said,) = found({"0..255": wrong, "0..1": np.eye(3, dtype=np.float32)[labels]}, labels, classes=("a", "b", "c"))
    for part in ("40 of 60 images with pixels 0..255", "60 of 60 images with pixels 0..1", "--zoo-pixels mine=0..1"):
        assert part in said


def test_of_too_few_images_is_said_that_they_tell_nothing() -> None:
    classes = ("a", "b")
    for count, part in (
        (8, "it is right for 4 of 8 images, too few images to tell"),
        (16, "12 of 16 images with pixels 0"),
    ):
        labels = labels_of(count, 2)
        wrong = np.eye(2, dtype=np.float32)[np.where(np.arange(count) >= count - 4, 1 - labels, labels)]
        (said,) = found({"0..255": wrong, "0..1": np.eye(2, dtype=np.float32)[labels]}, labels, classes=classes)
        assert part in said
        assert "too few images to tell" in said


def test_an_order_that_fits_far_better_is_named_as_an_option() -> None:
    labels = labels_of(64)
    rolled = np.roll(np.eye(8, dtype=np.float32)[labels], 1, axis=1)
    (said,) = found({"0..255": rolled}, labels, classes=LETTERS)
    assert "right for 64 of 64 images instead of 0" in said
    assert "'a' is 'h', 'b' is 'a', 'c' is 'b', 'd' is 'c' and 4 more" in said
    assert said.endswith("--zoo-classes h,a,b,c,d,e,f,g")


def test_two_classes_that_are_swapped_are_seen_in_few_images() -> None:
    labels = labels_of(12, 2)
    (said,) = found({"0..255": np.eye(2, dtype=np.float32)[1 - labels]}, labels, classes=("cat", "dog"))
    assert said.endswith("--zoo-classes dog,cat")


def test_an_order_is_seen_under_other_pixels_too() -> None:
    labels = labels_of(64)
    rolled = np.roll(np.eye(8, dtype=np.float32)[labels], 1, axis=1)
    saturated = np.eye(8, dtype=np.float32)[np.zeros(64, int)]
    pixels, order = found({"0..255": saturated, "-1..1": rolled}, labels, classes=LETTERS)
    assert "--zoo-pixels mine=-1..1" in pixels
    assert "with pixels -1..1" in order
    assert order.endswith("--zoo-classes h,a,b,c,d,e,f,g")


def test_labels_of_a_file_may_be_wrong() -> None:
    labels = labels_of(20, 2)
    swapped = np.eye(2, dtype=np.float32)[1 - labels]
    (said,) = misfits(
        lambda _pixels: swapped, labels, model="mine", pixels="0..255", classes=("cat", "dog"), are_labelled=True
    )
    assert said.endswith("'cat' is 'dog', 'dog' is 'cat'; the labels in its file may be wrong")


def test_names_with_commas_go_into_a_file() -> None:
    labels = labels_of(20, 2)
    (said,) = found({"0..255": np.eye(2, dtype=np.float32)[1 - labels]}, labels, classes=("a, b", "c"))
    assert "--zoo-classes FILE" in said


@pytest.mark.parametrize("classes", [2, 8, 60, 200])
@pytest.mark.parametrize("right", [0.0, 0.5, 0.85, 1.0])
def test_chance_makes_no_order_and_no_other_pixels(right: float, classes: int) -> None:
    """Of many classes and few images one order always fits best."""
    names = tuple(f"class {number}" for number in range(classes))
    labels = labels_of(max(60, 4 * min(classes, 60)), min(classes, 60))
    for seed in range(5):
        given = {
            pixels: answered(labels, right=right, classes=classes, seed=5 * seed + position)
            for position, pixels in enumerate(("0..255", "0..1", "-1..1", "imagenet-caffe", "imagenet-torch"))
        }
        assert found(given, labels, classes=names) == []


def test_a_guessing_classifier_is_named_and_a_right_one_is_not() -> None:
    labels = labels_of(60, 3)
    (said,) = guessing(answered(labels, right=0.0, classes=3), labels, classes=("a", "b", "c"))
    assert "no more often than by guessing among 3 classes" in said
    assert guessing(answered(labels, right=0.5, classes=3), labels, classes=("a", "b", "c")) == []
    assert guessing(np.eye(2, dtype=np.float32)[[0, 1, 0, 1, 0]], labels_of(5, 2), classes=("a", "b")) == []
