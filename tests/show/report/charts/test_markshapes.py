"""Do marks of equal radius fill equal areas?"""

import math
import re

import pytest

from zoobench.show.report.charts.shapes import circle, diamond, reach, square


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_a_disc_has_its_radius() -> None:
    assert circle(10, 20, 5) == '<circle cx="10" cy="20" r="5" class="mark"/>'


def test_a_diamond_and_a_square_fill_the_area_of_a_disc() -> None:
    disc = math.pi * 25
    xs = numbers(re.findall('d="([^"]+)"', diamond(0, 0, 5))[0])[::2]
    assert 2 * max(xs) ** 2 == pytest.approx(disc, rel=0.01)
    width = float(re.findall('width="([^"]+)"', square(0, 0, 5))[0])
    assert width**2 == pytest.approx(disc, rel=0.01)


def test_no_shape_reaches_farther_than_said() -> None:
    for shape in (diamond, square):
        assert max(map(abs, numbers(shape(0, 0, 5)))) <= 2 * reach(5)
    assert max(numbers(re.findall('d="([^"]+)"', diamond(0, 0, 5))[0])) <= reach(5)
