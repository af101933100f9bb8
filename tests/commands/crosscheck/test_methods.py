"""Is what is timed found with its images, and every method of timing it, and is it said what is missing?"""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from crosschecks import TARGET
from fakes import a_cell, a_record, write_results_file
from kept_store import keep
from zoobench.commands.crosscheck import methods
from zoobench.commands.crosscheck.methods import END_TO_END, REFERENCE, CrosscheckTarget, find_methods, find_target
from zoobench.data.photos import Photos
from zoobench.errors import MeasurementError, ModelError, UsageError
from zoobench.measure.programs import Repetitions
from zoobench.measure.target import Samples
from zoobench.results.schema import RecordedModel
from zoobench.store.product import Product, Stored


def test_our_interpreter_comes_first_and_programs_that_are_there_after_our_runtimes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(methods, "find_program", lambda name: Path("/bin") / name)
    found, absent = find_methods(replace(TARGET, photos=Photos(source="photos of pets", contents=(b"",))))
    names = [method.name for method in found]
    assert names[0] == REFERENCE
    assert names[-3:] == ["litert-benchmark", "benchmark_app", END_TO_END]
    assert found[-1].what.endswith("photos of pets")
    assert absent == {}


def test_what_is_not_there_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "find_program", lambda _name: None)
    found, reasons = find_methods(TARGET)
    assert reasons["benchmark_app"] == "it is not installed: pip install openvino"
    assert "pip install 'ai-edge-litert" in reasons["litert-benchmark"]
    assert reasons[END_TO_END] == "there are none"
    assert not {method.name for method in found} & reasons.keys()


def test_a_program_is_asked_for_the_subjects_file_and_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "litert-benchmark"
    script.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        "given = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n"
        "latency = {'num_runs': int(given['--num_runs']), 'num_warmup_runs': int(given['--warmup_runs'])}\n"
        "report = {'num_threads': int(given['--num_threads']), 'latency': {**latency, 'median_ms': 2.5}}\n"
        "assert given['--model'] == 'model.tflite'\n"
        "json.dump(report, open(given['--result_json'], 'w'))\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(methods, "find_program", lambda name: script if name == script.name else None)
    found, _ = find_methods(replace(TARGET, threads=3))
    (program,) = (method for method in found if method.name == script.name)
    assert program.take(Repetitions(warmups=1, runs=5), 60.0).seconds == pytest.approx(2.5e-3)
    assert program.resolution_seconds == 1e-5


def test_a_file_that_our_interpreter_cannot_open_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"none")
    np.save(tmp_path / "pixels.npy", np.zeros((1, 8, 8, 3), np.uint8))
    samples = Samples(path=tmp_path / "pixels.npy", rows=np.arange(1), labels=np.zeros(1, np.int64))
    found, _ = find_methods(replace(TARGET, model=tmp_path / "model.tflite", samples=samples))
    with pytest.raises(MeasurementError, match="LiteRT cannot open"):
        found[0].take(Repetitions(warmups=1, runs=1), 60.0)


CELL = "mobilenet-integer_only-litert-t2"


def target(
    folder: Path, cell: str = CELL, *, images: Path | None = None, threads: int | None = None
) -> CrosscheckTarget:
    return find_target(cell, artifacts=folder, images=images, threads=threads, workplace=folder)


def kept(artifacts: Path, name: str) -> Stored:
    return keep(artifacts / "models", Product(name="a-8-b", file_name=name, inputs={}), {name: name.encode()})


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
