"""Is a runtime asked whether it takes a file, in a process that may die, and not asked again where it does?"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes import write_samples
from zoobench.errors import MeasurementError, ZoobenchError
from zoobench.matrix.cell import Cell
from zoobench.measure.accuracy import Evaluation, scored
from zoobench.measure.target import ModelFile, Samples, Target
from zoobench.results.schema import Refusal
from zoobench.run import checks
from zoobench.run.checks import evaluation_of, needs_trial, obtain_evaluation, obtain_refusal

CELL = Cell(backbone="mobilenet", variant="float32", runtime="openvino", threads=1, image_size=8)
ENVIRONMENT = {"cpu": "AMD EPYC", "architecture": "x86_64", "libraries": {"openvino": "2026.1", "numpy": "2.1"}}


@pytest.fixture
def target(tmp_path: Path) -> Target:
    file = ModelFile(path=tmp_path / "folder" / "model.tflite", sha256="ab" * 32, size_bytes=8)
    return Target(cell=CELL, file=file, samples=write_samples(tmp_path, [0, 1]))


class Runs:
    """Counts how often it was asked and fails if it is to."""

    def __init__(self, error: ZoobenchError | None = None) -> None:
        self.error = error
        self.count = 0

    def __call__(self, _target: Target) -> None:
        self.count += 1
        if self.error:
            raise self.error


@pytest.mark.parametrize(
    ("runtime", "is_needed"),
    [("litert", False), ("keras", False), ("keras_graph", False), ("litert_compiled", True), ("openvino", True)],
)
def test_what_was_tried_as_the_file_was_made_needs_no_trial(runtime: str, is_needed: bool) -> None:
    assert needs_trial(replace(CELL, runtime=runtime)) is is_needed


def test_a_runtime_that_takes_a_file_is_asked_once(target: Target, tmp_path: Path) -> None:
    runs = Runs()
    assert [obtain_refusal(tmp_path, target, environment=ENVIRONMENT, run=runs) for _ in range(3)] == [None] * 3
    assert runs.count == 1


@pytest.mark.parametrize(
    ("change", "environment"),
    [
        ({"file": ModelFile(path=Path("model.tflite"), sha256="cd" * 32, size_bytes=8)}, ENVIRONMENT),
        ({"cell": replace(CELL, threads=2)}, ENVIRONMENT),
        ({}, ENVIRONMENT | {"cpu": "Cortex-A76"}),
        ({}, ENVIRONMENT | {"libraries": {"openvino": "2027.0", "numpy": "2.1"}}),
    ],
    ids=["file", "threads", "CPU", "library"],
)
def test_it_is_asked_again_where_anything_changed(
    target: Target, change: dict[str, Any], environment: dict[str, Any], tmp_path: Path
) -> None:
    runs = Runs()
    for one, seen in ((target, ENVIRONMENT), (replace(target, **change), environment)):
        assert obtain_refusal(tmp_path, one, environment=seen, run=runs) is None
    assert runs.count == 2


def test_a_refusal_has_the_reason_without_the_folder_and_is_asked_again(target: Target, tmp_path: Path) -> None:
    runs = Runs(MeasurementError(f"cannot open {target.file.path}: no such operator"))
    expected = Refusal(by="openvino", reason="cannot open model.tflite: no such operator")
    assert [obtain_refusal(tmp_path, target, environment=ENVIRONMENT, run=runs) for _ in range(2)] == [expected] * 2
    assert runs.count == 2


def test_a_file_is_run_in_a_process_of_its_own(target: Target, tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"no model")
    real = replace(target, cell=replace(CELL, runtime="litert"), file=replace(target.file, path=path))
    refusal = obtain_refusal(tmp_path, real, environment=ENVIRONMENT)
    assert refusal is not None
    assert refusal.reason.startswith("LiteRT cannot open broken.tflite")


TRUTH = np.array([0, 1])
INTEGER_ONLY = Cell(backbone="mobilenet", variant="integer_only", runtime="litert", threads=1, image_size=96)
SAMPLES = {"dataset": "cd" * 32, "samples_in_order": "ef" * 32, "image_size": 96, "decoder": 1}

MACHINE = {
    "cpu": "AMD EPYC",
    "architecture": "x86_64",
    "kernel": "6.1",
    "libraries": {"ai-edge-litert": "2.3.0", "keras": "3.15", "numpy": "2.1", "tensorflow": "2.21", "zoobench": "0.1"},
}

SUBJECT = Target(
    cell=INTEGER_ONLY,
    file=ModelFile(path=Path("model.tflite"), sha256="ab" * 32, size_bytes=8),
    samples=Samples(path=Path("pixels.npy"), rows=np.arange(2), labels=TRUTH),
)
USUAL: dict[str, Any] = {"samples": SAMPLES, "workers": 2, "environment": MACHINE}


class Evaluator:
    """Gives right answers and counts how often it had to."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, _target: Target, *, workers: int) -> Evaluation:
        self.calls += workers == 2
        return scored(np.array([[0.9, 0.1], [0.2, 0.8]], np.float32), TRUTH)


def key(*, cell: Cell = INTEGER_ONLY, sha256: str = "ab" * 32, **changes: Any) -> str:
    target = replace(SUBJECT, cell=cell, file=replace(SUBJECT.file, sha256=sha256))
    return evaluation_of(target, **{**USUAL, **changes}).key


def with_library(name: str) -> dict[str, Any]:
    return MACHINE | {"libraries": MACHINE["libraries"] | {name: "99"}}  # type: ignore[operator]


def test_an_evaluation_is_made_once(tmp_path: Path) -> None:
    evaluator = Evaluator()
    first, second = (obtain_evaluation(tmp_path, SUBJECT, **USUAL, evaluate=evaluator) for _ in range(2))
    assert evaluator.calls == 1
    assert first.correct == second.correct == 2
    assert first.loss == second.loss
    (folder,) = tmp_path.glob("evaluations/mobilenet-96-integer_only-litert-*")
    assert json.loads((folder / "manifest.json").read_text())["facts"] == {
        "correct": 2,
        "total": 2,
        "loss": first.loss,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "cd" * 32},
        {"samples": SAMPLES | {"samples_in_order": "00" * 32}},
        {"samples": SAMPLES | {"image_size": 128}},
        {"samples": SAMPLES | {"decoder": 2}},
        {"samples": {"kit": "cd" * 32}},
        {"cell": replace(INTEGER_ONLY, runtime="keras")},
        {"environment": MACHINE | {"cpu": "Intel Xeon"}},
        {"environment": MACHINE | {"architecture": "aarch64"}},
        {"environment": with_library("ai-edge-litert")},
        {"environment": with_library("numpy")},
    ],
    ids=str,
)
def test_what_it_depends_on_is_another_evaluation(changes: dict[str, Any]) -> None:
    assert key(**changes) != key()


@pytest.mark.parametrize(
    "changes",
    [
        {"cell": replace(INTEGER_ONLY, threads=4)},  # threads of the timed invocations, not of these
        {"environment": MACHINE | {"kernel": "6.2"}},
        {"environment": with_library("tensorflow")},
        {"environment": with_library("zoobench")},
    ],
    ids=str,
)
def test_what_it_does_not_depend_on_is_the_same_evaluation(changes: dict[str, Any]) -> None:
    assert key(**changes) == key()


def test_keras_depends_on_its_threads_and_its_own_libraries() -> None:
    keras = replace(INTEGER_ONLY, runtime="keras")
    before = key(cell=keras)
    assert key(cell=keras, workers=3) != before
    assert key(workers=3) == key()
    assert key(cell=keras, environment=with_library("tensorflow")) != before
    assert key(cell=keras, environment=with_library("keras")) != before
    assert key(cell=keras, environment=with_library("ai-edge-litert")) == before


def test_another_runtime_depends_on_its_own_libraries() -> None:
    elsewhere = replace(INTEGER_ONLY, runtime="openvino")
    assert key(cell=elsewhere) != key()
    assert key(cell=elsewhere, environment=with_library("openvino")) != key(cell=elsewhere)
    assert key(cell=elsewhere, environment=with_library("ai-edge-litert")) == key(cell=elsewhere)


@pytest.mark.parametrize(("name", "value"), [("cpu_features", lambda: "sse2"), ("EVALUATION", 99)])
def test_instruction_sets_and_scoring_count(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    before = key()
    monkeypatch.setattr(checks, name, value)
    assert key() != before


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MeasurementError("the invocation failed"), r"^the invocation failed$"),
        (
            OSError(28, "No space left on device"),
            r"^cannot keep mobilenet-96-integer_only-litert in .*No space left",
        ),
    ],
)
def test_a_failed_evaluation_is_a_measurement_error_and_leaves_nothing(
    tmp_path: Path, error: Exception, message: str
) -> None:
    def evaluate(*_: object, **__: object) -> Evaluation:
        raise error

    with pytest.raises(MeasurementError, match=message):
        obtain_evaluation(tmp_path, SUBJECT, **USUAL, evaluate=evaluate)
    assert [path.suffix for path in (tmp_path / "evaluations").iterdir()] == [".lock"]


def test_an_evaluation_about_other_samples_is_refused(tmp_path: Path) -> None:
    obtain_evaluation(tmp_path, SUBJECT, **USUAL, evaluate=Evaluator())
    other = replace(SUBJECT, samples=replace(SUBJECT.samples, labels=np.array([1, 0])))
    with pytest.raises(MeasurementError, match="their labels are others"):
        obtain_evaluation(tmp_path, other, **USUAL, evaluate=Evaluator())
