"""Are the right files of a folder taken for images, and is everything that is wrong with it said?"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pet_photos import bad_images, encoded, everything, names, opened, put, refusal
from zoobench.data import listing
from zoobench.data.dataset import LeftOut

GIVE = "give a folder that holds one folder of images for each class, such as cat/ and dog/"
MEND = (
    "Mend or remove them, or leave them out with --zoo-skip-bad-images "
    "(they are then counted in the header and in every record)."
)


# Which files count


def test_files_in_folders_below_a_class_belong_to_it(pets: Path, kept: Path) -> None:
    put(pets / "cat" / "more" / "deep" / "1.png", encoded(50))
    assert "cat/more/deep/1.png" in names(opened(pets, kept))


def test_extensions_count_in_either_case(pets: Path, kept: Path) -> None:
    for number, extension in enumerate(("JPG", "jpeg", "Gif", "bmp")):
        kind = {"JPG": "JPEG", "jpeg": "JPEG", "Gif": "GIF", "bmp": "BMP"}[extension]
        put(pets / "dog" / f"x.{extension}", encoded(50 + number, kind=kind))
    assert len(opened(pets, kept).samples) == 21


def test_names_with_spaces_and_accents_work(pets: Path, kept: Path) -> None:
    put(pets / "écureuil roux" / "à la mer 1.png", encoded(1, 200))
    put(pets / "écureuil roux" / "日本 2.png", encoded(2, 200))
    put(pets / "écureuil roux" / "ñ\n3.png", encoded(3, 200))
    dataset = opened(pets, kept)
    assert dataset.classes == ("cat", "dog", "écureuil roux")
    assert dataset.images([17])[0, 0, 0].tolist() == [1, 200, 9]
    assert opened(pets, kept) == dataset


@pytest.mark.skipif(os.name == "nt", reason="there, names are text")
def test_names_that_are_no_text_work(pets: Path, kept: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(pets / "cat") + b"/\xff.png")), encoded(60))
    dataset = opened(pets, kept)
    assert "cat/\\xff.png" in names(dataset)
    assert opened(pets, kept) == dataset


def test_other_files_are_ignored_and_counted(pets: Path, kept: Path) -> None:
    for name in ("cat/notes.txt", "dog/deep/NOTES.TXT", "dog/x.webp", "LICENSE", "stray.png"):
        put(pets / name, b"x")
    (pets / "dog" / "elsewhere").symlink_to(pets / "cat")
    dataset = opened(pets, kept)
    assert len(dataset.samples) == 17
    assert dataset.ignored == (
        (".png beside the class folders", 1),
        (".txt", 2),
        (".webp", 1),
        ("linked folder", 1),
        ("without extension", 1),
    )


def test_hidden_folders_are_no_classes(pets: Path, kept: Path) -> None:
    put(pets / ".cache" / "1.png", encoded(1))
    assert opened(pets, kept).classes == ("cat", "dog")


def test_linked_images_and_linked_classes_are_followed(pets: Path, kept: Path, tmp_path: Path) -> None:
    elsewhere = put(tmp_path / "elsewhere" / "1.png", encoded(77, 77)).parent
    for number in (2, 3):
        put(elsewhere / f"{number}.png", encoded(77, 77 + number))
    (pets / "bird").symlink_to(elsewhere)
    (pets / "cat" / "link.png").symlink_to(pets / "dog" / "1.png")
    dataset = opened(pets, kept)
    assert dataset.classes == ("bird", "cat", "dog")
    assert dataset.duplicates == (("cat/link.png", "dog/1.png"),)


# Folders that are no data set


def test_a_missing_folder_is_refused(tmp_path: Path, kept: Path) -> None:
    assert refusal(tmp_path / "nowhere", kept) == f"{tmp_path}/nowhere does not exist; {GIVE}"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path, kept: Path) -> None:
    file = put(tmp_path / "pets.zip", b"x")
    assert refusal(file, kept) == f"{file} is a file, not a folder; {GIVE}"


def test_a_folder_that_may_not_be_listed_is_refused(pets: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "iterdir", _denied)
    assert refusal(pets, kept) == f"{pets} cannot be read (Permission denied); {GIVE}"


def _denied(*_arguments: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_folder_without_class_folders_is_refused(tmp_path: Path, kept: Path) -> None:
    assert refusal(tmp_path, kept) == f"{tmp_path} holds no class folders; {GIVE}"


def test_images_without_class_folders_are_pointed_out(tmp_path: Path, kept: Path) -> None:
    for number in range(4):
        put(tmp_path / f"{number}.png", encoded(number))
    assert refusal(tmp_path, kept) == (
        f"{tmp_path} holds no class folders but 4 images directly in it; put them in one folder per class; {GIVE}"
    )


def test_a_single_class_is_refused(tmp_path: Path, kept: Path) -> None:
    put(tmp_path / "cat" / "1.png", encoded(1))
    assert refusal(tmp_path, kept) == (
        f"{tmp_path} holds one class folder only, cat, and a classifier needs two or more; {GIVE}"
    )


def test_classes_without_images_are_refused(pets: Path, kept: Path) -> None:
    (pets / "ant").mkdir()
    put(pets / "bee" / "notes.txt", b"x")
    assert refusal(pets, kept) == (
        f"{pets} has class folders without images (.bmp, .gif, .jpeg, .jpg, .png): ant, bee; "
        "put images into them or take the folders away"
    )


# Images that cannot be used


def test_bad_images_stop_the_run_with_the_list_of_them_and_what_to_do(pets: Path, kept: Path) -> None:
    listed = "\n".join(f"  {name}: {reason}" for name, reason in bad_images(pets).items())
    assert refusal(pets, kept) == f"9 images of pets cannot be used:\n{listed}\n{MEND}"


def test_bad_images_are_left_out_and_counted_on_demand(pets: Path, kept: Path) -> None:
    before = opened(pets, kept)
    reasons = bad_images(pets)
    dataset = opened(pets, kept, skip_bad_images=True)
    assert dataset.left_out == tuple(LeftOut(name=name, reason=reason) for name, reason in reasons.items())
    assert dataset.samples == before.samples
    assert dataset.sha256 == before.sha256
    np.testing.assert_array_equal(everything(dataset), everything(before))
    np.testing.assert_array_equal(np.load(dataset.pixels_path), everything(before))


def test_more_than_twenty_bad_images_are_counted(pets: Path, kept: Path) -> None:
    for number in range(23):
        put(pets / "cat" / f"x{number:02}.jpg", b"")
    lines = refusal(pets, kept).splitlines()
    assert lines[0] == "23 images of pets cannot be used:"
    assert lines[20:] == ["  cat/x19.jpg: the file is empty", "  and 3 more", MEND]


def test_a_file_that_may_not_be_read_is_bad(pets: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "sha256_of_file", lambda path: _denied() if path.name == "3.png" else "0" * 64)
    assert "  cat/3.png: cannot be read (Permission denied)\n  dog/3.png: cannot" in refusal(pets, kept)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_bad(pets: Path, kept: Path) -> None:
    (pets / "cat" / "3.png").chmod(0)
    assert refusal(pets, kept) == (
        f"1 image of pets cannot be used:\n  cat/3.png: cannot be read (Permission denied)\n{MEND}"
    )


def test_a_folder_in_a_class_that_may_not_be_listed_is_bad(
    pets: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = put(pets / "cat" / "deep" / "1.png", encoded(1)).parent
    scandir = os.scandir

    def scan(path: str) -> Any:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    assert "  cat/deep: cannot be read (Permission denied)\n" in refusal(pets, kept)
