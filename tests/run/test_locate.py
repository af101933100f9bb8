"""Are files found by what is in them, and is no other file ever taken for them?"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes import a_record, write_results_file
from kept_store import keep, keep_model, npy
from kitfiles import HASHES, LIMIT, a_kit, members, with_manifest
from zoobench.data.split import ROWS, SHARES, Shares, assign, dataset_sha256, measuring_order, split_contents
from zoobench.errors import ModelError, ResultsError, UsageError
from zoobench.kit.reader import keep_kit, open_kit
from zoobench.matrix.interface import Interface
from zoobench.measure.target import Samples
from zoobench.results.answers import encode, encode_shares
from zoobench.results.run import Provenance, RecordedPixels, Run, read_recorded
from zoobench.results.schema import Predictions, Record, RecordedDataset, RecordedModel
from zoobench.run.locate import (
    find_calibration,
    find_float_twin,
    find_images,
    find_interface,
    find_models,
    find_pixels,
    given_pixels,
)
from zoobench.store.product import MANIFEST, Product, Stored
from zoobench.system.files import sha256_of_file

PIXELS = Product(name="pets-8", file_name="pixels.npy", inputs={"image_size": 8})


def of(*stored: Stored) -> list[Record]:
    """Returns records of cells that have these files, and one of a cell that was refused."""
    files = (RecordedModel(sha256=one.sha256, size_bytes=one.size_bytes, float_twin_size_bytes=9) for one in stored)
    return [replace(a_record(), model=one) for one in (*files, None)]


def test_files_are_found_in_the_store_by_their_hash_and_left_as_they_are(tmp_path: Path) -> None:
    one, two = keep_model(tmp_path, b"one", n="1"), keep_model(tmp_path, b"two", n="2")
    assert find_models(of(one, two, one), artifacts=tmp_path) == {one.sha256: one.path, two.sha256: two.path}
    assert sha256_of_file(one.path) == one.sha256


def test_a_damaged_file_is_named_and_missing_but_for_a_whole_twin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twins = [keep_model(tmp_path, b"one", n=n) for n in "12"]
    for damaged, whole in (twins, reversed(twins)):
        content = damaged.path.read_bytes()
        damaged.path.write_bytes(b"0ne")
        assert find_models(of(whole), artifacts=tmp_path) == {whole.sha256: whole.path}
        damaged.path.write_bytes(content)
    for one in twins:
        one.path.write_bytes(b"0ne")
    assert find_models(of(*twins), artifacts=tmp_path) == {}
    assert "is damaged and not used" in capsys.readouterr().err


def test_files_are_found_in_a_folder_under_any_name_if_the_store_has_them_not(tmp_path: Path) -> None:
    stored = keep_model(tmp_path / "old", b"one")
    copy = tmp_path / "mine" / "deep" / "whatever.tflite"
    copy.parent.mkdir(parents=True)
    shutil.copy(stored.path, copy)
    copy.with_name("decoy.tflite").write_bytes(b"0ne")  # of the same size
    for store, found in (("old", stored.path), ("none", copy)):
        assert find_models(of(stored), artifacts=tmp_path / store, folder=copy.parents[1]) == {stored.sha256: found}
    copy.unlink()
    assert find_models(of(stored), artifacts=tmp_path / "none", folder=tmp_path / "mine") == {}
    with pytest.raises(UsageError, match="is no folder"):
        find_models((), artifacts=tmp_path, folder=tmp_path / "none")


def images(artifacts: Path, count: int = 6) -> Stored:
    pixels = np.arange(count, dtype=np.uint8).repeat(192).reshape(count, 8, 8, 3)
    return keep(artifacts / "datasets", PIXELS, {"pixels.npy": npy(pixels)})


def pixels(artifacts: Path, *rows: int, product: str = PIXELS.folder_name, size: int = 8) -> Samples | None:
    recorded = {str(size): RecordedPixels(product=product, rows=rows)}
    return find_pixels(Provenance(pixels=recorded), image_size=size, artifacts=artifacts)


def test_the_pixels_of_a_run_are_found_in_the_order_of_measuring(tmp_path: Path) -> None:
    images(tmp_path)
    samples = pixels(tmp_path, 4, 1)
    assert samples is not None
    assert colours(samples) == [4, 1]
    assert samples.labels.tolist() == [0, 0]


def test_pixels_that_are_gone_damaged_or_were_not_written_down_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = images(tmp_path)
    assert find_pixels(Provenance(), image_size=8, artifacts=tmp_path) is None
    assert pixels(tmp_path / "none", 1) is None
    assert pixels(tmp_path, 1, product="pets-8-0123456789ab") is None
    assert pixels(tmp_path, 1, product=f"../datasets/{PIXELS.folder_name}") is None
    stored.path.write_bytes(stored.path.read_bytes()[:-1] + b"x")
    assert pixels(tmp_path, 1) is None
    assert "is damaged and not used" in capsys.readouterr().err


@pytest.mark.parametrize(("rows", "size"), [((0, 6), 8), ((-1,), 8), ((), 8), ((0,), 16)])
def test_rows_that_the_data_set_does_not_have_are_an_error(tmp_path: Path, rows: tuple[int, ...], size: int) -> None:
    images(tmp_path)
    with pytest.raises(ResultsError, match=r"it holds \[6, 8, 8, 3\], so the results file or the store was altered"):
        pixels(tmp_path, *rows, size=size)


def test_a_users_images_become_samples_evenly_spread(tmp_path: Path) -> None:
    stored = images(tmp_path, count=9)
    samples = given_pixels(stored.path, image_size=8, count=3, folder=tmp_path)
    assert colours(samples) == [0, 4, 8]
    assert (samples.labels.tolist(), samples.path) == ([0, 0, 0], tmp_path / "images-8.npy")
    assert len(given_pixels(stored.path, image_size=8, count=64, folder=tmp_path)) == 9
    with pytest.raises(UsageError, match="the model takes uint8 images"):
        given_pixels(stored.path, image_size=16, count=3, folder=tmp_path)


CLASSES = ("cat", "dog")
IMAGES = 20
Contents = list[tuple[int, str]]


def contents(salt: str = "") -> Contents:
    """Returns label and hash of each image of a data set: ten cats, then ten dogs."""
    return [(row // (IMAGES // 2), sha256(f"{salt}{row}".encode()).hexdigest()) for row in range(IMAGES)]


def stored(artifacts: Path, of: Contents, *, side: int = 8, **said: Any) -> Path:
    """Keeps a decoded data set of which row i is of the colour i, and returns its pixels."""
    pixels = np.arange(len(of), dtype=np.uint8).repeat(side * side * 3).reshape(len(of), side, side, 3)
    rows = [[f"{row}.jpg", label, content] for row, (label, content) in enumerate(of)]
    files = {"pixels.npy": npy(pixels), ROWS: json.dumps({"rows": rows, "left_out": [], **said}).encode()}
    product = Product(name=f"pets-{side}", file_name="pixels.npy", inputs={"image_size": side, "contents": of})
    return keep(artifacts / "datasets", product, files, classes=CLASSES).path


def order_of(of: Contents, *, seed: int, shares: Shares) -> list[int]:
    split = split_contents(of, shares=shares, seed=seed)
    return measuring_order(of, [row for row, (_, content) in enumerate(of) if split[content] == "test"])


def all_right(truth: Sequence[int], sha256: str, **changes: Any) -> Record:
    """Returns a record of samples of these labels, of a data set of this hash: every answer is right."""
    usual, classes = a_record(), encode(list(truth))
    assert usual.accuracy is not None
    predictions = Predictions(classes=classes, probabilities=encode_shares([1.0] * len(truth)), truth=classes)
    accuracy = replace(usual.accuracy, correct=len(truth), total=len(truth), top1=1.0, predictions=predictions)
    dataset = RecordedDataset(name="pets", sha256=sha256, classes=CLASSES, samples=len(truth), left_out=0)
    return replace(usual, dataset=dataset, accuracy=accuracy, **changes)


def split_record(of: Contents, *, seed: int = 0, shares: Shares = SHARES) -> Record:
    """Returns a record of a run on such a data set."""
    split = split_contents(of, shares=shares, seed=seed)
    identity = dataset_sha256(CLASSES, ((content, label, split[content]) for label, content in of))
    return all_right([of[row][0] for row in order_of(of, seed=seed, shares=shares)], identity)


def run(folder: Path, *records: Record, **options: str) -> Run:
    return read_recorded(write_results_file(folder / "here" / "0001_x.json", *records, options=options))


def images_of(of_run: Run, artifacts: Path, *, kit: Path | None = None, least_side: int = 8) -> Samples | str:
    workplace = artifacts / "workplace"
    workplace.mkdir(parents=True, exist_ok=True)
    return find_images(of_run, artifacts=artifacts, kit=kit, least_side=least_side, workplace=workplace)


def found(of_run: Run, artifacts: Path, **options: Any) -> Samples:
    images = images_of(of_run, artifacts, **options)
    assert isinstance(images, Samples), images
    return images


def colours(samples: Samples) -> list[int]:
    """Returns the rows that images are of, by their colours."""
    return samples.images(0, len(samples))[:, 0, 0, 0].tolist()


def test_the_test_images_are_found_in_the_order_of_measuring(tmp_path: Path) -> None:
    stored(tmp_path, contents())
    images = found(run(tmp_path, split_record(contents())), tmp_path)
    expected = order_of(contents(), seed=0, shares=SHARES)
    assert colours(images) == expected
    assert images.contents == tuple(contents()[row][1] for row in expected)
    assert images.labels.tolist() == [contents()[row][0] for row in expected]


def test_the_split_is_that_of_the_runs_options(tmp_path: Path) -> None:
    stored(tmp_path, contents())
    shares = (0.5, 0.2, 0.3)
    of_run = run(tmp_path, split_record(contents(), seed=7, shares=shares), seed="7", split="5/2/3")
    assert colours(found(of_run, tmp_path)) == order_of(contents(), seed=7, shares=shares)


def test_a_split_that_was_given_is_taken_again(tmp_path: Path) -> None:
    given = ["test" if row % 3 == 0 else "train" for row in range(IMAGES)]
    path = stored(tmp_path, contents(), splits=given)
    assert json.loads(path.with_name(ROWS).read_text())["splits"] == given
    splits = assign(contents(), given, shares=SHARES, seed=0)
    identity = dataset_sha256(
        CLASSES, ((content, label, split) for (label, content), split in zip(contents(), splits, strict=True))
    )
    expected = measuring_order(contents(), range(0, IMAGES, 3))
    record = all_right([contents()[row][0] for row in expected], identity)
    assert colours(found(run(tmp_path, record), tmp_path)) == expected


def test_another_data_set_of_the_same_classes_is_not_taken_for_it(tmp_path: Path) -> None:
    stored(tmp_path, contents("other "))
    of_run = run(tmp_path, split_record(contents()))
    identity = next(iter(of_run.records.values())).dataset.sha256[:12]
    assert images_of(of_run, tmp_path) == (
        f"the test images of pets (data set {identity}) are not in {tmp_path / 'datasets'}: "
        "name the folder of the store that the run used with --artifacts DIR"
    )
    stored(tmp_path, contents())
    assert colours(found(of_run, tmp_path)) == order_of(contents(), seed=0, shares=SHARES)


def test_images_that_are_damaged_of_another_split_or_of_a_class_too_small_to_split_are_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = stored(tmp_path, contents())
    assert "are not in" in str(images_of(run(tmp_path, split_record(contents(), seed=7)), tmp_path))
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    assert "are not in" in str(images_of(run(tmp_path, split_record(contents())), tmp_path))
    assert "is damaged and not used" in capsys.readouterr().err
    stored(tmp_path / "small", contents()[:12])
    assert "are not in" in str(images_of(run(tmp_path, split_record(contents())), tmp_path / "small"))


def test_of_several_sizes_the_smallest_that_is_large_enough_is_taken(tmp_path: Path) -> None:
    for side in (8, 24, 16, 32):
        stored(tmp_path, contents(), side=side)
    of_run = run(tmp_path, split_record(contents()))
    for least, taken in ((16, 16), (9, 16), (25, 32), (99, 32)):
        assert found(of_run, tmp_path, least_side=least).images(0, 1).shape[1] == taken


def test_results_whose_right_answers_are_other_ones_get_no_images(tmp_path: Path) -> None:
    stored(tmp_path, contents())
    honest = split_record(contents())
    assert honest.accuracy is not None
    turned = encode([1 - (row in range(10, 20)) for row in order_of(contents(), seed=0, shares=SHARES)])
    predictions = replace(honest.accuracy.predictions, truth=turned, classes=turned)
    altered = replace(honest, accuracy=replace(honest.accuracy, predictions=predictions))
    assert "so the file was altered; no image of it is shown" in str(images_of(run(tmp_path, altered), tmp_path))


def test_results_of_two_data_sets_get_none(tmp_path: Path) -> None:
    other = replace(
        split_record(contents("other ")),
        cell=replace(a_record().cell, id="b-integer_only-litert-t1", backbone="b"),
    )
    assert "holds results of several data sets" in str(
        images_of(run(tmp_path, split_record(contents()), other), tmp_path)
    )


def test_options_that_make_no_sense_are_told(tmp_path: Path) -> None:
    stored(tmp_path, contents())
    for options in ({"seed": "x"}, {"split": "1/2"}, {"seed": "-1"}):
        assert isinstance(images_of(run(tmp_path, split_record(contents()), **options), tmp_path), str)


# Results of a kit


def of_kit(folder: Path, path: Path) -> Run:
    """Returns results that were measured from a kit."""
    with open_kit(path, limit_bytes=LIMIT) as kit:
        truth = [sample.label for sample in kit.manifest.samples]
        return run(folder, all_right(truth, kit.manifest.dataset.sha256, kit=kit.sha256))


def test_images_of_a_kit_are_those_that_came_in_it_named_or_unpacked_before(tmp_path: Path) -> None:
    path = a_kit(tmp_path / "kit")
    of_run, pixels = of_kit(tmp_path, path), members(path)["images-32.npy"][128:]
    named = found(of_run, tmp_path, kit=path)
    assert (named.contents, named.images(0, 3).tobytes()) == (HASHES, pixels)
    keep_kit(path, artifacts=tmp_path, limit_bytes=LIMIT)
    assert found(of_run, tmp_path).images(0, 3).tobytes() == pixels


def test_another_kit_is_not_taken_for_it(tmp_path: Path) -> None:
    of_run = of_kit(tmp_path, a_kit(tmp_path / "kit"))
    other = with_manifest(a_kit(tmp_path / "other"), lambda manifest: manifest.update(zoobench="0.2.0"))
    (measured,) = of_run.records.values()
    assert f"the results were measured from the kit {measured.kit[:12]}; {other} is another one" in str(  # type: ignore[index]
        images_of(of_run, tmp_path, kit=other)
    )


def test_a_kit_that_is_nowhere_or_cannot_be_read_is_asked_for(tmp_path: Path) -> None:
    of_run = of_kit(tmp_path, a_kit(tmp_path / "kit"))
    told = str(images_of(of_run, tmp_path))
    assert "neither as the kit" in told
    assert "name the kit's file with --kit KIT.zip" in told
    (tmp_path / "no.zip").write_text("no kit")
    for name in ("no.zip", "absent.zip"):
        assert "the kit" in str(images_of(of_run, tmp_path, kit=tmp_path / name))


HEAD = {"backbone": "mobilenet", "image_size": 8, "dataset": "ab", "training": {"seed": 0}, "recipe": 1}


def test_the_float32_file_of_the_same_classifier_is_found(tmp_path: Path) -> None:
    keep_model(tmp_path, b"other", **HEAD | {"training": {"seed": 1}}, variant="float32", quantizer=None)
    twin = keep_model(tmp_path, b"twin", **HEAD, variant="float32", quantizer=None)
    quantized = keep_model(tmp_path, b"own", **HEAD, variant="integer_only", quantizer="ai_edge", calibration_images=8)
    assert find_float_twin(quantized.path) == twin.path.absolute()
    copied = shutil.copytree(tmp_path / "models", tmp_path / "on a stick")
    assert find_float_twin(copied / quantized.path.relative_to(tmp_path / "models")).is_relative_to(copied)
    twin.path.write_bytes(b"tw1n")
    with pytest.raises(UsageError, match="give it with --float"):
        find_float_twin(quantized.path)


def test_what_a_stored_file_is_fed_is_that_of_its_manifest(tmp_path: Path) -> None:
    taken_as = Interface(taken_as="classifier", pixels="0..1", scores="logits", order=(1, 0))
    own = keep_model(tmp_path, b"own", **HEAD, variant="float32", interface=taken_as.identity)
    other = keep_model(tmp_path, b"other", **HEAD, variant="float32")
    found = [find_interface(path) for path in (own.path, other.path, tmp_path / "mine.tflite")]
    assert found == [taken_as, None, None]


def test_a_damaged_neighbour_is_passed_over_and_a_damaged_manifest_of_its_own_is_not(tmp_path: Path) -> None:
    twin = keep_model(tmp_path, b"twin", **HEAD, variant="float32")
    neighbour, own = (keep_model(tmp_path, b"x", **HEAD, variant=name) for name in ("int16x8", "integer_only"))
    neighbour.path.with_name(MANIFEST).write_text("{")
    assert find_float_twin(own.path) == twin.path
    own.path.with_name(MANIFEST).write_text("[]")
    with pytest.raises(ModelError, match=r"remove that folder and run zoobench build again"):
        find_float_twin(own.path)


def test_without_its_float32_file_the_message_says_how_to_name_it(tmp_path: Path) -> None:
    itself = keep_model(tmp_path, b"x", **HEAD, variant="float32").path
    alone = keep_model(tmp_path / "empty", b"x", **HEAD, variant="integer_only").path
    for path, message in (
        (itself, "is the float32 file itself"),
        (alone, "give it with --float"),
        (tmp_path / "mine.tflite", "give that file with --float"),
    ):
        with pytest.raises(UsageError, match=message):
            find_float_twin(path)


def test_calibration_images_are_those_of_the_file_or_of_another_variant(tmp_path: Path) -> None:
    own = keep_model(tmp_path, b"x", **HEAD, variant="dynamic_range")
    assert find_calibration(own.path) is None

    keep_model(tmp_path, b"y", facts={"calibration": "images"}, **HEAD, variant="integer_only")
    images = tmp_path / "models" / "images" / "images.npy"
    assert find_calibration(own.path) is None
    images.parent.mkdir()
    images.touch()
    assert find_calibration(own.path) == images
