"""Do rows stand below one another, each with its name, its strip and its figure?"""

from itertools import pairwise

import pytest

from chartrows import a_speedup
from zoobench.show.report.charts.rows import laid_out


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
