"""Does this runtime load this file, and what did it answer to these samples? Asked once on a kind of CPU, and kept."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError, ZoobenchError
from zoobench.matrix.cell import Cell
from zoobench.matrix.runtimes import find_runtime
from zoobench.measure.accuracy import Evaluation, load_evaluation, save_evaluation
from zoobench.measure.environment import cpu_features
from zoobench.measure.latency import opened
from zoobench.measure.target import Target
from zoobench.results.schema import Refusal
from zoobench.store.product import Facts, Product, find, obtain
from zoobench.system.files import sha256_of_json
from zoobench.system.processes import in_fresh_process
from zoobench.system.terminal import capture_native_output

TRIAL = 1
"""Raised whenever the same file could be answered otherwise."""
EVALUATION = 2
"""Raised whenever the code would come to other numbers from the same answers."""
FOLDER = "evaluations"
"""Of the store; both are kept there."""
_TRIAL_FILE = "trial.json"
_EVALUATION_FILE = "evaluation.npz"


def needs_trial(cell: Cell) -> bool:
    """Tells whether nobody has tried a cell's runtime yet: LiteRT's is tried as a file is made, Keras's made it."""
    runtime = find_runtime(cell.runtime)
    return runtime.reference != cell.runtime and not runtime.fixes_threads


def obtain_refusal(
    root: Path, target: Target, *, environment: Mapping[str, Any], run: Callable[[Target], None] | None = None
) -> Refusal | None:
    """Returns why a runtime does not take a file, or None if it does.

    That it does is kept in the store; what fails is tried again the next time, as memory may just have been short.

    Args:
        root: The store's folder.
        target: What is tried; the first of its samples is run.
        environment: From `describe_environment`.
        run: Opens the file and runs it once, in a process of its own unless told otherwise.

    Raises:
        MeasurementError: If the answer cannot be kept.
    """
    product = _trial_of(target, environment)
    if find(root, product):
        return None
    try:
        (run or _run_in_fresh_process)(target)
    except ZoobenchError as error:  # a process that native code killed is told by the root of our errors
        path = target.file.path
        return Refusal(by=target.cell.runtime, reason=str(error).replace(str(path), path.name))
    obtain(root, product, _keep_trial, error=MeasurementError)
    return None


def evaluation_of(
    target: Target, *, samples: Mapping[str, Any], threads: int, batch_size: int, environment: Mapping[str, Any]
) -> Product:
    """Returns the evaluation of a target as a product.

    Args:
        target: What is evaluated.
        samples: All that determines the samples and their order, as plain JSON.
        threads: Of one invocation.
        batch_size: Samples in one invocation.
        environment: From `describe_environment`.
    """
    inputs = {
        "evaluation": EVALUATION,
        "model": target.file.sha256,
        **samples,
        "threads": threads,
        "batch_size": batch_size,
        **_conditions(target.cell.runtime, environment),
    }
    return Product(name=_name(target.cell), file_name=_EVALUATION_FILE, inputs=inputs)


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
        save_evaluation(folder / _EVALUATION_FILE, evaluation)
        return {"correct": evaluation.correct, "total": evaluation.total, "loss": evaluation.loss}

    return load_evaluation(obtain(root, product, make, error=MeasurementError).path, truth=truth)


def _trial_of(target: Target, environment: Mapping[str, Any]) -> Product:
    inputs = {
        "trial": TRIAL,
        "model": target.file.sha256,
        "threads": target.cell.threads,
        **_conditions(target.cell.runtime, environment),
    }
    return Product(name=f"{_name(target.cell)}-trial", file_name=_TRIAL_FILE, inputs=inputs)


def _conditions(runtime: str, environment: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what answers depend on besides file and images: libraries, and the CPU, as kernels round differently."""
    return {
        "runtime": runtime,
        "libraries": {name: environment["libraries"].get(name) for name in find_runtime(runtime).libraries},
        "cpu": environment["cpu"],
        "architecture": environment["architecture"],
        "cpu_features": sha256_of_json(cpu_features()),
    }


def _name(cell: Cell) -> str:
    return f"{cell.backbone}-{cell.image_size}-{cell.variant}-{cell.runtime}"


def _keep_trial(folder: Path) -> Facts:
    (folder / _TRIAL_FILE).write_text("{}")
    return {}


def _run_in_fresh_process(target: Target) -> None:
    in_fresh_process(_run_once, target)


def _run_once(target: Target) -> None:
    with capture_native_output(), opened(target) as session:  # LiteRT tells much as it compiles
        session.read()
