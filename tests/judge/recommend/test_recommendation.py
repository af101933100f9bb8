"""Is the right cell chosen, and what is said of the others?"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from choices import a_known_cell, a_machine, a_probability, learned, limit
from fakes import a_memory
from machines import FAST, FLOAT, PI, SMALL, record, side, usual
from resultfiles import answered, cell_id
from zoobench.errors import Status
from zoobench.judge.recommend.cells import KnownMachine
from zoobench.judge.recommend.limits import DROP, MEMORY, P50, P90, SIZE, TOP1
from zoobench.judge.recommend.pareto import Front, standings
from zoobench.judge.recommend.recommendation import (
    ANY_ACCURACY,
    ASSUMED,
    Candidate,
    MachineRecommendation,
    Recommendation,
    Regret,
    State,
    all_at_least,
    candidates_of,
    common_cell,
    recommend,
    regrets_of,
    state_of,
)
from zoobench.results.schema import Refusal


def of(recommendation: Recommendation, cell: str) -> str:
    found = recommendation.machines[0].of(cell)
    assert found is not None
    return found.state


def test_the_fastest_that_holds_all_limits_is_recommended() -> None:
    found = recommend([usual()], limits=[limit(P90, "6 ms"), limit(SIZE, "5 MB")])
    assert (found.cell, found.status) == (FAST, Status.PASSED)
    assert [one.cell for one in found.machines[0].holding] == [FAST, SMALL]
    assert [one.cell for one in found.machines[0].misses] == [FLOAT]


def test_the_preference_decides() -> None:
    assert recommend([usual()], limits=[limit(P90, "6 ms")], preference=("size", "latency_p50")).cell == SMALL


def test_without_a_limit_a_drop_of_a_point_is_assumed_and_that_is_said() -> None:
    worse = usual(accuracy=answered("+" * 300 + "-" * 100))
    found = recommend([worse])
    assert (found.limits, found.is_assumed) == ((ASSUMED,), True)
    assert of(found, FAST) == "misses"
    assert "drop ≤ 1 pp was assumed" in found.notes[0]


def test_where_a_limit_is_given_none_is_assumed() -> None:
    worse = usual(accuracy=answered("+" * 300 + "-" * 100))
    found = recommend([worse], limits=[limit(SIZE, "20 MB")])
    assert (found.cell, found.is_assumed, found.notes) == (FAST, False, (ANY_ACCURACY,))
    assert recommend([worse], limits=[limit(DROP, "99 pp")]).notes == ()


def test_of_random_weights_nothing_is_assumed() -> None:
    found = recommend(
        [side(record("integer_only", 0.004, weights="random"), record("float32", 0.01, weights="random"))]
    )
    assert (found.cell, found.limits) == (FAST, ())
    assert "all weights are random" in found.notes[0]


def test_random_weights_beside_trained_ones_are_excluded_by_name() -> None:
    found = recommend([side(record("integer_only", 0.004, weights="random"), record("float32", 0.01))])
    assert found.cell == FLOAT
    assert [one.cell for one in found.machines[0].excluded] == [FAST]


def test_what_is_not_significantly_slower_is_named() -> None:
    near = side(record("integer_only", 0.0040), record("float_fallback", 0.0042), record("dynamic_range", 0.005))
    found = recommend([near], limits=[limit(P50, "1 s")])
    assert found.machines[0].rivals == (cell_id("float_fallback"),)


def test_a_limit_near_the_value_is_open_and_the_cell_would_come_first() -> None:
    found = recommend([usual()], limits=[limit(P50, "4.1 ms"), limit(SIZE, "5 MB")])
    assert (found.cell, found.status) == (None, Status.UNDECIDED)
    assert [one.cell for one in found.machines[0].open] == [FAST]
    first = recommend(
        [side(record("integer_only", 0.004, memory=None), record("float32", 0.01))], limits=[limit("memory", "1 GB")]
    )
    assert (first.cell, first.machines[0].undecided) == (FLOAT, (FAST,))


def test_where_none_can_hold_the_nearest_comes_first() -> None:
    found = recommend([usual()], limits=[limit(SIZE, "3 MB")])
    assert (found.cell, found.status) == (None, Status.FAILED)
    assert [one.cell for one in found.machines[0].misses] == [SMALL, FAST, FLOAT]


def test_what_the_machine_taught_is_taken() -> None:
    limits = [limit(P50, "4.3 ms")]
    noise = {"AMD EPYC, 2 cores": learned(FAST, run_scatter=0.001, runs=9)}
    states = [of(recommend([usual()], limits=limits, noise=one), FAST) for one in ({}, noise)]
    assert states == ["open", "holds"]


def test_runs_of_one_machine_make_it_surer() -> None:
    limits = [limit(P50, "4.3 ms")]
    runs = [usual(name=f"{index}.json", factor=1 + index / 1000) for index in range(3)]
    assert [of(recommend(some, limits=limits), FAST) for some in (runs[:1], runs)] == ["open", "holds"]


def test_the_order_of_files_does_not_matter() -> None:
    sides = [usual(name="a.json"), usual(name="b.json", factor=1.05), usual(PI, name="c.json", factor=2.0)]
    ours, theirs = (recommend(some, limits=[limit(P50, "30 ms")]) for some in (sides, sides[::-1]))
    assert (ours.cell, ours.status) == (theirs.cell, theirs.status)
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
    found = recommend([usual(), there], limits=[limit(P50, "50 ms")])
    assert found.cell == SMALL
    assert found.regrets[0].regrets == (pytest.approx(0.25), pytest.approx(0.0))
    assert [one.holding[0].cell for one in found.machines] == [FAST, SMALL]


def test_a_cell_that_misses_on_one_machine_serves_not_all() -> None:
    found = recommend(
        [usual(), usual(PI, factor=3.0, name="pi.json")], limits=[limit(P50, "6 ms"), limit(DROP, "5 pp")]
    )
    assert (found.cell, found.status) == (None, Status.FAILED)
    assert found.regrets[0].states == ("holds", "misses")


def test_memory_may_be_what_is_preferred() -> None:
    lean = side(
        record("integer_only", 0.004, memory=a_memory(60, 61)), record("dynamic_range", 0.005, memory=a_memory(5, 6))
    )
    assert recommend([lean], limits=[limit(P50, "1 s")], preference=("memory",)).cell == SMALL


@pytest.mark.parametrize(
    ("probabilities", "at_least", "state"),
    [
        ((), 1.0, "holds"),
        ((1.0, 0.98, 0.97), 0.95, "holds"),
        ((0.98, 0.96), 0.94, "open"),
        ((0.5, 0.4), 0.0, "open"),
        ((1.0, 0.05), 0.05, "misses"),
        ((1.0, None), None, "open"),
        ((0.01, None), None, "misses"),
    ],
)
def test_limits_are_not_assumed_to_be_independent(
    probabilities: tuple[float | None, ...], at_least: float | None, state: str
) -> None:
    probabilities = [a_probability(P90, probability=one) for one in probabilities]
    assert all_at_least(probabilities) == (None if at_least is None else pytest.approx(at_least))
    assert state_of(probabilities, confidence=0.95) == state


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), max_size=6))
def test_all_together_are_never_likelier_than_each(probabilities: list[float]) -> None:
    found = all_at_least([a_probability(P90, probability=one) for one in probabilities])
    assert found is not None
    assert 0 <= found <= min(probabilities, default=1.0) + 1e-12


def test_little_confidence_makes_no_cell_miss_that_may_well_hold() -> None:
    assert state_of([a_probability(P90, probability=0.38)], confidence=0.55) == "open"
    assert state_of([a_probability(P90, probability=0.04)], confidence=0.55) == "misses"


def test_a_miss_that_disturbed_rounds_may_explain_is_open() -> None:
    assert state_of([a_probability(P90, probability=0.0, is_disturbed=True)], confidence=0.95) == "open"
    both = [a_probability(P90, probability=0.0, is_disturbed=True), a_probability(SIZE, probability=0.0)]
    assert state_of(both, confidence=0.95) == "misses"


def test_a_cell_with_all_its_values_is_a_candidate() -> None:
    machine = a_machine(a_known_cell("float32", speedup=1.0, disturbance="waited"))
    (found,), excluded = candidates_of(machine, [limit(SIZE), limit(DROP)], confidence=0.95, noise=None)
    assert (found.state, found.at_least, excluded) == ("holds", 1.0, ())
    assert (found.p50_seconds, found.speedup, found.top1) == (pytest.approx(0.004), pytest.approx(1.0), 0.75)
    assert (found.size_bytes, found.peak_bytes, found.disturbances) == (3_500_000, 60_000_000, ("waited",))


def test_what_was_refused_is_excluded_with_the_reason() -> None:
    machine = a_machine(a_known_cell(refusal=Refusal(by="litert", reason="no such kernel")))
    found, (excluded,) = candidates_of(machine, [], confidence=0.95, noise=None)
    assert (found, excluded.why) == ((), "refused by litert: no such kernel")


def test_random_weights_are_excluded_by_limits_of_accuracy_alone() -> None:
    machine = a_machine(a_known_cell(weights="random"))
    found, (excluded,) = candidates_of(machine, [limit(SIZE), limit(TOP1)], confidence=0.95, noise=None)
    assert not found
    assert excluded.cell == "mobilenet-integer_only-litert-t1"
    assert excluded.why == "random weights: their accuracy means nothing, so that it cannot hold top-1 ≥ 88 %"
    found, none = candidates_of(machine, [limit(SIZE)], confidence=0.95, noise=None)
    assert [one.has_random_weights for one in found] == [True]
    assert not none


def test_the_worst_limit_is_told_first() -> None:
    probabilities = (
        a_probability(SIZE, value=5.5e6),
        a_probability(P90, value=0.060),
        a_probability(MEMORY, probability=None),
    )
    found = Candidate(cell="x", state="misses", probabilities=probabilities, at_least=None)
    assert [one.limit.metric for one in found.beyond] == [P90, SIZE]
    assert found.distance == pytest.approx(1.0)


X, Y, Z = "dynamic_range", "float_fallback", "integer_only"


def on(*candidates: Candidate, among: KnownMachine | None = None, **states: State) -> MachineRecommendation:
    """Returns a machine with these candidates, or with one for each state."""
    return MachineRecommendation(
        machine="AMD EPYC, 2 cores",
        files=("results.json",),
        candidates=(*candidates, *(candidate(cell, state) for cell, state in states.items())),
        rivals=(),
        undecided=(),
        excluded=(),
        front=Front(places=()),
        notes=(),
        standings=standings(among or a_machine(a_known_cell())),
    )


def candidate(cell: str, state: State = "holds") -> Candidate:
    return Candidate(cell=cell, state=state, probabilities=(), at_least=1.0)


def machine(states: Mapping[str, State] | None = None, **seconds: float) -> MachineRecommendation:
    """Returns a machine on which cells take these times; they hold unless another state is given."""
    cells = [a_known_cell(variant, seconds=one) for variant, one in seconds.items()]
    known = [candidate(one.cell.id, (states or {}).get(one.cell.variant, "holds")) for one in cells]
    return on(*known, among=a_machine(*cells))


def found(*machines: MachineRecommendation, metric: str = "latency_p50") -> dict[str, Regret]:
    return {one.cell.split("-")[1]: one for one in regrets_of(machines, (metric,))}


def test_the_smallest_largest_regret_serves_all() -> None:
    """X is best on A and twice as slow as the best on B, y the other way round, z is a quarter slower on both."""
    ours = machine(**{X: 0.004, Y: 0.008, Z: 0.005})
    theirs = machine(**{X: 0.016, Y: 0.008, Z: 0.010})
    regrets = found(ours, theirs)
    assert next(iter(regrets)) == Z
    assert regrets[Z].regrets == (pytest.approx(0.25), pytest.approx(0.25))
    assert regrets[X].regrets == (pytest.approx(0.0), pytest.approx(1.0))
    assert common_cell(list(regrets.values())) == f"mobilenet-{Z}-litert-t1"


def test_what_does_not_hold_on_a_machine_does_not_serve_it_and_costs_nothing_there() -> None:
    ours = machine(**{X: 0.004, Y: 0.008})
    theirs = machine({X: "misses"}, **{X: 0.001, Y: 0.008})
    regrets = found(ours, theirs)
    assert list(regrets) == [Y, X]
    assert regrets[X].regrets == (pytest.approx(0.0), None)
    assert regrets[Y].regrets == (pytest.approx(1.0), pytest.approx(0.0))  # not against x, which does not hold there
    assert common_cell(list(regrets.values())) == f"mobilenet-{Y}-litert-t1"


def test_where_none_holds_everywhere_none_serves_all() -> None:
    regrets = found(machine({Y: "open"}, **{X: 0.004, Y: 0.004}), machine({X: "misses"}, **{X: 0.004, Y: 0.004}))
    assert common_cell(list(regrets.values())) is None


def test_a_cell_that_a_machine_lacks_does_not_serve_it() -> None:
    regrets = found(machine(**{X: 0.004, Y: 0.005}), machine(**{Y: 0.005}))
    assert regrets[X].states == ("holds", None)
    assert common_cell(list(regrets.values())) == f"mobilenet-{Y}-litert-t1"


def test_regret_of_top1_is_in_points_and_of_size_a_share() -> None:
    cells = [
        a_known_cell(X, right="++++", size_bytes=4_000_000),
        a_known_cell(Y, right="+++-", size_bytes=3_000_000),
    ]
    of_both = on(*(candidate(one.cell.id) for one in cells), among=a_machine(*cells))
    assert found(of_both, metric="top1")[Y].regrets == (pytest.approx(0.25),)
    assert found(of_both, metric="size")[X].regrets == (pytest.approx(1 / 3),)


def test_equal_largest_regrets_are_in_the_order_of_their_sum() -> None:
    ours = machine(**{X: 0.004, Y: 0.008, Z: 0.008})
    theirs = machine(**{X: 0.004, Y: 0.008, Z: 0.004})
    assert list(found(ours, theirs)) == [X, Z, Y]


def recommendation(*machines: MachineRecommendation) -> Recommendation:
    return Recommendation(
        cell=None,
        limits=(),
        is_assumed=False,
        preference=("latency_p50",),
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
def test_without_a_cell_it_depends_on_whether_some_cell_may_hold_on_every_machine(
    machines: tuple[MachineRecommendation, ...], status: int
) -> None:
    assert recommendation(*machines).status == status


def test_with_a_cell_it_is_zero() -> None:
    assert replace(recommendation(on(x="holds")), cell="x").status == 0


def test_candidates_are_found_by_state() -> None:
    found = on(x="holds", y="open", z="misses")
    assert [[one.cell for one in some] for some in (found.holding, found.open, found.misses)] == [["x"], ["y"], ["z"]]
