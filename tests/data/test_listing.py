"""Are the right files of a folder taken for images, and is everything that is wrong with it said?"""

import io
import os
import shutil
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pet_photos import CountedLoad, bad_images, encoded, everything, names, opened, put, refusal
from zoobench.data import drawn, listing
from zoobench.data.dataset import Dataset
from zoobench.data.images import EXTENSIONS
from zoobench.store.product import MAKING, Stored
from zoobench.system.files import sha256_of_file

GIVE = "give a folder that holds one folder of images for each class, such as cat/ and dog/"
MEND = (
    "Mend or remove them, or leave them out with --zoo-skip-bad-images "
    "(they are then counted in the header and in every record)."
)

# Which files count


def test_files_below_a_class_count_whatever_the_case_of_their_extension_and_whatever_their_names(
    pets: Path, kept: Path
) -> None:
    for number, (extension, kind) in enumerate((("JPG", "JPEG"), ("jpeg", "JPEG"), ("Gif", "GIF"), ("bmp", "BMP"))):
        put(pets / "cat" / "more" / "deep" / f"x{number}.{extension}", encoded(50 + number, kind=kind))
    for number, name in enumerate(("à la mer 1.png", "日本 2.png", "ñ\n3.png")):
        put(pets / "écureuil roux" / name, encoded(number, 200))
    put(Path(os.fsdecode(os.fsencode(pets / "cat") + b"/\xff.png")), encoded(60))
    dataset = opened(pets, kept)
    assert dataset.classes == ("cat", "dog", "écureuil roux")
    assert len(dataset.samples) == 17 + 4 + 3 + 1
    assert {"cat/more/deep/x0.JPG", "cat/\\xff.png", "écureuil roux/ñ\n3.png"} <= set(names(dataset))
    assert dataset.images([22])[0, 0, 0].tolist() == [0, 200, 9]
    assert opened(pets, kept) == dataset


def test_other_files_are_ignored_and_counted_and_hidden_folders_are_no_classes(pets: Path, kept: Path) -> None:
    for name in ("cat/notes.txt", "dog/deep/NOTES.TXT", "dog/x.heic", "LICENSE", "stray.png"):
        put(pets / name, b"x")
    put(pets / ".cache" / "1.png", encoded(1))
    (pets / "dog" / "elsewhere").symlink_to(pets / "cat")
    dataset = opened(pets, kept)
    assert (dataset.classes, len(dataset.samples)) == (("cat", "dog"), 17)
    assert dataset.ignored == (
        (".heic", 1),
        (".png beside the class folders", 1),
        (".txt", 2),
        ("hidden folder", 1),
        ("linked folder", 1),
        ("without extension", 1),
    )


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


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (None, "does not exist"),
        ([""], "is neither a folder nor a list (.csv, .tsv or .parquet)"),
        ([], "holds no class folders"),
        (["1.png", "2.png"], "holds no class folders but 2 images directly in it; put them in one folder per class"),
        (["cat/1.png"], "holds one class folder only, cat, and a classifier needs two or more"),
    ],
)
def test_what_is_no_folder_of_class_folders_is_refused(
    tmp_path: Path, kept: Path, files: list[str] | None, told: str
) -> None:
    folder = tmp_path / "data"
    if files == []:
        folder.mkdir()
    for name in files or ():
        put(folder / name if name else folder, encoded(1))
    assert refusal(folder, kept) == f"{folder} {told}; {GIVE}"


def denied(*_arguments: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_folder_that_may_not_be_listed_is_refused(pets: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "iterdir", denied)
    assert refusal(pets, kept) == f"{pets} cannot be read (Permission denied); {GIVE}"


def test_classes_without_images_are_refused(pets: Path, kept: Path) -> None:
    (pets / "ant").mkdir()
    put(pets / "bee" / "notes.txt", b"x")
    assert refusal(pets, kept) == (
        f"{pets} has class folders without images ({', '.join(EXTENSIONS)}): ant, bee (1 .txt); put "
        "images into them or take the folders away"
    )


# Images that cannot be used


def test_bad_images_stop_the_run_with_the_list_of_them_and_what_to_do(pets: Path, kept: Path) -> None:
    listed = "\n".join(f"  {name}: {reason}" for name, reason in bad_images(pets).items())
    assert refusal(pets, kept) == f"9 images of pets cannot be used:\n{listed}\n{MEND}"


def test_bad_images_are_left_out_and_counted_on_demand(pets: Path, kept: Path) -> None:
    before = opened(pets, kept)
    reasons = bad_images(pets)
    dataset = opened(pets, kept, skip_bad_images=True)
    assert dataset.left_out == tuple(reasons.items())
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
    monkeypatch.setattr(listing, "sha256_of_file", lambda path: denied() if path.name == "3.png" else "0" * 64)
    assert "  cat/3.png: cannot be read (Permission denied)\n  dog/3.png: cannot" in refusal(pets, kept)


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


# The file of pixels


def test_each_row_of_a_plain_numpy_file_belongs_to_its_sample(pets: Path, kept: Path) -> None:
    dataset = opened(pets, kept)
    pixels = everything(dataset)
    assert (pixels.shape, pixels.dtype) == ((17, 32, 32, 3), np.uint8)
    np.testing.assert_array_equal(np.load(dataset.pixels_path), pixels)
    assert pixels[:, 5, 5].tolist() == [[n, 0, 9] for n in range(10)] + [[n, 100, 9] for n in range(7)]


def test_the_head_of_the_file_of_pixels_has_room_for_any_number_of_rows() -> None:
    assert len(listing._npy_header(9, 32)) == len(listing._npy_header(10_000_000, 32))


def test_an_image_that_vanishes_between_hashing_and_decoding_is_bad(
    pets: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_and_remove(path: Path) -> str:
        digest = sha256_of_file(path)
        path.unlink()
        return digest

    monkeypatch.setattr(listing, "sha256_of_file", hash_and_remove)
    assert "\n  cat/3.png: cannot be read (No such file or directory)\n" in refusal(pets, kept)


@pytest.mark.usefixtures("drawings")
def test_memory_stays_flat_however_many_images_there_are(kept: Path) -> None:
    tracemalloc.start()
    try:
        dataset = opened(None, kept, drawn_images=1200, image_size=64)
        for start in range(0, 1200, 64):
            dataset.images(range(start, min(start + 64, 1200)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert dataset.pixels_path.stat().st_size > 14_000_000
    assert peak < 7_000_000


@pytest.mark.slow
def test_names_labels_and_pixels_are_those_of_keras(pets: Path, kept: Path) -> None:
    import keras

    chance = np.random.default_rng(0)
    for number, (kind, extension) in enumerate((("PNG", "PNG"), ("BMP", "bmp"), ("GIF", "gif"), ("JPEG", "jpeg"))):
        coarse = Image.fromarray(chance.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        file = io.BytesIO()
        coarse.resize((150 + number, 120), Image.Resampling.BICUBIC).save(file, kind)
        put(pets / "dog" / f"{'deep/' * (number % 2)}x.{extension}", file.getvalue())
    put(pets / "dog" / "notes.txt", b"x")
    theirs = keras.utils.image_dataset_from_directory(
        pets, image_size=(96, 96), shuffle=False, batch_size=None, label_mode="int", verbose=False
    )
    dataset = opened(pets, kept, image_size=96)
    assert tuple(theirs.class_names) == dataset.classes
    assert [Path(path).relative_to(pets).as_posix() for path in theirs.file_paths] == names(dataset)
    for sample, ours, (pixels, label) in zip(
        dataset.samples, everything(dataset), theirs.as_numpy_iterator(), strict=True
    ):
        difference = np.abs(ours - pixels)
        assert label == sample.label
        # A JPEG goes through another inverse DCT there; see `decode`.
        assert difference.max() <= (8 if sample.name.endswith("jpeg") else 1)
        assert difference.mean() <= (1.5 if sample.name.endswith("jpeg") else 0.5)


# What is kept


def test_a_second_opening_decodes_nothing_also_at_another_seed(pets: Path, kept: Path, counted: CountedLoad) -> None:
    first = opened(pets, kept)
    second = opened(pets, kept)
    opened(pets, kept, seed=1)
    assert counted.calls == 17
    assert second == first
    np.testing.assert_array_equal(everything(second), everything(first))


def test_a_second_opening_draws_nothing_but_at_another_seed(kept: Path, drawings: list[tuple[str, int, int]]) -> None:
    first = opened(None, kept, drawn_images=30)
    assert opened(None, kept, drawn_images=30) == first
    assert sorted(drawings) == sorted((animal, 0, index) for animal in drawn.CLASSES for index in range(3))
    opened(None, kept, drawn_images=30, seed=5)
    assert {seed for _, seed, _ in drawings} == {0, 5}


def test_bad_images_are_remembered_without_decoding_again(pets: Path, kept: Path, counted: CountedLoad) -> None:
    bad_images(pets)
    first = refusal(pets, kept)
    calls = counted.calls
    assert refusal(pets, kept) == first
    assert len(opened(pets, kept, skip_bad_images=True).left_out) == 9
    assert counted.calls == calls


def test_another_image_size_and_a_changed_image_are_decoded_anew(pets: Path, kept: Path, counted: CountedLoad) -> None:
    small, large = opened(pets, kept, image_size=32), opened(pets, kept, image_size=64)
    assert counted.calls == 34
    assert small.pixels_path.parent.name.startswith("pets-32-")
    assert large.pixels_path.parent.name.startswith("pets-64-")
    put(pets / "cat" / "0.png", encoded(255))
    assert opened(pets, kept).images([0])[0, 0, 0].tolist() == [255, 0, 9]


@pytest.mark.parametrize("name", ["pixels.npy", "rows.json"])
def test_damage_that_leaves_the_length_alone_is_named_and_decoded_anew(
    pets: Path, kept: Path, counted: CountedLoad, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    dataset = opened(pets, kept)
    before = everything(dataset)
    path = dataset.pixels_path.with_name(name)
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    capsys.readouterr()
    assert opened(pets, kept) == dataset
    np.testing.assert_array_equal(everything(dataset), before)
    assert counted.calls == 34
    assert f"{path.parent} is damaged: the SHA-256 of {name} is not" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["manifest.json", "rows.json", "pixels.npy"])
def test_a_file_that_is_missing_or_cut_means_decoding_anew(
    pets: Path, kept: Path, counted: CountedLoad, name: str
) -> None:
    dataset = opened(pets, kept)
    before, path = everything(dataset), dataset.pixels_path.with_name(name)
    content = path.read_bytes()
    path.unlink()
    if name == "pixels.npy":
        path.write_bytes(content[:-1])
    assert opened(pets, kept) == dataset
    np.testing.assert_array_equal(everything(dataset), before)
    assert counted.calls == 34


def test_rows_that_vanish_after_the_check_are_a_data_error(
    pets: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = opened(pets, kept)
    stored = Stored(path=dataset.pixels_path, sha256="", size_bytes=0, inputs={}, facts={})
    monkeypatch.setattr(listing, "obtain", lambda *_given, **_options: stored)
    dataset.pixels_path.with_name("rows.json").unlink()
    assert refusal(pets, kept).endswith("; run again, and the images are decoded anew")


def test_an_interrupted_run_leaves_nothing_and_the_next_one_works(
    pets: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(listing, "load", CountedLoad(interrupt_at=9))
        with pytest.raises(KeyboardInterrupt):
            opened(pets, kept)
    assert [path.suffix for path in kept.rglob("*")] == [".lock"]
    assert len(everything(opened(pets, kept))) == 17


def test_what_a_killed_run_left_is_cleared_away(pets: Path, kept: Path) -> None:
    store = opened(pets, kept).pixels_path.parent
    left = kept / f"{MAKING}{store.name}-abcd"
    put(left / ".pixels.npy.x.part", b"half")
    (store / "manifest.json").unlink()
    opened(pets, kept)
    assert not left.exists()
    assert sorted(path.name for path in store.iterdir()) == ["manifest.json", "pixels.npy", "rows.json"]


def test_a_full_disk_is_an_error_that_leaves_nothing(pets: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(listing, "write_json", full)
    told = f"cannot keep pets-32 in {kept}: [Errno 28] No space left on device; free some space or mend the folder"
    assert refusal(pets, kept) == told
    assert [path.suffix for path in kept.rglob("*")] == [".lock"]
    monkeypatch.undo()
    shutil.rmtree(kept)
    put(kept, b"a file in its place")
    assert f"cannot keep pets-32 in {kept}: [Errno 17]" in refusal(pets, kept)


def test_two_runs_at_once_decode_once(pets: Path, kept: Path, counted: CountedLoad) -> None:
    found: list[Dataset] = []
    runs = [threading.Thread(target=lambda: found.append(opened(pets, kept))) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert counted.calls == 17
    assert found[0] == found[1] == found[2]
