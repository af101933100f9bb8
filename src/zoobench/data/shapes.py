"""How does a drawing become the same pixels on every machine? By polygons, moved and filled in whole numbers alone."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Point = tuple[int, int]
Colour = tuple[int, int, int]
Canvas = npt.NDArray[np.uint32]
"""[height, width], one colour per pixel, as `packed` writes it."""

# Fixed point: the last bit of a sine differs between C libraries, a rounded table does not.
_BITS = 14
_HALF = 1 << (_BITS - 1)
_SINES = tuple(round(math.sin(math.radians(degrees)) * (1 << _BITS)) for degrees in range(360))
_LARGE_RADIUS, _FINE_STEP, _COARSE_STEP = 40, 15, 30
_SMALLEST_JOINT = 6


@dataclass(frozen=True, slots=True)
class Shape:
    """A closed polygon of one colour; where its outline overlaps itself, it is empty again (even-odd rule)."""

    points: tuple[Point, ...]
    colour: Colour


def polygon(*points: Point, colour: Colour) -> Shape:
    """Returns the polygon through the points."""
    return Shape(points, colour)


def ellipse(centre: Point, radii: Point, *, colour: Colour, tilt: int = 0) -> Shape:
    """Returns an ellipse, as a polygon of 12 or 24 corners, turned clockwise by `tilt` degrees."""
    step = _FINE_STEP if max(radii) > _LARGE_RADIUS else _COARSE_STEP
    outline = tuple(
        (radii[0] * _cosine(angle) + _HALF >> _BITS, radii[1] * _sine(angle) + _HALF >> _BITS)
        for angle in range(0, 360, step)
    )
    return Shape(_turned(outline, by=tilt, shift=centre), colour)


def ellipses(centres: Iterable[Point], radii: Point, *, colour: Colour) -> list[Shape]:
    """Returns equal ellipses at several places."""
    return [ellipse(centre, radii, colour=colour) for centre in centres]


def stroke(points: Sequence[Point], *, widths: Point, colour: Colour) -> list[Shape]:
    """Returns a thick line with round joints, its width going from the first of `widths` to the second."""
    last = len(points) - 1
    radii = [(widths[0] * (last - place) + widths[1] * place) // (2 * last) for place in range(last + 1)]
    stations = list(zip(points, radii, strict=True))
    segments = [_segment(start, end, colour=colour) for start, end in pairwise(stations)]
    joints = [ellipse(point, (radius, radius), colour=colour) for point, radius in stations if radius > _SMALLEST_JOINT]
    return segments + joints


def strokes(lines: Iterable[Sequence[Point]], *, widths: Point, colour: Colour) -> list[Shape]:
    """Returns a stroke along each of the lines."""
    return [piece for line in lines for piece in stroke(line, widths=widths, colour=colour)]


def curve(start: Point, bend: Point, end: Point, *, steps: int = 6) -> list[Point]:
    """Returns points on the quadratic Bezier curve from start to end, pulled towards `bend`."""
    weights = [((steps - i) ** 2, 2 * i * (steps - i), i**2) for i in range(steps + 1)]
    xs, ys = zip(start, bend, end, strict=True)
    return [
        (
            (a * xs[0] + b * xs[1] + c * xs[2]) // steps**2,
            (a * ys[0] + b * ys[1] + c * ys[2]) // steps**2,
        )
        for a, b, c in weights
    ]


def polar(centre: Point, *, radius: int, degrees: int) -> Point:
    """Returns the point at a distance and an angle (clockwise from the right) of the centre."""
    return _turned(((radius, 0),), by=degrees, shift=centre)[0]


def moved(shapes: Iterable[Shape], *, to: Point, turn: int = 0) -> list[Shape]:
    """Returns the shapes turned clockwise about the origin by `turn` degrees, then shifted."""
    return [Shape(_turned(shape.points, by=turn, shift=to), shape.colour) for shape in shapes]


def scaled(shapes: Iterable[Shape], *, by: Point) -> list[Shape]:
    """Returns the shapes stretched from the origin by thousandths along x and y; a negative number mirrors."""
    return [
        Shape(tuple([(x * by[0] // 1000, y * by[1] // 1000) for x, y in shape.points]), shape.colour)
        for shape in shapes
    ]


def both_sides(shapes: Sequence[Shape]) -> list[Shape]:
    """Returns the shapes and their mirror images about the vertical axis."""
    return [*shapes, *scaled(shapes, by=(-1000, 1000))]


def shade(colour: Colour, percent: int) -> Colour:
    """Returns the colour darkened (below 100) or lightened (above)."""
    red, green, blue = (min(255, channel * percent // 100) for channel in colour)
    return red, green, blue


def packed(colour: Colour) -> int:
    """Returns the colour as one little-endian number: bytes red, green, blue, 0."""
    red, green, blue = colour
    return red | green << 8 | blue << 16


def fill(canvas: Canvas, shape: Shape) -> None:
    """Paints the pixels whose centre lies inside the shape.

    Args:
        canvas: changed in place.
        shape: its corners in pixels; they may lie beyond the canvas.
    """
    height, width = canvas.shape
    corners = np.array(shape.points, dtype=np.int32)
    left, top = (max(0, low) for low in corners.min(axis=0).tolist())
    right, bottom = (min(size, high) for size, high in zip((width, height), corners.max(axis=0).tolist(), strict=True))
    if left >= right or top >= bottom:
        return
    borders = _borders(corners, np.arange(top, bottom, dtype=np.int32)[:, None])
    columns = np.arange(left, right, dtype=np.int32)
    inside = np.zeros((bottom - top, right - left), dtype=np.bool_)
    for first in range(0, borders.shape[1], 2):
        inside |= (columns >= borders[:, first, None]) & (columns < borders[:, first + 1, None])
    np.copyto(canvas[top:bottom, left:right], np.uint32(packed(shape.colour)), where=inside)


def _borders(corners: npt.NDArray[np.int32], rows: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """For each row of [rows, 1] the sorted columns [rows, even count] at which inside and outside take turns."""
    following = np.concatenate((corners[1:], corners[:1]))
    falling = corners[:, 1:] < following[:, 1:]
    x0, y0 = np.where(falling, corners, following).T
    x1, y1 = np.where(falling, following, corners).T
    rise = y1 - y0
    # A row's centre lies half a pixel down, hence the doubled numbers; the quotient is rounded up.
    columns = x0 - (rise - (x1 - x0) * (2 * (rows - y0) + 1)) // np.maximum(2 * rise, 1)
    crossed = (rows >= y0) & (rows < y1)
    ordered = np.where(crossed, columns, np.iinfo(np.int32).max)
    ordered.sort(axis=1)
    return ordered[:, : int(crossed.sum(axis=1).max())]


def _segment(start: tuple[Point, int], end: tuple[Point, int], *, colour: Colour) -> Shape:
    """The thick line between two (point, radius), without its round ends."""
    (x0, y0), (x1, y1) = start[0], end[0]
    length = max(1, math.isqrt((x1 - x0) ** 2 + (y1 - y0) ** 2))
    (ax, ay), (bx, by) = (((y0 - y1) * radius // length, (x1 - x0) * radius // length) for _, radius in (start, end))
    return Shape(((x0 + ax, y0 + ay), (x1 + bx, y1 + by), (x1 - bx, y1 - by), (x0 - ax, y0 - ay)), colour)


def _turned(points: tuple[Point, ...], *, by: int, shift: Point) -> tuple[Point, ...]:
    cosine, sine, (dx, dy) = _cosine(by), _sine(by), shift
    return tuple(
        [
            (dx + (x * cosine - y * sine + _HALF >> _BITS), dy + (x * sine + y * cosine + _HALF >> _BITS))
            for x, y in points
        ]
    )


def _sine(degrees: int) -> int:
    return _SINES[degrees % 360]


def _cosine(degrees: int) -> int:
    return _SINES[(degrees + 90) % 360]


Random = np.random.RandomState
"""The one generator whose stream NumPy never changes (NEP 19)."""

BLACK: Colour = (24, 22, 24)
WHITE: Colour = (240, 238, 232)

FURS: tuple[Colour, ...] = (
    (150, 96, 52),
    (96, 62, 40),
    (206, 150, 84),
    (58, 52, 52),
    (232, 228, 218),
    (138, 134, 132),
    (200, 112, 50),
)

GREYS: tuple[Colour, ...] = ((150, 150, 156), (112, 112, 120), (128, 118, 112), (92, 96, 104))

BRIGHTS: tuple[Colour, ...] = (
    (232, 120, 32),
    (60, 110, 210),
    (236, 208, 60),
    (200, 52, 60),
    (130, 70, 170),
    (240, 240, 236),
)


def between(random: Random, low: int, high: int) -> int:
    """Returns a whole number from low to high, both included; the width is named as the default depends on the OS."""
    return int(random.randint(low, high + 1, dtype=np.int64))


def one_of(random: Random, colours: Sequence[Colour], *, spread: int = 18) -> Colour:
    """Returns one of the colours, each channel off by up to `spread`."""
    chosen = colours[between(random, 0, len(colours) - 1)]
    red, green, blue = (min(255, max(0, channel + between(random, -spread, spread))) for channel in chosen)
    return red, green, blue
