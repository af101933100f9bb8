"""What is kept of gates of identical files, which of them belong together, and how did they end? Schema 1."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from zoobench.errors import ResultsError
from zoobench.judge.evidence import Verdict
from zoobench.judge.metrics import LATENCY_P50
from zoobench.stats.intervals import Interval, wilson
from zoobench.stats.sequential import FIRST_LOOK

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


def gate_to_json(gate: AAGate) -> dict[str, Any]:
    """Returns a gate as plain JSON."""
    return {"schema": SCHEMA, "kind": KIND} | asdict(gate)


def read_gate(path: Path) -> AAGate:
    """Returns what `gate_to_json` was given.

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
        raise ResultsError(f"cannot read {path}: {error}; expected a file written by `zoobench noise`") from error
    except KeyError as error:
        raise ResultsError(f"{path} has no key {error}; expected a file written by `zoobench noise`") from error


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """How a number of gates ended; every count but `caught_by_cell` is of gates.

    Attributes:
        gates: All of them.
        regressed: Some metric of some cell was called regressed: exit status 1. Of identical files a false alarm.
        caught: Latency of some cell was; what an injected slow-down is meant to bring about.
        caught_everywhere: Latency of every cell was.
        improved: Something was called improved, and nothing regressed.
        inconclusive: Something could not be told, and nothing was called regressed: exit status 3.
        failed: A cell could not be replayed: exit status 2.
        caught_by_cell: Gates in which a cell's latency was called regressed, by its id.
        processes: How many of a cell's counted, on average.
        disturbed: How many more of it did not, as their rounds disagreed; None of drawn gates.
    """

    gates: int
    regressed: int
    caught: int
    caught_everywhere: int
    improved: int
    inconclusive: int
    failed: int
    caught_by_cell: Mapping[str, int]
    processes: float
    disturbed: float | None = None

    def interval(self, count: int) -> Interval:
        """Returns the interval of the share that one of the counts is."""
        return wilson(count, self.gates)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptGates:
    """The gates that answer a question, and why others do not.

    Attributes:
        gates: By time.
        left_out: A sentence for each reason.
    """

    gates: tuple[AAGate, ...]
    left_out: tuple[str, ...]

    def slowed(self, slowdown: float) -> tuple[AAGate, ...]:
        """Returns those with an injected slow-down of this share of the median; 0 for the true ones."""
        return tuple(gate for gate in self.gates if gate.slowdown == slowdown)

    def telling(self, slowdown: float) -> tuple[AAGate, ...]:
        """Returns those of them whose every cell came to its first look: only these say what processes see."""
        return tuple(gate for gate in self.slowed(slowdown) if _came_to_a_look(gate))

    @property
    def slowdowns(self) -> tuple[float, ...]:
        """All injected slow-downs, and 0 whether or not there are true gates."""
        return tuple(sorted({0.0} | {gate.slowdown for gate in self.gates}))


def select(gates: Iterable[AAGate], tolerances: Mapping[str, float]) -> KeptGates:
    """Returns the gates of exactly these cells at exactly these tolerances.

    Args:
        gates: In any order.
        tolerances: Of latency, by cell id.
    """
    chosen, reasons = [], Counter[str]()
    for gate in sorted(gates, key=lambda one: one.made):
        if reason := _reason(gate, tolerances):
            reasons[reason] += 1
        else:
            chosen.append(gate)
    newest = chosen[-1].tests if chosen else 0
    reasons["another number of tests"] += sum(gate.tests != newest for gate in chosen)
    return KeptGates(
        gates=tuple(gate for gate in chosen if gate.tests == newest),
        left_out=tuple(f"left out: {count} kept gates of {reason}" for reason, count in reasons.items() if count),
    )


def count_outcomes(gates: Sequence[AAGate]) -> Outcomes | None:
    """Returns how gates ended, or None where there are none."""
    if not gates:
        return None
    cells = list(gates[0].cells)
    found = [_all_verdicts(gate) for gate in gates]
    caught = [[latency_verdict(gate.cells[cell]) == Verdict.REGRESSED for cell in cells] for gate in gates]
    calm = [verdicts for verdicts in found if Verdict.REGRESSED not in verdicts]
    seen = [cell for gate in gates for cell in gate.cells.values()]
    return Outcomes(
        gates=len(gates),
        regressed=len(found) - len(calm),
        caught=sum(any(one) for one in caught),
        caught_everywhere=sum(all(one) for one in caught),
        improved=sum(Verdict.IMPROVED in verdicts for verdicts in calm),
        inconclusive=sum(Verdict.INCONCLUSIVE in verdicts for verdicts in calm),
        failed=sum(any(cell.failure for cell in gate.cells.values()) for gate in gates),
        caught_by_cell={cell: sum(one[place] for one in caught) for place, cell in enumerate(cells)},
        processes=fmean(len(cell.log_ratios) for cell in seen),
        disturbed=fmean(cell.disturbed for cell in seen),
    )


def latency_verdict(cell: AACell) -> str | None:
    """Returns what became of a cell's latency; None where it was not judged."""
    return cell.verdicts.get(LATENCY_P50.key, cell.verdicts.get("latency"))  # as gates of 0.1 have it


def _reason(gate: AAGate, tolerances: Mapping[str, float]) -> str:
    if set(gate.cells) != set(tolerances):
        return "other cells"
    return "" if gate.tolerances == tolerances else "other tolerances"


def _came_to_a_look(gate: AAGate) -> bool:
    return all(len(cell.log_ratios) >= FIRST_LOOK and not cell.failure for cell in gate.cells.values())


def _all_verdicts(gate: AAGate) -> set[str]:
    return {verdict for cell in gate.cells.values() for verdict in cell.verdicts.values()}
