"""Which gates of identical files belong together, and how did they end?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from zoobench.judge.aa.aarecord import AACell, AAGate
from zoobench.judge.evidence import Verdict
from zoobench.judge.metrics import LATENCY_P50
from zoobench.stats.sequential import FIRST_LOOK
from zoobench.stats.statistics import Interval, wilson


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
class Choice:
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


def choose(gates: Iterable[AAGate], tolerances: Mapping[str, float]) -> Choice:
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
    return Choice(
        gates=tuple(gate for gate in chosen if gate.tests == newest),
        left_out=tuple(f"left out: {count} kept gates of {reason}" for reason, count in reasons.items() if count),
    )


def count_outcomes(gates: Sequence[AAGate]) -> Outcomes | None:
    """Returns how gates ended, or None where there are none."""
    if not gates:
        return None
    cells = list(gates[0].cells)
    found = [_all_verdicts(gate) for gate in gates]
    caught = [[_latency(gate.cells[cell]) == Verdict.REGRESSED for cell in cells] for gate in gates]
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


def _reason(gate: AAGate, tolerances: Mapping[str, float]) -> str:
    if set(gate.cells) != set(tolerances):
        return "other cells"
    return "" if gate.tolerances == tolerances else "other tolerances"


def _came_to_a_look(gate: AAGate) -> bool:
    return all(len(cell.log_ratios) >= FIRST_LOOK and not cell.failure for cell in gate.cells.values())


def _all_verdicts(gate: AAGate) -> set[str]:
    return {verdict for cell in gate.cells.values() for verdict in cell.verdicts.values()}


def _latency(cell: AACell) -> str | None:
    return cell.verdicts.get(LATENCY_P50.key, cell.verdicts.get("latency"))  # as gates of 0.1 have it
