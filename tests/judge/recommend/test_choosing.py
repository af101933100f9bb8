"""Is the right cell chosen, and what is said of the others?"""

import pytest

from choices import learned, limit
from fakes import a_memory
from machines import FAST, FLOAT, PI, SMALL, record, side, usual
from resultfiles import answered, cell_id
from zoobench.judge.recommend.choosing import ANY_ACCURACY, ASSUMED, choose
from zoobench.judge.recommend.limits import DROP, P50, P90, SIZE, TOP1
from zoobench.judge.recommend.result import HOLDS, MISSES, OPEN, Choice


def of(choice: Choice, cell: str) -> str:
    found = choice.machines[0].of(cell)
    assert found is not None
    return found.state


def test_the_fastest_that_holds_all_limits_is_chosen() -> None:
    found = choose([usual()], limits=[limit(P90, "6 ms"), limit(SIZE, "5 MB")])
    assert (found.chosen, found.status) == (FAST, HOLDS)
    assert [one.cell for one in found.holding] == [FAST, SMALL]
    assert [one.cell for one in found.misses] == [FLOAT]


def test_the_preference_decides() -> None:
    assert choose([usual()], limits=[limit(P90, "6 ms")], preference=("size", "latency")).chosen == SMALL


def test_without_a_limit_a_drop_of_a_point_is_assumed_and_that_is_said() -> None:
    worse = usual(accuracy=answered("+" * 300 + "-" * 100))
    found = choose([worse])
    assert (found.limits, found.is_assumed) == ((ASSUMED,), True)
    assert of(found, FAST) == "misses"
    assert "drop ≤ 1 pp was assumed" in found.notes[0]


def test_where_a_limit_is_given_none_is_assumed() -> None:
    worse = usual(accuracy=answered("+" * 300 + "-" * 100))
    found = choose([worse], limits=[limit(SIZE, "20 MB")])
    assert (found.chosen, found.is_assumed, found.notes) == (FAST, False, (ANY_ACCURACY,))
    assert choose([worse], limits=[limit(DROP, "99 pp")]).notes == ()


def test_of_random_weights_nothing_is_assumed() -> None:
    found = choose([side(record("integer_only", 0.004, weights="random"), record("float32", 0.01, weights="random"))])
    assert (found.chosen, found.limits) == (FAST, ())
    assert "all weights are random" in found.notes[0]


def test_random_weights_beside_trained_ones_are_excluded_by_name() -> None:
    found = choose([side(record("integer_only", 0.004, weights="random"), record("float32", 0.01))])
    assert found.chosen == FLOAT
    assert [one.cell for one in found.machines[0].excluded] == [FAST]


def test_what_is_not_surely_slower_is_named() -> None:
    near = side(record("integer_only", 0.0040), record("float_fallback", 0.0042), record("dynamic_range", 0.005))
    found = choose([near], limits=[limit(P50, "1 s")])
    assert found.machines[0].rivals == (cell_id("float_fallback"),)


def test_a_limit_near_the_value_is_open_and_the_cell_would_come_first() -> None:
    found = choose([usual()], limits=[limit(P50, "4.1 ms"), limit(SIZE, "5 MB")])
    assert (found.chosen, found.status) == (None, OPEN)
    assert [one.cell for one in found.open] == [FAST]
    first = choose(
        [side(record("integer_only", 0.004, memory=None), record("float32", 0.01))], limits=[limit("memory", "1 GB")]
    )
    assert (first.chosen, first.machines[0].ahead) == (FLOAT, (FAST,))


def test_where_none_can_hold_the_nearest_comes_first() -> None:
    found = choose([usual()], limits=[limit(SIZE, "3 MB")])
    assert (found.chosen, found.status) == (None, MISSES)
    assert [one.cell for one in found.misses] == [SMALL, FAST, FLOAT]


def test_what_the_machine_taught_is_taken() -> None:
    limits = [limit(P50, "4.3 ms")]
    noise = {"AMD EPYC, 2 cores": learned(FAST, run_scatter=0.001, runs=9)}
    states = [of(choose([usual()], limits=limits, noise=one), FAST) for one in ({}, noise)]
    assert states == ["open", "holds"]


def test_runs_of_one_machine_make_it_surer() -> None:
    limits = [limit(P50, "4.3 ms")]
    runs = [usual(name=f"{index}.json", factor=1 + index / 1000) for index in range(3)]
    assert [of(choose(some, limits=limits), FAST) for some in (runs[:1], runs)] == ["open", "holds"]


def test_the_order_of_files_does_not_matter() -> None:
    sides = [usual(name="a.json"), usual(name="b.json", factor=1.05), usual(PI, name="c.json", factor=2.0)]
    ours, theirs = (choose(some, limits=[limit(P50, "30 ms")]) for some in (sides, sides[::-1]))
    assert (ours.chosen, ours.status) == (theirs.chosen, theirs.status)
    assert {one.machine: [c.cell for c in one.holding] for one in ours.machines} == {
        one.machine: [c.cell for c in one.holding] for one in theirs.machines
    }


def test_several_machines_are_served_by_one_cell_with_its_regret_on_each() -> None:
    there = side(
        record("float32", 0.020, size=12_800_000, environment=PI),
        record("integer_only", 0.012, environment=PI),
        record("dynamic_range", 0.008, size=3_400_000, environment=PI),
        name="pi.json",
    )
    found = choose([usual(), there], limits=[limit(P50, "50 ms")])
    assert found.chosen == SMALL
    assert found.regrets[0].regrets == (pytest.approx(0.25), pytest.approx(0.0))
    assert [one.holding[0].cell for one in found.machines] == [FAST, SMALL]


def test_a_cell_that_misses_on_one_machine_serves_not_all() -> None:
    found = choose([usual(), usual(PI, factor=3.0, name="pi.json")], limits=[limit(P50, "6 ms"), limit(DROP, "5 pp")])
    assert (found.chosen, found.status) == (None, MISSES)
    assert found.regrets[0].states == ("holds", "misses")


def test_the_states_of_the_only_machine_are_those_of_the_choice() -> None:
    found = choose([usual()], limits=[limit(TOP1, "50 %")])
    machine = found.machines[0]
    assert (found.holding, found.open, found.misses) == (machine.holding, machine.open, machine.misses)
    assert found.front is machine.front
    assert machine.of("another") is None


def test_memory_may_be_what_is_preferred() -> None:
    lean = side(
        record("integer_only", 0.004, memory=a_memory(60, 61)), record("dynamic_range", 0.005, memory=a_memory(5, 6))
    )
    assert choose([lean], limits=[limit(P50, "1 s")], preference=("memory",)).chosen == SMALL
