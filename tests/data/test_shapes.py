"""Do shapes fill exactly the pixels they should?"""

import numpy as np
import pytest

from zoobench.data.shapes import (
    Canvas,
    Point,
    Shape,
    both_sides,
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


def filled(*shapes: Shape, side: int = 8) -> Canvas:
    canvas = np.zeros((side, side), dtype=np.uint32)
    for shape in shapes:
        fill(canvas, shape)
    return canvas


def test_a_rectangle_fills_the_pixels_between_its_corners() -> None:
    canvas = filled(polygon((2, 1), (6, 1), (6, 4), (2, 4), colour=ONE))

    assert canvas.sum() == 4 * 3
    assert canvas[1:4, 2:6].all()


def test_a_triangle_fills_the_pixels_whose_centre_it_holds() -> None:
    canvas = filled(polygon((0, 0), (4, 4), (0, 4), colour=ONE), side=4)

    # Centres on the diagonal itself belong to what lies left of it no more.
    assert canvas.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]]


def test_two_neighbours_share_no_pixel_and_leave_none_between_them() -> None:
    left = filled(polygon((0, 0), (5, 0), (2, 8), (0, 8), colour=ONE))
    right = filled(polygon((5, 0), (8, 0), (8, 8), (2, 8), colour=ONE))

    assert (left + right == 1).all()


def test_the_direction_of_the_outline_does_not_matter() -> None:
    corners = [(1, 0), (7, 3), (4, 8), (3, 4)]

    assert (filled(polygon(*corners, colour=ONE)) == filled(polygon(*reversed(corners), colour=ONE))).all()


def test_a_hollow_outline_stays_hollow() -> None:
    # The letter U: two posts on a floor.
    canvas = filled(polygon((0, 0), (2, 0), (2, 6), (6, 6), (6, 0), (8, 0), (8, 8), (0, 8), colour=ONE))

    assert canvas[0].tolist() == [1, 1, 0, 0, 0, 0, 1, 1]
    assert canvas[7].all()


@pytest.mark.parametrize("shift", [(-20, 0), (20, 0), (0, -20), (0, 20)])
def test_a_shape_beyond_the_canvas_paints_nothing(shift: Point) -> None:
    square = polygon((0, 0), (8, 0), (8, 8), (0, 8), colour=ONE)

    assert not filled(*moved([square], to=shift)).any()


def test_a_shape_across_the_border_is_cut_off() -> None:
    canvas = filled(polygon((-5, -5), (3, -5), (3, 20), (-5, 20), colour=ONE))

    assert canvas.sum() == 3 * 8
    assert canvas[:, :3].all()


def test_a_later_shape_covers_an_earlier_one() -> None:
    whole = polygon((0, 0), (8, 0), (8, 8), (0, 8), colour=(9, 9, 9))
    part = polygon((0, 0), (8, 0), (8, 2), (0, 2), colour=ONE)

    assert filled(whole, part).tolist() == [[1] * 8] * 2 + [[packed((9, 9, 9))] * 8] * 6


def test_a_colour_is_packed_with_red_in_the_lowest_byte() -> None:
    assert packed((1, 2, 3)) == 0x030201


def test_an_ellipse_covers_pi_a_b_within_the_error_of_its_corners() -> None:
    # A regular 24-gon in a circle covers 24 / (2 pi) * sin(2 pi / 24) = 98.9 % of it.
    canvas = filled(ellipse((100, 100), (90, 60), colour=ONE), side=200)

    assert canvas.sum() == pytest.approx(0.989 * 3.1416 * 90 * 60, rel=0.01)


def test_a_quarter_turn_exchanges_the_radii() -> None:
    upright = filled(ellipse((50, 50), (20, 40), colour=ONE), side=100)
    turned = filled(ellipse((50, 50), (40, 20), colour=ONE, tilt=90), side=100)

    assert abs(int(upright.sum()) - int(turned.sum())) < 0.01 * upright.sum()
    assert (upright != turned).sum() < 0.05 * upright.sum()


def test_a_stroke_is_as_thick_as_asked() -> None:
    canvas = filled(*stroke([(10, 50), (90, 50)], widths=(20, 20), colour=ONE), side=100)

    assert canvas[:, 50].sum() == 20


def test_a_curve_begins_and_ends_where_told_and_leans_to_its_bend() -> None:
    points = curve((0, 0), (40, 80), (80, 0), steps=2)

    assert points == [(0, 0), (40, 40), (80, 0)]  # at the middle: (p0 + 2 p1 + p2) / 4


def test_angles_run_clockwise_from_the_right() -> None:
    assert [polar((5, 5), radius=10, degrees=angle) for angle in (0, 90, 180, 270, 360)] == [
        (15, 5),
        (5, 15),
        (-5, 5),
        (5, -5),
        (15, 5),
    ]


def test_both_sides_of_a_shape_mirror_each_other() -> None:
    right = polygon((1, 0), (3, 0), (3, 2), colour=ONE)

    assert both_sides([right]) == [right, polygon((-1, 0), (-3, 0), (-3, 2), colour=ONE)]
