"""Are axes drawn with few round numbers in the right places?"""

import re

import pytest

from zoobench.show.report.charts.axes import Axis, above, horizontal, vertical
from zoobench.show.report.charts.labels import Area
from zoobench.show.report.charts.scales import Scale
from zoobench.system.units import tick

PLOT = Area(left=50, top=20, right=250, bottom=120)


def an_axis(low: float, high: float, *, start: float = 50, end: float = 250, whole: bool = False) -> Axis:
    return Axis(scale=Scale(low=low, high=high, logarithmic=False), start=start, end=end, whole=whole)


def test_values_stand_between_the_ends() -> None:
    assert [an_axis(0, 10).at(value) for value in (0, 5, 10)] == [50, 150, 250]
    assert an_axis(0, 10, start=120, end=20).at(10) == 20, "upwards"


def test_ticks_have_room() -> None:
    assert an_axis(0, 10).ticks(50) == (0, 5, 10)
    assert an_axis(0, 10).ticks(20) == (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)


def test_nothing_stands_between_epochs() -> None:
    assert an_axis(0.5, 2.5, whole=True).ticks(20) == (1, 2)
    assert an_axis(0.5, 1.5, whole=True).ticks(20) == (1,)


def test_the_lower_axis_has_its_title_and_a_line_of_the_grid_at_each_tick() -> None:
    drawn = "".join(horizontal(an_axis(0, 10), PLOT, tick, title="time, ms"))
    assert ">time, ms<" in drawn
    assert [f">{number}<" in drawn for number in (0, 5, 10)] == [True] * 3
    assert 'd="M150 20L150 124" class="grid"' in drawn


def test_the_ticks_stand_above_too() -> None:
    first, middle, last = above(an_axis(0, 10), PLOT, tick)
    assert 'x="50"' in first
    assert 'x="150"' in middle
    assert ">10<" in last


def test_a_number_at_the_end_stays_in_the_picture() -> None:
    [*_, last] = above(an_axis(0, 1_000_000_000), PLOT, tick)
    assert "1e+09" in last
    assert 220 < float(re.findall(r'x="([\d.]+)"', last)[0]) < 250


def test_numbers_that_would_meet_are_left_out_but_their_lines_stay() -> None:
    drawn = horizontal(an_axis(0, 10), PLOT, lambda value: f"a long {value}", title="time, ms")
    assert ["grid" in one for one in drawn].count(True) == 3
    assert ["a long" in one for one in drawn].count(True) == 2


@pytest.mark.parametrize(("value", "y"), [(0, 120), (10, 20)])
def test_the_left_axis_has_a_line_of_the_grid_at_each_tick(value: float, y: float) -> None:
    axis = an_axis(0, 10, start=120, end=20)
    drawn = "".join(vertical(axis, PLOT, tick))
    assert f'd="M50 {y}L250 {y}" class="grid"' in drawn
    assert f">{value}<" in drawn
