"""Are times and speed-ups of cells told truly, in rows below one another with name, strip and figure?"""

import math
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartrows import a_latency, a_speedup
from drawings import SVG, box_of, hovers, of_class, outside, overlapping, parsed, words
from zoobench.errors import ResultsError
from zoobench.show.charts.rows import SpeedupRow, laid_out, latencies, speedups
from zoobench.show.charts.scales import Area
from zoobench.show.charts.sheet import Chart

STEADY = a_latency(rounds=(0.004,) * 100)
INTERRUPTED = a_latency(rounds=(*(0.004 + 0.00001 * n for n in range(199)), 4.0))
TWICE = a_speedup(cell="twice", point=2, interval=(1.9, 2.1))
HALF = a_speedup(cell="half", point=0.5, interval=(0.45, 0.55))
EVEN = a_speedup(cell="even", point=1.01, interval=(0.99, 1.03))


def test_a_name_stands_beside_its_strip_where_there_is_room_and_above_it_on_a_phone() -> None:
    rows = [a_speedup(group="")]
    wide, narrow = (laid_out(rows, ["2.50"], top=50, width=width) for width in (560, 360))
    assert wide.strips[0].top == 50
    assert wide.plot.left > 100
    assert narrow.strips[0].top > 60
    assert (narrow.plot.left, narrow.plot.right) == (8, 352)


def test_a_group_is_named_above_its_first_row_alone() -> None:
    rows = [a_speedup(label=str(n), group=group) for n, group in enumerate(("mobilenet", "mobilenet", "xception"))]
    found = laid_out(rows, ["1"] * 3, top=0, width=560)
    assert [word.partition(">")[2].partition("<")[0] for word in found.words if "strong" in word] == [
        *("mobilenet", "xception"),
    ]
    assert found.strips[0].top == found.strips[2].top - found.strips[1].bottom > 0


def test_rows_that_belong_to_no_group_have_nothing_above_them() -> None:
    rows = [a_speedup(group=""), a_speedup(group="mobilenet"), a_speedup(group="")]
    found = laid_out(rows, ["1"] * 3, top=0, width=560)
    assert sum("strong" in word for word in found.words) == 1


@pytest.mark.parametrize("width", [320, 560, 1600])
@pytest.mark.parametrize("count", [1, 39, 40, 100])
def test_strips_lie_in_the_plot_and_not_on_one_another(count: int, width: float) -> None:
    rows = [a_speedup(label="name " * (index % 12)) for index in range(count)]
    found = laid_out(rows, ["1.00"] * count, top=30, width=width)
    assert all(found.plot.holds(strip) for strip in found.strips)
    assert all(upper.bottom <= lower.top for upper, lower in pairwise(found.strips))
    assert found.plot.right - found.plot.left > 0.4 * width


def test_many_rows_are_lower() -> None:
    few, many = (laid_out([a_speedup()] * count, ["1"] * count, top=0, width=560) for count in (10, 100))
    assert many.plot.bottom / 100 < few.plot.bottom / 10


def in_plot(chart: Chart, name: str) -> list[Area]:
    """Returns the room of each mark of a class, but for the key's."""
    boxes = [box_of(one) for row in of_class(chart, "row") for one in row if one.get("class") == name]
    return [box for box in boxes if box]


def outline(hill: Element) -> list[tuple[float, float]]:
    corners = (corner.split() for corner in hill.attrib["d"][1:-1].split("L"))
    return [(float(x), float(y)) for x, y in corners]


def test_the_hill_is_highest_where_most_rounds_are() -> None:
    rounds = (*(0.004,) * 50, *(0.006,) * 10, *(0.002,) * 5)
    chart = latencies([a_latency(rounds=rounds, p50_seconds=0.004, p90_seconds=0.006)])
    corners = outline(of_class(chart, "hill")[1])
    highest = min(corners, key=lambda corner: corner[1])
    [median] = in_plot(chart, "median")
    assert highest[0] == pytest.approx(median.left, abs=4)


def test_two_heaps_of_rounds_make_two_hills() -> None:
    chart = latencies([a_latency(rounds=(*(0.002,) * 50, *(0.006,) * 50), p50_seconds=0.004, p90_seconds=0.006)])
    heights = [y for _, y in outline(of_class(chart, "hill")[1])]
    valley = max(heights)
    assert heights[0] == heights[-1] == valley
    assert heights.count(valley) > 4, "at both ends and between the two"


def test_p50_and_p90_and_the_range_stand_where_they_are() -> None:
    chart = latencies([a_latency()])
    [median], [p90], [reach] = (in_plot(chart, name) for name in ("median", "p90", "reach"))
    assert reach.left < median.left < p90.left < reach.right


def test_cells_share_one_axis() -> None:
    chart = latencies([a_latency(p50_seconds=0.004), a_latency(p50_seconds=0.005), a_latency(p50_seconds=0.004)])
    first, second, third = (box.left for box in in_plot(chart, "median"))
    assert first == third < second


def test_where_too_few_rounds_tell_no_p90_none_is_drawn() -> None:
    chart = latencies([a_latency(p90_seconds=None)])
    assert in_plot(chart, "p90") == []
    assert "p90" not in words(chart)
    assert "p90" not in chart.alternative


def test_a_cell_of_which_only_the_median_is_known_has_no_hill() -> None:
    chart = latencies([a_latency(rounds=())])
    assert of_class(chart, "hill") == of_class(chart, "reach") == []
    assert len(in_plot(chart, "median")) == 1
    assert hovers(chart) == ["mobilenet-integer_only-litert-t1: p50 4.00 ms, p90 5.00 ms"]


def test_one_interrupted_round_does_not_press_the_others_flat() -> None:
    """The slowest hundredth may lie beyond the axis: an arrow says so, and the words how far."""
    chart = latencies([INTERRUPTED])
    assert len(in_plot(chart, "reach")) == 2, "a line and the head of an arrow"
    [hill] = in_plot(chart, "hill")
    assert hill.right - hill.left > 50
    assert "200 rounds of 4.00 to 4000 ms" in chart.alternative
    assert outside(chart) == []


def test_equal_rounds_make_a_narrow_hill() -> None:
    [hill] = in_plot(latencies([STEADY]), "hill")
    assert 0 < hill.right - hill.left <= 12


def test_the_median_stands_at_the_right_and_a_disturbed_one_is_marked() -> None:
    assert words(latencies([a_latency()]))[-1] == "4.00"
    disturbed = latencies([a_latency(disturbed=True)])
    assert words(disturbed)[-1] == "~4.00"
    assert "~ disturbed" in words(disturbed)
    assert "~ disturbed" not in words(latencies([a_latency()]))
    assert disturbed.alternative.endswith("7 rounds of 3.50 to 6.00 ms, disturbed.")


@pytest.mark.parametrize("change", [{"p50_seconds": math.nan}, {"p90_seconds": -1}, {"rounds": (0.1, math.inf)}])
def test_what_is_no_time_is_refused_with_the_cells_name(change: dict[str, object]) -> None:
    with pytest.raises(ResultsError, match="of mobilenet-integer_only-litert-t1 is"):
        a_latency(**change)


@given(rounds=st.lists(st.floats(0, 1e6), min_size=1, max_size=60), width=st.sampled_from([320.0, 560.0]))
@settings(max_examples=40, deadline=None)
def test_any_rounds_are_drawn_within_the_picture(rounds: list[float], width: float) -> None:
    row = a_latency(rounds=tuple(rounds), p50_seconds=sorted(rounds)[len(rounds) // 2], p90_seconds=None)
    chart = latencies([row, STEADY], width=width)
    assert outside(chart) == overlapping(chart) == []


def middles(chart: Chart) -> dict[str, float]:
    found = {}
    for row in of_class(chart, "row"):
        box = next(box_of(one) for one in row if one.get("class") == "mark")
        assert box is not None
        found[(row[0].text or "").partition(":")[0]] = (box.left + box.right) / 2
    return found


@pytest.mark.parametrize(("row", "verdict"), [(TWICE, "faster"), (HALF, "slower"), (EVEN, "undecided")])
def test_a_cell_is_faster_only_if_its_whole_interval_says_so(row: SpeedupRow, verdict: str) -> None:
    assert row.verdict == verdict
    assert len(of_class(speedups([row]), verdict)) == 2, "the row and the key"


def test_without_an_interval_nothing_is_decided() -> None:
    row = a_speedup(interval=None)
    assert row.verdict == "undecided"
    assert of_class(speedups([row]), "whisker") == []


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
    chart = speedups([TWICE, a_speedup(interval=None)])
    assert hovers(chart)[0] == "twice: 2.00 times as fast as mobilenet-float32-litert-t1 (1.90–2.10)"
    assert chart.alternative == (
        "Speed-ups over float, with 95 % intervals. twice: 2.00 times as fast as mobilenet-float32-litert-t1 "
        "(1.90–2.10). mobilenet-integer_only-litert-t1: 2.50 times as fast as mobilenet-float32-litert-t1."
    )
    assert "2.50" in words(chart)


def test_huge_ranges_are_drawn() -> None:
    chart = speedups([a_speedup(point=1e6, interval=(1e-6, 1e9)), a_speedup(point=1e-6, interval=None)])
    assert outside(chart) == []
    assert parsed(chart) is not None


@pytest.mark.parametrize(
    "change", [{"point": math.nan}, {"point": 0}, {"point": 1e10}, {"interval": (0, 1)}, {"interval": (2.0, 1.0)}]
)
def test_what_is_no_ratio_is_refused_with_the_cells_name(change: dict[str, object]) -> None:
    with pytest.raises(ResultsError, match="the speed-up of mobilenet-integer_only-litert-t1"):
        a_speedup(**change)
