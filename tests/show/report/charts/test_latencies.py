"""Does the picture show how long images took, and how steadily?"""

import math
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartrows import a_latency
from drawings import box_of, hovers, of_class, outside, overlapping, words
from zoobench.errors import ResultsError
from zoobench.show.report.charts.chart import Chart
from zoobench.show.report.charts.labels import Area
from zoobench.show.report.charts.latencies import latencies

STEADY = a_latency(rounds=(0.004,) * 100)
INTERRUPTED = a_latency(rounds=(*(0.004 + 0.00001 * n for n in range(199)), 4.0))


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
