"""Is a runtime asked whether it takes a file, in a process that may die, and not asked again where it does?"""

from dataclasses import replace
from pathlib import Path

import pytest

from fakes import write_samples
from zoobench.errors import MeasurementError, ZoobenchError
from zoobench.matrix.cell import Cell
from zoobench.results.schema import Refusal
from zoobench.run.trials import Tried, needs_trial, obtain_refusal

CELL = Cell(backbone="mobilenet", variant="float32", runtime="openvino", threads=1, image_size=8)
ENVIRONMENT = {"cpu": "AMD EPYC", "architecture": "x86_64", "libraries": {"openvino": "2026.1", "numpy": "2.1"}}


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    return Tried(
        cell=CELL,
        path=tmp_path / "folder" / "model.tflite",
        model_sha256="ab" * 32,
        samples=write_samples(tmp_path, [0, 1]),
        environment=ENVIRONMENT,
    )


class Runs:
    """Counts how often it was asked and fails if it is to."""

    def __init__(self, error: ZoobenchError | None = None) -> None:
        self.error = error
        self.count = 0

    def __call__(self, _tried: Tried) -> None:
        self.count += 1
        if self.error:
            raise self.error


@pytest.mark.parametrize(
    ("runtime", "is_needed"),
    [("litert", False), ("keras", False), ("keras_graph", False), ("litert_compiled", True), ("openvino", True)],
)
def test_what_was_tried_as_the_file_was_made_needs_no_trial(runtime: str, is_needed: bool) -> None:
    assert needs_trial(replace(CELL, runtime=runtime)) is is_needed


def test_a_runtime_that_takes_a_file_is_asked_once(tried: Tried, tmp_path: Path) -> None:
    runs = Runs()
    assert [obtain_refusal(tmp_path / "kept", tried, run=runs) for _ in range(3)] == [None] * 3
    assert runs.count == 1


@pytest.mark.parametrize(
    "change",
    [
        {"model_sha256": "cd" * 32},
        {"cell": replace(CELL, threads=2)},
        {"environment": ENVIRONMENT | {"cpu": "Cortex-A76"}},
        {"environment": ENVIRONMENT | {"libraries": {"openvino": "2027.0", "numpy": "2.1"}}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_it_is_asked_again_where_anything_changed(tried: Tried, change: dict[str, object], tmp_path: Path) -> None:
    runs = Runs()
    for one in (tried, replace(tried, **change)):  # type: ignore[arg-type]
        assert obtain_refusal(tmp_path / "kept", one, run=runs) is None
    assert runs.count == 2


def test_a_refusal_has_the_reason_without_the_folder_and_is_asked_again(tried: Tried, tmp_path: Path) -> None:
    runs = Runs(MeasurementError(f"cannot open {tried.path}: no such operator"))
    expected = Refusal(by="openvino", reason="cannot open model.tflite: no such operator")
    assert [obtain_refusal(tmp_path / "kept", tried, run=runs) for _ in range(2)] == [expected] * 2
    assert runs.count == 2


def test_a_file_is_run_in_a_process_of_its_own(tried: Tried, tmp_path: Path) -> None:
    real = replace(tried, cell=replace(CELL, runtime="litert"), path=tmp_path / "broken.tflite")
    real.path.write_bytes(b"no model")
    refusal = obtain_refusal(tmp_path / "kept", real)
    assert refusal is not None
    assert refusal.reason.startswith("LiteRT cannot open broken.tflite")
