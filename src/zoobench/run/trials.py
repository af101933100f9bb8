"""Does a runtime take a file, and what does it answer? Both are found out in processes of their own, and kept.

What crashes or never ends is never opened in the process that times rounds, as only what passed here is.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zoobench.errors import MeasurementError, ZoobenchError
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import Interface
from zoobench.matrix.runtimes import find_runtime
from zoobench.measure.accuracy import Evaluation, answers_alike, load_evaluation, measure_accuracy, save_evaluation
from zoobench.measure.environment import cpu_features
from zoobench.measure.latency import RoundsConfig, opened
from zoobench.measure.target import Target
from zoobench.measure.worker import first_patience, later_patience
from zoobench.results.schema import Refusal
from zoobench.store.product import Facts, Product, find, obtain
from zoobench.system.files import sha256_of_json
from zoobench.system.processes import expect, in_fresh_process
from zoobench.system.terminal import capture_native_output

TRIAL = 1
"""Raised whenever the same file could be answered otherwise."""

EVALUATION = 2
"""Raised whenever the code would come to other numbers from the same answers."""

FOLDER = "evaluations"
"""Of the store; both are kept there."""

_TRIAL_SECONDS = 1.0
_TRIAL_FILE = "trial.json"
_EVALUATION_FILE = "evaluation.npz"


def needs_trial(cell: Cell) -> bool:
    """Tells whether a file is to be tried by a cell's runtime before it is opened in this process: Keras made it."""
    return not find_runtime(cell.runtime).fixes_threads


def obtain_refusal(
    artifacts: Path, target: Target, *, environment: Mapping[str, Any], run: Callable[[Target], None] | None = None
) -> Refusal | None:
    """Returns why a runtime does not take a file, or None if it does.

    The first of the target's samples are run, in a process of its own, so that no native code that crashes or never
    ends is run in this one. That the runtime takes the file is kept in the store; what fails is tried again the next
    time, as memory may just have been short.

    Raises:
        MeasurementError: If the answer cannot be kept.
    """
    cell, root = target.cell, artifacts / FOLDER
    inputs = {
        "trial": TRIAL,
        "model": target.file.sha256,
        **_presented(target.file.interface),
        "threads": cell.threads,
        **_conditions(cell, environment),
    }
    product = Product(name=f"{_name(cell)}-trial", file_name=_TRIAL_FILE, inputs=inputs)
    if find(root, product):
        return None
    try:
        if run:
            run(target)
        else:
            in_fresh_process(_try_the_file, target)
    except ZoobenchError as error:  # a process that native code killed is told by the root of our errors
        path = target.file.path
        return Refusal(by=cell.runtime, reason=str(error).replace(str(path), path.name))

    def keep(folder: Path) -> Facts:
        (folder / _TRIAL_FILE).write_text("{}")
        return {}

    obtain(root, product, keep, error=MeasurementError)
    return None


def obtain_evaluation(
    artifacts: Path,
    target: Target,
    *,
    samples: Mapping[str, Any],
    workers: int,
    environment: Mapping[str, Any],
    evaluate: Callable[..., Evaluation] = measure_accuracy,
) -> Evaluation:
    """Returns an evaluation of a target by several workers from the store, or evaluates and keeps it.

    `samples` is all that determines the target's samples and their order, as plain JSON.

    Raises:
        MeasurementError: If it cannot be kept, or what was kept is about other samples.
    """

    def make(folder: Path) -> Facts:
        evaluation = evaluate(target, workers=workers)
        save_evaluation(folder / _EVALUATION_FILE, evaluation)
        return {"correct": evaluation.correct, "total": evaluation.total, "loss": evaluation.loss}

    product = evaluation_of(target, samples=samples, workers=workers, environment=environment)
    stored = obtain(artifacts / FOLDER, product, make, error=MeasurementError)
    return load_evaluation(stored.path, truth=target.samples.labels)


def evaluation_of(
    target: Target, *, samples: Mapping[str, Any], workers: int, environment: Mapping[str, Any]
) -> Product:
    """Returns the evaluation of a target as a product; see `obtain_evaluation`."""
    threads, batch_size = answers_alike(target.cell.runtime, workers=workers)
    inputs = {
        "evaluation": EVALUATION,
        "model": target.file.sha256,
        **_presented(target.file.interface),
        **samples,
        "threads": threads,
        "batch_size": batch_size,
        **_conditions(target.cell, environment),
    }
    return Product(name=_name(target.cell), file_name=_EVALUATION_FILE, inputs=inputs)


def _presented(interface: Interface | None) -> dict[str, Any]:
    """Returns what is done to samples and answers; nothing where they stay as they are."""
    if interface is None or interface.changes_nothing:
        return {}
    return {"interface": interface.identity}


def _conditions(cell: Cell, environment: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what answers depend on besides file and images: libraries, and the CPU, as kernels round differently."""
    return {
        "runtime": cell.runtime,
        "libraries": {name: environment["libraries"].get(name) for name in find_runtime(cell.runtime).libraries},
        "cpu": environment["cpu"],
        "architecture": environment["architecture"],
        "cpu_features": sha256_of_json(cpu_features()),
    }


def _name(cell: Cell) -> str:
    return f"{cell.backbone}-{cell.image_size}-{cell.variant}-{cell.runtime}"


def _try_the_file(target: Target) -> None:
    """Runs the first sample, and as many of those that rounds are timed on as fit into a second."""
    expect(first_patience(target.file.path, runtime=target.cell.runtime), "opening the file and its first sample")
    with capture_native_output(), opened(target) as session:  # LiteRT tells much as it compiles
        session.read()
        began = time.monotonic()
        for position in range(1, min(len(target.samples), RoundsConfig().most)):
            elapsed = time.monotonic() - began
            if elapsed > _TRIAL_SECONDS:
                break
            expect(later_patience(elapsed), f"sample {position + 1}")
            session.load(target.samples.images(position, position + 1))
            session.invoke()
