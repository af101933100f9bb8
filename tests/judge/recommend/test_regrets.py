"""Does the cell serve all machines that is nowhere much worse than the best there?"""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from choices import a_known_cell, a_machine
from zoobench.judge.recommend.candidates import Candidate, State
from zoobench.judge.recommend.regrets import Regret, common_choice, regrets_of
from zoobench.judge.recommend.relations import Standings, standings

X, Y, Z = "dynamic_range", "float_fallback", "integer_only"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine's choice, of which only this is asked."""

    candidates: tuple[Candidate, ...]
    standings: Standings

    @property
    def holding(self) -> tuple[Candidate, ...]:
        return tuple(one for one in self.candidates if one.state == "holds")


def machine(states: Mapping[str, State] | None = None, **seconds: float) -> Machine:
    """Returns a machine on which cells take these times; they hold unless it is told otherwise."""
    told = states or {}
    cells = [a_known_cell(variant, seconds=one) for variant, one in seconds.items()]
    return Machine(
        candidates=tuple(
            Candidate(cell=one.cell.id, state=told.get(one.cell.variant, "holds"), odds=(), at_least=1.0)
            for one in cells
        ),
        standings=standings(a_machine(*cells)),
    )


def found(*machines: Machine, metric: str = "latency") -> dict[str, Regret]:
    return {one.cell.split("-")[1]: one for one in regrets_of(machines, (metric,))}


def test_the_smallest_largest_regret_serves_all() -> None:
    """X is best on A and twice as slow as the best on B, y the other way round, z is a quarter slower on both."""
    ours = machine(**{X: 0.004, Y: 0.008, Z: 0.005})
    theirs = machine(**{X: 0.016, Y: 0.008, Z: 0.010})
    regrets = found(ours, theirs)
    assert next(iter(regrets)) == Z
    assert regrets[Z].regrets == (pytest.approx(0.25), pytest.approx(0.25))
    assert regrets[X].regrets == (pytest.approx(0.0), pytest.approx(1.0))
    assert common_choice(list(regrets.values())) == f"mobilenet-{Z}-litert-t1"


def test_what_does_not_hold_on_a_machine_does_not_serve_it_and_costs_nothing_there() -> None:
    ours = machine(**{X: 0.004, Y: 0.008})
    theirs = machine({X: "misses"}, **{X: 0.001, Y: 0.008})
    regrets = found(ours, theirs)
    assert list(regrets) == [Y, X]
    assert regrets[X].regrets == (pytest.approx(0.0), None)
    assert regrets[Y].regrets == (pytest.approx(1.0), pytest.approx(0.0))  # not against x, which does not hold there
    assert common_choice(list(regrets.values())) == f"mobilenet-{Y}-litert-t1"


def test_where_none_holds_everywhere_none_serves_all() -> None:
    regrets = found(machine({Y: "open"}, **{X: 0.004, Y: 0.004}), machine({X: "misses"}, **{X: 0.004, Y: 0.004}))
    assert common_choice(list(regrets.values())) is None


def test_a_cell_that_a_machine_lacks_does_not_serve_it() -> None:
    regrets = found(machine(**{X: 0.004, Y: 0.005}), machine(**{Y: 0.005}))
    assert regrets[X].states == ("holds", None)
    assert common_choice(list(regrets.values())) == f"mobilenet-{Y}-litert-t1"


def test_regret_of_top1_is_in_points_and_of_size_a_share() -> None:
    cells = [
        a_known_cell(X, right="++++", size_bytes=4_000_000),
        a_known_cell(Y, right="+++-", size_bytes=3_000_000),
    ]
    candidates = tuple(Candidate(cell=one.cell.id, state="holds", odds=(), at_least=1.0) for one in cells)
    of_both = Machine(candidates=candidates, standings=standings(a_machine(*cells)))
    assert found(of_both, metric="top1")[Y].regrets == (pytest.approx(0.25),)
    assert found(of_both, metric="size")[X].regrets == (pytest.approx(1 / 3),)


def test_equal_largest_regrets_are_in_the_order_of_their_sum() -> None:
    ours = machine(**{X: 0.004, Y: 0.008, Z: 0.008})
    theirs = machine(**{X: 0.004, Y: 0.008, Z: 0.004})
    assert list(found(ours, theirs)) == [X, Z, Y]
