"""Does the status say whether a cell holds everywhere, may yet, or cannot?"""

from dataclasses import replace

import pytest

from choices import a_known_cell, a_machine
from zoobench.judge.recommend.candidates import Candidate, State
from zoobench.judge.recommend.pareto import Front
from zoobench.judge.recommend.relations import standings
from zoobench.judge.recommend.result import Choice, MachineChoice


def on(**states: State) -> MachineChoice:
    return MachineChoice(
        machine="AMD EPYC, 2 cores",
        files=("results.json",),
        candidates=tuple(Candidate(cell=cell, state=state, odds=(), at_least=1.0) for cell, state in states.items()),
        rivals=(),
        ahead=(),
        excluded=(),
        front=Front(places=()),
        notes=(),
        standings=standings(a_machine(a_known_cell())),
    )


def choice(*machines: MachineChoice) -> Choice:
    return Choice(
        chosen=None,
        limits=(),
        is_assumed=False,
        preference=("latency",),
        confidence=0.95,
        machines=machines,
        regrets=(),
        notes=(),
    )


@pytest.mark.parametrize(
    ("machines", "status"),
    [
        ((on(x="misses", y="open"),), 3),
        ((on(x="misses"),), 1),
        ((on(),), 1),
        ((on(x="holds"), on(x="open")), 3),
        ((on(x="holds", y="misses"), on(x="misses", y="holds")), 1),
        ((on(x="holds"), on(y="holds")), 1),
    ],
)
def test_without_a_choice_it_depends_on_whether_some_cell_may_hold_on_every_machine(
    machines: tuple[MachineChoice, ...], status: int
) -> None:
    assert choice(*machines).status == status


def test_with_a_choice_it_is_zero() -> None:
    assert replace(choice(on(x="holds")), chosen="x").status == 0


def test_candidates_are_found_by_state() -> None:
    found = on(x="holds", y="open", z="misses")
    assert [[one.cell for one in some] for some in (found.holding, found.open, found.misses)] == [["x"], ["y"], ["z"]]
