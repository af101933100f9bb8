"""Does the picture show which cells are fast and right, and with which certainty?"""

import math
from collections.abc import Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartrows import CELL, STANDINGS, a_row
from drawings import SVG, box_of, hovers, of_class, outside, overlapping, parsed, words
from fakes import a_cell
from zoobench.errors import ResultsError
from zoobench.judge.recommend.limits import Limit, parse_limit
from zoobench.results.schema import Record
from zoobench.show.charts.scales import Area
from zoobench.show.charts.sheet import Chart
from zoobench.show.charts.trade_off import labels, pareto

FAST = a_row("fast", p50=0.002, p50_interval=None, top1=0.80, top1_interval=(0.75, 0.84))
MIDDLE = a_row("middle", p50_interval=None)
SLOW = a_row(
    "slow", p50=0.008, p50_interval=(0.007, 0.009), top1=0.85, top1_interval=(0.8, 0.89), size_bytes=14_077_120
)


def drawn(*records: Record, limits: Sequence[Limit] = (), recommended: str = "", **standings: str) -> Chart:
    """Returns the picture of cells that are on the front unless told otherwise; the slow one is dominated."""
    known = {one.cell.id: standings.get(one.cell.id, "dominated" if one is SLOW else "front") for one in records}
    return pareto(records, known, limits=limits, recommended=recommended)


def marks(chart: Chart) -> dict[str, Element]:
    """Returns each mark by its cell's id."""
    found = {}
    for one in parsed(chart).iter(f"{SVG}g"):
        told = one.find(f"{SVG}title")
        if told is not None:
            found[(told.text or "").partition(",")[0]] = next(part for part in one if part.get("class") == "mark")
    return found


def middle(mark: Element) -> tuple[float, float]:
    box = box_of(mark)
    assert box is not None
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def middles(chart: Chart) -> dict[str, tuple[float, float]]:
    return {cell: middle(mark) for cell, mark in marks(chart).items()}


def test_fast_is_left_and_right_is_up_and_times_that_span_much_are_logarithmic() -> None:
    found = middles(drawn(FAST, MIDDLE, SLOW))
    assert found["fast"][0] < found["middle"][0] < found["slow"][0]
    assert found["fast"][1] > found["slow"][1] > found["middle"][1]
    assert found["middle"][0] - found["fast"][0] == pytest.approx(found["slow"][0] - found["middle"][0], abs=0.1)


def test_a_file_four_times_as_large_has_a_mark_of_twice_the_side() -> None:
    chart = drawn(a_row("small", p50=0.001), SLOW, small="dominated")
    sides = {cell: float(mark.attrib["width"]) for cell, mark in marks(chart).items()}
    assert sides["slow"] / sides["small"] == pytest.approx(2, rel=0.01)


def test_each_standing_has_a_shape_of_its_own() -> None:
    points = [a_row(name, p50=0.001 * n) for n, name in enumerate(STANDINGS, 1)]
    chart = drawn(*points, **{name: name for name in STANDINGS})
    tags = {cell: mark.tag.partition("}")[2] for cell, mark in marks(chart).items()}
    assert tags == {"front": "circle", "open": "path", "dominated": "rect"}
    assert {"on the front", "perhaps on it", "dominated"} < set(words(chart))
    assert not {"perhaps on it", "dominated", "recommended"} & set(words(drawn(FAST))), "the key names what is there"


def test_intervals_go_from_end_to_end_in_both_directions() -> None:
    [across, down, mark] = [one for one in of_class(drawn(SLOW), "dominated")[1].iter() if one.tag != f"{SVG}title"][1:]
    (x, y), flat, upright = middle(mark), box_of(across), box_of(down)
    assert flat is not None
    assert upright is not None
    assert flat.top == flat.bottom == pytest.approx(y, abs=0.01)
    assert upright.left == upright.right == pytest.approx(x, abs=0.01)
    assert flat.left < x < flat.right
    assert upright.top < y < upright.bottom


def test_the_steps_lead_through_the_best_so_far_and_past_the_dominated() -> None:
    chart = drawn(SLOW, MIDDLE, FAST)
    [steps] = [one for one in of_class(chart, "step") if len(one.attrib["d"]) > 40]
    corners = [tuple(map(float, corner.split())) for corner in steps.attrib["d"][1:].split("L")]
    places = middles(chart)
    assert len(corners) == 5
    assert corners[1] == pytest.approx(places["fast"], abs=0.01)
    assert corners[3] == pytest.approx(places["middle"], abs=0.01)
    assert corners[4][1] == corners[3][1]


def test_the_recommended_cell_has_a_ring_and_a_strong_name() -> None:
    chart = drawn(FAST, a_row("taken"), recommended="taken")
    assert len(of_class(chart, "halo")) == 2, "at the mark and in the key"
    assert [one.text for one in of_class(chart, "strong")] == ["taken"]
    assert "Recommended: taken, p50 4.00 ms (3.90–4.20), top-1 90.0 % (85.8–93.1), 3.52 MB." in chart.alternative


def test_a_limit_is_a_line_with_its_words() -> None:
    chart = drawn(FAST, SLOW, limits=[parse_limit("latency_p50", "5 ms"), parse_limit("top1", "82 %")])
    across, down = (box for one in of_class(chart, "limit") if (box := box_of(one)))
    places = middles(chart)
    assert places["fast"][0] < across.left == across.right < places["slow"][0]
    assert places["fast"][1] > down.top == down.bottom > places["slow"][1]
    assert "p50 ≤ 5 ms" in words(chart)
    assert "Limit: p50 ≤ 5 ms." in chart.alternative


def test_a_limit_far_from_all_cells_does_not_press_them_together() -> None:
    chart = drawn(FAST, SLOW, limits=[parse_limit("latency_p50", "30 s")])
    assert of_class(chart, "limit") == []
    assert "p50 ≤ 30 s: beyond the picture" in words(chart)
    places = [x for x, _ in middles(chart).values()]
    assert max(places) - min(places) > 200


def test_of_many_cells_only_the_front_is_named_and_shows_its_intervals() -> None:
    points = [a_row(f"cell {n}", p50=0.001 * (n + 1)) for n in range(40)]
    chart = drawn(*points, **{f"cell {n}": "open" for n in range(40) if n != 3})
    assert [word for word in words(chart) if word.startswith("cell")] == ["cell 3"]
    assert "95 % of the front" in words(chart)
    assert len(of_class(chart, "quiet")) == 39
    assert len(hovers(chart)) == 40


def test_the_words_tell_the_front_with_its_figures_and_the_others() -> None:
    chart = drawn(SLOW, MIDDLE, FAST, a_row("perhaps"), perhaps="open")
    assert "middle, on the front: p50 4.00 ms, top-1 90.0 % (85.8–93.1), 3.52 MB" in hovers(chart)
    assert chart.alternative.startswith(
        "Top-1 against p50 of 4 cells, with 95 % intervals. On the front, fastest first: fast, p50 2.00 ms"
    )
    assert chart.alternative.endswith("Perhaps on it: perhaps. Dominated: slow.")


def test_cells_are_called_by_what_tells_them_apart() -> None:
    one, other = a_cell(variant="float32"), a_cell(variant="float16")
    assert list(labels([one, other]).values()) == ["float32", "float16"]
    assert list(labels([one, a_cell(variant="float32", threads=2)]).values()) == ["float32 t1", "float32 t2"]
    both = [one, a_cell(variant="float32", backbone="xception", runtime="openvino")]
    assert list(labels(both).values()) == ["mobilenet float32", "xception float32"]
    assert labels([]) == {}


@pytest.mark.parametrize("change", [{"p50": math.nan}, {"p50": -0.001}, {"p50_interval": (0.001, math.inf)}])
def test_what_cannot_be_drawn_is_refused_with_the_cells_name(change: dict[str, float]) -> None:
    with pytest.raises(ResultsError, match=CELL):
        drawn(a_row(**change))  # type: ignore[arg-type]


def test_what_lacks_time_accuracy_or_file_has_no_place() -> None:
    bare = [replace(SLOW, latency=None), replace(SLOW, accuracy=None), replace(SLOW, model=None)]
    assert list(marks(drawn(FAST, *bare))) == ["fast"]


def test_equal_cells_and_files_of_no_bytes_are_drawn() -> None:
    chart = drawn(*[a_row(size_bytes=0, p50=0, p50_interval=None, top1=0, top1_interval=(0, 0))] * 3)
    assert outside(chart) == overlapping(chart) == []


@given(
    points=st.lists(
        st.builds(
            lambda time, share, size, standing: (
                a_row(
                    p50=time,
                    p50_interval=(time / 2, 2 * time),
                    top1=share,
                    top1_interval=(share / 2, share),
                    size_bytes=size,
                ),
                standing,
            ),
            st.floats(1e-6, 1e3),
            st.floats(0, 1),
            st.integers(0, 10**12),
            st.sampled_from(STANDINGS),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=25, deadline=None)
def test_marks_lie_in_the_plot_and_names_on_nothing(points: list[tuple[Record, str]]) -> None:
    records = [replace(one, cell=replace(one.cell, id=f"{n}")) for n, (one, _) in enumerate(points)]
    chart = pareto(records, {f"{n}": standing for n, (_, standing) in enumerate(points)})
    assert outside(chart) == overlapping(chart) == []
    grid = [box for one in of_class(chart, "grid") if (box := box_of(one))]
    plot = Area(
        left=min(box.left for box in grid),
        right=max(box.right for box in grid),
        top=min(box.top for box in grid),
        bottom=max(box.bottom for box in grid),
    )
    boxes = [box for mark in marks(chart).values() if (box := box_of(mark))]
    assert len(boxes) == len(points)
    assert all(map(plot.holds, boxes))
