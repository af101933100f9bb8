"""Is a cell called better only where that is sure, and the same from both sides?"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from choices import a_known_cell, a_machine, any_cell
from zoobench.judge.recommend.cells import KnownCell
from zoobench.judge.recommend.relations import (
    LATENCY,
    LATENCY_P90,
    MEMORY,
    SIZE,
    TOP1,
    Relation,
    relation,
    standings,
    value_of,
)

METRICS = (LATENCY, LATENCY_P90, SIZE, MEMORY, TOP1)
TURNED = {"better": "worse", "worse": "better", "equal": "equal", "unclear": "unclear"}


def between(metric: str, one: dict[str, Any], other: dict[str, Any]) -> Relation:
    """Returns the relation of two cells of one machine, and sees to it that the other way round it is turned over."""
    ours, theirs = a_known_cell("integer_only", **one), a_known_cell("dynamic_range", **other)
    among = standings(a_machine(ours, theirs))
    found = relation(among, metric, ours.cell.id, theirs.cell.id)
    assert relation(among, metric, theirs.cell.id, ours.cell.id) == TURNED[found]
    return found


@pytest.mark.parametrize(("size", "found"), [(1, "better"), (2, "equal"), (3, "worse"), (None, "unclear")])
def test_sizes_are_exact(size: int | None, found: str) -> None:
    assert between(SIZE, {"size_bytes": size}, {"size_bytes": 2}) == found


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ("+" * 40 + "-" * 10, "+" * 40 + "-" * 10, "equal"),
        ("+" * 40 + "-" * 10, "+" * 20 + "-" * 30, "better"),
        ("+" * 40 + "-" * 10, "-" * 10 + "+" * 40, "unclear"),
        ("+" * 40 + "-" * 10, "+" * 39 + "-" * 11, "unclear"),
    ],
)
def test_top1_is_paired_by_sample_and_equal_only_if_the_same_samples_are_right(
    ours: str, theirs: str, found: str
) -> None:
    assert between(TOP1, {"right": ours}, {"right": theirs}) == found


@pytest.mark.parametrize("other", [{"weights": "random"}, {"right": None}, {"right": "+" * 49}])
def test_top1_of_random_weights_of_none_and_of_other_samples_is_unclear(other: dict[str, Any]) -> None:
    assert between(TOP1, {"right": "+" * 50}, {"right": "-" * 50} | other) == "unclear"


def test_cells_of_one_twin_are_told_apart_by_speed_ups_beyond_a_tenth() -> None:
    assert between(LATENCY, {"seconds": 0.0040, "speedup": 2.5}, {"seconds": 0.0046, "speedup": 2.17}) == "better"
    assert between(LATENCY, {"seconds": 0.0040, "speedup": 2.5}, {"seconds": 0.0043, "speedup": 2.32}) == "unclear"


def test_other_cells_are_told_apart_by_times_beyond_a_fifth() -> None:
    assert between(LATENCY, {"seconds": 0.0040}, {"seconds": 0.0050}) == "better"
    assert between(LATENCY, {"seconds": 0.0040}, {"seconds": 0.0046}) == "unclear"


def test_a_speed_up_that_the_times_contradict_says_nothing() -> None:
    """The twin itself was slow beside one of them."""
    assert between(LATENCY, {"seconds": 0.0041, "speedup": 3.3}, {"seconds": 0.0040, "speedup": 2.6}) == "unclear"
    assert between(LATENCY, {"seconds": 0.0040, "speedup": 3.3}, {"seconds": 0.0040, "speedup": 2.6}) == "unclear"


def test_a_disturbed_cell_is_surely_slower_only_beyond_what_disturbs_but_may_be_surely_faster() -> None:
    disturbed = {"disturbance": "waited"}
    for metric in (LATENCY, LATENCY_P90):
        assert between(metric, {"seconds": 0.004}, {"seconds": 0.009} | disturbed) == "unclear"
        assert between(metric, {"seconds": 0.004}, {"seconds": 0.013} | disturbed) == "better"
        assert between(metric, {"seconds": 0.004} | disturbed, {"seconds": 0.009}) == "better"


def test_memory_is_told_apart_beyond_what_runs_differ_by() -> None:
    near, far = ((60_000_000 + more, 60_100_000 + more, 59_900_000 + more) for more in (500_000, 5_000_000))
    assert between(MEMORY, {}, {"peaks": near}) == "unclear"
    assert between(MEMORY, {}, {"peaks": far}) == "better"


@pytest.mark.parametrize("metric", METRICS)
def test_a_cell_is_equal_to_itself_and_unclear_against_one_that_knows_nothing(metric: str) -> None:
    nothing = {"seconds": None, "right": None, "size_bytes": None, "peaks": ()}
    assert between(metric, {}, nothing) == "unclear"
    machine = a_machine(a_known_cell())
    (cell,) = machine.cells
    assert relation(standings(machine), metric, cell, cell) == "equal"
    bare = a_machine(a_known_cell(**nothing))
    assert value_of(standings(bare), metric, cell) is None


def test_top1_of_random_weights_has_no_value() -> None:
    machine = a_machine(a_known_cell(weights="random"))
    assert value_of(standings(machine), TOP1, next(iter(machine.cells))) is None


@settings(max_examples=40, deadline=None)
@given(ours=any_cell("integer_only"), theirs=any_cell("dynamic_range"), metric=st.sampled_from(METRICS))
def test_what_is_surely_better_has_the_better_value(ours: KnownCell, theirs: KnownCell, metric: str) -> None:
    among = standings(a_machine(ours, theirs))
    values = [value_of(among, metric, one.cell.id) for one in (ours, theirs)]
    assert values[0] is not None
    assert values[1] is not None
    found = relation(among, metric, ours.cell.id, theirs.cell.id)
    assert found != "better" or values[0] < values[1]
    assert found != "worse" or values[0] > values[1]
    assert found != "equal" or values[0] == values[1]
