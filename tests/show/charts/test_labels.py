"""Do names keep clear of one another and of marks?"""

import math
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoobench.show.charts.labels import HEIGHT, Anchor, Area, crosses, placed

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


def test_a_name_stands_to_the_right_of_its_mark_where_there_is_room() -> None:
    [label] = placed([Anchor(x=100, y=100, reach=5, words="cat")], within=WITHIN, kept_free=(), rather_free=())
    assert label.area.left > 105
    assert label.area.top + HEIGHT / 2 == 100
    assert label.leader is None


def test_a_name_stands_to_the_left_where_the_picture_ends() -> None:
    [label] = placed([Anchor(x=390, y=100, reach=5, words="cat")], within=WITHIN, kept_free=(), rather_free=())
    assert label.area.right < 385


def test_a_name_far_from_its_mark_has_a_line_to_it() -> None:
    wall = Area(left=80, top=80, right=120, bottom=120)
    [label] = placed([Anchor(x=100, y=100, reach=5, words="cat")], within=WITHIN, kept_free=[wall], rather_free=())
    assert label.leader is not None
    assert math.dist(label.leader[0], (100, 100)) == pytest.approx(5)
    assert label.area.left <= label.leader[1][0] <= label.area.right


def test_a_name_without_room_is_left_out() -> None:
    assert placed([Anchor(x=100, y=100, reach=5, words="cat")], within=WITHIN, kept_free=[WITHIN], rather_free=()) == ()


def test_a_name_without_room_for_all_of_it_loses_its_middle() -> None:
    room = Area(left=0, top=0, right=130, bottom=40)
    anchor = Anchor(x=10, y=20, reach=5, words="dynamic_range openvino")
    [label] = placed([anchor], within=room, kept_free=(), rather_free=())
    assert "…" in label.anchor.words
    assert room.holds(label.area)


def test_the_first_choose_first() -> None:
    first, second = (Anchor(x=100, y=100, reach=5, words=words) for words in ("cat", "dog"))
    found = placed([first, second], within=WITHIN, kept_free=(), rather_free=())
    assert [label.anchor for label in found] == [first, second]
    assert found[0].area.left > 105 > found[1].area.right


def test_a_name_rather_stands_where_no_line_runs() -> None:
    line = (100.0, 100.0), (400.0, 100.0)
    [label] = placed([Anchor(x=100, y=100, reach=5, words="cat")], within=WITHIN, kept_free=(), rather_free=[line])
    assert not crosses(line, label.area)


@given(anchors=anchors)
@settings(max_examples=60, deadline=None)
def test_names_meet_neither_one_another_nor_marks(anchors: list[Anchor]) -> None:
    marks = [around(anchor) for anchor in anchors]
    labels = placed(anchors, within=WITHIN, kept_free=marks, rather_free=())
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
