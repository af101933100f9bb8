"""Is a cell dominated only where the intervals say so?"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from choices import a_known_cell, a_machine, any_cell
from zoobench.judge.recommend.cells import KnownCell
from zoobench.judge.recommend.limits import MEMORY, P50, P90, SIZE, TOP1, parse_preference
from zoobench.judge.recommend.pareto import (
    Front,
    Place,
    Relation,
    front_of,
    ordered,
    relation,
    standings,
    value_of,
)

GOOD, BAD = "+" * 50, "-" * 50


def front(*cells: KnownCell) -> Front:
    machine = a_machine(*cells)
    return front_of(machine, standings(machine))


def places(*cells: KnownCell) -> dict[str, Place]:
    return {place.cell.split("-")[1]: place for place in front(*cells).places}


def test_what_is_significantly_worse_in_all_is_dominated_and_by_whom_is_told() -> None:
    best = a_known_cell("integer_only", seconds=0.004, right=GOOD, size_bytes=1)
    found = places(best, a_known_cell("float32", seconds=0.010, right=BAD, size_bytes=2))
    assert (found["integer_only"].standing, found["float32"].standing) == ("front", "dominated")
    assert found["float32"].dominated_by == (best.cell.id,)


def test_what_is_better_in_one_is_on_the_front() -> None:
    found = places(
        a_known_cell("integer_only", seconds=0.004, right=GOOD, size_bytes=2),
        a_known_cell("dynamic_range", seconds=0.010, right=BAD, size_bytes=1),
    )
    assert {place.standing for place in found.values()} == {"front"}


def test_what_is_worse_in_all_but_not_significantly_is_open() -> None:
    """4.0 and 4.4 ms are what two processes may find of one file."""
    best = a_known_cell("integer_only", seconds=0.0040, right=GOOD, size_bytes=1)
    found = places(best, a_known_cell("dynamic_range", seconds=0.0044, right=GOOD, size_bytes=1))
    assert found["dynamic_range"].standing == "open"
    assert (found["dynamic_range"].dominated_by, found["dynamic_range"].beaten_by) == ((), (best.cell.id,))


def test_equal_in_size_and_samples_it_takes_only_the_time_to_dominate() -> None:
    best = a_known_cell("integer_only", seconds=0.004, right=GOOD + BAD, size_bytes=1)
    found = places(best, a_known_cell("dynamic_range", seconds=0.010, right=GOOD + BAD, size_bytes=1))
    assert found["dynamic_range"].standing == "dominated"


def test_as_many_right_but_others_is_not_equal() -> None:
    found = places(
        a_known_cell("integer_only", seconds=0.004, right=GOOD + BAD, size_bytes=1),
        a_known_cell("dynamic_range", seconds=0.010, right=BAD + GOOD, size_bytes=1),
    )
    assert found["dynamic_range"].standing == "open"


def test_random_weights_have_a_front_of_their_own_without_top1() -> None:
    found = front(
        a_known_cell("integer_only", seconds=0.004, right=GOOD, size_bytes=1),
        a_known_cell("dynamic_range", seconds=0.010, right=BAD, size_bytes=2, weights="random"),
        a_known_cell("float32", seconds=0.020, right=GOOD, size_bytes=3, weights="random"),
    )
    assert [(place.standing, len(place.axes)) for place in found.places] == [
        ("front", 3),
        ("front", 2),
        ("dominated", 2),
    ]
    assert "top-1 means nothing" in found.notes[0]


def test_what_lacks_an_axis_has_no_place_and_is_named() -> None:
    untimed = a_known_cell("dynamic_range", seconds=None, right=None)
    found = front(a_known_cell(), untimed)
    assert found.cells == ("mobilenet-integer_only-litert-t1",)
    assert found.notes == (f"{untimed.cell.id} has no place: its latency, top-1 is not known.",)


_VARIANTS = ("integer_only", "dynamic_range", "float_fallback", "float32", "float16")


@settings(max_examples=30, deadline=None)
@given(cells=st.tuples(*map(any_cell, _VARIANTS)))
def test_the_front_is_never_empty_and_nothing_is_dominated_by_what_it_dominates(cells: tuple[KnownCell, ...]) -> None:
    found = {place.cell: place for place in front(*cells).places}
    assert any(place.standing == "front" for place in found.values())
    for place in found.values():
        assert set(place.dominated_by) <= set(place.beaten_by)
        assert not any(place.cell in found[other].dominated_by for other in place.dominated_by)


@settings(max_examples=15, deadline=None)
@given(cells=st.permutations([any_cell(one) for one in _VARIANTS]).flatmap(lambda some: st.tuples(*some)))
def test_the_order_of_cells_does_not_matter(cells: tuple[KnownCell, ...]) -> None:
    ours, theirs = ({place.cell: place.standing for place in front(*some).places} for some in (cells, cells[::-1]))
    assert ours == theirs


METRICS = (P50, P90, SIZE, MEMORY, TOP1)

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
    assert between(P50, {"seconds": 0.0040, "speedup": 2.5}, {"seconds": 0.0046, "speedup": 2.17}) == "better"
    assert between(P50, {"seconds": 0.0040, "speedup": 2.5}, {"seconds": 0.0043, "speedup": 2.32}) == "unclear"


def test_other_cells_are_told_apart_by_times_beyond_a_fifth() -> None:
    assert between(P50, {"seconds": 0.0040}, {"seconds": 0.0050}) == "better"
    assert between(P50, {"seconds": 0.0040}, {"seconds": 0.0046}) == "unclear"


def test_a_speed_up_that_the_times_contradict_says_nothing() -> None:
    """The twin itself was slow beside one of them."""
    assert between(P50, {"seconds": 0.0041, "speedup": 3.3}, {"seconds": 0.0040, "speedup": 2.6}) == "unclear"
    assert between(P50, {"seconds": 0.0040, "speedup": 3.3}, {"seconds": 0.0040, "speedup": 2.6}) == "unclear"


def test_a_disturbed_cell_is_significantly_slower_only_beyond_what_disturbs_but_may_be_significantly_faster() -> None:
    disturbed = {"disturbance": "waited"}
    for metric in (P50, P90):
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
def test_what_is_significantly_better_has_the_better_value(ours: KnownCell, theirs: KnownCell, metric: str) -> None:
    among = standings(a_machine(ours, theirs))
    values = [value_of(among, metric, one.cell.id) for one in (ours, theirs)]
    assert values[0] is not None
    assert values[1] is not None
    found = relation(among, metric, ours.cell.id, theirs.cell.id)
    assert found != "better" or values[0] < values[1]
    assert found != "worse" or values[0] > values[1]
    assert found != "equal" or values[0] == values[1]


SMALL = a_known_cell("dynamic_range", seconds=0.006, size_bytes=3_400_000, right="++++")

FAST = a_known_cell("integer_only", seconds=0.004, size_bytes=3_500_000, right="+++-")

EQUAL = a_known_cell("float_fallback", seconds=0.0045, size_bytes=3_500_032, right="+++-")

UNTIMED = a_known_cell("float16", seconds=None, size_bytes=6_000_000, right="++++")


def order(text: str) -> list[str]:
    machine = a_machine(SMALL, EQUAL, FAST, UNTIMED)
    return [cell.split("-")[1] for cell in ordered(list(machine.cells), standings(machine), parse_preference(text))]


def test_the_fastest_comes_first_and_what_was_not_timed_last() -> None:
    assert order("latency_p50") == ["integer_only", "float_fallback", "dynamic_range", "float16"]


def test_sizes_that_read_the_same_are_a_tie_that_the_next_metric_breaks() -> None:
    """3,500,000 and 3,500,032 bytes are both 3.50 MB."""
    assert order("size,latency_p50") == ["dynamic_range", "integer_only", "float_fallback", "float16"]


def test_the_most_often_right_comes_first() -> None:
    assert order("top1,size") == ["dynamic_range", "float16", "integer_only", "float_fallback"]
