"""Does the picture show what the classifier made of the images?"""

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageColor

from zoobench.data.drawing import sheet as picture
from zoobench.data.drawing.sheet import COLUMNS, Predicted, prediction_sheet

CLASSES = ("cat", "dog", "sheep", "spider")
GREEN, RED = ImageColor.getrgb("#1a7f37"), ImageColor.getrgb("#cf222e")


def predicted(*probabilities: float, label: int = 0, grey: int = 128) -> Predicted:
    return Predicted(
        image=np.full((40, 40, 3), grey, np.uint8), label=label, probabilities=np.array(probabilities, np.float32)
    )


def pixels(sheet: Image.Image, colour: tuple[int, ...]) -> int:
    """Returns how many pixels are of a colour."""
    return int((np.asarray(sheet) == colour).all(axis=2).sum())


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (COLUMNS, 1), (COLUMNS + 1, 2), (24, 4)])
def test_the_sheet_grows_row_by_row(count: int, rows: int) -> None:
    sheet = prediction_sheet([predicted(0.5, 0.2, 0.2, 0.1)] * count, CLASSES)
    assert sheet.size == (6 * 176 + 8, rows * 250 + 8)


def test_a_right_answer_is_green_and_a_wrong_one_red() -> None:
    right = prediction_sheet([predicted(0.5, 0.2, 0.2, 0.1, label=0)], CLASSES)
    wrong = prediction_sheet([predicted(0.5, 0.2, 0.2, 0.1, label=1)], CLASSES)
    assert (pixels(right, GREEN) > 1000, pixels(right, RED)) == (True, 0)
    assert (pixels(wrong, RED) > 1000, pixels(wrong, GREEN)) == (True, 0)


def test_each_image_stands_in_its_tile() -> None:
    images = [predicted(0.5, 0.2, 0.2, 0.1, grey=grey) for grey in (10, 90, 200)]
    sheet = prediction_sheet(images, CLASSES)
    assert [sheet.getpixel((8 + 176 * column + 80, 80)) for column in range(4)] == [
        (10, 10, 10),
        (90, 90, 90),
        (200, 200, 200),
        (255, 255, 255),
    ]


def test_the_bar_is_as_long_as_the_probability() -> None:
    """40 pixels for 100 %, 7 high; both bounds are drawn, hence one more pixel."""
    frame = pixels(prediction_sheet([predicted(0, 0, 0, 1, label=3)], CLASSES), GREEN) - 7 * 41
    for share, length in ((0.75, 31), (0.5, 21), (0.4, 17)):
        rest = (1 - share) / 3
        sheet = prediction_sheet([predicted(rest, rest, rest, share, label=3)], CLASSES)
        assert pixels(sheet, GREEN) - frame == 7 * length


def test_the_answers_are_written_from_the_most_to_the_least_probable(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(picture, "_write", lambda _pen, text, _font, **_place: written.append(text))
    prediction_sheet([predicted(0.1, 0.2, 0.3, 0.4, label=1)], CLASSES)
    assert written == ["truth: dog", "spider", "sheep", "dog"]


def test_two_classes_are_enough() -> None:
    assert prediction_sheet([predicted(0.3, 0.7)], CLASSES[:2]).size == (1064, 258)


def test_nothing_to_show_is_an_empty_sheet() -> None:
    assert prediction_sheet([], CLASSES).size == (1064, 8)


def test_a_long_name_does_not_run_into_the_next_tile() -> None:
    names = ("a name that is far too long to be written below an image", "dog", "sheep", "spider")
    sheet = prediction_sheet([predicted(0.5, 0.2, 0.2, 0.1)], names)
    assert ImageChops.invert(sheet.crop((176, 0, *sheet.size))).getbbox() is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [("spider", "spider"), ("Écureuil à l'arbre", "Ecureuil a l'arbre"), ("大象", "??"), ("ﬁsh", "fish")],
)
def test_names_are_written_in_the_letters_that_the_font_has(name: str, shown: str) -> None:
    assert picture._plain(name) == shown
