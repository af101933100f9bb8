"""Is the right cell chosen, and what is said of the others?"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from choices import a_known_cell, a_machine, a_probability, learned, limit
from fakes import a_disturbance, a_memory, an_interval
from machines import FAST, FLOAT, PI, SMALL, record, side, usual
from resultfiles import answered, cell_id
from zoobench.errors import Status
from zoobench.judge.recommend.cells import KnownCell
from zoobench.judge.recommend.limits import DROP, MEMORY, P50, P90, SIZE, TOP1
from zoobench.judge.recommend.recommendation import (
    ANY_ACCURACY,
    ASSUMED,
    Candidate,
    MachineRecommendation,
    Recommendation,
    State,
    all_at_least,
    candidates_of,
    lacking,
    recommend,
    regrets_of,
    state_of,
    states_of,
)
from zoobench.matrix.interface import WARNING, Interface
from zoobench.results.run import Side
from zoobench.results.schema import Refusal

WORSE = usual(accuracy=answered("+" * 300 + "-" * 100))


def of(recommendation: Recommendation, cell: str) -> State | None:
    return states_of(cell, recommendation.machines)[0]


def those(machine: MachineRecommendation, state: State) -> list[str]:
    return [one.cell.id for one in machine.those(state)]


def test_the_fastest_that_holds_all_limits_is_recommended_unless_something_else_is_preferred() -> None:
    found = recommend([usual()], limits=[limit(P90, "6 ms"), limit(SIZE, "5 MB")])
    assert (found.cell, found.status) == (FAST, Status.PASSED)
    assert those(found.machines[0], "holds") == [FAST, SMALL]
    assert those(found.machines[0], "misses") == [FLOAT]
    assert recommend([usual()], limits=[limit(P90, "6 ms")], preference=("size", "latency_p50")).cell == SMALL
    lean = side(
        record("integer_only", 0.004, memory=a_memory(60, 61)), record("dynamic_range", 0.005, memory=a_memory(5, 6))
    )
    assert recommend([lean], limits=[limit(P50, "1 s")], preference=("memory",)).cell == SMALL


def test_without_a_limit_a_drop_of_a_point_is_assumed_and_that_is_said() -> None:
    found = recommend([WORSE])
    assert (found.limits, found.is_assumed) == ((ASSUMED,), True)
    assert of(found, FAST) == "misses"
    assert "drop ≤ 1 pp was assumed" in found.notes[0]
    assert (found.cell, found.status) == (None, Status.UNDECIDED)


def test_without_a_limit_nothing_is_recommended() -> None:
    found = recommend([usual()])
    assert (found.cell, found.withheld, found.status) == (None, "no limit", Status.UNDECIDED)
    assert found.first
    assert found.source is None


def test_random_weights_are_not_recommended_whatever_they_hold() -> None:
    random = side(record("integer_only", 0.004, weights="random"), record("float32", 0.01, weights="random"))
    found = recommend([random], limits=[limit(SIZE, "5 MB")])
    assert (found.cell, found.first, found.withheld) == (None, FAST, "random weights")
    assert found.status == Status.UNDECIDED


def test_a_cell_whose_every_round_was_disturbed_is_not_recommended_for_its_time() -> None:
    def disturbed_in(rounds: int) -> Side:
        cell = record("integer_only", 0.004)
        assert cell.latency
        watched = a_disturbance(an_interval(rounds=64), disturbed_rounds=rounds)
        return side(
            replace(cell, latency=replace(cell.latency, disturbance=watched)), record("float32", 0.01, size=12_800_000)
        )

    for rounds, withheld in ((64, "disturbed"), (60, "")):
        found = recommend([disturbed_in(rounds)], limits=[limit(P50, "1 s")])
        assert (found.cell, found.withheld) == (None if withheld else FAST, withheld)
    by_size = recommend([disturbed_in(64)], limits=[limit(SIZE, "5 MB")], preference=(SIZE,))
    assert (by_size.cell, by_size.withheld) == (FAST, "")
    assert recommend([disturbed_in(64), disturbed_in(0)], limits=[limit(P50, "1 s")]).cell == FAST


def test_of_cells_whose_bound_is_nought_the_one_that_lacks_least_is_called_most_probable() -> None:
    near = side(
        record("integer_only", 0.0101, size=4_000_000), record("dynamic_range", 0.0104), record("float32", 0.02)
    )
    limits = [limit(P50, "10 ms"), limit(P90, "12.6 ms")]
    (machine,) = recommend([near], limits=limits).machines
    lacks = [lacking(one.probabilities) for one in machine.those("open")]
    assert lacks == sorted(lacks)


def test_a_warning_of_a_model_of_one_s_own_is_repeated_with_the_decision() -> None:
    cell = record("integer_only", 0.004)
    assert cell.model
    interface = Interface(taken_as="classifier", remarks=("seen.", f"{WARNING}its classes look permuted."))
    found = recommend([side(replace(cell, model=replace(cell.model, interface=interface)))], limits=[limit(P50, "1 s")])
    assert found.notes[-1] == f"{WARNING}mobilenet: its classes look permuted."


def test_where_a_limit_is_given_none_is_assumed() -> None:
    found = recommend([WORSE], limits=[limit(SIZE, "20 MB")])
    assert (found.cell, found.is_assumed, found.notes) == (FAST, False, (ANY_ACCURACY,))
    assert recommend([WORSE], limits=[limit(DROP, "99 pp")]).notes == ()


def test_of_random_weights_nothing_is_assumed_and_beside_trained_ones_they_are_excluded() -> None:
    random = record("integer_only", 0.004, weights="random")
    found = recommend([side(random, record("float32", 0.01, weights="random"))])
    assert (found.cell, found.first, found.limits) == (None, FAST, ())
    assert "all weights are random" in found.notes[0]
    beside = recommend([side(random, record("float32", 0.01))])
    assert (beside.first, list(beside.machines[0].excluded)) == (FLOAT, [FAST])


def test_what_is_not_significantly_slower_is_named() -> None:
    near = side(record("integer_only", 0.0040), record("float_fallback", 0.0042), record("dynamic_range", 0.005))
    found = recommend([near], limits=[limit(P50, "1 s")])
    assert found.machines[0].rivals == (cell_id("float_fallback"),)


def test_a_limit_near_the_value_is_open_and_the_cell_would_come_first() -> None:
    found = recommend([usual()], limits=[limit(P50, "4.1 ms"), limit(SIZE, "5 MB")])
    assert (found.cell, found.status) == (None, Status.UNDECIDED)
    assert those(found.machines[0], "open") == [FAST]
    first = recommend(
        [side(record("integer_only", 0.004, memory=None), record("float32", 0.01))], limits=[limit("memory", "1 GB")]
    )
    assert (first.cell, first.machines[0].undecided) == (FLOAT, (FAST,))


def test_where_none_can_hold_the_nearest_comes_first() -> None:
    found = recommend([usual()], limits=[limit(SIZE, "3 MB")])
    assert (found.cell, found.status) == (None, Status.FAILED)
    assert those(found.machines[0], "misses") == [SMALL, FAST, FLOAT]


def test_what_the_machine_taught_and_more_runs_of_it_make_an_open_cell_hold() -> None:
    limits = [limit(P50, "4.3 ms")]
    noise = {"AMD EPYC, 2 cores": learned(FAST, run_scatter=0.001, runs=9)}
    runs = [usual(name=f"{index}.json", factor=1 + index / 1000) for index in range(3)]
    assert of(recommend(runs[:1], limits=limits), FAST) == "open"
    assert of(recommend(runs[:1], limits=limits, noise=noise), FAST) == "holds"
    assert of(recommend(runs, limits=limits), FAST) == "holds"


def test_the_order_of_files_does_not_matter() -> None:
    sides = [usual(name="a.json"), usual(name="b.json", factor=1.05), usual(PI, name="c.json", factor=2.0)]
    ours, theirs = (recommend(some, limits=[limit(P50, "30 ms")]) for some in (sides, sides[::-1]))
    assert (ours.cell, ours.status) == (theirs.cell, theirs.status)
    assert {one.known.name: those(one, "holds") for one in ours.machines} == {
        one.known.name: those(one, "holds") for one in theirs.machines
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
    assert found.regrets[SMALL] == (pytest.approx(0.25), pytest.approx(0.0))
    assert [those(one, "holds")[0] for one in found.machines] == [FAST, SMALL]


def test_a_cell_that_misses_on_one_machine_serves_not_all() -> None:
    found = recommend(
        [usual(), usual(PI, factor=3.0, name="pi.json")], limits=[limit(P50, "6 ms"), limit(DROP, "5 pp")]
    )
    assert (found.cell, found.status) == (None, Status.FAILED)
    assert states_of(next(iter(found.regrets)), found.machines) == ["holds", "misses"]


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
    found = [a_probability(P90, probability=one) for one in probabilities]
    assert all_at_least(found) == (None if at_least is None else pytest.approx(at_least))
    assert state_of(found, confidence=0.95) == state


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), max_size=6))
def test_all_together_are_never_likelier_than_each(probabilities: list[float]) -> None:
    found = all_at_least([a_probability(P90, probability=one) for one in probabilities])
    assert found is not None
    assert 0 <= found <= min(probabilities, default=1.0) + 1e-12


@pytest.mark.parametrize(("probability", "state"), [(0.38, "open"), (0.04, "misses")])
def test_little_confidence_makes_no_cell_miss_that_may_well_hold(probability: float, state: str) -> None:
    assert state_of([a_probability(P90, probability=probability)], confidence=0.55) == state


def test_a_miss_that_disturbed_rounds_may_explain_is_open() -> None:
    disturbed = a_probability(P90, probability=0.0, is_disturbed=True)
    assert state_of([disturbed], confidence=0.95) == "open"
    assert state_of([disturbed, a_probability(SIZE, probability=0.0)], confidence=0.95) == "misses"


@pytest.mark.parametrize(
    ("changes", "metrics", "why"),
    [
        ({"refusal": Refusal(by="litert", reason="no such kernel")}, [], "refused by litert: no such kernel"),
        (
            {"weights": "random"},
            [SIZE, TOP1],
            "random weights: their accuracy means nothing, so that it cannot hold top-1 ≥ 88 %",
        ),
        ({"weights": "random"}, [SIZE], None),
        ({}, [SIZE, DROP], None),
    ],
)
def test_what_cannot_be_shipped_or_told_is_excluded_with_the_reason(
    changes: dict[str, object], metrics: list[str], why: str | None
) -> None:
    cell = a_known_cell("float32", **changes)  # type: ignore[arg-type]
    found, excluded = candidates_of(a_machine(cell), list(map(limit, metrics)), confidence=0.95, noise=None)
    assert excluded == ({cell.id: why} if why else {})
    assert [(one.cell, one.state, one.at_least) for one in found] == ([] if why else [(cell, "holds", 1.0)])


def test_the_worst_limit_is_told_first() -> None:
    probabilities = (
        a_probability(SIZE, value=5.5e6),
        a_probability(P90, value=0.060),
        a_probability(MEMORY, probability=None),
    )
    found = Candidate(cell=a_known_cell(), state="misses", probabilities=probabilities)
    assert [one.limit.metric.key for one in found.beyond] == [P90, SIZE]
    assert found.distance == pytest.approx(1.0)


X, Y, Z = "dynamic_range", "float_fallback", "integer_only"


def on(*cells: KnownCell, **states: State) -> MachineRecommendation:
    """Returns a machine with these candidates, which hold unless another state is given by variant."""
    candidates = [
        Candidate(cell=one, state=states.get(one.recorded.variant, "holds"), probabilities=()) for one in cells
    ]
    return MachineRecommendation(
        known=a_machine(*cells),
        candidates=tuple(candidates),
        rivals=(),
        undecided=(),
        excluded={},
        front=(),
        front_notes=(),
    )


def machine(states: dict[str, State] | None = None, **seconds: float) -> MachineRecommendation:
    """Returns a machine on which cells take these times."""
    return on(*(a_known_cell(variant, seconds=one) for variant, one in seconds.items()), **(states or {}))


def regrets(*machines: MachineRecommendation, metric: str = P50) -> dict[str, tuple[float | None, ...]]:
    return {cell.split("-")[1]: one for cell, one in regrets_of(machines, metric).items()}


def test_the_smallest_largest_regret_comes_first() -> None:
    """X is best on A and twice as slow as the best on B, y the other way round, z is a quarter slower on both."""
    found = regrets(machine(**{X: 0.004, Y: 0.008, Z: 0.005}), machine(**{X: 0.016, Y: 0.008, Z: 0.010}))
    assert next(iter(found)) == Z
    assert found[Z] == pytest.approx((0.25, 0.25))
    assert found[X] == pytest.approx((0.0, 1.0))


def test_what_does_not_hold_or_is_not_on_a_machine_comes_later_and_costs_nothing_there() -> None:
    ours, slow = machine(**{X: 0.004, Y: 0.008}), machine(**{Y: 0.008})
    for theirs in (machine({X: "misses"}, **{X: 0.001, Y: 0.008}), slow):
        found = regrets(ours, theirs)
        assert list(found) == [Y, X]
        assert found[X] == (pytest.approx(0.0), None)
        assert found[Y] == pytest.approx((1.0, 0.0))  # not against x, which does not hold there
    assert states_of(cell_id(X), [ours, slow]) == ["holds", None]


def test_regret_of_top1_is_in_points_and_of_size_a_share() -> None:
    both = on(
        a_known_cell(X, right="++++", size_bytes=4_000_000),
        a_known_cell(Y, right="+++-", size_bytes=3_000_000),
    )
    assert regrets(both, metric="top1")[Y] == (pytest.approx(0.25),)
    assert regrets(both, metric="size")[X] == (pytest.approx(1 / 3),)


def test_equal_largest_regrets_are_in_the_order_of_their_sum() -> None:
    ours = machine(**{X: 0.004, Y: 0.008, Z: 0.008})
    theirs = machine(**{X: 0.004, Y: 0.008, Z: 0.004})
    assert list(regrets(ours, theirs)) == [X, Z, Y]


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([{X: "misses", Y: "open"}], 3),
        ([{X: "misses"}], 1),
        ([{}], 1),
        ([{X: "holds"}, {X: "open"}], 3),
        ([{X: "holds", Y: "misses"}, {X: "misses", Y: "holds"}], 1),
        ([{X: "holds"}, {Y: "holds"}], 1),
    ],
)
def test_without_a_cell_it_depends_on_whether_some_cell_may_hold_on_every_machine(
    states: list[dict[str, State]], status: int
) -> None:
    found = Recommendation(
        first=None,
        limits=(),
        is_assumed=False,
        preference=(P50,),
        confidence=0.95,
        machines=tuple(on(*map(a_known_cell, one), **one) for one in states),
        regrets={},
        notes=(),
    )
    assert found.status == status
    assert replace(found, first=cell_id(X)).status == 0
