"""Does a runtime take this file at all? Asked of a fresh process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoobench.errors import MeasurementError, ZoobenchError
from zoobench.matrix.cell import Cell
from zoobench.matrix.runtimes import find_runtime
from zoobench.measure.latency import opened
from zoobench.measure.runtimes import open_session
from zoobench.measure.samples import Samples
from zoobench.results.schema import Refusal
from zoobench.run.evaluated import conditions
from zoobench.store.product import Facts, Product, find, obtain
from zoobench.system.processes import in_fresh_process
from zoobench.system.terminal import capture_native_output

TRIAL = 1
"""Raised whenever the same file could be answered otherwise."""
_FILE = "trial.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What is tried.

    Attributes:
        cell: Which file, run by what.
        path: The file.
        model_sha256: Of the file.
        samples: The first of them is run.
        environment: From `describe_environment`.
    """

    cell: Cell
    path: Path
    model_sha256: str
    samples: Samples
    environment: Mapping[str, Any]


def needs_trial(cell: Cell) -> bool:
    """Tells whether nobody has tried a cell's runtime yet: LiteRT's is tried as a file is made, Keras's made it."""
    runtime = find_runtime(cell.runtime)
    return runtime.reference != cell.runtime and not runtime.fixes_threads


def obtain_refusal(root: Path, tried: Tried, *, run: Callable[[Tried], None] | None = None) -> Refusal | None:
    """Returns why a runtime does not take a file, or None if it does.

    That it does is kept in the store; what fails is tried again the next time, as memory may just have been short.

    Args:
        root: The store's folder.
        tried: What is tried.
        run: Opens the file and runs it once, in a process of its own unless told otherwise.

    Raises:
        MeasurementError: If the answer cannot be kept.
    """
    product = _product(tried)
    if find(root, product):
        return None
    try:
        (run or _in_fresh_process)(tried)
    except ZoobenchError as error:  # a process that native code killed is told by the root of our errors
        return Refusal(by=tried.cell.runtime, reason=str(error).replace(str(tried.path), tried.path.name))
    obtain(root, product, _keep, error=MeasurementError)
    return None


def _keep(folder: Path) -> Facts:
    (folder / _FILE).write_text("{}")
    return {}


def _in_fresh_process(tried: Tried) -> None:
    in_fresh_process(_run_once, tried.path, tried.cell.runtime, tried.cell.threads, tried.samples)


def _run_once(path: Path, runtime: str, threads: int, samples: Samples) -> None:
    def opener() -> Any:
        return open_session(path, runtime=runtime, threads=threads)

    with (
        capture_native_output(),
        opened(opener, samples) as session,
    ):  # LiteRT tells much as it compiles
        session.read()


def _product(tried: Tried) -> Product:
    cell = tried.cell
    inputs = {
        "trial": TRIAL,
        "model": tried.model_sha256,
        "threads": cell.threads,
        **conditions(cell.runtime, tried.environment),
    }
    name = f"{cell.backbone}-{cell.image_size}-{cell.variant}-{cell.runtime}-trial"
    return Product(name=name, file_name=_FILE, inputs=inputs)
