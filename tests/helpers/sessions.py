"""A session whose models are scripted: what it measures takes milliseconds, and it starts no process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from fakes import ScriptedSession, a_memory, a_phase, write_samples
from zoobench.errors import MeasurementError
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import Interface
from zoobench.measure import accuracy, latency, runtimes
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.runtimes import InterfacedSession, Session
from zoobench.measure.target import ModelFile
from zoobench.results.schema import RecordedDataset, RecordedStartup, Refusal
from zoobench.run import session
from zoobench.run.inputs import Inputs, Split
from zoobench.run.plan import Plan
from zoobench.run.session import BenchSession
from zoobench.system.processes import LostError

KERAS = Cell(backbone="mobilenet", variant="keras", runtime="keras", threads=1, image_size=2)
FLOAT = Cell(backbone="mobilenet", variant="float32", runtime="litert", threads=1, image_size=2)
INTEGER = replace(FLOAT, variant="integer_only")
OPENVINO = replace(INTEGER, runtime="openvino", threads=2)
CELLS = (KERAS, FLOAT, INTEGER)
RIGHT = [[0.9, 0.1], [0.1, 0.9], [0.9, 0.1]]
ONE_WRONG = [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]]
NO_KERNEL = Refusal(by="litert", reason="no kernel")
NOT_MADE = Refusal(by="tensorflow", reason="makes none")
DATASET = RecordedDataset(name="pets", sha256="cd" * 32, classes=("cat", "dog"), samples=3, left_out=0)
STARTUP = RecordedStartup(initialization=a_phase(0.1), first_inference=a_phase(0.2), threads_started=0)


class ScriptedRuntimes:
    """Stands in for all runtimes: each variant gives its answers; what is opened is written down.

    Attributes:
        answers: By variant.
        opened: File, runtime and threads of each session.
        processes: What was run in a fresh process.
        error: Raised where a file is opened.
        lost: Variants whose fresh processes crash.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, Any] = {"keras": RIGHT, "float32": RIGHT, "integer_only": ONE_WRONG}
        self.opened: list[tuple[str, str, int]] = []
        self.processes: list[str] = []
        self.error: MeasurementError | None = None
        self.lost: set[str] = set()
        for module in (accuracy, latency):
            monkeypatch.setattr(module, "open_session", self.open_session)
        monkeypatch.setattr(accuracy, "open_answering_session", self.open_session)
        monkeypatch.setattr(runtimes, "import_runtime", lambda _name: None)
        monkeypatch.setattr(accuracy, "in_fresh_process", self.in_fresh_process)
        monkeypatch.setattr(session, "LOOK_SECONDS", 0.0)
        monkeypatch.setattr(session, "needs_trial", lambda _cell: False)
        memory = (STARTUP, a_memory(90_000_000, 90_000_000))
        monkeypatch.setattr(session, "measure_memory", lambda *_, **_options: memory)

    @contextmanager
    def open_session(
        self, path: Path, *, runtime: str, threads: int, interface: Interface | None = None
    ) -> Iterator[Session]:
        if self.error:
            raise self.error
        self.opened.append((path.stem, runtime, threads))
        session = ScriptedSession(self.answers[path.stem])
        yield InterfacedSession(session, interface) if interface else session

    def in_fresh_process(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self.processes.append(function.__name__)
        if arguments[0].args[0].stem in self.lost:
            raise LostError("it crashed")
        return function(*arguments, **named)


def a_session(
    folder: Path,
    *cells: Cell,
    refused: tuple[tuple[str, str], ...] = (),
    unmade: tuple[str, ...] = (),
    unknown: Mapping[str, str] | None = None,
    interface: Interface | None = None,
    **options: Any,
) -> BenchSession:
    """Returns a session of three samples that was not prepared yet.

    Args:
        folder: Where its samples and artifacts are.
        cells: `CELLS` unless they are given.
        refused: Variant and runtime of those whose file the runtime does not take.
        unmade: Variants that the quantizer does not make.
        unknown: As in `Inputs`.
        interface: What all of its files are taken as.
        options: Of the plan.
    """
    cells = cells or CELLS
    by_runtime = {one: replace(NO_KERNEL, by=one[1]) for one in refused}
    inputs = Inputs(
        cells=cells,
        splits={2: Split(samples=write_samples(folder, (0, 1, 0)), identity={"dataset": "cd"}, dataset=DATASET)},
        weights={"mobilenet": "random"},
        find=lambda cell: NOT_MADE if cell.variant in unmade else _file(folder, cell, by_runtime, interface),
        description=("data: pets",),
        provenance={"cells": [cell.id for cell in cells]},
        unknown=unknown or {},
    )
    usual = {
        "cells": cells,
        "source": None,
        "rounds": dict.fromkeys(("keras", "litert", "openvino"), RoundsConfig(least=6, most=6)),
        "workers": 2,
        "processes": 2,
        "artifacts": folder / "artifacts",
        "machine": "pi",
        "options": {"drawn": "60"},
    }
    return BenchSession(Plan(**cast(Any, usual | options)), open_inputs=lambda _plan, _cells: inputs)


def _file(
    folder: Path, cell: Cell, refused: Mapping[tuple[str, str], Refusal], interface: Interface | None
) -> ModelFile:
    path, size = folder / f"{cell.variant}.tflite", {"keras": 900, "float32": 800}.get(cell.variant, 200)
    path.write_bytes(bytes(size))
    refusal = refused.get((cell.variant, cell.runtime))
    return ModelFile(
        path=path,
        sha256=sha256(cell.variant.encode()).hexdigest(),
        size_bytes=size,
        refusal=refusal,
        product="a-folder",
        interface=interface,
    )
