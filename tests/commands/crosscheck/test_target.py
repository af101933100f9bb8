"""Is a cell's file found, with the images and the photos that it was measured on, and is it said what is missing?"""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fakes import a_cell, a_record, write_results_file
from zoobench.commands.crosscheck import methods
from zoobench.commands.crosscheck.methods import CrosscheckTarget, find_target
from zoobench.data.photos import Photos
from zoobench.errors import ModelError, UsageError
from zoobench.results.schema import RecordedModel
from zoobench.store.product import Product, Stored, obtain

CELL = "mobilenet-integer_only-litert-t2"


def target(
    folder: Path, cell: str = CELL, *, images: Path | None = None, threads: int | None = None
) -> CrosscheckTarget:
    return find_target(cell, artifacts=folder, images=images, threads=threads, workplace=folder)


def kept(artifacts: Path, name: str) -> Stored:
    def make(folder: Path) -> dict[str, object]:
        (folder / name).write_bytes(name.encode())
        return {}

    return obtain(artifacts / "models", Product(name="a-8-b", file_name=name, inputs={"name": name}), make)


def measured(artifacts: Path, stored: Stored, *, cell: str = CELL) -> None:
    """Writes results of a cell with this file."""
    recorded = RecordedModel(sha256=stored.sha256, size_bytes=stored.size_bytes, float_twin_size_bytes=9)
    parts = a_cell(backbone="mobilenet", variant="integer_only", runtime="litert", threads=2)
    write_results_file(
        artifacts / "results" / "here" / "0001_20260101-000000.json",
        replace(a_record(), model=recorded, cell=replace(parts, id=cell)),
    )


@pytest.fixture
def taking(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """The inputs that every file is said to have."""
    inputs = [SimpleNamespace(type="uint8", shape=(1, 32, 32, 3))]
    monkeypatch.setattr(methods, "read_contract", lambda _content: SimpleNamespace(inputs=inputs))
    return inputs


def test_a_cells_file_and_threads_are_those_of_its_results(tmp_path: Path, taking: list[SimpleNamespace]) -> None:
    pytest.importorskip("PIL")
    stored = kept(tmp_path, "model.tflite")
    measured(tmp_path, stored)
    found = target(tmp_path)
    assert (found.name, found.model, found.sha256) == (CELL, stored.path, stored.sha256)
    assert (found.threads, found.side, found.input_type) == (2, 32, taking[0].type)
    assert target(tmp_path, threads=1).threads == 1


@pytest.mark.usefixtures("taking")
def test_a_file_of_which_nothing_is_known_runs_on_drawn_animals_on_one_thread(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    model = tmp_path / "mine.tflite"
    model.write_bytes(b"mine")
    found = target(tmp_path, str(model))
    assert (found.threads, found.images) == (1, "64 drawn animals as JPEG")
    assert isinstance(found.photos, Photos)
    assert found.samples.images(0, 2).shape == (2, 32, 32, 3)


@pytest.mark.usefixtures("taking")
def test_images_that_are_named_are_taken(tmp_path: Path) -> None:
    measured(tmp_path, kept(tmp_path, "model.tflite"))
    np.save(tmp_path / "mine.npy", np.zeros((3, 32, 32, 3), np.uint8))
    found = target(tmp_path, images=tmp_path / "mine.npy")
    assert (found.images.split()[:3], len(found.samples)) == (["3", "images", "of"], 3)
    assert "holds images that are decoded" in str(found.photos)


@pytest.mark.usefixtures("taking")
def test_a_cell_that_nobody_measured_is_told_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there are no results in .*; run pytest bench/ first"):
        target(tmp_path)
    measured(tmp_path, kept(tmp_path, "model.tflite"))
    with pytest.raises(UsageError, match=rf"cells there: {CELL} \(another number of threads: --threads\)"):
        target(tmp_path, "mobilenet-integer_only-litert-t4")


def test_a_file_that_is_lost_is_told(tmp_path: Path) -> None:
    stored = kept(tmp_path, "model.tflite")
    measured(tmp_path, stored)
    stored.path.unlink()
    with pytest.raises(UsageError, match="is not in the store below"):
        target(tmp_path)
    with pytest.raises(UsageError, match=r"there is no file .*mine.tflite"):
        target(tmp_path, str(tmp_path / "mine.tflite"))


def test_a_keras_file_is_none_that_is_timed_here(tmp_path: Path) -> None:
    measured(tmp_path, kept(tmp_path, "model.keras"))
    with pytest.raises(UsageError, match=r"is run from model.keras; what is timed here is one TFLite file"):
        target(tmp_path)


@pytest.mark.parametrize("shape", [(1, 32, 16, 3), (8, 32, 32, 3), (1, 10)])
def test_a_file_that_takes_no_image_is_refused(
    tmp_path: Path, taking: list[SimpleNamespace], shape: tuple[int, ...]
) -> None:
    measured(tmp_path, kept(tmp_path, "model.tflite"))
    taking[:] = [SimpleNamespace(type="uint8", shape=shape)]
    with pytest.raises(ModelError, match=r"only one input \[1, side, side, 3\] is known here"):
        target(tmp_path)


@pytest.mark.slow
def test_a_real_cell_has_the_images_and_the_photos_that_it_was_measured_on(real_runs: Path, tmp_path: Path) -> None:
    asked = {"artifacts": real_runs, "images": None, "threads": None, "workplace": tmp_path}
    by_cell = find_target("mobilenet_025-float32-litert-t1", **asked)  # type: ignore[arg-type]
    assert (by_cell.side, by_cell.input_type) == (64, "float32")
    assert by_cell.images.endswith("test images of drawn")
    assert isinstance(by_cell.photos, Photos)
    assert len(by_cell.photos.contents) == len(by_cell.samples)
    by_path = find_target(str(by_cell.model), **asked)  # type: ignore[arg-type]
    assert (by_path.images, by_path.photos) == (by_cell.images, by_cell.photos)
