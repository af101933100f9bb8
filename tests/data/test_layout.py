"""Is a split that the folders give taken as it is, is it said, and is what is only half a layout refused?"""

from pathlib import Path
from typing import Any

import pytest

from messages import message_of
from pet_photos import encoded, opened, put, refusal
from zoobench.data.dataset import Dataset, describe
from zoobench.data.layout import find_splits
from zoobench.data.split import read_rows
from zoobench.errors import UsageError


def filled(folder: Path, counts: dict[str, int], *, classes: tuple[str, ...] = ("cat", "dog")) -> Path:
    """Puts so many different images of each class into folders of these names."""
    number = 0
    for name, count in counts.items():
        for label, one in enumerate(classes):
            for _ in range(count):
                put(folder / name / one / f"{number}.png", encoded(number % 256, label * 100 + number // 256))
                number += 1
    return folder


def sizes(dataset: Dataset) -> tuple[int, ...]:
    return tuple(len(dataset.indices(split)) for split in ("train", "validation", "test"))


def said(dataset: Dataset) -> str:
    return "\n".join(describe(dataset))


@pytest.mark.parametrize(
    "names",
    [
        ("train", "val", "test"),
        ("Training_Set", "VALIDATION", "test-set"),
        ("training", "dev", "testing"),
        ("train2017", "val2017", "test2017"),
        ("train data", "eval", "Test"),
        ("pets_train", "pets_val", "pets_test"),
    ],
)
def test_folders_of_splits_with_classes_inside_are_that_split(
    tmp_path: Path, kept: Path, names: tuple[str, ...]
) -> None:
    folder = filled(tmp_path / "pets", dict(zip(names, (4, 2, 3), strict=True)))
    dataset = opened(folder, kept)
    assert dataset.classes == ("cat", "dog")
    assert sizes(dataset) == (8, 4, 6)
    for split, name in zip(("train", "validation", "test"), names, strict=True):
        assert {item.name.split("/")[0] for item in dataset.samples if item.split == split} == {name}
        assert f"{name}/ is {split}" in said(dataset)
    assert opened(folder, kept, seed=1).sha256 == dataset.sha256, "there is nothing to cut"


@pytest.mark.parametrize(
    ("counts", "expected", "told"),
    [
        ({"train": 20, "test": 5}, (32, 8, 10), "train/ is train, test/ is test, validation cut from train/"),
        ({"train": 20, "val": 6}, (40, 6, 6), "train/ is train, val/ is validation, test cut from val/"),
        ({"train": 20, "eval": 6}, (32, 8, 12), "train/ is train, eval/ is test, validation cut from train/"),
        ({"val": 6, "test": 5}, (0, 12, 10), "val/ is validation, test/ is test"),
        ({"train": 20}, (28, 6, 6), "train/ is train, validation and test cut from train/"),
        ({"test": 5}, (0, 0, 10), "test/ is test"),
    ],
)
def test_a_split_that_is_not_given_is_cut_from_one_that_is(
    tmp_path: Path, kept: Path, counts: dict[str, int], expected: tuple[int, ...], told: str
) -> None:
    dataset = opened(filled(tmp_path / "pets", counts), kept)
    assert sizes(dataset) == expected
    assert f"data: split by its folders: {told}" in describe(dataset)


def test_splits_may_stand_in_folders_of_their_own_names(tmp_path: Path, kept: Path) -> None:
    folder = filled(tmp_path / "pets", {"seg_train/seg_train": 4, "seg_test/seg_test": 3})
    dataset = opened(folder, kept)
    assert (dataset.classes, sizes(dataset)) == (("cat", "dog"), (6, 2, 6))
    assert "seg_train/seg_train/ is train, seg_test/seg_test/ is test" in said(dataset)


def test_splits_may_stand_in_the_class_folders(tmp_path: Path, kept: Path) -> None:
    folder = filled(tmp_path / "pets", {"cat": 3, "dog": 3}, classes=("train", "val", "test"))
    dataset = opened(folder, kept)
    assert (dataset.classes, sizes(dataset)) == (("cat", "dog"), (6, 6, 6))
    assert all(f"/{item.split[:3]}" in item.name for item in dataset.samples)
    assert "split by the folders in its class folders: */train/ is train" in said(dataset)


def test_a_class_may_be_called_like_a_split(tmp_path: Path, kept: Path) -> None:
    for name in ("bus", "train"):
        for number in range(4):
            put(tmp_path / "pets" / name / "steam" / f"{number}.png", encoded(number, len(name)))
    dataset = opened(tmp_path / "pets", kept)
    assert (dataset.classes, dataset.remarks) == (("bus", "train"), ())


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            ["train/cat/1.png", "train/dog/2.png", "test/cat/3.png"],
            "classes of its splits differ: test/ has no dog",
        ),
        (["train/cat/1.png", "train/dog/2.png", "test/x.png"], "test hold no class folders with images; put a folder"),
        (["train/1.png", "val/2.png"], "its folders are called train, val, like splits, but train, val hold no class"),
        (
            ["train/cat/1.png", "train/dog/2.png", "test/cat/3.png", "test/dog/4.png", "more/5.png"],
            "test, train are splits with class folders, but beside them stand more; take these out",
        ),
        (
            ["val/cat/1.png", "val/dog/2.png", "valid/cat/3.png", "valid/dog/4.png"],
            "val/ and valid/ are both",
        ),
        (["cat/train/1.png", "cat/test/2.png", "dog/3.png"], "cat hold splits, such as test and train, but dog hold"),
        (["a_train/1.png", "a_test/2.png"], "if they are the classes, say so: --zoo-classes a_test,a_train"),
        (["train/cat/1.png", "test/cat/2.png"], "holds one class only, cat"),
    ],
)
def test_half_a_layout_is_refused_and_never_taken_for_classes(
    tmp_path: Path, kept: Path, files: list[str], told: str
) -> None:
    for number, name in enumerate(files):
        put(tmp_path / "pets" / name, encoded(number))
    assert told in refusal(tmp_path / "pets", kept)


def test_parts_with_the_same_classes_are_no_classes_unless_they_are_named(tmp_path: Path, kept: Path) -> None:
    folder = filled(tmp_path / "pets", {"part 1": 3, "part 2": 3})
    told = refusal(folder, kept)
    assert "each of its folders part 1, part 2 holds the folders cat and dog, so either may be the" in told
    assert "--zoo-classes 'part 1,part 2'; else name one of them with --zoo-data" in told
    assert opened(folder, kept, classes="part 1,part 2").classes == ("part 1", "part 2")
    assert opened(folder / "part 1", kept).classes == ("cat", "dog")


def test_folders_that_are_named_like_splits_are_classes_where_they_are_named(tmp_path: Path, kept: Path) -> None:
    for number in range(6):
        put(tmp_path / "pets" / ("train", "test")[number % 2] / f"{number}.png", encoded(number))
    assert "like splits" in refusal(tmp_path / "pets", kept)
    assert opened(tmp_path / "pets", kept, classes="train,test").classes == ("train", "test")


def test_a_folder_around_the_class_folders_is_named(tmp_path: Path, kept: Path) -> None:
    folder = filled(tmp_path / "pets", {"images": 3})
    assert f"(are the classes in {folder / 'images'}? name that)" in refusal(folder, kept)


def test_a_split_that_is_named_alone_is_the_whole_and_the_others_are_named(tmp_path: Path, kept: Path) -> None:
    folder = filled(tmp_path / "pets", {"train": 3, "test": 3})
    told = (
        f"train/ is taken as the whole data set; test/ beside it: to take them as the split, give --zoo-data {folder}"
    )
    assert f"data: {told}" in describe(opened(folder / "train", kept))


def test_an_image_of_two_splits_stops_the_run_or_is_left_out_of_training(tmp_path: Path, kept: Path) -> None:
    folder = filled(tmp_path / "pets", {"train": 4, "val": 2, "test": 3})
    put(folder / "train" / "cat" / "copy.png", (folder / "test" / "cat" / "12.png").read_bytes())
    put(folder / "train" / "dog" / "copy.png", (folder / "val" / "dog" / "10.png").read_bytes())
    put(folder / "test" / "dog" / "again.png", (folder / "test" / "dog" / "15.png").read_bytes())
    assert refusal(folder, kept).startswith(
        "2 images of pets cannot be used:\n"
        "  train/cat/copy.png: the same image as test/cat/12.png, which is test: not for train too\n"
        "  train/dog/copy.png: the same image as val/dog/10.png, which is validation: not for train too\n"
    )
    dataset = opened(folder, kept, skip_bad_images=True)
    assert sizes(dataset) == (8, 4, 7)
    assert [name for name, _ in dataset.left_out] == ["train/cat/copy.png", "train/dog/copy.png"]
    assert dataset.images([0])[0, 0, 0].tolist() == [0, 0, 9]


def test_shares_beside_a_whole_split_are_refused(tmp_path: Path, kept: Path) -> None:
    folder = filled(tmp_path / "pets", {"train": 4, "val": 2, "test": 3})
    told = message_of(UsageError, lambda: opened(folder, kept, shares=(0.5, 0.25, 0.25)))
    assert "nothing for --zoo-split to cut: leave it out" in told


def test_a_class_that_is_too_small_to_be_cut_is_named_with_its_split(tmp_path: Path, kept: Path) -> None:
    folder = filled(tmp_path / "pets", {"train": 1, "test": 3})
    told = (
        "each class needs 2 different usable images of train, one for each of train, validation; cat has 1, dog has 1"
    )
    assert refusal(folder, kept).startswith(told)


def test_the_rows_say_which_split_was_given(tmp_path: Path, kept: Path) -> None:
    dataset = opened(filled(tmp_path / "pets", {"train": 4, "test": 1}), kept)
    assert read_rows(dataset.pixels_path)["splits"] == ["train"] * 8 + ["test"] * 2


def test_what_systems_add_is_left_out_and_counted(pets: Path, kept: Path) -> None:
    before = opened(pets, kept).samples
    for name in ("__MACOSX/cat/._1.png", "cat/.ipynb_checkpoints/1-checkpoint.png", "cat/._0.png", "dog/Thumbs.db"):
        put(pets / name, encoded(1))
    put(pets / ".DS_Store", b"x")
    dataset = opened(pets, kept)
    assert dataset.samples == before
    assert dataset.ignored == (
        (".DS_Store", 1),
        ("._ file of macOS", 1),
        ("Thumbs.db", 1),
        ("__MACOSX", 1),
        ("hidden folder", 1),
    )


def test_class_folders_with_images_of_other_kinds_say_which_and_how_to_convert_them(pets: Path, kept: Path) -> None:
    put(pets / "ant" / "1.HEIC", b"x")
    told = "ant (1 .heic); convert .heic, such as by: magick mogrify -format png *.heic"
    assert refusal(pets, kept).endswith(told)
    put(pets / "ant" / "1.png", encoded(1, 1))
    for number in range(3):
        put(pets / "ant" / f"{number}.png", encoded(number, 1))
    assert "data: ignored other files: 1 .heic; to have them too, convert .heic, such as by: magick" in said(
        opened(pets, kept)
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["Train", "TEST"], {"Train": "train", "TEST": "test"}),
        (["evaluation"], {"evaluation": "test"}),
        (["eval", "testing"], {"eval": "validation", "testing": "test"}),
        (["trains", "testament", "valley", "contest", ""], {}),
    ],
)
def test_words_that_name_splits_are_known(words: list[str], expected: dict[str, Any]) -> None:
    assert find_splits(words) == expected
