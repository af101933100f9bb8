"""Is what is timed found with what it is run on, and is it said what is missing or does not fit?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes import a_cell, a_record, write_results_file
from kept_store import keep
from tflitefiles import tiny, written
from zoobench.commands.crosscheck.methods import find_methods
from zoobench.commands.crosscheck.target import CrosscheckTarget, find_target
from zoobench.data.photos import Photos
from zoobench.errors import MeasurementError, ModelError, UsageError
from zoobench.matrix.interface import ImageSize, height_and_width
from zoobench.measure.programs import Repetitions
from zoobench.results.schema import RecordedModel
from zoobench.store.product import Product, Stored
from zoobench.system.files import sha256_of_file
from zoobench.tflite.read import signatures

RGB = written(tiny((1, 32, 32, 3), kind="uint8", scale=1.0))
CELL = "mobilenet-integer_only-litert-t2"


def target(folder: Path, cell: str = CELL, **asked: Any) -> CrosscheckTarget:
    usual: dict[str, Any] = {"images": None, "threads": None, "workplace": folder / "work"}
    (folder / "work").mkdir(exist_ok=True)
    return find_target(cell, artifacts=folder, **{**usual, **asked})


def kept(artifacts: Path, name: str, content: bytes = RGB) -> Stored:
    return keep(artifacts / "models", Product(name="a-8-b", file_name=name, inputs={}), {name: content})


def a_file(folder: Path, content: bytes) -> Path:
    path = folder / "mine.tflite"
    path.write_bytes(content)
    return path


def measured(artifacts: Path, stored: Stored, *, cell: str = CELL) -> None:
    """Writes results of a cell with this file."""
    recorded = RecordedModel(sha256=stored.sha256, size_bytes=stored.size_bytes, float_twin_size_bytes=9)
    parts = a_cell(backbone="mobilenet", variant="integer_only", runtime="litert", threads=2)
    write_results_file(
        artifacts / "results" / "here" / "0001_20260101-000000.json",
        replace(a_record(), model=recorded, cell=replace(parts, id=cell)),
    )


def test_a_cells_file_and_threads_are_those_of_its_results(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    stored = kept(tmp_path, "model.tflite")
    measured(tmp_path, stored)
    found = target(tmp_path)
    assert (found.name, found.model, found.sha256) == (CELL, stored.path, stored.sha256)
    assert (found.threads, found.image_size, found.port.dtype) == (2, 32, np.dtype(np.uint8))
    assert target(tmp_path, threads=1).threads == 1


def test_a_file_of_which_nothing_is_known_runs_on_drawn_animals_on_one_thread(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    found = target(tmp_path, str(a_file(tmp_path, RGB)))
    assert (found.threads, found.images) == (1, "64 drawn animals as JPEG")
    assert isinstance(found.photos, Photos)
    assert found.samples.images(0, 2).shape == (2, 32, 32, 3)


def test_photos_are_given_in_the_range_that_an_input_was_quantized_for(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    for scale, pixels in ((1.0, "0..255"), (1 / 255, "0..1"), (0.1, "0..255")):
        content = written(tiny((1, 32, 32, 3), kind="uint8", scale=scale))
        interface = target(tmp_path, str(a_file(tmp_path, content))).interface
        assert interface is not None
        assert interface.pixels == pixels


def test_images_that_are_named_are_taken(tmp_path: Path) -> None:
    measured(tmp_path, kept(tmp_path, "model.tflite"))
    np.save(tmp_path / "mine.npy", np.zeros((3, 32, 32, 3), np.uint8))
    found = target(tmp_path, images=tmp_path / "mine.npy")
    assert (found.images.split()[:3], len(found.samples)) == (["3", "images", "of"], 3)
    assert "holds images that are decoded" in str(found.photos)


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


@pytest.mark.parametrize(
    ("shape", "layout", "channels", "size"),
    [
        ((-1, 32, 32, 3), "NHWC", 3, 32),
        ((1, 28, 28, 1), "NHWC", 1, 28),
        ((-1, 3, 32, 32), "NCHW", 3, 32),
        ((1, 1, 28, 28), "NCHW", 1, 28),
        ((1, 24, 32, 3), "NHWC", 3, "24x32"),
        ((-1, 3, 24, 32), "NCHW", 3, "24x32"),
    ],
)
def test_images_are_taken_grey_and_by_channels_and_an_open_batch_is_one(
    tmp_path: Path, shape: tuple[int, ...], layout: str, channels: int, size: ImageSize
) -> None:
    pytest.importorskip("PIL")
    found = target(tmp_path, str(a_file(tmp_path, written(tiny(shape)))))
    assert found.interface is not None
    assert (found.interface.layout, found.interface.channels, found.batch) == (layout, channels, 1)
    assert found.image_size == size
    assert found.samples.images(0, 1).shape == (1, *height_and_width(size), 3)
    assert isinstance(found.photos, Photos)


@pytest.mark.parametrize(
    ("kind", "shape", "said"),
    [
        ({}, (1, 32, 16, 1), "16 arrays [1, 32, 16, 1] of random numbers from 0 to 1.00"),
        ({}, (-1, 10), "16 arrays [1, 10] of random numbers from 0 to 1.00"),
        (
            {"kind": "int8", "scale": 1.0, "zero_point": -128},
            (8, 5),
            "16 arrays [8, 5] of random numbers from 0 to 255",
        ),
        ({"kind": "int64"}, (1, 7), "16 arrays [1, 7] of zeros"),
    ],
)
def test_what_takes_no_images_runs_on_arrays_of_its_shape_and_that_is_said(
    tmp_path: Path, kind: dict[str, Any], shape: tuple[int, ...], said: str
) -> None:
    found = target(tmp_path, str(a_file(tmp_path, written(tiny(shape, **kind)))))
    assert (found.images, found.interface, found.batch) == (said, None, max(shape[0], 1))
    assert "photos do not fit" in str(found.photos)
    assert found.samples.rows.tolist()[:2] == [0, max(shape[0], 1)]
    assert np.load(found.samples.path).shape == (16 * max(shape[0], 1), *shape[1:])


def test_arrays_of_the_inputs_own_shape_may_be_given(tmp_path: Path) -> None:
    model = str(a_file(tmp_path, written(tiny((-1, 10)))))
    np.save(tmp_path / "mine.npy", np.zeros((3, 10), np.float32))
    found = target(tmp_path, model, images=tmp_path / "mine.npy")
    assert (found.images.split()[:3], found.interface) == (["3", "arrays", "of"], None)
    np.save(tmp_path / "mine.npy", np.zeros((3, 9), np.float32))
    with pytest.raises(UsageError, match=r"float32 \[3, 9\]; give a .npy file of numbers \[n, 10\]"):
        target(tmp_path, model, images=tmp_path / "mine.npy")
    with pytest.raises(UsageError, match=r"photos do not fit the model's input \[1, 10\]"):
        target(tmp_path, model, images=tmp_path)


def test_several_inputs_open_sides_and_strange_signatures_are_named(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match=r"has 2 inputs: input0 .*, input1 "):
        target(tmp_path, str(a_file(tmp_path, written(tiny(inputs=2)))))
    with pytest.raises(MeasurementError, match=r"input0 is \[1, \?, \?, 3\]"):
        target(tmp_path, str(a_file(tmp_path, written(tiny((-1, -1, -1, 3))))))
    with pytest.raises(ModelError, match=r"mine.tflite: the file has 2 signatures: .*; choose one with --signature"):
        target(tmp_path, str(a_file(tmp_path, written(tiny(signatures=("classify", "embed"))))))


def test_a_signature_of_several_is_timed_alone(tmp_path: Path) -> None:
    path = a_file(tmp_path, written(tiny((1, 4), signatures=("classify", "embed"))))
    found = target(tmp_path, str(path), signature="embed")
    assert found.name.endswith("mine.tflite, signature embed")
    assert found.sha256 == sha256_of_file(path)
    assert list(signatures(found.model.read_bytes())) == ["embed"]


def test_what_takes_arrays_is_timed_on_them(tmp_path: Path) -> None:
    found = target(tmp_path, str(a_file(tmp_path, written(tiny((4, 5), outputs=2)))))
    litert = find_methods(found)[0][0]
    assert litert.take(Repetitions(warmups=1, runs=3), 60.0).seconds > 0


@pytest.mark.slow
def test_a_real_cell_has_the_images_and_the_photos_that_it_was_measured_on(real_runs: Path, tmp_path: Path) -> None:
    asked = {"artifacts": real_runs, "images": None, "threads": None, "workplace": tmp_path}
    by_cell = find_target("mobilenet_025-float32-litert-t1", **asked)  # type: ignore[arg-type]
    assert (by_cell.image_size, by_cell.port.dtype) == (64, np.dtype(np.float32))
    assert by_cell.images.endswith("test images of drawn")
    assert isinstance(by_cell.photos, Photos)
    assert len(by_cell.photos.contents) == len(by_cell.samples)
    by_path = find_target(str(by_cell.model), **asked)  # type: ignore[arg-type]
    assert (by_path.images, by_path.photos) == (by_cell.images, by_cell.photos)
