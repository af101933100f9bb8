"""Do shapes fill exactly the pixels they should?"""

import numpy as np
import pytest

from zoobench.data.shapes import (
    Canvas,
    Point,
    Shape,
    both_sides,
    colours,
    curve,
    ellipse,
    fill,
    moved,
    packed,
    polar,
    polygon,
    stroke,
)

ONE = (1, 0, 0)  # packs to the number 1
WHOLE = [(0, 0), (8, 0), (8, 8), (0, 8)]


def filled(shapes: list[Shape], *, side: int = 8) -> Canvas:
    canvas = np.zeros((side, side), dtype=np.uint32)
    for shape in shapes:
        fill(canvas, shape)
    return canvas


@pytest.mark.parametrize(
    ("corners", "rows"),
    [
        ([(2, 1), (4, 1), (4, 3), (2, 3)], [[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]),
        # Centres on the diagonal itself belong to what lies left of it no more.
        ([(0, 0), (4, 4), (0, 4)], [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]]),
        ([(-5, -5), (3, -5), (3, 20), (-5, 20)], [[1, 1, 1, 0]] * 4),
        # The letter U: two posts on a floor.
        (
            [(0, 0), (1, 0), (1, 3), (3, 3), (3, 0), (4, 0), (4, 4), (0, 4)],
            [[1, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]],
        ),
    ],
    ids=["rectangle", "triangle", "across the border", "hollow"],
)
def test_a_polygon_fills_the_pixels_whose_centre_it_holds_whichever_way_it_runs(
    corners: list[Point], rows: list[list[int]]
) -> None:
    assert filled(polygon(ONE, *corners), side=4).tolist() == rows
    assert filled(polygon(ONE, *reversed(corners)), side=4).tolist() == rows


def test_two_neighbours_share_no_pixel_and_leave_none_between_them() -> None:
    left = filled(polygon(ONE, (0, 0), (5, 0), (2, 8), (0, 8)))
    right = filled(polygon(ONE, (5, 0), (8, 0), (8, 8), (2, 8)))
    assert (left + right == 1).all()


@pytest.mark.parametrize("shift", [(-20, 0), (20, 0), (0, -20), (0, 20)])
def test_a_shape_beyond_the_canvas_paints_nothing(shift: Point) -> None:
    assert not filled(moved(polygon(ONE, *WHOLE), to=shift)).any()


def test_a_later_shape_covers_an_earlier_one() -> None:
    part = polygon(ONE, (0, 0), (8, 0), (8, 2), (0, 2))
    assert filled(polygon((9, 9, 9), *WHOLE) + part).tolist() == [[1] * 8] * 2 + [[packed((9, 9, 9))] * 8] * 6


def test_a_colour_is_read_as_on_the_web_and_packed_with_red_in_the_lowest_byte() -> None:
    assert colours("010203 ff00a0") == ((1, 2, 3), (255, 0, 160))
    assert packed((1, 2, 3)) == 0x030201


def test_an_ellipse_covers_pi_a_b_within_the_error_of_its_corners() -> None:
    """A regular 24-gon in a circle covers 24 / (2 pi) * sin(2 pi / 24) = 98.9 % of it."""
    canvas = filled(ellipse(ONE, (90, 60), (100, 100)), side=200)
    assert canvas.sum() == pytest.approx(0.989 * 3.1416 * 90 * 60, rel=0.01)


def test_a_quarter_turn_exchanges_the_radii() -> None:
    upright = filled(ellipse(ONE, (20, 40), (50, 50)), side=100)
    turned = filled(ellipse(ONE, (40, 20), (50, 50), tilt=90), side=100)
    assert abs(int(upright.sum()) - int(turned.sum())) < 0.01 * upright.sum()
    assert (upright != turned).sum() < 0.05 * upright.sum()


def test_a_stroke_is_as_thick_as_asked() -> None:
    assert filled(stroke(ONE, (20, 20), [(10, 50), (90, 50)]), side=100)[:, 50].sum() == 20


def test_a_curve_begins_and_ends_where_told_and_leans_to_its_bend() -> None:
    points = curve((0, 0), (40, 80), (80, 0), steps=2)
    assert points == [(0, 0), (40, 40), (80, 0)]  # at the middle: (p0 + 2 p1 + p2) / 4


def test_angles_run_clockwise_from_the_right() -> None:
    around = [polar((5, 5), radius=10, degrees=angle) for angle in (0, 90, 180, 270, 360)]
    assert around == [(15, 5), (5, 15), (-5, 5), (5, -5), (15, 5)]


def test_both_sides_of_a_shape_mirror_each_other() -> None:
    right = polygon(ONE, (1, 0), (3, 0), (3, 2))
    assert both_sides(right) == right + polygon(ONE, (-1, 0), (-3, 0), (-3, 2))
