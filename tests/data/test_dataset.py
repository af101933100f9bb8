"""Is a folder of images, or a number of drawings, split as asked, and is what is odd about it said?"""

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pet_photos import encoded, everything, names, opened, put, refusal
from zoobench.data import drawn
from zoobench.data.dataset import DatasetConfig, describe
from zoobench.data.split import SPLITS
from zoobench.errors import DataError, UsageError
from zoobench.system.files import sha256_of_file

# What a data set holds


def test_the_folders_are_the_classes_and_the_files_the_samples(pets: Path, kept: Path) -> None:
    dataset = opened(pets, kept)
    assert dataset.name == "pets"
    assert dataset.classes == ("cat", "dog")
    assert names(dataset) == [f"cat/{number}.png" for number in range(10)] + [
        f"dog/{number}.png" for number in range(7)
    ]
    assert [sample.label for sample in dataset.samples] == [0] * 10 + [1] * 7
    assert dataset.samples[3].sha256 == sha256_of_file(pets / "cat" / "3.png")
    assert (dataset.left_out, dataset.duplicates, dataset.ignored) == ((), (), ())


def test_images_come_in_the_order_asked_for_and_as_a_copy(pets: Path, kept: Path) -> None:
    dataset = opened(pets, kept)
    images = dataset.images([7, 2, 7])
    assert images[:, 0, 0, 0].tolist() == [7, 2, 7]
    images[:] = 0
    assert dataset.images([7])[0, 0, 0].tolist() == [7, 0, 9]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux tells what is mapped")
def test_no_memory_map_stays_open(pets: Path, kept: Path) -> None:
    dataset = opened(pets, kept)
    images = dataset.images([1])
    assert images.base is None
    assert str(dataset.pixels_path) not in Path("/proc/self/maps").read_text()


def test_pixels_that_vanish_while_in_use_are_an_error_with_a_name(pets: Path, kept: Path) -> None:
    dataset = opened(pets, kept)
    dataset.pixels_path.unlink()
    with pytest.raises(DataError, match=r"pixels\.npy cannot be read .*; run again, and the images are decoded anew$"):
        dataset.images([0])


def test_labels_and_indices_agree(pets: Path, kept: Path) -> None:
    dataset = opened(pets, kept)
    for split in SPLITS:
        labels = [dataset.samples[index].label for index in dataset.indices(split)]
        assert dataset.labels(split).tolist() == labels
        assert dataset.labels(split).dtype == np.int64


def test_every_class_is_split_by_the_shares(pets: Path, kept: Path) -> None:
    dataset = opened(pets, kept, shares=(0.6, 0.2, 0.2))
    cats = Counter(sample.split for sample in dataset.samples if sample.label == 0)
    assert cats == {"train": 6, "validation": 2, "test": 2}


def test_the_identity_is_that_of_contents_labels_and_splits(pets: Path, kept: Path) -> None:
    identity = opened(pets, kept).sha256
    assert opened(pets, kept, image_size=48).sha256 == identity
    assert opened(pets, kept, seed=1).sha256 != identity
    (pets / "cat" / "3.png").rename(pets / "cat" / "z.png")
    moved = pets.rename(pets.with_name("moved"))
    assert opened(moved, kept).sha256 == identity
    put(moved / "cat" / "new.png", encoded(200))
    assert opened(moved, kept).sha256 != identity


@pytest.mark.parametrize("image_size", [0, -1, 7, 1025])
def test_image_sizes_that_make_no_sense_are_refused(pets: Path, kept: Path, image_size: int) -> None:
    with pytest.raises(UsageError) as caught:
        opened(pets, kept, image_size=image_size)
    assert str(caught.value).startswith(f"the image size {image_size} is not possible; give a size from 8 to 1024 ")


def test_a_class_with_too_few_images_is_refused_also_where_bad_ones_are_skipped(pets: Path, kept: Path) -> None:
    put(pets / "ant" / "1.png", encoded(1, 50))
    put(pets / "ant" / "2.png", encoded(2, 50))
    put(pets / "ant" / "copy.png", encoded(2, 50))
    assert refusal(pets, kept) == (
        "each class needs 3 different usable images, one for each of train, validation, test; "
        "ant has 2 (copies of another class's images do not count); add images or take the folder away"
    )
    for name in ("1.png", "2.png", "copy.png"):
        put(pets / "ant" / name, b"")
    assert "; ant has 0 (" in refusal(pets, kept, skip_bad_images=True)


def test_classes_come_in_the_order_that_is_given(pets: Path, kept: Path) -> None:
    usual, turned = opened(pets, kept), opened(pets, kept, classes="dog,cat")
    assert (usual.classes, turned.classes) == (("cat", "dog"), ("dog", "cat"))
    assert names(turned) == names(usual)
    assert [sample.label for sample in turned.samples] == [1] * 10 + [0] * 7
    assert [sample.split for sample in turned.samples] == [sample.split for sample in usual.samples]
    assert turned.sha256 != usual.sha256
    assert "data: classes in the order of --zoo-classes: dog, cat" in describe(turned)
    same = opened(pets, kept, classes="cat,dog")
    assert (same.sha256, same.pixels_path) == (usual.sha256, usual.pixels_path)


def test_classes_that_are_numbers_are_counted(tmp_path: Path, kept: Path) -> None:
    for number in range(11):
        for photo in range(3):
            put(tmp_path / "digits" / str(number) / f"{photo}.png", encoded(number, photo))
    dataset = opened(tmp_path / "digits", kept)
    assert dataset.classes == tuple(map(str, range(11)))
    assert all(sample.name.startswith(f"{sample.label}/") for sample in dataset.samples)
    assert any("0, 1, 2, 3, 4 ... 10; Keras spells them (0, 1, 10, 2, 3 ... 9)" in line for line in describe(dataset))


# Copies


def test_copies_share_a_split_and_are_reported(pets: Path, kept: Path) -> None:
    for number in range(10):
        put(pets / "cat" / f"copy of {number}.png", encoded(number))
    put(pets / "dog" / "again.png", encoded(4, 100))
    dataset = opened(pets, kept)
    assert len(dataset.duplicates) == 11
    assert ("cat/4.png", "cat/copy of 4.png") in dataset.duplicates
    assert ("dog/4.png", "dog/again.png") in dataset.duplicates
    splits: dict[str, set[str]] = {}
    for sample in dataset.samples:
        splits.setdefault(sample.sha256, set()).add(sample.split)
    assert all(len(split) == 1 for split in splits.values())


def test_a_copy_in_another_class_follows_the_first_class(pets: Path, kept: Path) -> None:
    before = {sample.name: sample.split for sample in opened(pets, kept).samples}
    put(pets / "dog" / "cat.png", encoded(5))
    dataset = opened(pets, kept)
    after = {sample.name: sample.split for sample in dataset.samples}
    assert after.pop("dog/cat.png") == before["cat/5.png"]
    assert after == before
    assert dataset.duplicates == (("cat/5.png", "dog/cat.png"),)


# How pixels are made


def test_photos_that_lie_on_their_side_are_counted_and_turned_on_demand(pets: Path, kept: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right of the file
    pixels = np.zeros((40, 64, 3), np.uint8)
    pixels[:, 32:] = 250
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95, exif=exif)
    put(pets / "cat" / "side.jpg", file.getvalue())
    as_it_is, upright = opened(pets, kept), opened(pets, kept, upright=True)
    told = "data: 1 photo of another EXIF orientation, not turned, as Keras does not; --zoo-exif apply does, first "
    assert describe(as_it_is)[1] == told + "cat/side.jpg"
    assert describe(upright)[1] == "data: 1 photo of another EXIF orientation, turned upright, first cat/side.jpg"
    row = names(upright).index("cat/side.jpg")
    assert as_it_is.images([row])[0, 16, [2, 29], 0].tolist() == [0, 250]
    assert upright.images([row])[0, [2, 29], 16, 0].tolist() == [0, 250]
    assert (as_it_is.preparation, upright.preparation) == ({}, {"exif": "apply"})
    assert as_it_is.sha256 == upright.sha256


def test_images_may_be_cropped_or_padded_instead_of_stretched(pets: Path, kept: Path) -> None:
    assert opened(pets, kept, resizing="crop").preparation == {"resize": "crop"}
    assert "data: padded with black to a square" in describe(opened(pets, kept, resizing="pad"))
    wide = opened(pets, kept, resizing="crop", image_size="24x40")
    assert wide.images([0]).shape == (1, 24, 40, 3)
    assert wide.pixels_path.parent.name.startswith("pets-24x40-")
    assert "data: cropped to the shape 24x40 in the middle" in describe(wide)
    assert len({opened(pets, kept, resizing=how).pixels_path for how in ("stretch", "crop", "pad")}) == 3


# Calibration


def test_calibration_images_are_stratified_and_different_ones_of_the_training_split(pets: Path, kept: Path) -> None:
    for number in range(10):
        put(pets / "cat" / f"copy of {number}.png", encoded(number))
    dataset = opened(pets, kept)
    chosen = dataset.calibration_indices(12, seed=0)  # 7 of ten cats and 5 of seven dogs train
    assert set(chosen.tolist()) <= set(dataset.indices("train").tolist())
    assert len({dataset.samples[index].sha256 for index in chosen}) == 12
    assert Counter(dataset.samples[index].label for index in chosen[:10]) == {0: 5, 1: 5}


def test_fewer_calibration_images_are_the_beginning_of_more(pets: Path, kept: Path) -> None:
    dataset = opened(pets, kept)
    few, many = (dataset.calibration_indices(count, seed=3).tolist() for count in (4, 9))
    assert many[:4] == few
    assert dataset.calibration_indices(9, seed=4).tolist() != many


@pytest.mark.parametrize("count", [0, -1, 13])
def test_calibration_images_that_are_not_there_are_refused(pets: Path, kept: Path, count: int) -> None:
    with pytest.raises(UsageError) as caught:
        opened(pets, kept).calibration_indices(count, seed=0)
    told = f"{count} calibration images were asked for; the training split of pets holds 12 different ones, "
    assert str(caught.value) == f"{told}so ask for 1 to 12"


def test_images_that_are_given_are_calibrated_on_instead_of_those_that_train(
    pets: Path, kept: Path, tmp_path: Path
) -> None:
    for number in range(5):
        put(tmp_path / "more" / str(number % 2) / f"{number}.png", encoded(number, 200))
    put(tmp_path / "more" / "tested.png", encoded(0, 100))
    dataset = opened(pets, kept, shares=(0, 0, 1), calibration=tmp_path / "more")
    assert dataset.calibrating.name == "more"
    chosen = dataset.calibrating.calibration_indices(5, seed=0)
    assert {dataset.calibrating.samples[row].name for row in chosen} == {
        *("0/0.png", "0/2.png", "0/4.png", "1/1.png", "1/3.png"),
    }
    assert dataset.sha256 == opened(pets, kept, shares=(0, 0, 1)).sha256
    put(tmp_path / "list.csv", b"path\nmore/0/0.png\nmore/1/1.png\n")
    dataset = opened(pets, kept, calibration=tmp_path / "list.csv")
    assert names(dataset.calibrating) == ["more/0/0.png", "more/1/1.png"]


def test_images_that_are_all_tested_are_nothing_to_calibrate_on(pets: Path, kept: Path, tmp_path: Path) -> None:
    told = refusal(pets, kept, shares=(0, 0, 1), calibration=pets)
    assert told == ("--zoo-calibration-data: pets holds 17 images, of which all are in the test split too; give others")
    (tmp_path / "none").mkdir()
    assert "none has no images (.avif" in refusal(pets, kept, calibration=tmp_path / "none")


# The drawn data set


@pytest.mark.usefixtures("drawings")
def test_drawn_images_are_dealt_to_the_classes_in_turn(kept: Path) -> None:
    dataset = opened(None, kept, drawn_images=33)
    assert dataset.name == "drawn"
    assert dataset.classes == drawn.CLASSES
    assert list(Counter(sample.label for sample in dataset.samples).values()) == [4, 4, 4, 3, 3, 3, 3, 3, 3, 3]
    assert names(dataset)[:5] == [f"drawn/{drawn.CLASSES[0]}/{index:05}" for index in range(4)] + [
        f"drawn/{drawn.CLASSES[1]}/00000"
    ]
    assert everything(dataset)[:5, 0, 0].tolist() == [[0, 0, 0], [0, 1, 0], [0, 2, 0], [0, 3, 0], [1, 0, 0]]


def test_too_few_drawn_images_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        DatasetConfig(drawn_images=29)
    assert str(caught.value) == "29 drawn images were asked for; ask for at least 30, 3 for each of the 10 classes"


# What is said of it


def test_the_header_tells_the_sizes_and_every_oddity(pets: Path, kept: Path) -> None:
    assert describe(opened(pets, kept)) == ("data: pets, 17 images, 2 classes, train 12 / validation 2 / test 3",)
    put(pets / "cat" / "bad.png", b"")
    put(pets / "cat" / "copy.png", encoded(3))
    put(pets / "dog" / "copy.png", encoded(5))
    put(pets / "dog" / "a.txt", b"")
    put(pets / "dog" / "b.pdf", b"")
    assert describe(opened(pets, kept, skip_bad_images=True))[1:] == (
        "data: left out 1 bad image, first cat/bad.png: the file is empty",
        "data: 2 groups of identical images, each within one split, first cat/3.png = cat/copy.png",
        "data: 1 image in two classes, so one label is wrong, first cat/5.png = dog/copy.png",
        "data: ignored other files: 1 .pdf, 1 .txt",
    )


def test_a_name_that_would_steer_a_terminal_is_said_on_one_line(pets: Path, kept: Path) -> None:
    put(pets / "cat" / "a\n\x1b[2J.png", b"")
    assert all(line.isprintable() for line in describe(opened(pets, kept, skip_bad_images=True)))
    assert refusal(pets, kept).count("\n") == 2
