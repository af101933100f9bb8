"""Is a runtime asked whether it takes a file, in a process that may die, and are answers kept by all they depend on?"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes import write_samples
from tflitefiles import crashing
from zoobench.errors import MeasurementError, ZoobenchError
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import Interface
from zoobench.measure.accuracy import Evaluation, scored
from zoobench.measure.target import ModelFile, Samples, Target
from zoobench.results.schema import Refusal
from zoobench.run import trials
from zoobench.run.trials import evaluation_of, needs_trial, obtain_evaluation, obtain_refusal

FILE = ModelFile(path=Path("model.tflite"), sha256="ab" * 32, size_bytes=8)
OPENVINO = Cell(backbone="mobilenet", variant="float32", runtime="openvino", threads=1, image_size=8)
LITERT = replace(OPENVINO, variant="integer_only", runtime="litert")
LIBRARIES = {"ai-edge-litert": "2.3.0", "keras": "3.15", "numpy": "2.1", "openvino": "2026.1", "tensorflow": "2.21"}
MACHINE = {"cpu": "AMD EPYC", "architecture": "x86_64", "kernel": "6.1", "libraries": LIBRARIES}
SAMPLES = {"dataset": "cd" * 32, "samples_in_order": "ef" * 32, "image_size": 96, "decoder": 1}
TRUTH = np.array([0, 1])
SUBJECT = Target(cell=LITERT, file=FILE, samples=Samples(path=Path("pixels.npy"), rows=np.arange(2), labels=TRUTH))
USUAL: dict[str, Any] = {"samples": SAMPLES, "workers": 2, "environment": MACHINE}


def with_library(name: str) -> dict[str, Any]:
    return MACHINE | {"libraries": LIBRARIES | {name: "99"}}


@pytest.mark.parametrize(
    ("runtime", "is_needed"),
    [("litert", True), ("keras", False), ("keras_graph", False), ("litert_compiled", True), ("openvino", True)],
)
def test_only_what_keras_made_and_runs_needs_no_trial(runtime: str, is_needed: bool) -> None:
    assert needs_trial(replace(OPENVINO, runtime=runtime)) is is_needed


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(cell=OPENVINO, file=FILE, samples=write_samples(tmp_path, [0, 1]))


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
    ("change", "environment", "asked"),
    [
        ({}, MACHINE, 1),
        ({"file": replace(FILE, sha256="cd" * 32)}, MACHINE, 2),
        ({"cell": replace(OPENVINO, threads=2)}, MACHINE, 2),
        ({}, MACHINE | {"cpu": "Cortex-A76"}, 2),
        ({}, with_library("openvino"), 2),
    ],
    ids=["nothing", "file", "threads", "CPU", "library"],
)
def test_a_runtime_that_takes_a_file_is_asked_once_and_again_where_anything_changed(
    target: Target, change: dict[str, Any], environment: dict[str, Any], asked: int, tmp_path: Path
) -> None:
    runs = Runs()
    for one, seen in ((target, MACHINE), (replace(target, **change), environment)):
        assert obtain_refusal(tmp_path, one, environment=seen, run=runs) is None
    assert runs.count == asked


def test_a_refusal_has_the_reason_without_the_folder_and_is_asked_again(target: Target, tmp_path: Path) -> None:
    there = replace(target, file=replace(FILE, path=tmp_path / "folder" / "model.tflite"))
    runs = Runs(MeasurementError(f"cannot open {there.file.path}: no such operator"))
    expected = Refusal(by="openvino", reason="cannot open model.tflite: no such operator")
    assert [obtain_refusal(tmp_path, there, environment=MACHINE, run=runs) for _ in range(2)] == [expected] * 2
    assert runs.count == 2


def test_a_file_is_run_in_a_process_of_its_own(target: Target, tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"no model")
    refusal = obtain_refusal(tmp_path, replace(target, cell=LITERT, file=replace(FILE, path=path)), environment=MACHINE)
    assert refusal is not None
    assert refusal.reason.startswith("LiteRT cannot open broken.tflite")


@pytest.mark.skipif(sys.platform == "win32", reason="signals kill elsewhere")
def test_a_file_that_crashes_the_runtime_is_refused_by_it(target: Target, tmp_path: Path) -> None:
    path = tmp_path / "crashing.tflite"
    path.write_bytes(crashing())
    refusal = obtain_refusal(tmp_path, replace(target, cell=LITERT, file=replace(FILE, path=path)), environment=MACHINE)
    assert refusal is not None
    assert refusal.reason == "the process that was to try the file crashed in native code: Segmentation fault (11)"


class Evaluator:
    """Gives right answers and counts how often it had to, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls = 0

    def __call__(self, _target: Target, *, workers: int) -> Evaluation:
        if self.error:
            raise self.error
        self.calls += workers == 2
        return scored(np.array([[0.9, 0.1], [0.2, 0.8]], np.float32), TRUTH)


def test_an_evaluation_is_made_once(tmp_path: Path) -> None:
    evaluator = Evaluator()
    first, second = (obtain_evaluation(tmp_path, SUBJECT, **USUAL, evaluate=evaluator) for _ in range(2))
    assert evaluator.calls == 1
    assert (first.correct, first.loss) == (second.correct, second.loss)
    (folder,) = tmp_path.glob("evaluations/mobilenet-8-integer_only-litert-*")
    facts = {"correct": 2, "total": 2, "loss": first.loss}
    assert json.loads((folder / "manifest.json").read_text())["facts"] == facts


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MeasurementError("the invocation failed"), r"^the invocation failed$"),
        (OSError(28, "No space left on device"), r"^cannot keep mobilenet-8-integer_only-litert in .*No space left"),
    ],
)
def test_a_failed_evaluation_is_a_measurement_error_and_leaves_nothing(
    tmp_path: Path, error: Exception, message: str
) -> None:
    with pytest.raises(MeasurementError, match=message):
        obtain_evaluation(tmp_path, SUBJECT, **USUAL, evaluate=Evaluator(error))
    assert [path.suffix for path in (tmp_path / "evaluations").iterdir()] == [".lock"]


def test_an_evaluation_about_other_samples_is_refused(tmp_path: Path) -> None:
    obtain_evaluation(tmp_path, SUBJECT, **USUAL, evaluate=Evaluator())
    other = replace(SUBJECT, samples=replace(SUBJECT.samples, labels=np.array([1, 0])))
    with pytest.raises(MeasurementError, match="their labels are others"):
        obtain_evaluation(tmp_path, other, **USUAL, evaluate=Evaluator())


def key(
    *,
    runtime: str = "litert",
    sha256: str = "ab" * 32,
    timed_threads: int = 1,
    interface: Interface | None = None,
    **changes: Any,
) -> str:
    cell = replace(LITERT, runtime=runtime, threads=timed_threads)
    file = replace(FILE, sha256=sha256, interface=interface)
    return evaluation_of(replace(SUBJECT, cell=cell, file=file), **{**USUAL, **changes}).key


@pytest.mark.parametrize(
    ("changes", "is_another"),
    [
        ({"sha256": "cd" * 32}, True),
        ({"interface": Interface(taken_as="classifier", pixels="0..1")}, True),
        ({"interface": Interface(taken_as="classifier", remarks=("seen",))}, False),
        ({"samples": SAMPLES | {"samples_in_order": "00" * 32}}, True),
        ({"samples": SAMPLES | {"image_size": 128}}, True),
        ({"samples": SAMPLES | {"decoder": 2}}, True),
        ({"samples": {"kit": "cd" * 32}}, True),
        ({"environment": MACHINE | {"cpu": "Intel Xeon"}}, True),
        ({"environment": MACHINE | {"architecture": "aarch64"}}, True),
        ({"environment": with_library("ai-edge-litert")}, True),
        ({"environment": with_library("numpy")}, True),
        ({"timed_threads": 4}, False),
        ({"workers": 3}, False),
        ({"environment": MACHINE | {"kernel": "6.2"}}, False),
        ({"environment": with_library("tensorflow")}, False),
        ({"environment": with_library("zoobench")}, False),
    ],
    ids=str,
)
def test_an_evaluation_is_told_from_others_by_all_that_it_depends_on(changes: dict[str, Any], is_another: bool) -> None:
    assert (key(**changes) != key()) is is_another


@pytest.mark.parametrize(
    ("runtime", "changes", "is_another"),
    [
        ("keras", {"workers": 3}, True),
        ("keras", {"environment": with_library("tensorflow")}, True),
        ("keras", {"environment": with_library("keras")}, True),
        ("keras", {"environment": with_library("ai-edge-litert")}, False),
        ("openvino", {"environment": with_library("openvino")}, True),
        ("openvino", {"environment": with_library("ai-edge-litert")}, False),
    ],
)
def test_another_runtime_is_another_evaluation_and_depends_on_its_own_libraries(
    runtime: str, changes: dict[str, Any], is_another: bool
) -> None:
    assert key(runtime=runtime) != key()
    assert (key(runtime=runtime, **changes) != key(runtime=runtime)) is is_another


@pytest.mark.parametrize(("name", "value"), [("cpu_features", lambda: "sse2"), ("EVALUATION", 99)])
def test_instruction_sets_and_scoring_count(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    before = key()
    monkeypatch.setattr(trials, name, value)
    assert key() != before
