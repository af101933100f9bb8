"""What did the classifier make of a few validation images? One picture to look at."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

COLUMNS = 6
_TILE, _CAPTION, _MARGIN = 176, 74, 8
_BAR_WIDTH, _BAR_HEIGHT, _SHARE_END, _NAME_START = 40, 6, 86, 91
_SHOWN_CLASSES = 3
_INK, _PAPER, _RIGHT, _WRONG, _FAINT = "#1b1f24", "#ffffff", "#1a7f37", "#cf222e", "#afb8c1"

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """One image with its truth and the classifier's answer.

    Attributes:
        image: [h, w, 3] uint8.
        label: True class index.
        probabilities: [classes].
    """

    image: npt.NDArray[np.uint8]
    label: int
    probabilities: npt.NDArray[np.float32]


def prediction_sheet(predicted: Sequence[Predicted], classes: Sequence[str]) -> Image.Image:
    """Returns a sheet of images, each above its true class and the most probable classes with their probabilities.

    The frame is green where the first of them is the truth and red where it is not.
    """
    rows = -(-len(predicted) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * _TILE + _MARGIN, rows * (_TILE + _CAPTION) + _MARGIN), _PAPER)
    for position, one in enumerate(predicted):
        row, column = divmod(position, COLUMNS)
        _draw_tile(sheet, one, classes, left=column * _TILE + _MARGIN, top=row * (_TILE + _CAPTION) + _MARGIN)
    return sheet


def _draw_tile(sheet: Image.Image, one: Predicted, classes: Sequence[str], *, left: int, top: int) -> None:
    side = _TILE - _MARGIN
    pen = ImageDraw.Draw(sheet)
    ranked = np.argsort(-one.probabilities, kind="stable")[:_SHOWN_CLASSES]
    colour = _RIGHT if ranked[0] == one.label else _WRONG
    sheet.paste(Image.fromarray(one.image).resize((side, side), Image.Resampling.BILINEAR), (left, top))
    pen.rectangle((left, top, left + side - 1, top + side - 1), outline=colour, width=3)
    font = ImageFont.load_default(12)
    _write(pen, f"truth: {classes[one.label]}", font, left=left, top=top + side + 2, width=side)
    for line, index in enumerate(ranked):
        height = top + side + 18 + line * 16
        share = float(one.probabilities[index])
        bar = (left, height + 5, left + round(_BAR_WIDTH * share), height + 5 + _BAR_HEIGHT)
        pen.rectangle(bar, fill=_FAINT if line else colour)
        pen.text((left + _SHARE_END, height), f"{share:.1%}", fill=_INK, font=font, anchor="ra")
        _write(pen, classes[index], font, left=left + _NAME_START, top=height, width=side - _NAME_START)


def _write(pen: ImageDraw.ImageDraw, text: str, font: Font, *, left: int, top: int, width: int) -> None:
    """Writes a line and cuts it where it would run into the next tile."""
    fitting = _plain(text)
    while pen.textlength(fitting, font) > width:
        fitting = f"{fitting[:-2]}…"
    pen.text((left, top), fitting, fill=_INK, font=font)


def _plain(text: str) -> str:
    """Returns text in the letters of Pillow's own font: without accents, and with '?' for what is not Latin."""
    letters = [one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)]
    return "".join(one if one.isascii() else "?" for one in letters)
