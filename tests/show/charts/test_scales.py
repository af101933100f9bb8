"""Is every value where it belongs on its axis, with round numbers that can be read?"""

import math
import re
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zoobench.show.charts.scales import (
    HEIGHT,
    Anchor,
    Area,
    Axis,
    Label,
    Scale,
    Segment,
    above,
    crosses,
    fitted,
    horizontal,
    linear,
    logarithmic,
    placed,
    vertical,
)
from zoobench.system.units import tick

values = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20)
positive = st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=20)
PLOT = Area(left=50, top=20, right=250, bottom=120)


def test_the_middle_is_in_the_middle_and_equal_ratios_have_equal_room() -> None:
    linear_one, other = (Scale(low=low, high=high, logarithmic=low == 1) for low, high in ((10, 30), (1, 100)))
    assert [linear_one.share(value) for value in (10, 20, 30)] == [0, 0.5, 1]
    assert [other.share(value) for value in (1, 10, 100)] == pytest.approx([0, 0.5, 1])


LINEAR = [
    (0, 10, 6, (0, 2, 4, 6, 8, 10)),
    (0, 10, 5, (0, 5, 10)),
    (0, 10, 11, (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    (0.86, 0.94, 5, (0.86, 0.88, 0.9, 0.92, 0.94)),
    (-0.3, 0.3, 4, (-0.2, 0, 0.2)),
    (0.1, 0.7, 8, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)),  # 3 * 0.1 without the dirt
]
LOGARITHMIC = [
    (1, 100, 7, (1, 2, 5, 10, 20, 50, 100)),
    (1, 100, 6, (1, 10, 100)),
    (3, 80, 6, (5, 10, 20, 50)),
    (0.001, 1000, 4, (0.01, 1, 100)),
    (3.4, 5.2, 5, (3.5, 4, 4.5, 5)),  # hardly a power: round numbers in equal steps
    (0.0035, 0.0052, 5, (0.0035, 0.004, 0.0045, 0.005)),
]


@pytest.mark.parametrize(
    ("case", "logarithmic"), [*((one, False) for one in LINEAR), *((one, True) for one in LOGARITHMIC)]
)
def test_ticks_are_one_two_or_five_times_a_power_of_ten(
    case: tuple[float, float, int, tuple[float, ...]], logarithmic: bool
) -> None:
    low, high, most, ticks = case
    assert Scale(low=low, high=high, logarithmic=logarithmic).ticks(most) == ticks


def test_an_axis_is_logarithmic_from_four_times_on() -> None:
    assert not fitted([1, 2, 4]).logarithmic
    assert fitted([1, 2, 4.1]).logarithmic
    assert not fitted([0, 1, 100]).logarithmic
    assert not fitted([5e-324, 1, 100]).logarithmic


@pytest.mark.parametrize(
    ("values", "options", "ends"),
    [
        ([0.01, 0.99], {"least": 0, "most": 1}, (0, 1)),  # no share is beyond these
        ([10, 20], {}, (9.5, 20.5)),  # a twentieth of room at each end
        ([0.9, 0.901], {"least": 0, "most": 1, "least_span": 0.02}, (0.8895, 0.9115)),  # what means nothing looks small
        ([], {}, (-0.05, 1.05)),
    ],
)
def test_a_linear_axis_ends_a_little_beyond_its_values(
    values: list[float], options: dict[str, float], ends: tuple[float, float]
) -> None:
    scale = linear(values, **options)
    assert (scale.low, scale.high) == pytest.approx(ends)


def test_equal_values_stand_in_the_middle_and_none_at_all_give_an_axis() -> None:
    assert linear([5, 5]).share(5) == linear([0]).share(0) == pytest.approx(0.5)
    assert logarithmic([5, 5]).share(5) == pytest.approx(0.5)
    assert 1 in logarithmic([]).ticks(5)


@given(values=values)
@example(values=[1e9, 1e9])
def test_all_values_are_on_their_axis(values: list[float]) -> None:
    for scale, shown in ((linear(values), values), (fitted(map(abs, values), least=0), [*map(abs, values)])):
        assert all(-1e-9 <= scale.share(value) <= 1 + 1e-9 for value in shown)


@given(values=positive, most=st.integers(2, 12))
def test_ticks_are_few_ascending_and_on_the_axis(values: list[float], most: int) -> None:
    scale = fitted(values)
    ticks = scale.ticks(most)
    assert len(ticks) <= most
    assert list(ticks) == sorted(set(ticks))
    assert all(-1e-6 <= scale.share(tick) <= 1 + 1e-6 for tick in ticks)


@given(values=values, most=st.integers(4, 12))
def test_a_linear_axis_is_never_without_ticks(values: list[float], most: int) -> None:
    assert linear(values).ticks(most)


@given(values=positive, most=st.integers(2, 12))
def test_every_tick_is_a_round_number(values: list[float], most: int) -> None:
    """A tick is a multiple of its step, which is 1, 2 or 5 times a power of ten: three digits say it all."""
    ticks = logarithmic(values).ticks(most)
    if max(values) / min(values) > 10:
        mantissas = {round(tick / 10 ** math.floor(math.log10(tick) + 1e-9), 6) for tick in ticks}
        assert mantissas <= {1, 2, 5}


def an_axis(low: float, high: float, *, start: float = 50, end: float = 250, whole: bool = False) -> Axis:
    return Axis(scale=Scale(low=low, high=high, logarithmic=False), start=start, end=end, whole=whole)


def test_values_stand_between_the_ends_and_ticks_have_room() -> None:
    assert [an_axis(0, 10).at(value) for value in (0, 5, 10)] == [50, 150, 250]
    assert an_axis(0, 10, start=120, end=20).at(10) == 20, "upwards"
    assert an_axis(0, 10).ticks(50) == (0, 5, 10)
    assert an_axis(0, 10).ticks(20) == (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    assert an_axis(0.5, 2.5, whole=True).ticks(20) == (1, 2), "nothing stands between epochs"


def test_the_lower_axis_has_its_title_and_a_line_of_the_grid_at_each_tick() -> None:
    drawn = "".join(horizontal(an_axis(0, 10), PLOT, tick, title="time, ms"))
    assert ">time, ms<" in drawn
    assert [f">{number}<" in drawn for number in (0, 5, 10)] == [True] * 3
    assert 'd="M150 20L150 124" class="grid"' in drawn


def test_the_ticks_stand_above_too_and_stay_in_the_picture() -> None:
    first, middle, _ = above(an_axis(0, 10), PLOT, tick)
    assert 'x="50"' in first
    assert 'x="150"' in middle
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


WITHIN = Area(left=0, top=0, right=400, bottom=300)


def around(anchor: Anchor) -> Area:
    return Area(
        left=anchor.x - anchor.reach,
        top=anchor.y - anchor.reach,
        right=anchor.x + anchor.reach,
        bottom=anchor.y + anchor.reach,
    )


anchors = st.lists(
    st.builds(
        Anchor,
        x=st.floats(20, 380),
        y=st.floats(20, 280),
        reach=st.floats(3, 15),
        words=st.text("abcW1-", min_size=1, max_size=25),
        strong=st.booleans(),
    ),
    max_size=30,
)


def place(
    *anchors: Anchor, within: Area = WITHIN, kept_free: Sequence[Area] = (), rather_free: Sequence[Segment] = ()
) -> tuple[Label, ...]:
    return placed(anchors, within=within, kept_free=kept_free, rather_free=rather_free)


def an_anchor(x: float = 100, words: str = "cat") -> Anchor:
    return Anchor(x=x, y=100, reach=5, words=words)


def test_a_name_stands_to_the_right_of_its_mark_or_to_the_left_where_the_picture_ends() -> None:
    [label] = place(an_anchor())
    assert label.area.left > 105
    assert label.area.top + HEIGHT / 2 == 100
    assert label.leader is None
    [label] = place(an_anchor(x=390))
    assert label.area.right < 385


def test_a_name_far_from_its_mark_has_a_line_to_it() -> None:
    [label] = place(an_anchor(), kept_free=[Area(left=80, top=80, right=120, bottom=120)])
    assert label.leader is not None
    assert math.dist(label.leader[0], (100, 100)) == pytest.approx(5)
    assert label.area.left <= label.leader[1][0] <= label.area.right


def test_a_name_without_room_for_all_of_it_loses_its_middle_and_without_any_is_left_out() -> None:
    room = Area(left=90, top=80, right=220, bottom=120)
    [label] = place(an_anchor(words="dynamic_range openvino"), within=room)
    assert "…" in label.anchor.words
    assert room.holds(label.area)
    assert place(an_anchor(), kept_free=[WITHIN]) == ()


def test_the_first_choose_first() -> None:
    first, second = an_anchor(), an_anchor(words="dog")
    found = place(first, second)
    assert [label.anchor for label in found] == [first, second]
    assert found[0].area.left > 105 > found[1].area.right


def test_a_name_rather_stands_where_no_line_runs() -> None:
    line = (100.0, 100.0), (400.0, 100.0)
    [label] = place(an_anchor(), rather_free=[line])
    assert not crosses(line, label.area)


@given(anchors=anchors)
@settings(max_examples=60, deadline=None)
def test_names_meet_neither_one_another_nor_marks(anchors: list[Anchor]) -> None:
    marks = [around(anchor) for anchor in anchors]
    labels = place(*anchors, kept_free=marks)
    for label in labels:
        assert WITHIN.holds(label.area)
        assert not any(label.area.meets(mark) for mark in marks)
    for first, second in combinations(labels, 2):
        assert not first.area.meets(second.area)
        assert first.leader is None or not crosses(first.leader, second.area)


@pytest.mark.parametrize(
    ("segment", "through"),
    [
        (((0, 5), (20, 5)), True),
        (((0, 0), (20, 20)), True),
        (((12, 12), (13, 14)), True),  # wholly inside
        (((0, 5), (4, 5)), False),
        (((0, 25), (20, 21)), False),
        (((0, 12), (12, 0)), True),
        (((0, 8), (8, 0)), False),  # past the corner
        (((15, 0), (15, 30)), True),
        (((21, 0), (21, 30)), False),
    ],
)
def test_a_line_crosses_an_area_or_not(segment: tuple[tuple[float, float], tuple[float, float]], through: bool) -> None:
    assert crosses(segment, Area(left=5, top=5, right=20, bottom=20)) is through
