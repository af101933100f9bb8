"""What is kept of a gate of identical files, and how is it read back? Schema 1."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoobench.errors import ResultsError

SCHEMA = 1
KIND = "zoobench-aa"


@dataclass(frozen=True, slots=True, kw_only=True)
class AACell:
    """One cell in one gate.

    Attributes:
        verdicts: By metric.
        log_ratios: Of each process, in the order in which they came.
        baseline_seconds: Each process's median of the side that stands for the baseline.
        candidate_seconds: The same of the other side; an injected wait is part of it.
        failure: Why it was given up; '' where it was not.
        disturbed: How many processes more there were that did not count.
        injected_seconds: Each process's median of what the candidate was made to wait.
    """

    verdicts: Mapping[str, str]
    log_ratios: tuple[float, ...]
    baseline_seconds: tuple[float, ...]
    candidate_seconds: tuple[float, ...]
    failure: str
    disturbed: int = 0
    injected_seconds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AAGate:
    """One gate whose two sides are the same files.

    Attributes:
        machine: Key of the machine.
        made: When it ended, ISO 8601 in UTC.
        slowdown: Share of its median that the candidate was made to wait; 0 for a true A/A.
        tolerances: Of latency, by cell id.
        tests: Among how many the gate's error rate was shared.
        seconds: How long it took.
        cells: By id.
        environment: The machine and its libraries.
    """

    machine: str
    made: str
    slowdown: float
    tolerances: Mapping[str, float]
    tests: int
    seconds: float
    cells: Mapping[str, AACell]
    environment: Mapping[str, Any]


def to_json(gate: AAGate) -> dict[str, Any]:
    """Returns a gate as plain JSON."""
    return {"schema": SCHEMA, "kind": KIND} | asdict(gate)


def read_gate(path: Path) -> AAGate:
    """Returns what `to_json` was given.

    Raises:
        ResultsError: If the file cannot be read or holds something else; the message names it and the key.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["schema"] != SCHEMA or content["kind"] != KIND:
            raise ResultsError(
                f"{path}: received schema {content['schema']!r} and kind {content['kind']!r}; this version of zoobench "
                f"reads {SCHEMA} and {KIND}"
            )
        cells = {cell: _cell(block) for cell, block in content["cells"].items()}
        return AAGate(
            machine=str(content["machine"]),
            made=str(content["made"]),
            slowdown=float(content["slowdown"]),
            tolerances={cell: float(value) for cell, value in content["tolerances"].items()},
            tests=int(content["tests"]),
            seconds=float(content["seconds"]),
            cells=cells,
            environment=dict(content["environment"]),
        )
    except (OSError, ValueError, OverflowError, TypeError, AttributeError, RecursionError) as error:
        raise ResultsError(f"cannot read {path}: {error}; expected a file written by `zoobench aa`") from error
    except KeyError as error:
        raise ResultsError(f"{path} has no key {error}; expected a file written by `zoobench aa`") from error


def _cell(block: Mapping[str, Any]) -> AACell:
    return AACell(
        verdicts=dict(block["verdicts"]),
        log_ratios=_numbers(block["log_ratios"]),
        baseline_seconds=_numbers(block["baseline_seconds"]),
        candidate_seconds=_numbers(block["candidate_seconds"]),
        failure=str(block["failure"]),
        disturbed=int(block.get("disturbed", 0)),
        injected_seconds=_numbers(block.get("injected_seconds", ())),
    )


def _numbers(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
