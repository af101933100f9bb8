"""Which mark stands for what? Each is told by its shape as well as by its colour; equal radii fill equal areas."""

import math

from zoobench.show.report.charts.svg import coordinate, element, polyline

_DIAMOND = math.sqrt(math.pi / 2)
_SQUARE = math.sqrt(math.pi) / 2


def circle(x: float, y: float, radius: float, *, class_: str = "mark") -> str:
    """Returns a disc."""
    return element("circle", cx=x, cy=y, r=radius, class_=class_)


def diamond(x: float, y: float, radius: float) -> str:
    """Returns a square on its tip."""
    reach = _DIAMOND * radius
    return polyline(((x - reach, y), (x, y - reach), (x + reach, y), (x, y + reach)), class_="mark", closed=True)


def square(x: float, y: float, radius: float) -> str:
    """Returns a square."""
    side = coordinate(2 * _SQUARE * radius)
    return element("rect", x=x - _SQUARE * radius, y=y - _SQUARE * radius, width=side, height=side, class_="mark")


def reach(radius: float) -> float:
    """Returns how far the largest of the shapes reaches from its middle."""
    return _DIAMOND * radius + 1.5
