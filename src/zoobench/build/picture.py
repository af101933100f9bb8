"""What did the classifier make of a few validation images? One picture to look at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

COLUMNS = 6
_TILE, _CAPTION, _MARGIN, _BAR = 176, 74, 8, 6
_SHOWN_CLASSES = 3
_INK, _PAPER, _RIGHT, _WRONG, _FAINT = "#1b1f24", "#ffffff", "#1a7f37", "#cf222e", "#afb8c1"


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
    pen.text((left, top + side + 2), f"truth: {classes[one.label]}"[:28], fill=_INK, font=font)
    for line, index in enumerate(ranked):
        height = top + side + 18 + line * 16
        share = float(one.probabilities[index])
        pen.rectangle(
            (left, height + 5, left + round(40 * share), height + 5 + _BAR), fill=colour if line == 0 else _FAINT
        )
        pen.text((left + 46, height), f"{share:5.1%} {classes[index]}"[:22], fill=_INK, font=font)
