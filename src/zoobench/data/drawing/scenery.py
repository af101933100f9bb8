"""What stands around a drawn animal? Textured backdrops, and clutter that may hide part of it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from zoobench.data.drawing.shapes import (
    BRIGHTS,
    FURS,
    GREYS,
    Canvas,
    Colour,
    Random,
    Shape,
    between,
    ellipse,
    moved,
    one_of,
    packed,
    polar,
    polygon,
    scaled,
    shade,
    stroke,
    strokes,
)

Weights = npt.NDArray[np.uint16]
"""[side, side], 0 to 256: how much of the second of two colours."""

_GREENS: tuple[Colour, ...] = ((70, 120, 48), (110, 140, 60), (146, 140, 70), (44, 90, 50))
_EARTHS: tuple[Colour, ...] = ((150, 120, 84), (190, 170, 130), (110, 90, 70), (206, 206, 200))
_SKIES: tuple[Colour, ...] = ((120, 170, 220), (180, 200, 216), (230, 180, 140), (90, 110, 150))
_WOODS: tuple[Colour, ...] = ((96, 70, 46), (60, 46, 36), (140, 110, 70))
_ANY: tuple[Colour, ...] = (*_GREENS, *_EARTHS, *_SKIES, *FURS, *GREYS, *BRIGHTS)


def backdrop(random: Random, *, side: int) -> Canvas:
    """Returns a background of some kind, [side, side]."""
    return _BACKDROPS[between(random, 0, len(_BACKDROPS) - 1)](random, side)


def clutter(random: Random, *, side: int, pieces: int) -> list[Shape]:
    """Returns stones, twigs, leaves and blocks, strewn over a canvas of that side."""
    return [shape for _ in range(pieces) for shape in _strewn(random, side)]


def cloud(random: Random, *, side: int, cells: int) -> Weights:
    """Returns smooth random values, [side, side], 0 to 256, with about `cells` bumps along each side."""
    step = np.uint16(side // cells)
    corners = random.randint(0, 257, (cells + 1, cells + 1), dtype=np.uint16)
    cell, part = np.divmod(np.arange(side, dtype=np.uint16), step)
    rows = (corners[cell] * (step - part)[:, None] + corners[cell + 1] * part[:, None]) // step
    smooth: Weights = (rows[:, cell] * (step - part) + rows[:, cell + 1] * part) // step
    return smooth


def _strewn(random: Random, side: int) -> list[Shape]:
    shapes = _CLUTTER[between(random, 0, len(_CLUTTER) - 1)](random)
    size = between(random, 500, 1700)
    place = (between(random, 0, side), between(random, 0, side))
    return moved(scaled(shapes, by=(size, size)), to=place, turn=between(random, 0, 359))


def _stone(random: Random) -> list[Shape]:
    colour = one_of(random, (*GREYS, *_EARTHS))
    corners = [polar((0, 0), radius=between(random, 26, 44), degrees=angle) for angle in range(0, 360, 40)]
    lit = scaled([polygon(*corners, colour=shade(colour, 118))], by=(600, 600))
    return [polygon(*corners, colour=colour), *moved(lit, to=(-6, -8))]


def _twig(random: Random) -> list[Shape]:
    colour = one_of(random, _WOODS)
    ends = [(between(random, 20, 110), sign * between(random, 20, 50)) for sign in (-1, 1)]
    branches = strokes([[(x - 20, 0), (x + 20, y)] for x, y in ends], widths=(6, 2), colour=colour)
    return branches + stroke([(-120, 10), (0, 0), (130, between(random, -30, 30))], widths=(11, 5), colour=colour)


def _leaf(random: Random) -> list[Shape]:
    colour = one_of(random, (*_GREENS, (190, 110, 40)))
    vein = stroke([(-60, 0), (44, 0)], widths=(5, 2), colour=shade(colour, 70))
    return [ellipse((0, 0), (48, 18), colour=colour), *vein]


def _block(random: Random) -> list[Shape]:
    x, y = between(random, 18, 44), between(random, 14, 40)
    return [polygon((-x, -y), (x, -y), (x, y), (-x, y), colour=one_of(random, _ANY))]


def _grass(random: Random, side: int) -> Canvas:
    blades = random.randint(0, 129, (side // 8, side), dtype=np.uint16).repeat(8, axis=0)
    weights = blades + cloud(random, side=side, cells=8) // 2
    return _blended(one_of(random, _GREENS), one_of(random, _GREENS), weights)


def _horizon(random: Random, side: int) -> Canvas:
    height = between(random, side // 4, side * 3 // 4)
    fade = np.arange(side, dtype=np.uint16)[:, None] * 128 // side + cloud(random, side=side, cells=4) // 2
    land = cloud(random, side=side, cells=32)
    scene = _blended(one_of(random, _SKIES), one_of(random, _SKIES), fade)
    soils = (*_GREENS, *_EARTHS)
    scene[height:] = _blended(one_of(random, soils), one_of(random, soils), land)[height:]
    return scene


def _gradient(random: Random, side: int) -> Canvas:
    share = between(random, 0, 16)
    ramp = (np.arange(side) * 256 // side).astype(np.uint16)
    weights = (ramp[:, None] * share + ramp * (16 - share)) // 16
    return _blended(one_of(random, _ANY), one_of(random, _ANY), weights)


def _stripes(random: Random, side: int) -> Canvas:
    line = np.arange(side)
    period = between(random, 8, 40)
    bands = (line[:, None] * between(random, -3, 3) + line * between(random, 1, 3)) // period % 2
    weights = bands.astype(np.uint16) * 160 + cloud(random, side=side, cells=8) * 3 // 8
    return _blended(one_of(random, _ANY), one_of(random, _ANY), weights)


def _bricks(random: Random, side: int) -> Canvas:
    height, width = between(random, 12, 30), between(random, 24, 70)
    line = np.arange(side)[:, None]
    row, across = line // height, line.T + line // height % 2 * (width // 2)
    tones = random.randint(0, 160, (side // height + 1, side // width + 2), dtype=np.uint16)[row, across // width]
    joints = (line % height < 3) | (across % width < 3)
    return _blended(one_of(random, _ANY), one_of(random, _ANY), np.where(joints, np.uint16(256), tones))


def _blotches(random: Random, side: int) -> Canvas:
    steps = cloud(random, side=side, cells=8) // 64 + cloud(random, side=side, cells=16) // 86
    return _blended(one_of(random, _ANY), one_of(random, _ANY), steps * np.uint16(36))


def _blended(first: Colour, second: Colour, weights: Weights) -> Canvas:
    share = np.arange(257, dtype=np.uint32)[:, None]
    mixtures = (np.array(first, np.uint32) * (256 - share) + np.array(second, np.uint32) * share) >> 8
    table = np.array([packed((red, green, blue)) for red, green, blue in mixtures.tolist()], dtype=np.uint32)
    return table[weights]


_BACKDROPS: tuple[Callable[[Random, int], Canvas], ...] = (_grass, _horizon, _gradient, _stripes, _bricks, _blotches)
_CLUTTER: tuple[Callable[[Random], list[Shape]], ...] = (_stone, _twig, _leaf, _block)
