"""Are files found by what is in them, and is no other file ever taken for them?"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakes import a_cell, a_record
from zoobench.commands.gating.rebuilding import WantedModel
from zoobench.commands.gating.replayfiles import find_models, find_pixels, given_pixels, wanted_models
from zoobench.errors import ResultsError, UsageError
from zoobench.measure.samples import Samples
from zoobench.results.provenance import Provenance, RecordedPixels, RecordedProduct
from zoobench.results.record import Record, RecordedModel
from zoobench.store.store import Product, Stored, obtain
from zoobench.system.files import sha256_of_file

PIXELS = Product(name="pets-8", file_name="pixels.npy", inputs={"image_size": 8})


def model(artifacts: Path, content: bytes, **inputs: str) -> Stored:
    def make(folder: Path) -> dict[str, object]:
        (folder / "model.tflite").write_bytes(content)
        return {}

    return obtain(artifacts / "models", Product(name="a-8-b", file_name="model.tflite", inputs=inputs), make)


def record(stored: Stored, cell_id: str = "a") -> Record:
    recorded = RecordedModel(sha256=stored.sha256, size_bytes=stored.size_bytes, float_twin_size_bytes=9)
    return replace(a_record(), model=recorded, cell=a_cell(id=cell_id))


def wanted(*stored: Stored) -> tuple[WantedModel, ...]:
    return wanted_models([record(one) for one in stored], Provenance())


def test_each_file_is_wanted_once_with_what_made_it() -> None:
    product = RecordedProduct(product="a-8-b-0123456789ab", file="model.tflite", inputs={"seed": 0})
    one, two = a_record(), replace(a_record(), cell=a_cell(id="two threads"))
    refused = replace(a_record(), model=None)
    (found,) = wanted_models([one, two, refused], Provenance(manifests={"ab" * 32: product}))
    assert found == WantedModel(sha256="ab" * 32, size_bytes=3_400_000, cell=one.cell, made_from=product)


def test_files_stay_in_the_order_of_their_records(tmp_path: Path) -> None:
    stored = [model(tmp_path, bytes([n]), n=str(n)) for n in range(3)]
    assert [one.sha256 for one in wanted(*stored)] == [one.sha256 for one in stored]


def test_files_are_found_in_the_store_by_their_hash(tmp_path: Path) -> None:
    one, two = model(tmp_path, b"one", n="1"), model(tmp_path, b"two", n="2")
    found = find_models(wanted(one, two), artifacts=tmp_path)
    assert found.paths == {one.sha256: one.path, two.sha256: two.path}
    assert found.missing == ()


def test_a_damaged_file_is_named_and_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = model(tmp_path, b"one")
    stored.path.write_bytes(b"0ne")
    found = find_models(wanted(stored), artifacts=tmp_path)
    assert (found.paths, [one.sha256 for one in found.missing]) == ({}, [stored.sha256])
    assert "is damaged and not used" in capsys.readouterr().err


def test_a_whole_twin_of_a_damaged_file_is_taken(tmp_path: Path) -> None:
    twins = [model(tmp_path, b"one", n=n) for n in "12"]
    for damaged, whole in (twins, reversed(twins)):
        content = damaged.path.read_bytes()
        damaged.path.write_bytes(b"0ne")
        assert find_models(wanted(whole), artifacts=tmp_path).paths == {whole.sha256: whole.path}
        damaged.path.write_bytes(content)


def test_files_are_found_in_a_folder_under_any_name(tmp_path: Path) -> None:
    stored = model(tmp_path / "old", b"one")
    copy = tmp_path / "mine" / "deep" / "whatever.tflite"
    copy.parent.mkdir(parents=True)
    shutil.copy(stored.path, copy)
    copy.with_name("decoy.tflite").write_bytes(b"0ne")  # of the same size
    found = find_models(wanted(stored), artifacts=tmp_path / "none", folder=tmp_path / "mine")
    assert found.paths == {stored.sha256: copy}


def test_the_store_goes_before_the_folder(tmp_path: Path) -> None:
    stored = model(tmp_path, b"one")
    shutil.copy(stored.path, tmp_path / "copy.tflite")
    assert find_models(wanted(stored), artifacts=tmp_path, folder=tmp_path).paths == {stored.sha256: stored.path}


def test_what_is_nowhere_is_missing(tmp_path: Path) -> None:
    stored = model(tmp_path / "old", b"one")
    found = find_models(wanted(stored), artifacts=tmp_path / "none", folder=tmp_path / "old" / "models")
    assert found.missing == ()
    stored.path.unlink()
    found = find_models(wanted(stored), artifacts=tmp_path / "none", folder=tmp_path / "old")
    assert [one.sha256 for one in found.missing] == [stored.sha256]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        find_models((), artifacts=tmp_path, folder=tmp_path / "none")


def images(artifacts: Path, count: int = 6) -> Stored:
    def make(folder: Path) -> dict[str, object]:
        np.save(folder / "pixels.npy", np.arange(count, dtype=np.uint8).repeat(192).reshape(count, 8, 8, 3))
        return {}

    return obtain(artifacts / "datasets", PIXELS, make)


def pixels(artifacts: Path, *rows: int, product: str = PIXELS.folder_name, size: int = 8) -> Samples | None:
    recorded = {size: RecordedPixels(product=product, rows=rows)}
    return find_pixels(Provenance(pixels=recorded), image_size=size, artifacts=artifacts)


def test_the_pixels_of_a_run_are_found_in_the_order_of_measuring(tmp_path: Path) -> None:
    images(tmp_path)
    found = pixels(tmp_path, 4, 1)
    assert found is not None
    assert found.images(0, 2)[:, 0, 0, 0].tolist() == [4, 1]
    assert found.labels.tolist() == [0, 0]


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
    found = given_pixels(stored.path, image_size=8, count=3, folder=tmp_path)
    assert found.images(0, 3)[:, 0, 0, 0].tolist() == [0, 4, 8]
    assert found.labels.tolist() == [0, 0, 0]
    assert found.path == tmp_path / "images-8.npy"
    assert len(given_pixels(stored.path, image_size=8, count=64, folder=tmp_path)) == 9
    with pytest.raises(UsageError, match="the model takes uint8 images"):
        given_pixels(stored.path, image_size=16, count=3, folder=tmp_path)


def test_looking_does_not_change_a_file(tmp_path: Path) -> None:
    stored = model(tmp_path, b"one")
    find_models(wanted(stored), artifacts=tmp_path)
    assert sha256_of_file(stored.path) == stored.sha256
