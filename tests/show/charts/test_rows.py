"""Are times and speed-ups of cells told truly, in rows below one another with name, strip and figure?"""

import math
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartrows import CELL, ROUNDS, TWIN, a_row
from drawings import SVG, box_of, hovers, of_class, outside, overlapping, words
from fakes import a_cell
from zoobench.errors import ResultsError
from zoobench.judge.recommend.limits import parse_limit
from zoobench.results.schema import Record
from zoobench.show.charts.rows import laid_out, latencies, speedups
from zoobench.show.charts.scales import Area
from zoobench.show.charts.sheet import Chart

ONE = a_row()
TWICE = a_row("twice", speedup=2, speedup_interval=(1.9, 2.1))
HALF = a_row("half", speedup=0.5, speedup_interval=(0.45, 0.55))
EVEN = a_row("even", speedup=1.01, speedup_interval=(0.99, 1.03))


def test_a_name_stands_beside_its_strip_where_there_is_room_and_above_it_on_a_phone() -> None:
    (wide, [strip], _), (narrow, [below], _) = (laid_out([a_cell()], ["2.50"], top=50, width=one) for one in (560, 360))
    assert strip.top == 50 + 24, "below the name of its group"
    assert wide.left > 100
    assert below.top > strip.top
    assert (narrow.left, narrow.right) == (8, 352)


def test_a_group_is_named_above_its_first_row_alone() -> None:
    cells = [a_cell(backbone=one) for one in ("mobilenet", "mobilenet", "xception")] + [
        a_cell(backbone="xception", threads=2)
    ]
    _, strips, found = laid_out(cells, ["1"] * 4, top=0, width=560)
    assert [word.partition(">")[2].partition("<")[0] for word in found if "strong" in word] == [
        *("mobilenet, 1 thread", "xception, 1 thread", "xception, 2 threads"),
    ]
    assert strips[0].top == strips[2].top - strips[1].bottom > 0


@pytest.mark.parametrize("width", [320, 560, 1600])
@pytest.mark.parametrize("count", [1, 39, 40, 100])
def test_strips_lie_in_the_plot_and_not_on_one_another(count: int, width: float) -> None:
    cells = [a_cell(variant="name " * (index % 12)) for index in range(count)]
    plot, strips, _ = laid_out(cells, ["1.00"] * count, top=30, width=width)
    assert all(plot.holds(strip) for strip in strips)
    assert all(upper.bottom <= lower.top for upper, lower in pairwise(strips))
    assert plot.right - plot.left > 0.4 * width


def test_many_rows_are_lower() -> None:
    few, many = (laid_out([a_cell()] * count, ["1"] * count, top=0, width=560)[0] for count in (10, 100))
    assert many.bottom / 100 < few.bottom / 10


def timed(*rounds: float, record: Record = ONE, width: float = 560) -> Chart:
    return latencies([record], {record.cell.id: rounds} if rounds else {}, width=width)


def in_plot(chart: Chart, name: str) -> list[Area]:
    """Returns the room of each mark of a class, but for the key's."""
    boxes = [box_of(one) for row in of_class(chart, "row") for one in row if one.get("class") == name]
    return [box for box in boxes if box]


def outline(hill: Element) -> list[tuple[float, float]]:
    corners = (corner.split() for corner in hill.attrib["d"][1:-1].split("L"))
    return [(float(x), float(y)) for x, y in corners]


def test_the_hill_is_highest_where_most_rounds_are() -> None:
    chart = timed(*(0.004,) * 50, *(0.006,) * 10, *(0.002,) * 5)
    highest = min(outline(of_class(chart, "hill")[1]), key=lambda corner: corner[1])
    [median] = in_plot(chart, "median")
    assert highest[0] == pytest.approx(median.left, abs=4)


def test_two_heaps_of_rounds_make_two_hills() -> None:
    heights = [y for _, y in outline(of_class(timed(*(0.002,) * 50, *(0.006,) * 50), "hill")[1])]
    valley = max(heights)
    assert heights[0] == heights[-1] == valley
    assert heights.count(valley) > 4, "at both ends and between the two"


def test_equal_rounds_make_a_narrow_hill() -> None:
    [hill] = in_plot(timed(*(0.004,) * 100), "hill")
    assert 0 < hill.right - hill.left <= 12


def test_p50_and_p90_and_the_range_stand_where_they_are() -> None:
    chart = timed(*ROUNDS)
    [median], [p90], [reach] = (in_plot(chart, name) for name in ("median", "p90", "reach"))
    assert reach.left < median.left < p90.left < reach.right


def test_cells_share_one_axis() -> None:
    chart = latencies([a_row(p50=seconds) for seconds in (0.004, 0.005, 0.004)], {})
    first, second, third = (box.left for box in in_plot(chart, "median"))
    assert first == third < second


def test_limits_of_time_are_lines_and_one_that_is_far_away_is_told() -> None:
    limits = [parse_limit(*one) for one in (("latency_p50", "4 ms"), ("latency_p90", "1 s"), ("top1", "50 %"))]
    chart = latencies([ONE], {"cell": (0.003, 0.004, 0.005)}, limits=limits)
    [across] = (box for one in of_class(chart, "limit") if (box := box_of(one)) and box.top != box.bottom)
    assert across.left == across.right
    assert {"p50", "p50 ≤ 4 ms", "p90 ≤ 1 s: beyond the picture"} <= set(words(chart))
    assert chart.alternative.endswith("Limit: p50 ≤ 4 ms. Limit: p90 ≤ 1 s.")


def test_where_too_few_rounds_tell_no_p90_none_is_drawn() -> None:
    chart = timed(*ROUNDS, record=a_row(p90=None))
    assert in_plot(chart, "p90") == []
    assert "p90" not in [*words(chart), *chart.alternative.split()]


def test_a_cell_of_which_only_the_median_is_known_has_no_hill() -> None:
    chart = timed()
    assert of_class(chart, "hill") == of_class(chart, "reach") == []
    assert len(in_plot(chart, "median")) == 1
    assert hovers(chart) == [f"{CELL}: p50 4.00 ms, p90 5.00 ms"]


def test_one_interrupted_round_does_not_press_the_others_flat() -> None:
    """The slowest hundredth may lie beyond the axis: an arrow says so, and the words how far."""
    chart = timed(*(0.004 + 0.00001 * n for n in range(199)), 4.0)
    assert len(in_plot(chart, "reach")) == 2, "a line and the head of an arrow"
    [hill] = in_plot(chart, "hill")
    assert hill.right - hill.left > 50
    assert "200 rounds of 4.00 to 4000 ms" in chart.alternative
    assert outside(chart) == []


def test_the_median_stands_at_the_right_and_a_disturbed_one_is_marked() -> None:
    quiet, disturbed = timed(*ROUNDS), timed(*ROUNDS, record=a_row(is_disturbed=True))
    assert (words(quiet)[-1], words(disturbed)[-1]) == ("4.00", "~4.00")
    assert ("~ disturbed" in words(quiet), "~ disturbed" in words(disturbed)) == (False, True)
    assert disturbed.alternative.endswith("7 rounds of 3.50 to 6.00 ms, disturbed.")


@pytest.mark.parametrize(
    ("change", "rounds"), [({"p50": math.nan}, ()), ({"p90": -1.0}, ()), ({"p90": 1e16}, ()), ({}, (0.1, math.inf))]
)
def test_what_is_no_time_is_refused_with_the_cells_name(change: dict[str, float], rounds: tuple[float, ...]) -> None:
    with pytest.raises(ResultsError, match=f"of {CELL} is .* cannot be drawn"):
        timed(*rounds, record=a_row(**change))  # type: ignore[arg-type]


@given(rounds=st.lists(st.floats(0, 1e6), min_size=1, max_size=60), width=st.sampled_from([320.0, 560.0]))
@settings(max_examples=40, deadline=None)
def test_any_rounds_are_drawn_within_the_picture(rounds: list[float], width: float) -> None:
    row = a_row("any", p50=sorted(rounds)[len(rounds) // 2], p90=None)
    chart = latencies([row, ONE], {"any": rounds, CELL: (0.004,) * 100}, width=width)
    assert outside(chart) == overlapping(chart) == []


def middles(chart: Chart) -> dict[str, float]:
    found = {}
    for row in of_class(chart, "row"):
        box = next(box_of(one) for one in row if one.get("class") == "mark")
        assert box is not None
        found[(row[0].text or "").partition(":")[0]] = (box.left + box.right) / 2
    return found


@pytest.mark.parametrize(("row", "verdict"), [(TWICE, "faster"), (HALF, "slower"), (EVEN, "undecided")])
def test_a_cell_is_faster_only_if_its_whole_interval_says_so(row: Record, verdict: str) -> None:
    assert len(of_class(speedups([row]), verdict)) == 2, "the row and the key"


def test_twice_as_fast_is_as_far_from_even_as_half_as_fast() -> None:
    chart = speedups([TWICE, HALF])
    found = middles(chart)
    [even] = [box for one in of_class(chart, "axis") if (box := box_of(one)) and box.left == box.right]
    assert found["twice"] - even.left == pytest.approx(even.left - found["half"], abs=0.02)


def test_the_interval_goes_from_end_to_end() -> None:
    chart = speedups([TWICE, HALF])
    box = box_of(of_class(chart, "whisker")[0])
    assert box is not None
    assert box.left < middles(chart)["twice"] < box.right


def test_each_verdict_has_a_shape_of_its_own() -> None:
    tags = {row[-1].tag for row in of_class(speedups([TWICE, HALF, EVEN]), "row")}
    assert tags == {f"{SVG}circle", f"{SVG}path", f"{SVG}rect"}


def test_the_picture_is_told_in_words() -> None:
    chart = speedups([TWICE, ONE])
    assert hovers(chart)[0] == f"twice: 2.00 times as fast as {TWIN} (1.90–2.10)"
    assert f"95 % intervals. {hovers(chart)[0]}. {CELL}: 2.50 times" in chart.alternative
    assert "2.50" in words(chart)


def test_huge_ranges_are_drawn() -> None:
    rows = [a_row(speedup=1e6, speedup_interval=(1e-6, 1e9)), a_row(speedup=1e-6, speedup_interval=(1e-6, 1e-6))]
    assert outside(speedups(rows)) == []


@pytest.mark.parametrize("change", [{"speedup": 0.0}, {"speedup": 1e10}, {"speedup_interval": (0.0, 1.0)}])
def test_what_is_no_ratio_is_refused_with_the_cells_name(change: dict[str, float]) -> None:
    with pytest.raises(ResultsError, match=f"the speed-up of {CELL}"):
        speedups([a_row(**change)])  # type: ignore[arg-type]
