"""Is a folder of images split, decoded once and kept, and is everything that is wrong with it said?"""

import io
import json
import os
import threading
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from zoobench.build import dataset as module
from zoobench.build import drawn
from zoobench.build.dataset import Dataset, DatasetConfig, LeftOut, describe, open_dataset
from zoobench.build.split import SPLITS, SplitShares
from zoobench.errors import DataError, UsageError
from zoobench.files import sha256_of_file

GIVE = "give a folder that holds one folder of images for each class, such as cat/ and dog/"
MEND = (
    "Mend or remove them, or leave them out with --zoo-skip-bad-images "
    "(they are then counted in the header and in every record)."
)


def encoded(red: int, green: int = 0, *, side: int = 20, kind: str = "PNG") -> bytes:
    """Returns an image of one colour; blue is 9."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), (red, green, 9)).save(file, kind)
    return file.getvalue()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Ten cats with red 0 to 9 and green 0, seven dogs with red 0 to 6 and green 100."""
    for number in range(10):
        put(tmp_path / "pets" / "cat" / f"{number}.png", encoded(number))
    for number in range(7):
        put(tmp_path / "pets" / "dog" / f"{number}.png", encoded(number, 100))
    return tmp_path / "pets"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "artifacts" / "datasets"


def opened(folder: Path | None, kept: Path, *, image_size: int = 32, **options: Any) -> Dataset:
    return open_dataset(DatasetConfig(folder=folder, **options), image_size=image_size, folder=kept)


def refusal(folder: Path, kept: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        opened(folder, kept, **options)
    return str(caught.value)


def names(dataset: Dataset) -> list[str]:
    return [sample.name for sample in dataset.samples]


def everything(dataset: Dataset) -> npt.NDArray[np.uint8]:
    return dataset.images(range(len(dataset.samples)))


class CountedLoad:
    """Stands for `load`: counts the calls, and is interrupted at one of them."""

    def __init__(self, *, interrupt_at: int | None = None) -> None:
        self.calls = 0
        self.interrupt_at = interrupt_at
        self._load = module.load

    def __call__(self, path: Path) -> npt.NDArray[np.uint8]:
        self.calls += 1
        if self.calls == self.interrupt_at:
            raise KeyboardInterrupt
        return self._load(path)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> CountedLoad:
    load = CountedLoad()
    monkeypatch.setattr(module, "load", load)
    return load


# What a data set holds


def test_the_folders_are_the_classes_and_the_files_the_samples(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept)
    assert dataset.name == "pets"
    assert dataset.classes == ("cat", "dog")
    assert names(dataset) == [f"cat/{number}.png" for number in range(10)] + [
        f"dog/{number}.png" for number in range(7)
    ]
    assert [sample.label for sample in dataset.samples] == [0] * 10 + [1] * 7
    assert dataset.samples[3].sha256 == sha256_of_file(photos / "cat" / "3.png")
    assert (dataset.left_out, dataset.duplicates, dataset.ignored) == ((), (), ())


def test_each_row_of_pixels_belongs_to_its_sample(photos: Path, kept: Path) -> None:
    pixels = everything(opened(photos, kept))
    assert pixels.shape == (17, 32, 32, 3)
    assert pixels.dtype == np.uint8
    assert pixels[:, 5, 5].tolist() == [[n, 0, 9] for n in range(10)] + [[n, 100, 9] for n in range(7)]


def test_the_file_of_pixels_is_plain_numpy(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept)
    np.testing.assert_array_equal(np.load(dataset.pixels_path), everything(dataset))


def test_the_head_of_the_file_of_pixels_has_room_for_any_number_of_rows() -> None:
    assert len(module._npy_header(9, 32)) == len(module._npy_header(10_000_000, 32))


def test_images_come_in_the_order_asked_for_and_as_a_copy(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept)
    images = dataset.images([7, 2, 7])
    assert images[:, 0, 0, 0].tolist() == [7, 2, 7]
    images[:] = 0
    assert dataset.images([7])[0, 0, 0].tolist() == [7, 0, 9]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux tells what is mapped")
def test_no_memory_map_stays_open(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept)
    images = dataset.images([1])
    assert images.base is None
    assert str(dataset.pixels_path) not in Path("/proc/self/maps").read_text()


def test_labels_and_indices_agree(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept)
    for split in SPLITS:
        labels = [dataset.samples[index].label for index in dataset.indices(split)]
        assert dataset.labels(split).tolist() == labels
        assert dataset.labels(split).dtype == np.int64


def test_every_class_is_split_by_the_shares(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept, shares=SplitShares(train=0.6, validation=0.2, test=0.2))
    cats = Counter(sample.split for sample in dataset.samples if sample.label == 0)
    assert cats == {"train": 6, "validation": 2, "test": 2}


def test_the_identity_is_that_of_contents_labels_and_splits(photos: Path, kept: Path) -> None:
    identity = opened(photos, kept).sha256
    assert opened(photos, kept, image_size=48).sha256 == identity
    assert opened(photos, kept, seed=1).sha256 != identity
    (photos / "cat" / "3.png").rename(photos / "cat" / "z.png")
    moved = photos.rename(photos.with_name("moved"))
    assert opened(moved, kept).sha256 == identity
    put(moved / "cat" / "new.png", encoded(200))
    assert opened(moved, kept).sha256 != identity


def test_a_data_set_at_another_seed_needs_no_decoding(photos: Path, kept: Path, counted: CountedLoad) -> None:
    opened(photos, kept)
    opened(photos, kept, seed=1)
    assert counted.calls == 17


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


def test_a_class_with_too_few_images_is_refused(photos: Path, kept: Path) -> None:
    put(photos / "ant" / "1.png", encoded(1, 50))
    put(photos / "ant" / "2.png", encoded(2, 50))
    put(photos / "ant" / "copy.png", encoded(2, 50))
    assert refusal(photos, kept) == (
        "each class needs 3 different usable images, one for each of train, validation, test; "
        "ant has 2 (copies of another class's images do not count); add images or take the folder away"
    )


def test_a_class_of_which_nothing_is_usable_is_refused_even_if_bad_images_are_skipped(photos: Path, kept: Path) -> None:
    for number in range(3):
        put(photos / "ant" / f"{number}.png", b"")
    assert "; ant has 0 (" in refusal(photos, kept, skip_bad_images=True)


# Images that cannot be used


def bad_images(photos: Path) -> dict[str, str]:
    """Puts one bad image of every sort among the cats and returns the reasons by name."""
    cat = photos / "cat"
    noise = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(noise, "JPEG")
    put(cat / "a cut.jpg", noise.getvalue()[:1000])
    with zipfile.ZipFile(cat / "b zip.jpg", "w") as archive:
        archive.writestr("x", "x")
    put(cat / "c tiny.png", encoded(1, side=1))
    put(cat / "d empty.gif", b"")
    put(cat / "e text.bmp", b"what is this?")
    (cat / "f gone.jpg").symlink_to(cat / "nowhere.jpg")
    (cat / "g folder.jpg").mkdir()
    put(cat / "h webp.jpg", encoded(1, kind="WEBP"))
    os.mkfifo(cat / "i pipe.png")
    return {
        "cat/a cut.jpg": "truncated: the file ends before the image does",
        "cat/b zip.jpg": "not a JPEG, PNG, BMP or GIF image, but a ZIP archive",
        "cat/c tiny.png": "1 x 1 pixels; at least 16 x 16 are needed",
        "cat/d empty.gif": "the file is empty",
        "cat/e text.bmp": "not a JPEG, PNG, BMP or GIF image",
        "cat/f gone.jpg": "cannot be read (No such file or directory)",
        "cat/g folder.jpg": "cannot be read (not a regular file)",
        "cat/h webp.jpg": "not a JPEG, PNG, BMP or GIF image, but a WebP image",
        "cat/i pipe.png": "cannot be read (not a regular file)",
    }


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


def test_bad_images_are_remembered_without_decoding_again(photos: Path, kept: Path, counted: CountedLoad) -> None:
    bad_images(photos)
    first = refusal(photos, kept)
    calls = counted.calls
    assert refusal(photos, kept) == first
    assert len(opened(photos, kept, skip_bad_images=True).left_out) == 9
    assert counted.calls == calls


def test_more_than_twenty_bad_images_are_counted(photos: Path, kept: Path) -> None:
    for number in range(23):
        put(photos / "cat" / f"x{number:02}.jpg", b"")
    lines = refusal(photos, kept).splitlines()
    assert lines[0] == "23 images of pets cannot be used:"
    assert lines[20:] == ["  cat/x19.jpg: the file is empty", "  and 3 more", MEND]


def test_a_file_that_may_not_be_read_is_bad(photos: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sha256_of_file", lambda path: _denied() if path.name == "3.png" else "0" * 64)
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


def test_an_image_that_vanishes_between_hashing_and_decoding_is_bad(
    photos: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_and_remove(path: Path) -> str:
        digest = sha256_of_file(path)
        path.unlink()
        return digest

    monkeypatch.setattr(module, "sha256_of_file", hash_and_remove)
    assert "\n  cat/3.png: cannot be read (No such file or directory)\n" in refusal(photos, kept)


# Copies


def test_copies_share_a_split_and_are_reported(photos: Path, kept: Path) -> None:
    for number in range(10):
        put(photos / "cat" / f"copy of {number}.png", encoded(number))
    put(photos / "dog" / "again.png", encoded(4, 100))
    dataset = opened(photos, kept)
    assert len(dataset.duplicates) == 11
    assert ("cat/4.png", "cat/copy of 4.png") in dataset.duplicates
    assert ("dog/4.png", "dog/again.png") in dataset.duplicates
    splits: dict[str, set[str]] = {}
    for sample in dataset.samples:
        splits.setdefault(sample.sha256, set()).add(sample.split)
    assert all(len(split) == 1 for split in splits.values())


def test_a_copy_in_another_class_follows_the_first_class(photos: Path, kept: Path) -> None:
    before = {sample.name: sample.split for sample in opened(photos, kept).samples}
    put(photos / "dog" / "cat.png", encoded(5))
    dataset = opened(photos, kept)
    after = {sample.name: sample.split for sample in dataset.samples}
    assert after.pop("dog/cat.png") == before["cat/5.png"]
    assert after == before
    assert dataset.duplicates == (("cat/5.png", "dog/cat.png"),)


# Calibration


def test_calibration_images_are_different_ones_of_the_training_split(photos: Path, kept: Path) -> None:
    for number in range(10):
        put(photos / "cat" / f"copy of {number}.png", encoded(number))
    dataset = opened(photos, kept)
    chosen = dataset.calibration_indices(12, seed=0)  # 7 of ten cats and 5 of seven dogs train
    assert set(chosen.tolist()) <= set(dataset.indices("train").tolist())
    assert len({dataset.samples[index].sha256 for index in chosen}) == 12


def test_calibration_images_are_stratified(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept)
    labels = [dataset.samples[index].label for index in dataset.calibration_indices(10, seed=0)]
    assert Counter(labels) == {0: 5, 1: 5}


def test_fewer_calibration_images_are_the_beginning_of_more(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept)
    few, many = (dataset.calibration_indices(count, seed=3).tolist() for count in (4, 9))
    assert many[:4] == few
    assert dataset.calibration_indices(9, seed=4).tolist() != many


@pytest.mark.parametrize("count", [0, -1, 13])
def test_calibration_images_that_are_not_there_are_refused(photos: Path, kept: Path, count: int) -> None:
    with pytest.raises(UsageError) as caught:
        opened(photos, kept).calibration_indices(count, seed=0)
    assert str(caught.value) == (
        f"{count} calibration images were asked for; the training split of pets holds 12 different ones, "
        "so ask for 1 to 12"
    )


# What is kept


def test_a_second_opening_decodes_nothing(photos: Path, kept: Path, counted: CountedLoad) -> None:
    first = opened(photos, kept)
    second = opened(photos, kept)
    assert counted.calls == 17
    assert second == first
    np.testing.assert_array_equal(everything(second), everything(first))


def test_another_image_size_is_another_folder(photos: Path, kept: Path, counted: CountedLoad) -> None:
    small, large = opened(photos, kept, image_size=32), opened(photos, kept, image_size=64)
    assert counted.calls == 34
    assert small.pixels_path.parent.name.startswith("pets-32-")
    assert large.pixels_path.parent.name.startswith("pets-64-")


def test_a_changed_image_is_decoded_anew(photos: Path, kept: Path) -> None:
    opened(photos, kept)
    put(photos / "cat" / "0.png", encoded(255))
    assert opened(photos, kept).images([0])[0, 0, 0].tolist() == [255, 0, 9]


def test_a_truncated_file_of_pixels_is_made_anew(photos: Path, kept: Path, counted: CountedLoad) -> None:
    dataset = opened(photos, kept)
    before = everything(dataset)
    dataset.pixels_path.write_bytes(dataset.pixels_path.read_bytes()[:-1])
    np.testing.assert_array_equal(everything(opened(photos, kept)), before)
    assert counted.calls == 34


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"pixels_bytes": "many"}', "null", "\udc80"])
def test_a_damaged_manifest_means_decoding_anew(photos: Path, kept: Path, counted: CountedLoad, damage: str) -> None:
    dataset = opened(photos, kept)
    manifest = dataset.pixels_path.with_name("manifest.json")
    manifest.write_bytes(damage.encode(errors="surrogateescape"))
    assert opened(photos, kept) == dataset
    assert counted.calls == 34


@pytest.mark.parametrize("key", ["pixels_bytes", "rows", "left_out"])
def test_a_manifest_with_a_part_missing_means_decoding_anew(photos: Path, kept: Path, key: str) -> None:
    dataset = opened(photos, kept)
    manifest = dataset.pixels_path.with_name("manifest.json")
    content = json.loads(manifest.read_text())
    del content[key]
    manifest.write_text(json.dumps(content))
    assert opened(photos, kept) == dataset
    assert key in json.loads(manifest.read_text())


def test_pixels_that_vanish_while_in_use_are_an_error_with_a_name(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept)
    dataset.pixels_path.unlink()
    with pytest.raises(DataError, match=r"pixels\.npy cannot be read .*; run again, and the images are decoded anew$"):
        dataset.images([0])


def test_an_interrupted_run_leaves_nothing_and_the_next_one_works(
    photos: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "load", CountedLoad(interrupt_at=9))
        with pytest.raises(KeyboardInterrupt):
            opened(photos, kept)
    assert [path.suffix for path in kept.rglob("*")] == [".lock"]
    assert len(everything(opened(photos, kept))) == 17


def test_what_a_killed_run_left_is_cleared_away(photos: Path, kept: Path) -> None:
    dataset = opened(photos, kept)
    store = dataset.pixels_path.parent
    (store / "manifest.json").unlink()
    put(store / ".pixels.npy.x.part", b"half")
    opened(photos, kept)
    assert sorted(path.name for path in store.iterdir()) == ["manifest.json", "pixels.npy"]


def test_a_full_disk_is_an_error_that_leaves_nothing(photos: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_json", full)
    message = refusal(photos, kept)
    assert message.startswith(f"the decoded images cannot be written to {kept}/pets-32-")
    assert message.endswith(" (No space left on device); make room there or allow writing, then run again")
    assert [path.suffix for path in kept.rglob("*")] == [".lock"]


def test_a_file_in_place_of_the_folder_to_keep_is_an_error(photos: Path, tmp_path: Path) -> None:
    file = put(tmp_path / "file", b"x")
    assert "(Not a directory); make room there or allow writing, then run again" in refusal(photos, file / "datasets")


def test_two_runs_at_once_decode_once(photos: Path, kept: Path, counted: CountedLoad) -> None:
    found: list[Dataset] = []
    runs = [threading.Thread(target=lambda: found.append(opened(photos, kept))) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert counted.calls == 17
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("image_size", [0, -1, 31, 1025])
def test_image_sizes_that_make_no_sense_are_refused(photos: Path, kept: Path, image_size: int) -> None:
    with pytest.raises(UsageError) as caught:
        opened(photos, kept, image_size=image_size)
    assert str(caught.value) == (
        f"the image size {image_size} is not possible; give a size from 32 to 1024 pixels, such as 224"
    )


# The drawn data set


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Replaces drawing by images of one colour and returns what was drawn."""
    calls: list[tuple[str, int, int]] = []

    def draw(animal: str, *, seed: int, index: int) -> npt.NDArray[np.uint8]:
        calls.append((animal, seed, index))
        return np.full((256, 256, 3), (drawn.CLASSES.index(animal), index % 256, index // 256), np.uint8)

    monkeypatch.setattr(drawn, "draw", draw)
    return calls


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


def test_a_second_opening_draws_nothing(kept: Path, drawings: list[tuple[str, int, int]]) -> None:
    first = opened(None, kept, drawn_images=30)
    assert opened(None, kept, drawn_images=30) == first
    assert sorted(drawings) == sorted((animal, 0, index) for animal in drawn.CLASSES for index in range(3))


def test_another_seed_is_drawn_anew(kept: Path, drawings: list[tuple[str, int, int]]) -> None:
    opened(None, kept, drawn_images=30)
    opened(None, kept, drawn_images=30, seed=5)
    assert {seed for _, seed, _ in drawings} == {0, 5}


def test_the_real_drawings_make_a_data_set(kept: Path) -> None:
    dataset = opened(None, kept, drawn_images=30)
    assert everything(dataset).shape == (30, 32, 32, 3)
    assert dataset.duplicates == ()


def test_too_few_drawn_images_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        DatasetConfig(drawn_images=29)
    assert str(caught.value) == "29 drawn images were asked for; ask for at least 30, 3 for each of the 10 classes"


@pytest.mark.usefixtures("drawings")
def test_memory_stays_flat_however_many_images_there_are(kept: Path) -> None:
    tracemalloc.start()
    try:
        dataset = opened(None, kept, drawn_images=3000, image_size=64)
        for start in range(0, 3000, 64):
            dataset.images(range(start, min(start + 64, 3000)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert dataset.pixels_path.stat().st_size > 36_000_000
    assert peak < 12_000_000


# What is said of it


def test_the_header_tells_the_sizes(photos: Path, kept: Path) -> None:
    assert describe(opened(photos, kept)) == ("data: pets, 17 images, 2 classes, train 12 / validation 2 / test 3",)


def test_the_header_tells_every_oddity(photos: Path, kept: Path) -> None:
    put(photos / "cat" / "bad.png", b"")
    put(photos / "cat" / "copy.png", encoded(3))
    put(photos / "dog" / "copy.png", encoded(5))
    put(photos / "dog" / "a.txt", b"")
    put(photos / "dog" / "b.webp", b"")
    assert describe(opened(photos, kept, skip_bad_images=True))[1:] == (
        "data: left out 1 bad image, first cat/bad.png: the file is empty",
        "data: 2 groups of identical images, each within one split, first cat/3.png = cat/copy.png",
        "data: 1 image in two classes, so one label is wrong, first cat/5.png = dog/copy.png",
        "data: ignored other files: 1 .txt, 1 .webp",
    )


@pytest.mark.slow
def test_names_labels_and_pixels_are_those_of_keras(photos: Path, kept: Path) -> None:
    import keras

    chance = np.random.default_rng(0)
    for number, (kind, extension) in enumerate((("PNG", "PNG"), ("BMP", "bmp"), ("GIF", "gif"), ("JPEG", "jpeg"))):
        coarse = Image.fromarray(chance.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        file = io.BytesIO()
        coarse.resize((150 + number, 120), Image.Resampling.BICUBIC).save(file, kind)
        put(photos / "dog" / f"{'deep/' * (number % 2)}x.{extension}", file.getvalue())
    put(photos / "dog" / "notes.txt", b"x")
    theirs = keras.utils.image_dataset_from_directory(
        photos, image_size=(96, 96), shuffle=False, batch_size=None, label_mode="int", verbose=False
    )
    dataset = opened(photos, kept, image_size=96)
    assert tuple(theirs.class_names) == dataset.classes
    assert [Path(path).relative_to(photos).as_posix() for path in theirs.file_paths] == names(dataset)
    for sample, ours, (pixels, label) in zip(
        dataset.samples, everything(dataset), theirs.as_numpy_iterator(), strict=True
    ):
        difference = np.abs(ours - pixels)
        assert label == sample.label
        # A JPEG goes through another inverse DCT there; see `decode`.
        assert difference.max() <= (8 if sample.name.endswith("jpeg") else 1)
        assert difference.mean() <= (1.5 if sample.name.endswith("jpeg") else 0.5)
