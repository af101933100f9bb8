"""Which one cell serves several machines, and what does each of them lose by it?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from zoobench.judge.recommend.candidates import Candidate, State
from zoobench.judge.recommend.relations import SIZE, TOP1, Standings, value_of


class _OnMachine(Protocol):
    """What is needed of a machine's choice."""

    @property
    def candidates(self) -> tuple[Candidate, ...]: ...
    @property
    def holding(self) -> tuple[Candidate, ...]: ...
    @property
    def standings(self) -> Standings: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Regret:
    """What it costs to ship one cell to all machines.

    Attributes:
        cell: Its id, of a candidate on at least one machine.
        states: On each machine; None where it is no candidate there.
        regrets: On each machine, by how much it is worse in the preferred metric than the best cell that holds there:
            a share of that one's value, of top-1 a difference of shares. None where it does not hold, or the metric is
            not known.
    """

    cell: str
    states: tuple[State | None, ...]
    regrets: tuple[float | None, ...]

    @property
    def holds_everywhere(self) -> bool:
        """Whether it holds all limits on each machine."""
        return all(state == "holds" for state in self.states)

    @property
    def worst(self) -> float:
        """The largest; infinite where one is not known."""
        return max((math.inf if one is None else one for one in self.regrets), default=math.inf)


def regrets_of(machines: Sequence[_OnMachine], preference: Sequence[str]) -> tuple[Regret, ...]:
    """Returns what each cell would cost, the one with the smallest largest regret first.

    Minimax regret: L. J. Savage, "The theory of statistical decision", JASA 46 (1951). Cells of equal largest regret
    are in the order of the sum of theirs.
    """
    metric = preference[0]
    cells = dict.fromkeys(one.cell for machine in machines for one in machine.candidates)
    found = [_regret(cell, machines, metric) for cell in cells]
    return tuple(sorted(found, key=_position))


def common_choice(regrets: Sequence[Regret]) -> str | None:
    """Returns the cell that serves all machines, None where none holds on each."""
    return next((one.cell for one in regrets if one.holds_everywhere), None)


def _position(regret: Regret) -> tuple[object, ...]:
    held = sum(state == "holds" for state in regret.states)
    known = [one for one in regret.regrets if one is not None]
    return (-held, regret.worst, math.fsum(known), regret.cell)


def _regret(cell: str, machines: Sequence[_OnMachine], metric: str) -> Regret:
    states: list[State | None] = []
    regrets: list[float | None] = []
    for machine in machines:
        of_cells: Mapping[str, State] = {one.cell: one.state for one in machine.candidates}
        state = of_cells.get(cell)
        states.append(state)
        regrets.append(_on_machine(cell, machine, metric) if state == "holds" else None)
    return Regret(cell=cell, states=tuple(states), regrets=tuple(regrets))


def _on_machine(cell: str, machine: _OnMachine, metric: str) -> float | None:
    own = value_of(machine.standings, metric, cell)
    values = [value_of(machine.standings, metric, one.cell) for one in machine.holding]
    known = [value for value in values if value is not None]
    if own is None or not known:
        return None
    best = min(known)
    if metric == TOP1:
        return own - best
    return own / best - 1 if metric == SIZE else math.expm1(own - best)
