"""Is a cell dominated only where the intervals say so?"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from choices import a_known_cell, any_cell
from zoobench.judge.recommend import pareto
from zoobench.judge.recommend.cells import KnownCell
from zoobench.judge.recommend.limits import MEMORY, P50, P90, PREFERENCES, SIZE, TOP1, parse_preference
from zoobench.judge.recommend.pareto import Place, Relation, front_of, ordered, relation

GOOD, BAD = "+" * 50, "-" * 50
VARIANTS = ("integer_only", "dynamic_range", "float_fallback", "float32", "float16")
NOTHING: dict[str, Any] = {"seconds": None, "right": None, "size_bytes": None, "peaks": ()}
BEST = a_known_cell(seconds=0.004, right=GOOD + BAD, size_bytes=2)


def places(*cells: KnownCell) -> dict[str, Place]:
    return {place.cell: place for place in front_of(cells)[0]}


@pytest.mark.parametrize(
    ("seconds", "right", "size", "standing"),
    [
        (0.010, BAD + BAD, 3, "dominated"),
        (0.010, GOOD + BAD, 2, "dominated"),  # equal in size and samples, it takes only the time
        (0.010, BAD + BAD, 1, "front"),  # better in one
        (0.0044, GOOD + BAD, 2, "open"),  # what two processes may find of one file
        (0.010, BAD + GOOD, 2, "open"),  # as many right, but others
    ],
)
def test_a_cell_is_dominated_only_where_it_is_significantly_worse_and_by_whom_is_told(
    seconds: float, right: str, size: int, standing: str
) -> None:
    other = a_known_cell("dynamic_range", seconds=seconds, right=right, size_bytes=size)
    found = places(BEST, other)
    assert found[BEST.id].standing == "front"
    assert found[other.id].standing == standing
    assert found[other.id].beaten_by == (() if standing == "front" else (BEST.id,))
    assert found[other.id].dominated_by == ((BEST.id,) if standing == "dominated" else ())


def test_random_weights_have_a_front_of_their_own_without_top1() -> None:
    found, (note,) = front_of(
        [
            a_known_cell("integer_only", seconds=0.004, right=GOOD, size_bytes=1),
            a_known_cell("dynamic_range", seconds=0.010, right=BAD, size_bytes=2, weights="random"),
            a_known_cell("float32", seconds=0.020, right=GOOD, size_bytes=3, weights="random"),
        ]
    )
    assert [(one.standing, len(one.axes)) for one in found] == [("front", 3), ("front", 2), ("dominated", 2)]
    assert "top-1 means nothing" in note


def test_what_lacks_an_axis_has_no_place_and_is_named() -> None:
    untimed = a_known_cell("dynamic_range", seconds=None, right=None)
    found, notes = front_of([BEST, untimed])
    assert [one.cell for one in found] == [BEST.id]
    assert notes == (f"{untimed.id} has no place: its latency, top-1 is not known.",)


def test_places_of_many_cells_take_no_look_at_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    real = pareto.relation
    monkeypatch.setattr(pareto, "relation", lambda *given: counted.append("one") or real(*given))
    cells = [
        a_known_cell("float32", backbone=f"b{number}", seconds=0.001 * 1.5**number, right=BAD, size_bytes=number + 1)
        for number in range(90)
    ]
    found = places(*cells)
    assert [place.standing for place in found.values()] == ["front", *["dominated"] * 89]
    assert found[cells[2].id].beaten_by == (cells[0].id, cells[1].id)
    assert found[cells[80].id].beaten_by == tuple(one.id for one in cells[:20])  # the fastest of 80
    assert len(counted) <= 3 * 20 * len(cells)


@settings(max_examples=30, deadline=None)
@given(cells=st.tuples(*map(any_cell, VARIANTS)))
def test_the_front_is_never_empty_and_nothing_is_dominated_by_what_it_dominates(cells: tuple[KnownCell, ...]) -> None:
    found = places(*cells)
    assert any(place.standing == "front" for place in found.values())
    for place in found.values():
        assert set(place.dominated_by) <= set(place.beaten_by)
        assert not any(place.cell in found[other].dominated_by for other in place.dominated_by)


@settings(max_examples=15, deadline=None)
@given(cells=st.permutations([any_cell(one) for one in VARIANTS]).flatmap(lambda some: st.tuples(*some)))
def test_the_order_of_cells_does_not_matter(cells: tuple[KnownCell, ...]) -> None:
    ours, theirs = ({one.cell: one.standing for one in places(*some).values()} for some in (cells, cells[::-1]))
    assert ours == theirs


TURNED = {"better": "worse", "worse": "better", "equal": "equal", "unclear": "unclear"}


def between(metric: str, one: dict[str, Any], other: dict[str, Any]) -> Relation:
    """Returns the relation of two cells of one machine, and sees to it that the other way round it is turned over."""
    ours, theirs = a_known_cell("integer_only", **one), a_known_cell("dynamic_range", **other)
    found = relation(metric, ours, theirs)
    assert relation(metric, theirs, ours) == TURNED[found]
    return found


@pytest.mark.parametrize(("size", "found"), [(1, "better"), (2, "equal"), (3, "worse"), (None, "unclear")])
def test_sizes_are_exact(size: int | None, found: str) -> None:
    assert between(SIZE, {"size_bytes": size}, {"size_bytes": 2}) == found


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"right": "+" * 40 + "-" * 10}, "equal"),
        ({"right": "+" * 20 + "-" * 30}, "better"),
        ({"right": "-" * 10 + "+" * 40}, "unclear"),
        ({"right": "+" * 39 + "-" * 11}, "unclear"),
        ({"right": BAD, "weights": "random"}, "unclear"),
        ({"right": None}, "unclear"),
        ({"right": "-" * 49}, "unclear"),
    ],
)
def test_top1_is_paired_by_sample_and_equal_only_if_the_same_samples_are_right(
    other: dict[str, Any], found: str
) -> None:
    assert between(TOP1, {"right": "+" * 40 + "-" * 10}, other) == found


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        # Over one twin speed-ups tell, beyond a tenth; else times, beyond a fifth.
        ((0.0040, 2.5), (0.0046, 2.17), "better"),
        ((0.0040, 2.5), (0.0043, 2.32), "unclear"),
        ((0.0040, None), (0.0050, None), "better"),
        ((0.0040, None), (0.0046, None), "unclear"),
        # The times contradict the speed-up: the twin itself was slow beside one of them.
        ((0.0041, 3.3), (0.0040, 2.6), "unclear"),
        ((0.0040, 3.3), (0.0040, 2.6), "unclear"),
    ],
)
def test_times_are_told_apart_beyond_what_processes_differ_by(
    one: tuple[float, float | None], other: tuple[float, float | None], found: str
) -> None:
    (seconds, speedup), (other_seconds, other_speedup) = one, other
    cells = {"seconds": seconds, "speedup": speedup}, {"seconds": other_seconds, "speedup": other_speedup}
    assert between(P50, *cells) == found


@pytest.mark.parametrize("metric", [P50, P90])
def test_a_disturbed_cell_is_significantly_slower_only_beyond_what_disturbs_but_may_be_significantly_faster(
    metric: str,
) -> None:
    disturbed = {"disturbance": "waited"}
    assert between(metric, {"seconds": 0.004}, {"seconds": 0.009} | disturbed) == "unclear"
    assert between(metric, {"seconds": 0.004}, {"seconds": 0.013} | disturbed) == "better"
    assert between(metric, {"seconds": 0.004} | disturbed, {"seconds": 0.009}) == "better"


def test_memory_is_told_apart_beyond_what_runs_differ_by() -> None:
    near, far = ((60_000_000 + more, 60_100_000 + more, 59_900_000 + more) for more in (500_000, 5_000_000))
    assert between(MEMORY, {}, {"peaks": near}) == "unclear"
    assert between(MEMORY, {}, {"peaks": far}) == "better"


@pytest.mark.parametrize("metric", PREFERENCES)
def test_a_cell_is_equal_to_itself_and_unclear_against_one_that_knows_nothing(metric: str) -> None:
    assert between(metric, {}, NOTHING) == "unclear"
    assert relation(metric, BEST, BEST) == "equal"
    assert metric not in a_known_cell(**NOTHING).values
    assert (metric in a_known_cell(weights="random").values) == (metric != TOP1)


@settings(max_examples=40, deadline=None)
@given(ours=any_cell("integer_only"), theirs=any_cell("dynamic_range"), metric=st.sampled_from(PREFERENCES))
def test_what_is_significantly_better_has_the_better_value(ours: KnownCell, theirs: KnownCell, metric: str) -> None:
    one, other, found = ours.values[metric], theirs.values[metric], relation(metric, ours, theirs)
    assert found != "better" or one < other
    assert found != "worse" or one > other
    assert found != "equal" or one == other


@pytest.mark.parametrize(
    ("preference", "order"),
    [
        ("latency_p50", ["integer_only", "float_fallback", "dynamic_range", "float16"]),  # the untimed last
        ("size,latency_p50", ["dynamic_range", "integer_only", "float_fallback", "float16"]),  # both read 3.50 MB
        ("top1,size", ["dynamic_range", "float16", "integer_only", "float_fallback"]),
    ],
)
def test_values_that_read_the_same_are_a_tie_that_the_next_metric_breaks(preference: str, order: list[str]) -> None:
    cells = [
        a_known_cell("dynamic_range", seconds=0.006, size_bytes=3_400_000, right="++++"),
        a_known_cell("float_fallback", seconds=0.0045, size_bytes=3_500_032, right="+++-"),
        a_known_cell("integer_only", seconds=0.004, size_bytes=3_500_000, right="+++-"),
        a_known_cell("float16", seconds=None, size_bytes=6_000_000, right="++++"),
    ]
    assert [one.recorded.variant for one in ordered(cells, parse_preference(preference))] == order
