"""Does the picture show how many times faster than float a cell is, and how surely?"""

import math

import pytest

from chartrows import a_speedup
from drawings import SVG, box_of, hovers, of_class, outside, parsed, words
from zoobench.errors import ResultsError
from zoobench.show.report.charts.chart import Chart
from zoobench.show.report.charts.speedups import SpeedupRow, speedups

TWICE = a_speedup(cell="twice", point=2, interval=(1.9, 2.1))
HALF = a_speedup(cell="half", point=0.5, interval=(0.45, 0.55))
EVEN = a_speedup(cell="even", point=1.01, interval=(0.99, 1.03))


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
