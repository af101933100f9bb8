"""What do we train and test on where there are no photos? Animals drawn by rule, the same on every machine."""

import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from zoobench.data.animals import ANIMALS
from zoobench.data.shapes import (
    BRIGHTS,
    FURS,
    GREYS,
    Canvas,
    Colour,
    Random,
    Shape,
    between,
    colours,
    ellipse,
    fill,
    moved,
    one_of,
    packed,
    polar,
    polygon,
    scaled,
    shade,
    somewhere,
    stroke,
)
from zoobench.errors import DataError

VERSION: int = 1
"""Part of the data set's identity: it goes up whenever a pixel changes."""
SIZE = 256
"""Side of an image in pixels."""
CLASSES: tuple[str, ...] = tuple(sorted(ANIMALS))
_FINE_SIDE = 2 * SIZE
# Size, clutter and grain are set so that a linear probe on ImageNet features of MobileNet is right about nine times
# in ten with 60 images per class: hard enough that a damaged model shows, easy enough that a sound one does.
_SIZES = (240, 520)  # pixels of the fine canvas for 1000 of the animal's units
_STRETCH = (86, 114)  # percent of the size, along x and along y
_STRAY = 45  # pixels of the fine canvas
_CLUTTER_BEHIND, _CLUTTER_BEFORE = (1, 8), (0, 5)
_TURNS = {"butterfly": 70, "spider": 70}  # degrees to either side; they are seen from above
_TURN_UPRIGHT = 14
_GRAIN = (10, 90)  # levels of 256 from the darkest grain to the brightest
_LEGEND = 80  # pixels
Weights = npt.NDArray[np.uint16]
"""[side, side], 0 to 256: how much of the second of two colours."""
_GREENS = colours("467830 6e8c3c 928c46 2c5a32")
_EARTHS = colours("967854 beaa82 6e5a46 cecec8")
_SKIES = colours("78aadc b4c8d8 e6b48c 5a6e96")
_WOODS = colours("60462e 3c2e24 8c6e46")
_ANY = (*_GREENS, *_EARTHS, *_SKIES, *FURS, *GREYS, *BRIGHTS)


def draw(animal: str, *, seed: int, index: int) -> npt.NDArray[np.uint8]:
    """Draws one image of the data set, [256, 256, 3] RGB.

    Its pixels depend on `VERSION` and the arguments alone: all steps compute in whole numbers, and NumPy keeps the
    stream of `RandomState` as it is (NEP 19).

    Raises:
        DataError: The animal is not among `CLASSES`.
    """
    if animal not in ANIMALS:
        raise DataError(f"no drawing of {animal!r}; choose one of: {', '.join(CLASSES)}")
    digest = hashlib.sha256(f"drawn {VERSION} {seed} {animal} {index}".encode()).digest()
    random = Random(np.frombuffer(digest, dtype="<u4"))
    canvas = _BACKDROPS[between(random, 0, len(_BACKDROPS) - 1)](random).repeat(2, axis=0).repeat(2, axis=1)
    behind, before = _clutter(random, _CLUTTER_BEHIND), _clutter(random, _CLUTTER_BEFORE)
    for shape in behind + _posed(animal, random) + before:
        fill(canvas, shape)
    return _photographed(_halved(canvas), random)


def contact_sheet(*, seed: int, columns: int = 10, side: int = 128) -> Image.Image:
    """Draws the first images of each class, one named row of `columns` per class, for people to look at."""
    sheet = Image.new("RGB", (_LEGEND + columns * side, len(CLASSES) * side), "white")
    pen = ImageDraw.Draw(sheet)
    for row, animal in enumerate(CLASSES):
        pen.text((6, row * side + side // 2), animal, fill="black", font=ImageFont.load_default())
        for column in range(columns):
            picture = Image.fromarray(draw(animal, seed=seed, index=column)).resize((side, side))
            sheet.paste(picture, (_LEGEND + column * side, row * side))
    return sheet


def _clutter(random: Random, pieces: tuple[int, int]) -> list[Shape]:
    strewn: list[Shape] = []
    for _ in range(between(random, *pieces)):
        shapes = _PIECES[between(random, 0, len(_PIECES) - 1)](random)
        size = between(random, 500, 1700)
        place = somewhere(random, (0, _FINE_SIDE), (0, _FINE_SIDE))
        strewn += moved(scaled(shapes, by=(size, size)), to=place, turn=between(random, 0, 359))
    return strewn


def _posed(animal: str, random: Random) -> list[Shape]:
    size = between(random, *_SIZES)
    width, height = (size * between(random, *_STRETCH) // 100 for _ in range(2))
    facing = 1 - 2 * between(random, 0, 1)
    slack = _STRAY + (_FINE_SIDE - size) // 3
    x, y = (_FINE_SIDE // 2 + between(random, -slack, slack) for _ in range(2))
    turn = _TURNS.get(animal, _TURN_UPRIGHT)
    shapes = scaled(ANIMALS[animal](random), by=(facing * width, height))
    return moved(shapes, to=(x, y), turn=between(random, -turn, turn))


def _halved(canvas: Canvas) -> npt.NDArray[np.uint16]:
    """The mean of each 2 x 2 block, [side, side, 4] bytes of the packed colour."""
    channels = canvas.astype("<u4", copy=False).view(np.uint8).astype("<u2")
    columns = (channels[0::2] + channels[1::2]).view("<u8")  # four channels in one number: their sums cannot carry
    total = columns[:, 0::2] + columns[:, 1::2]
    mean: npt.NDArray[np.uint16] = total.view("<u2").reshape(*total.shape, 4) >> 2
    return mean


def _photographed(picture: npt.NDArray[np.uint16], random: Random) -> npt.NDArray[np.uint8]:
    light = between(random, 75, 110) + _cloud(random, 4) // 4
    lit = (picture * light.repeat(4, axis=1).reshape(picture.shape) >> 7).astype(np.int16)
    grain = random.randint(0, 256, picture.shape, dtype=np.uint8).astype(np.int16) - 128
    grainy = lit + (grain * between(random, *_GRAIN) >> 8)
    colours: npt.NDArray[np.uint8] = grainy[:, :, :3].clip(0, 255).astype(np.uint8)
    return colours


def _cloud(random: Random, cells: int) -> Weights:
    """Smooth random values with about `cells` bumps along each side."""
    step = np.uint16(SIZE // cells)
    corners = random.randint(0, 257, (cells + 1, cells + 1), dtype=np.uint16)
    cell, part = np.divmod(np.arange(SIZE, dtype=np.uint16), step)
    rows = (corners[cell] * (step - part)[:, None] + corners[cell + 1] * part[:, None]) // step
    smooth: Weights = (rows[:, cell] * (step - part) + rows[:, cell + 1] * part) // step
    return smooth


def _stone(random: Random) -> list[Shape]:
    colour = one_of(random, (*GREYS, *_EARTHS))
    corners = [polar((0, 0), radius=between(random, 26, 44), degrees=angle) for angle in range(0, 360, 40)]
    lit = scaled(polygon(shade(colour, 118), *corners), by=(600, 600))
    return polygon(colour, *corners) + moved(lit, to=(-6, -8))


def _twig(random: Random) -> list[Shape]:
    colour = one_of(random, _WOODS)
    ends = [(between(random, 20, 110), sign * between(random, 20, 50)) for sign in (-1, 1)]
    branches = stroke(colour, (6, 2), *([(x - 20, 0), (x + 20, y)] for x, y in ends))
    return branches + stroke(colour, (11, 5), [(-120, 10), (0, 0), (130, between(random, -30, 30))])


def _leaf(random: Random) -> list[Shape]:
    colour = one_of(random, (*_GREENS, (190, 110, 40)))
    return ellipse(colour, (48, 18), (0, 0)) + stroke(shade(colour, 70), (5, 2), [(-60, 0), (44, 0)])


def _block(random: Random) -> list[Shape]:
    x, y = somewhere(random, (18, 44), (14, 40))
    return polygon(one_of(random, _ANY), (-x, -y), (x, -y), (x, y), (-x, y))


def _grass(random: Random) -> Canvas:
    blades = random.randint(0, 129, (SIZE // 8, SIZE), dtype=np.uint16).repeat(8, axis=0)
    weights = blades + _cloud(random, 8) // 2
    return _blended(one_of(random, _GREENS), one_of(random, _GREENS), weights)


def _horizon(random: Random) -> Canvas:
    height = between(random, SIZE // 4, SIZE * 3 // 4)
    fade = np.arange(SIZE, dtype=np.uint16)[:, None] * 128 // SIZE + _cloud(random, 4) // 2
    land = _cloud(random, 32)
    scene = _blended(one_of(random, _SKIES), one_of(random, _SKIES), fade)
    soils = (*_GREENS, *_EARTHS)
    scene[height:] = _blended(one_of(random, soils), one_of(random, soils), land)[height:]
    return scene


def _gradient(random: Random) -> Canvas:
    share = between(random, 0, 16)
    ramp = (np.arange(SIZE) * 256 // SIZE).astype(np.uint16)
    weights = (ramp[:, None] * share + ramp * (16 - share)) // 16
    return _blended(one_of(random, _ANY), one_of(random, _ANY), weights)


def _stripes(random: Random) -> Canvas:
    line = np.arange(SIZE)
    period = between(random, 8, 40)
    bands = (line[:, None] * between(random, -3, 3) + line * between(random, 1, 3)) // period % 2
    weights = bands.astype(np.uint16) * 160 + _cloud(random, 8) * 3 // 8
    return _blended(one_of(random, _ANY), one_of(random, _ANY), weights)


def _bricks(random: Random) -> Canvas:
    height, width = between(random, 12, 30), between(random, 24, 70)
    line = np.arange(SIZE)[:, None]
    row, across = line // height, line.T + line // height % 2 * (width // 2)
    tones = random.randint(0, 160, (SIZE // height + 1, SIZE // width + 2), dtype=np.uint16)[row, across // width]
    joints = (line % height < 3) | (across % width < 3)
    return _blended(one_of(random, _ANY), one_of(random, _ANY), np.where(joints, np.uint16(256), tones))


def _blotches(random: Random) -> Canvas:
    steps = _cloud(random, 8) // 64 + _cloud(random, 16) // 86
    return _blended(one_of(random, _ANY), one_of(random, _ANY), steps * np.uint16(36))


def _blended(first: Colour, second: Colour, weights: Weights) -> Canvas:
    share = np.arange(257, dtype=np.uint32)[:, None]
    mixtures = (np.array(first, np.uint32) * (256 - share) + np.array(second, np.uint32) * share) >> 8
    table = np.array([packed((red, green, blue)) for red, green, blue in mixtures.tolist()], dtype=np.uint32)
    return table[weights]


_BACKDROPS: tuple[Callable[[Random], Canvas], ...] = (_grass, _horizon, _gradient, _stripes, _bricks, _blotches)
_PIECES: tuple[Callable[[Random], list[Shape]], ...] = (_stone, _twig, _leaf, _block)
