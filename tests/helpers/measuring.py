"""Fresh processes that are not started, targets that are not there, and what is asked of both."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoobench.matrix.cell import Cell
from zoobench.measure import worker
from zoobench.measure.target import ModelFile, Samples, Target
from zoobench.measure.worker import MODULE

VERSIONS = {"python": "3.12.3", "libraries": {"numpy": "2.1.0"}}
OTHER_VERSIONS = {"python": "3.11.2", "libraries": {"numpy": "1.26.4"}}
"""Of an interpreter that was named."""
NOTHING = {"rss_bytes": None, "peak_rss_bytes": None, "anonymous_bytes": None, "threads": None}
"""A footprint where the system tells none."""


def a_target(path: Path = Path("model.tflite"), *, rows: Sequence[int] = (5, 7, 9), **changes: Any) -> Target:
    """Returns a file of `mobilenet-float32-litert-t2` with samples in `pixels.npy` beside it; the cell may differ."""
    cell = Cell(backbone="mobilenet", variant="float32", runtime="litert", threads=2, image_size=24)
    samples = Samples(path=path.parent / "pixels.npy", rows=np.array(rows, np.int64), labels=np.zeros(len(rows), int))
    return Target(cell=replace(cell, **changes), file=ModelFile(path=path, sha256="", size_bytes=8), samples=samples)


class ScriptedWorker:
    """A worker that answers by a table and writes down what it is asked.

    Args:
        takes: Nanoseconds of an invocation, by model.
        footprints: One for each time that it is asked; the last for ever.
        answered: How many turns it answers at most.
        libraries: That the runtime's package adds.
        failing: Raised instead of taking turns.
    """

    def __init__(
        self,
        takes: Mapping[str, int],
        *footprints: Mapping[str, Any],
        answered: int | None = None,
        libraries: Mapping[str, str] | None = None,
        failing: BaseException | None = None,
    ) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.patience: list[float] = []
        self._takes = takes
        self._footprints = iter((*footprints[:-1], *repeat(footprints[-1], 9))) if footprints else repeat(NOTHING)
        self._answered = answered
        self._libraries = libraries or {}
        self._failing = failing

    def ask(self, request: Mapping[str, Any], *, patience: float) -> dict[str, Any]:
        self.asked.append(request)
        self.patience.append(patience)
        if request["do"] == "turns" and self._failing:
            raise self._failing
        taken = [self._takes[model] for model, _ in request.get("turns", ())][: self._answered]
        answers = {
            "import": lambda: {"libraries": self._libraries},
            "open": lambda: {"initialization_seconds": 0.25},
            "turns": lambda: {"nanoseconds": taken, "injected_nanoseconds": [7] * len(taken)},
            "footprint": lambda: next(self._footprints),
            "close": dict,
        }
        return dict(answers[request["do"]]())

    def those(self, do: str) -> list[Mapping[str, Any]]:
        """Returns the requests of a kind."""
        return [request for request in self.asked if request["do"] == do]


class Workers:
    """Stands in for starting processes.

    Attributes:
        steps: Interpreter of each process that was started, and "end" of each that was ended.
    """

    def __init__(self, *workers: ScriptedWorker) -> None:
        self.steps: list[Path | str | None] = []
        self._waiting = iter(workers)

    @contextmanager
    def __call__(
        self, module: str, *, python: Path | None = None
    ) -> Iterator[tuple[ScriptedWorker, Mapping[str, Any]]]:
        assert module == MODULE
        self.steps.append(python)
        try:
            yield next(self._waiting), OTHER_VERSIONS if python else VERSIONS
        finally:
            self.steps.append("end")

    @classmethod
    def replacing(cls, monkeypatch: pytest.MonkeyPatch, *workers: ScriptedWorker) -> "Workers":
        """Has these be started in place of processes."""
        started = cls(*workers)
        monkeypatch.setattr(worker, "worker", started)
        return started
