"""Are the right files of a folder taken for images, and is everything that is wrong with it said?"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pets import bad_images, encoded, everything, names, opened, put, refusal

from zoobench.build import listing
from zoobench.build.dataset import LeftOut

GIVE = "give a folder that holds one folder of images for each class, such as cat/ and dog/"
MEND = (
    "Mend or remove them, or leave them out with --zoo-skip-bad-images "
    "(they are then counted in the header and in every record)."
)


# Which files count


def test_files_in_folders_below_a_class_belong_to_it(photos: Path, kept: Path) -> None:
    put(photos / "cat" / "more" / "deep" / "1.png", encoded(50))
    assert "cat/more/deep/1.png" in names(opened(photos, kept))


def test_extensions_count_in_either_case(photos: Path, kept: Path) -> None:
    for number, extension in enumerate(("JPG", "jpeg", "Gif", "bmp")):
        kind = {"JPG": "JPEG", "jpeg": "JPEG", "Gif": "GIF", "bmp": "BMP"}[extension]
        put(photos / "dog" / f"x.{extension}", encoded(50 + number, kind=kind))
    assert len(opened(photos, kept).samples) == 21


def test_names_with_spaces_and_accents_work(photos: Path, kept: Path) -> None:
    put(photos / "écureuil roux" / "à la mer 1.png", encoded(1, 200))
    put(photos / "écureuil roux" / "日本 2.png", encoded(2, 200))
    put(photos / "écureuil roux" / "ñ\n3.png", encoded(3, 200))
    dataset = opened(photos, kept)
    assert dataset.classes == ("cat", "dog", "écureuil roux")
    assert dataset.images([17])[0, 0, 0].tolist() == [1, 200, 9]
    assert opened(photos, kept) == dataset


@pytest.mark.skipif(os.name == "nt", reason="there, names are text")
def test_names_that_are_no_text_work(photos: Path, kept: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(photos / "cat") + b"/\xff.png")), encoded(60))
    dataset = opened(photos, kept)
    assert "cat/\\xff.png" in names(dataset)
    assert opened(photos, kept) == dataset


def test_other_files_are_ignored_and_counted(photos: Path, kept: Path) -> None:
    for name in ("cat/notes.txt", "dog/deep/NOTES.TXT", "dog/x.webp", "LICENSE", "stray.png"):
        put(photos / name, b"x")
    (photos / "dog" / "elsewhere").symlink_to(photos / "cat")
    dataset = opened(photos, kept)
    assert len(dataset.samples) == 17
    assert dataset.ignored == (
        (".png beside the class folders", 1),
        (".txt", 2),
        (".webp", 1),
        ("linked folder", 1),
        ("without extension", 1),
    )


def test_hidden_folders_are_no_classes(photos: Path, kept: Path) -> None:
    put(photos / ".cache" / "1.png", encoded(1))
    assert opened(photos, kept).classes == ("cat", "dog")


def test_linked_images_and_linked_classes_are_followed(photos: Path, kept: Path, tmp_path: Path) -> None:
    elsewhere = put(tmp_path / "elsewhere" / "1.png", encoded(77, 77)).parent
    for number in (2, 3):
        put(elsewhere / f"{number}.png", encoded(77, 77 + number))
    (photos / "bird").symlink_to(elsewhere)
    (photos / "cat" / "link.png").symlink_to(photos / "dog" / "1.png")
    dataset = opened(photos, kept)
    assert dataset.classes == ("bird", "cat", "dog")
    assert dataset.duplicates == (("cat/link.png", "dog/1.png"),)


# Folders that are no data set


def test_a_missing_folder_is_refused(tmp_path: Path, kept: Path) -> None:
    assert refusal(tmp_path / "nowhere", kept) == f"{tmp_path}/nowhere does not exist; {GIVE}"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path, kept: Path) -> None:
    file = put(tmp_path / "pets.zip", b"x")
    assert refusal(file, kept) == f"{file} is a file, not a folder; {GIVE}"


def test_a_folder_that_may_not_be_listed_is_refused(photos: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "iterdir", _denied)
    assert refusal(photos, kept) == f"{photos} cannot be read (Permission denied); {GIVE}"


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


def test_classes_without_images_are_refused(photos: Path, kept: Path) -> None:
    (photos / "ant").mkdir()
    put(photos / "bee" / "notes.txt", b"x")
    assert refusal(photos, kept) == (
        f"{photos} has class folders without images (.bmp, .gif, .jpeg, .jpg, .png): ant, bee; "
        "put images into them or take the folders away"
    )


# Images that cannot be used


def test_bad_images_stop_the_run_with_the_list_of_them_and_what_to_do(photos: Path, kept: Path) -> None:
    listed = "\n".join(f"  {name}: {reason}" for name, reason in bad_images(photos).items())
    assert refusal(photos, kept) == f"9 images of pets cannot be used:\n{listed}\n{MEND}"


def test_bad_images_are_left_out_and_counted_on_demand(photos: Path, kept: Path) -> None:
    before = opened(photos, kept)
    reasons = bad_images(photos)
    dataset = opened(photos, kept, skip_bad_images=True)
    assert dataset.left_out == tuple(LeftOut(name=name, reason=reason) for name, reason in reasons.items())
    assert dataset.samples == before.samples
    assert dataset.sha256 == before.sha256
    np.testing.assert_array_equal(everything(dataset), everything(before))
    np.testing.assert_array_equal(np.load(dataset.pixels_path), everything(before))


def test_more_than_twenty_bad_images_are_counted(photos: Path, kept: Path) -> None:
    for number in range(23):
        put(photos / "cat" / f"x{number:02}.jpg", b"")
    lines = refusal(photos, kept).splitlines()
    assert lines[0] == "23 images of pets cannot be used:"
    assert lines[20:] == ["  cat/x19.jpg: the file is empty", "  and 3 more", MEND]


def test_a_file_that_may_not_be_read_is_bad(photos: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "sha256_of_file", lambda path: _denied() if path.name == "3.png" else "0" * 64)
    assert "  cat/3.png: cannot be read (Permission denied)\n  dog/3.png: cannot" in refusal(photos, kept)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_bad(photos: Path, kept: Path) -> None:
    (photos / "cat" / "3.png").chmod(0)
    assert refusal(photos, kept) == (
        f"1 image of pets cannot be used:\n  cat/3.png: cannot be read (Permission denied)\n{MEND}"
    )


def test_a_folder_in_a_class_that_may_not_be_listed_is_bad(
    photos: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = put(photos / "cat" / "deep" / "1.png", encoded(1)).parent
    scandir = os.scandir

    def scan(path: str) -> Any:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    assert "  cat/deep: cannot be read (Permission denied)\n" in refusal(photos, kept)
