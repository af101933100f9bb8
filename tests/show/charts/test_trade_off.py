"""Does the picture show which cells are fast and right, and how surely?"""

import math
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartrows import a_point
from drawings import SVG, box_of, hovers, of_class, outside, overlapping, parsed, words
from zoobench.errors import ResultsError
from zoobench.show.charts.scales import Area
from zoobench.show.charts.sheet import Chart
from zoobench.show.charts.trade_off import ParetoLimit, ParetoPoint, pareto

FAST = a_point(cell="fast", label="fast", p50_seconds=0.002, p50_interval=None, top1=0.80, top1_interval=(0.75, 0.84))
MIDDLE = a_point(cell="middle", label="middle", p50_seconds=0.004, p50_interval=None, top1=0.90, top1_interval=None)
SLOW = a_point(
    cell="slow",
    label="slow",
    p50_seconds=0.008,
    p50_interval=(0.007, 0.009),
    top1=0.85,
    top1_interval=None,
    size_bytes=14_077_120,
    standing="dominated",
)
seconds = st.floats(1e-6, 1e3)
shares = st.floats(0, 1)


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


def test_fast_is_left_and_right_is_up() -> None:
    found = {cell: middle(mark) for cell, mark in marks(pareto([FAST, MIDDLE, SLOW])).items()}
    assert found["fast"][0] < found["middle"][0] < found["slow"][0]
    assert found["fast"][1] > found["slow"][1] > found["middle"][1]


def test_times_that_span_much_stand_on_a_logarithmic_axis() -> None:
    found = {cell: middle(mark)[0] for cell, mark in marks(pareto([FAST, MIDDLE, SLOW])).items()}
    assert found["middle"] - found["fast"] == pytest.approx(found["slow"] - found["middle"], abs=0.1)


def test_a_file_four_times_as_large_has_a_mark_of_twice_the_side() -> None:
    small = a_point(cell="small", p50_seconds=0.001, standing="dominated")
    chart = pareto([small, SLOW])
    sides = {cell: float(mark.attrib["width"]) for cell, mark in marks(chart).items()}
    assert sides["slow"] / sides["small"] == pytest.approx(2, rel=0.01)


def test_each_standing_has_a_shape_of_its_own() -> None:
    points = [
        a_point(cell=name, standing=name, p50_seconds=0.001 * n)
        for n, name in enumerate(("front", "open", "dominated"), 1)
    ]
    tags = {cell: mark.tag.partition("}")[2] for cell, mark in marks(pareto(points)).items()}
    assert tags == {"front": "circle", "open": "path", "dominated": "rect"}
    assert {"on the front", "perhaps on it", "dominated"} < set(words(pareto(points)))


def test_the_key_names_only_what_is_there() -> None:
    assert not {"perhaps on it", "dominated", "recommended"} & set(words(pareto([FAST])))


def test_intervals_go_from_end_to_end_in_both_directions() -> None:
    [whisker, mark] = [one for one in of_class(pareto([SLOW]), "dominated")[1].iter() if one.tag != f"{SVG}title"][1:]
    box = box_of(whisker)
    assert box is not None
    assert box.top == box.bottom == pytest.approx(middle(mark)[1], abs=0.01)
    assert box.left < middle(mark)[0] < box.right


def test_the_steps_lead_through_the_best_so_far_and_past_the_beaten() -> None:
    chart = pareto([SLOW, MIDDLE, FAST])
    [steps] = [one for one in of_class(chart, "step") if len(one.attrib["d"]) > 40]
    corners = [tuple(map(float, corner.split())) for corner in steps.attrib["d"][1:].split("L")]
    places = {cell: middle(mark) for cell, mark in marks(chart).items()}
    assert len(corners) == 5
    assert corners[1] == pytest.approx(places["fast"], abs=0.01)
    assert corners[3] == pytest.approx(places["middle"], abs=0.01)
    assert corners[4][1] == corners[3][1]


def test_the_recommended_cell_has_a_ring_and_a_strong_name() -> None:
    chart = pareto([FAST, a_point(cell="taken", label="taken", recommended=True)])
    assert len(of_class(chart, "halo")) == 2, "at the mark and in the key"
    assert [one.text for one in of_class(chart, "strong")] == ["taken"]
    assert "Recommended: taken, p50 4.00 ms (3.90–4.20), top-1 90.0 % (85.8–93.1), 3.52 MB." in chart.alternative


def test_a_limit_is_a_line_with_its_words() -> None:
    chart = pareto([FAST, SLOW], limits=[ParetoLimit(axis="p50", value=0.005, label="at most 5 ms")])
    [across] = of_class(chart, "limit")
    box = box_of(across)
    assert box is not None
    places = {cell: middle(mark) for cell, mark in marks(chart).items()}
    assert places["fast"][0] < box.left == box.right < places["slow"][0]
    assert "at most 5 ms" in words(chart)
    assert "Limit: at most 5 ms." in chart.alternative


def test_a_limit_of_top1_lies_across() -> None:
    [down] = of_class(pareto([FAST], limits=[ParetoLimit(axis="top1", value=0.85, label="85 %")]), "limit")
    box = box_of(down)
    assert box is not None
    assert box.top == box.bottom


def test_a_limit_far_from_all_cells_does_not_press_them_together() -> None:
    limit = ParetoLimit(axis="p50", value=30, label="at most 30 s")
    chart = pareto([FAST, SLOW], limits=[limit])
    assert of_class(chart, "limit") == []
    assert "at most 30 s: beyond the picture" in words(chart)
    places = [middle(mark)[0] for mark in marks(chart).values()]
    assert max(places) - min(places) > 200


def test_of_many_cells_only_the_front_is_named_and_shows_its_intervals() -> None:
    points = [
        a_point(
            cell=f"cell {n}", label=f"name {n}", p50_seconds=0.001 * (n + 1), standing="front" if n == 3 else "open"
        )
        for n in range(40)
    ]
    chart = pareto(points)
    assert [word for word in words(chart) if word.startswith("name")] == ["name 3"]
    assert "95 % of the front" in words(chart)
    assert len(of_class(chart, "quiet")) == 39
    assert len(hovers(chart)) == 40


def test_a_mark_tells_its_cell_and_figures() -> None:
    [told] = hovers(pareto([a_point()]))
    assert told == (
        "mobilenet-integer_only-litert-t1, on the front: p50 4.00 ms (3.90–4.20), top-1 90.0 % (85.8–93.1), 3.52 MB"
    )


def test_the_words_name_the_front_with_its_figures_and_the_others() -> None:
    told = pareto([SLOW, MIDDLE, FAST, a_point(cell="perhaps", standing="open")]).alternative
    assert told.startswith(
        "Top-1 against p50 of 4 cells, with 95 % intervals. On the front, fastest first: fast, p50 2.00 ms"
    )
    assert told.endswith("Perhaps on it: perhaps. Dominated: slow.")


@pytest.mark.parametrize(
    "change",
    [
        {"p50_seconds": math.nan},
        {"p50_seconds": -0.001},
        {"top1": 1.2},
        {"top1_interval": (0.9, 0.8)},
        {"p50_interval": (0.001, math.inf)},
        {"size_bytes": -1},
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_cells_name(change: dict[str, object]) -> None:
    with pytest.raises(ResultsError, match="mobilenet-integer_only-litert-t1"):
        a_point(**change)


def test_a_limit_that_is_no_number_is_refused() -> None:
    with pytest.raises(ResultsError, match="at most NaN"):
        ParetoLimit(axis="p50", value=math.nan, label="at most NaN")


def test_equal_cells_and_files_of_no_bytes_are_drawn() -> None:
    chart = pareto([a_point(size_bytes=0, p50_seconds=0, p50_interval=None, top1=0, top1_interval=None)] * 3)
    assert outside(chart) == overlapping(chart) == []


@given(
    points=st.lists(
        st.builds(
            lambda time, share, size, standing: a_point(
                p50_seconds=time,
                p50_interval=(time / 2, 2 * time),
                top1=share,
                top1_interval=(share / 2, share),
                size_bytes=size,
                standing=standing,
            ),
            seconds,
            shares,
            st.integers(0, 10**12),
            st.sampled_from(["front", "open", "dominated"]),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=25, deadline=None)
def test_marks_lie_in_the_plot_and_names_on_nothing(points: list[ParetoPoint]) -> None:
    chart = pareto(points)
    assert outside(chart) == overlapping(chart) == []
    grid = [box for one in of_class(chart, "grid") if (box := box_of(one))]
    plot = Area(
        left=min(box.left for box in grid),
        right=max(box.right for box in grid),
        top=min(box.top for box in grid),
        bottom=max(box.bottom for box in grid),
    )
    boxes = [box for mark in marks(chart).values() if (box := box_of(mark))]
    assert all(plot.holds(box) for box in boxes)
