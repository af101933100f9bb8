"""What is a cell held against where a runtime refuses what it would be held against?"""

from dataclasses import replace
from typing import cast

import pytest

from zoobench.matrix.cell import Cell
from zoobench.results.schema import Refusal
from zoobench.run import session
from zoobench.run.session import BenchSession
from zoobench.run.source import Request, Source

CELL = Cell(backbone="mobilenet", variant="integer_only", runtime="openvino", threads=2, image_size=96)


class Refusing:
    """A source some of whose files runtimes refuse."""

    def __init__(self, *refused: tuple[str, str]) -> None:
        self._refused = refused

    def refusal(self, cell: Cell) -> Refusal | None:
        is_refused = (cell.variant, cell.runtime) in self._refused
        return Refusal(by=cell.runtime, reason="no kernel") if is_refused else None


def held_against(monkeypatch: pytest.MonkeyPatch, *refused: tuple[str, str], cell: Cell = CELL) -> list[str | None]:
    monkeypatch.setattr(session, "needs_trial", lambda _cell: False)
    bench = BenchSession(cast(Request, None))
    bench._source = cast(Source, Refusing(*refused))
    return [other and other.id for other in bench.held_against(cell)]


def test_a_cell_is_held_against_its_runtimes_float_file_and_its_own_file_on_litert(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = ["mobilenet-float32-openvino-t2", "mobilenet-integer_only-litert-t2"]
    assert held_against(monkeypatch) == expected


def test_the_reference_itself_is_held_against_its_float_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    of_litert = replace(CELL, runtime="litert")
    assert held_against(monkeypatch, cell=of_litert) == ["mobilenet-float32-litert-t2", None]


def test_a_file_that_litert_refuses_is_measured_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert held_against(monkeypatch, ("integer_only", "litert")) == ["mobilenet-float32-openvino-t2", None]


def test_a_float_file_that_the_runtime_refuses_is_run_by_litert(monkeypatch: pytest.MonkeyPatch) -> None:
    assert held_against(monkeypatch, ("float32", "openvino"))[0] == "mobilenet-float32-litert-t2"
