"""Is an evaluation made once, and made again only where something changed that it depends on?"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoobench.errors import MeasurementError
from zoobench.matrix.cell import Cell
from zoobench.measure.accuracy import Evaluation, scored
from zoobench.run import evaluated
from zoobench.run.evaluated import Subject, evaluation_of, obtain_evaluation

TRUTH = np.array([0, 1])
CELL = Cell(backbone="mobilenet", variant="integer_only", runtime="litert", threads=1, image_size=96)
SAMPLES = {"dataset": "cd" * 32, "samples_in_order": "ef" * 32, "image_size": 96, "decoder": 1}
ENVIRONMENT = {
    "cpu": "AMD EPYC",
    "architecture": "x86_64",
    "kernel": "6.1",
    "libraries": {"ai-edge-litert": "2.3.0", "keras": "3.15", "numpy": "2.1", "tensorflow": "2.21", "zoobench": "0.1"},
}
SUBJECT = Subject(
    cell=CELL,
    model_sha256="ab" * 32,
    samples=SAMPLES,
    threads=1,
    batch_size=1,
    environment=ENVIRONMENT,
)


class Evaluator:
    """Gives right answers and counts how often it had to."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Evaluation:
        self.calls += 1
        return scored(np.array([[0.9, 0.1], [0.2, 0.8]], np.float32), TRUTH)


def key(**changes: Any) -> str:
    return evaluation_of(replace(SUBJECT, **changes)).key


def with_library(name: str) -> dict[str, Any]:
    return ENVIRONMENT | {"libraries": ENVIRONMENT["libraries"] | {name: "99"}}  # type: ignore[operator]


def test_an_evaluation_is_made_once(tmp_path: Path) -> None:
    evaluator = Evaluator()
    first, second = (
        obtain_evaluation(tmp_path, evaluation_of(SUBJECT), truth=TRUTH, evaluate=evaluator) for _ in range(2)
    )
    assert evaluator.calls == 1
    assert first.correct == second.correct == 2
    assert first.loss == second.loss
    (folder,) = tmp_path.glob("mobilenet-96-integer_only-litert-*")
    assert json.loads((folder / "manifest.json").read_text())["facts"] == {
        "correct": 2,
        "total": 2,
        "loss": first.loss,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"model_sha256": "cd" * 32},
        {"samples": SAMPLES | {"samples_in_order": "00" * 32}},
        {"samples": SAMPLES | {"image_size": 128}},
        {"samples": SAMPLES | {"decoder": 2}},
        {"samples": {"kit": "cd" * 32}},
        {"threads": 2},
        {"batch_size": 32},
        {"cell": replace(CELL, runtime="keras")},
        {"environment": ENVIRONMENT | {"cpu": "Intel Xeon"}},
        {"environment": ENVIRONMENT | {"architecture": "aarch64"}},
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
        {"cell": replace(CELL, threads=4)},  # threads of the timed invocations, not of these
        {"environment": ENVIRONMENT | {"kernel": "6.2"}},
        {"environment": with_library("tensorflow")},
        {"environment": with_library("zoobench")},
    ],
    ids=str,
)
def test_what_it_does_not_depend_on_is_the_same_evaluation(changes: dict[str, Any]) -> None:
    assert key(**changes) == key()


def test_keras_depends_on_its_own_libraries() -> None:
    keras = replace(CELL, runtime="keras")
    before = key(cell=keras)
    assert key(cell=keras, environment=with_library("tensorflow")) != before
    assert key(cell=keras, environment=with_library("keras")) != before
    assert key(cell=keras, environment=with_library("ai-edge-litert")) == before


def test_another_runtime_depends_on_its_own_libraries() -> None:
    elsewhere = replace(CELL, runtime="openvino")
    assert key(cell=elsewhere) != key()
    assert key(cell=elsewhere, environment=with_library("openvino")) != key(cell=elsewhere)
    assert key(cell=elsewhere, environment=with_library("ai-edge-litert")) == key(cell=elsewhere)


def other(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> str:
    monkeypatch.setattr(evaluated, name, value)
    return key()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cpu_features", lambda: "sse2"),
        ("EVALUATION", 99),
    ],
)
def test_instruction_sets_and_scoring_count(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    before = key()
    assert other(monkeypatch, name, value) != before


def raising(error: Exception) -> Callable[[], Evaluation]:
    def evaluate() -> Evaluation:
        raise error

    return evaluate


def test_a_failed_evaluation_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match=r"^the invocation failed$"):
        obtain_evaluation(
            tmp_path, evaluation_of(SUBJECT), truth=TRUTH, evaluate=raising(MeasurementError("the invocation failed"))
        )
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_a_store_that_cannot_be_written_to_is_a_measurement_error(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match=r"^cannot keep mobilenet-96-integer_only-litert in .*No space left"):
        obtain_evaluation(
            tmp_path,
            evaluation_of(SUBJECT),
            truth=TRUTH,
            evaluate=raising(OSError(28, "No space left on device")),
        )


def test_an_evaluation_about_other_samples_is_refused(tmp_path: Path) -> None:
    product = evaluation_of(SUBJECT)
    obtain_evaluation(tmp_path, product, truth=TRUTH, evaluate=Evaluator())
    with pytest.raises(MeasurementError, match="their labels are others"):
        obtain_evaluation(tmp_path, product, truth=np.array([1, 0]), evaluate=Evaluator())
