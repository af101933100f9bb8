"""Is a cell dominated only where the intervals say so?"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from choices import a_known_cell, a_machine, any_cell
from fakes import a_record
from resultfiles import EPYC, a_run, a_side
from zoobench.errors import ResultsError
from zoobench.judge.recommend.cells import KnownCell
from zoobench.judge.recommend.pareto import Front, Place, front_of, pareto_front
from zoobench.judge.recommend.relations import standings

GOOD, BAD = "+" * 50, "-" * 50


def front(*cells: KnownCell) -> Front:
    machine = a_machine(*cells)
    return front_of(machine, standings(machine))


def places(*cells: KnownCell) -> dict[str, Place]:
    return {place.cell.split("-")[1]: place for place in front(*cells).places}


def test_what_is_surely_worse_in_all_is_dominated_and_by_whom_is_told() -> None:
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


def test_what_is_worse_in_all_but_not_surely_is_open() -> None:
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


def test_the_front_of_a_side_is_that_of_its_machine() -> None:
    record = a_record()
    assert pareto_front(a_side(a_run(record))).cells == (record.cell.id,)


def test_two_machines_have_no_front_in_common() -> None:
    there = replace(a_record(environment={**EPYC, "cpu": "Cortex-A76"}), kit=None)
    with pytest.raises(ResultsError, match="2 machines"):
        pareto_front(a_side(a_run(a_record()), replace(a_run(there), path=a_run(there).path.with_name("there.json"))))


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
