"""What do we train and test on where there are no photos? Animals drawn by rule, the same on every machine."""

import hashlib

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from zoobench.data.drawing.animals import ANIMALS
from zoobench.data.drawing.scenery import backdrop, cloud, clutter
from zoobench.data.drawing.shapes import Canvas, Random, Shape, between, fill, moved, scaled
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


def draw(animal: str, *, seed: int, index: int) -> npt.NDArray[np.uint8]:
    """Draws one image of the data set.

    Its pixels depend on `VERSION` and the arguments alone: all steps compute in whole numbers, and NumPy keeps the
    stream of `RandomState` as it is (NEP 19).

    Args:
        animal: one of `CLASSES`.
        seed: which data set.
        index: which image of the class; any whole number.

    Returns:
        [256, 256, 3] RGB.

    Raises:
        DataError: the animal is not among `CLASSES`.
    """
    if animal not in ANIMALS:
        raise DataError(f"no drawing of {animal!r}; choose one of: {', '.join(CLASSES)}")
    random = _stream(animal, seed=seed, index=index)
    canvas = backdrop(random, side=SIZE).repeat(2, axis=0).repeat(2, axis=1)
    for shape in _scene(animal, random):
        fill(canvas, shape)
    return _photographed(_halved(canvas), random)


def contact_sheet(*, seed: int, columns: int = 10, side: int = 128) -> Image.Image:
    """Draws the first images of each class, one named row per class, for people to look at.

    Args:
        seed: which data set.
        columns: images per class.
        side: side of each image on the sheet, in pixels.

    Returns:
        The sheet, 80 + columns * side pixels wide and 10 * side high.
    """
    sheet = Image.new("RGB", (_LEGEND + columns * side, len(CLASSES) * side), "white")
    pen = ImageDraw.Draw(sheet)
    for row, animal in enumerate(CLASSES):
        pen.text((6, row * side + side // 2), animal, fill="black", font=ImageFont.load_default())
        for column in range(columns):
            picture = Image.fromarray(draw(animal, seed=seed, index=column)).resize((side, side))
            sheet.paste(picture, (_LEGEND + column * side, row * side))
    return sheet


def _stream(animal: str, *, seed: int, index: int) -> Random:
    digest = hashlib.sha256(f"drawn {VERSION} {seed} {animal} {index}".encode()).digest()
    return Random(np.frombuffer(digest, dtype="<u4"))


def _scene(animal: str, random: Random) -> list[Shape]:
    behind = clutter(random, side=_FINE_SIDE, pieces=between(random, *_CLUTTER_BEHIND))
    before = clutter(random, side=_FINE_SIDE, pieces=between(random, *_CLUTTER_BEFORE))
    return behind + _posed(animal, random) + before


def _posed(animal: str, random: Random) -> list[Shape]:
    """The animal on the fine canvas: facing left or right, stretched, turned, and off the middle as far as fits."""
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
    """The picture in uneven light and with the grain of a camera."""
    light = between(random, 75, 110) + cloud(random, side=SIZE, cells=4) // 4
    lit = (picture * light.repeat(4, axis=1).reshape(picture.shape) >> 7).astype(np.int16)
    grain = random.randint(0, 256, picture.shape, dtype=np.uint8).astype(np.int16) - 128
    grainy = lit + (grain * between(random, *_GRAIN) >> 8)
    colours: npt.NDArray[np.uint8] = grainy[:, :, :3].clip(0, 255).astype(np.uint8)
    return colours
