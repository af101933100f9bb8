"""How does a drawing become the same pixels on every machine? By polygons, moved and filled in whole numbers alone."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Point = tuple[int, int]
Colour = tuple[int, int, int]
Shape = tuple[tuple[Point, ...], Colour]
"""The corners of a closed polygon and its colour; where it overlaps itself, it is empty again (even-odd rule)."""
Canvas = npt.NDArray[np.uint32]
"""[height, width], one colour per pixel, as `packed` writes it."""
Random = np.random.RandomState
"""The one generator whose stream NumPy never changes (NEP 19)."""
# Fixed point: the last bit of a sine differs between C libraries, a rounded table does not.
_BITS = 14
_HALF = 1 << (_BITS - 1)
_SINES = tuple(round(math.sin(math.radians(degrees)) * (1 << _BITS)) for degrees in range(360))
_LARGE_RADIUS, _FINE_STEP, _COARSE_STEP = 40, 15, 30
_SMALLEST_JOINT = 6


def colours(text: str) -> tuple[Colour, ...]:
    """Reads colours as the web writes them: red, green and blue in two hexadecimal digits each."""
    return tuple((red, green, blue) for red, green, blue in map(bytes.fromhex, text.split()))


(BLACK, WHITE) = colours("181618 f0eee8")
FURS = colours("966034 603e28 ce9654 3a3434 e8e4da 8a8684 c87032")
GREYS = colours("96969c 707078 807670 5c6068")
BRIGHTS = colours("e87820 3c6ed2 ecd03c c8343c 8246aa f0f0ec")


def polygon(colour: Colour, *points: Point) -> list[Shape]:
    """Returns the polygon through the points."""
    return [(points, colour)]


def ellipse(colour: Colour, radii: Point, *centres: Point, tilt: int = 0) -> list[Shape]:
    """Returns equal ellipses, as polygons of 12 or 24 corners, turned clockwise by `tilt` degrees."""
    step = _FINE_STEP if max(radii) > _LARGE_RADIUS else _COARSE_STEP
    outline = tuple(
        (radii[0] * _sine(angle + 90) + _HALF >> _BITS, radii[1] * _sine(angle) + _HALF >> _BITS)
        for angle in range(0, 360, step)
    )
    return [(_turned(outline, by=tilt, shift=centre), colour) for centre in centres]


def stroke(colour: Colour, widths: Point, *lines: Sequence[Point]) -> list[Shape]:
    """Returns thick lines with round joints, their width going from the first of `widths` to the second."""
    shapes: list[Shape] = []
    for points in lines:
        last = len(points) - 1
        radii = [(widths[0] * (last - place) + widths[1] * place) // (2 * last) for place in range(last + 1)]
        stations = list(zip(points, radii, strict=True))
        shapes += [(_segment(start, end), colour) for start, end in pairwise(stations)]
        for point, radius in stations:
            shapes += ellipse(colour, (radius, radius), point) if radius > _SMALLEST_JOINT else []
    return shapes


def curve(start: Point, bend: Point, end: Point, *, steps: int = 6) -> list[Point]:
    """Returns points on the quadratic Bezier curve from start to end, pulled towards `bend`."""

    def at(i: int, axis: int) -> int:
        left = steps - i
        return (left**2 * start[axis] + 2 * i * left * bend[axis] + i**2 * end[axis]) // steps**2

    return [(at(i, 0), at(i, 1)) for i in range(steps + 1)]


def polar(centre: Point, *, radius: int, degrees: int) -> Point:
    """Returns the point at a distance and an angle (clockwise from the right) of the centre."""
    return _turned(((radius, 0),), by=degrees, shift=centre)[0]


def moved(shapes: Iterable[Shape], *, to: Point, turn: int = 0) -> list[Shape]:
    """Returns the shapes turned clockwise about the origin by `turn` degrees, then shifted."""
    return [(_turned(points, by=turn, shift=to), colour) for points, colour in shapes]


def scaled(shapes: Iterable[Shape], *, by: Point) -> list[Shape]:
    """Returns the shapes stretched from the origin by thousandths along x and y; a negative number mirrors."""
    return [(tuple([(x * by[0] // 1000, y * by[1] // 1000) for x, y in points]), colour) for points, colour in shapes]


def both_sides(shapes: Sequence[Shape]) -> list[Shape]:
    """Returns the shapes and their mirror images about the vertical axis."""
    return [*shapes, *scaled(shapes, by=(-1000, 1000))]


def shade(colour: Colour, percent: int) -> Colour:
    """Returns the colour darkened (below 100) or lightened (above)."""
    red, green, blue = (min(255, channel * percent // 100) for channel in colour)
    return red, green, blue


def packed(colour: Colour) -> int:
    """Returns the colour as one little-endian number: bytes red, green, blue, 0."""
    return int.from_bytes(bytes(colour), "little")


def fill(canvas: Canvas, shape: Shape) -> None:
    """Paints the pixels whose centre lies inside the shape, whose corners are in pixels and may lie beyond them."""
    height, width = canvas.shape
    corners = np.array(shape[0], dtype=np.int32)
    left, top = (max(0, low) for low in corners.min(axis=0).tolist())
    right, bottom = (min(size, high) for size, high in zip((width, height), corners.max(axis=0).tolist(), strict=True))
    if left >= right or top >= bottom:
        return
    borders = _borders(corners, np.arange(top, bottom, dtype=np.int32)[:, None])
    columns = np.arange(left, right, dtype=np.int32)
    inside = np.zeros((bottom - top, right - left), dtype=np.bool_)
    for first in range(0, borders.shape[1], 2):
        inside |= (columns >= borders[:, first, None]) & (columns < borders[:, first + 1, None])
    np.copyto(canvas[top:bottom, left:right], np.uint32(packed(shape[1])), where=inside)


def between(random: Random, low: int, high: int) -> int:
    """Returns a whole number from low to high, both included; the width is named as the default depends on the OS."""
    return int(random.randint(low, high + 1, dtype=np.int64))


def one_in(random: Random, count: int) -> bool:
    """Tells whether something happens that does so once in `count` times."""
    return between(random, 0, count - 1) == 0


def one_of(random: Random, colours: Sequence[Colour], *, spread: int = 18) -> Colour:
    """Returns one of the colours, each channel off by up to `spread`."""
    chosen = colours[between(random, 0, len(colours) - 1)]
    red, green, blue = (min(255, max(0, channel + between(random, -spread, spread))) for channel in chosen)
    return red, green, blue


def somewhere(random: Random, xs: Point, ys: Point) -> Point:
    """Returns a point between two bounds of x and two of y."""
    return between(random, *xs), between(random, *ys)


def near(random: Random, place: Point, *, within: Point) -> Point:
    """Returns a point that is off a place by at most so much along x and y."""
    (x, y), (across, down) = place, within
    return x + between(random, -across, across), y + between(random, -down, down)


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


def _segment(start: tuple[Point, int], end: tuple[Point, int]) -> tuple[Point, ...]:
    """The thick line between two (point, radius), without its round ends."""
    (x0, y0), (x1, y1) = start[0], end[0]
    length = max(1, math.isqrt((x1 - x0) ** 2 + (y1 - y0) ** 2))
    (ax, ay), (bx, by) = (((y0 - y1) * radius // length, (x1 - x0) * radius // length) for _, radius in (start, end))
    return (x0 + ax, y0 + ay), (x1 + bx, y1 + by), (x1 - bx, y1 - by), (x0 - ax, y0 - ay)


def _turned(points: tuple[Point, ...], *, by: int, shift: Point) -> tuple[Point, ...]:
    cosine, sine, (dx, dy) = _sine(by + 90), _sine(by), shift
    return tuple(
        [
            (dx + (x * cosine - y * sine + _HALF >> _BITS), dy + (x * sine + y * cosine + _HALF >> _BITS))
            for x, y in points
        ]
    )


def _sine(degrees: int) -> int:
    return _SINES[degrees % 360]
