"""Has this model been held against these samples before, by this runtime on this kind of CPU?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError
from zoobench.matrix.cell import Cell
from zoobench.matrix.runtimes import find_runtime
from zoobench.measure.accuracy import Evaluation, load_evaluation, save_evaluation
from zoobench.measure.environment import cpu_features
from zoobench.store.product import Facts, Product, obtain
from zoobench.system.files import sha256_of_json

EVALUATION = 2
"""Raised whenever the code would come to other numbers from the same answers."""
_FILE = "evaluation.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is evaluated, on what, how.

    Attributes:
        cell: Which file, run by what.
        model_sha256: Of the file.
        samples: All that determines the samples and their order, as plain JSON.
        threads: Of one invocation.
        batch_size: Samples in one invocation.
        environment: From `describe_environment`.
    """

    cell: Cell
    model_sha256: str
    samples: Mapping[str, Any]
    threads: int
    batch_size: int
    environment: Mapping[str, Any]


def evaluation_of(subject: Subject) -> Product:
    """Returns the evaluation as a product; kernels round differently on other CPUs, so these are part of it."""
    cell = subject.cell
    inputs = {
        "evaluation": EVALUATION,
        "model": subject.model_sha256,
        **subject.samples,
        "threads": subject.threads,
        "batch_size": subject.batch_size,
        **conditions(cell.runtime, subject.environment),
    }
    name = f"{cell.backbone}-{cell.image_size}-{cell.variant}-{cell.runtime}"
    return Product(name=name, file_name=_FILE, inputs=inputs)


def conditions(runtime: str, environment: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a runtime's answers depend on besides file and images: its libraries and the CPU.

    Args:
        runtime: Name of a runtime.
        environment: From `describe_environment`.
    """
    return {
        "runtime": runtime,
        "libraries": {name: environment["libraries"].get(name) for name in find_runtime(runtime).libraries},
        "cpu": environment["cpu"],
        "architecture": environment["architecture"],
        "cpu_features": sha256_of_json(cpu_features()),
    }


def obtain_evaluation(
    root: Path, product: Product, *, truth: npt.NDArray[np.int64], evaluate: Callable[[], Evaluation]
) -> Evaluation:
    """Returns an evaluation from the store, or evaluates and keeps it.

    Args:
        root: The store's folder.
        product: From `evaluation_of`.
        truth: [n] class index of each sample.
        evaluate: Does the work.

    Raises:
        MeasurementError: If it cannot be kept, or what was kept is about other samples.
    """

    def make(folder: Path) -> Facts:
        evaluation = evaluate()
        save_evaluation(folder / _FILE, evaluation)
        return {"correct": evaluation.correct, "total": evaluation.total, "loss": evaluation.loss}

    return load_evaluation(obtain(root, product, make, error=MeasurementError).path, truth=truth)
