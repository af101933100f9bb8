"""Do words fit into the room that is left for them, in any usual font?"""

from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from drawings import HOSTILE
from zoobench.show.report.charts.words import shortened, width_of, wrapped

FONT = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
BOLD = FONT.with_name("DejaVuSans-Bold.ttf")


@pytest.mark.parametrize(
    "words",
    [
        "mobilenet-dynamic_range-litert_compiled-t1",
        "WWW MMM @@@ %%%",
        "The quick brown fox jumps over the lazy dog, 0123456789",
        "|||iiilll...,,,;;;'''",
        "AVOKQRS {}[]()<>+=~^",
    ],
)
@pytest.mark.parametrize(("font", "strong"), [(FONT, False), (BOLD, True)])
def test_words_are_no_wider_than_thought(words: str, font: Path, strong: bool) -> None:
    real = ImageFont.truetype(str(font), 1000).getlength(words) / 1000
    assert real <= width_of(words, size=1, strong=strong) * 1.02
    assert real >= 0.7 * width_of(words, size=1, strong=strong)


def test_words_that_fit_stay_whole() -> None:
    assert shortened("cat", 100) == "cat"


def test_long_words_lose_their_middle() -> None:
    """Cells differ at both ends: `mobilenet-...-t1` and `mobilenet-...-t2`."""
    shown = shortened("mobilenet-dynamic_range-litert_compiled-t1", 150)
    assert shown.startswith("mobile")
    assert shown.endswith("-t1")
    assert "…" in shown


@given(words=st.text(), room=st.floats(20, 500))
def test_shortened_words_fit(words: str, room: float) -> None:
    assert width_of(shortened(words, room)) <= room


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_fit_too(words: str) -> None:
    assert width_of(shortened(words, 60, strong=True), strong=True) <= 60


def test_pieces_stand_on_as_few_lines_as_they_fit_on() -> None:
    assert wrapped([40, 40, 40], 100, gap=10) == [[0, 1], [2]]
    assert wrapped([40, 40, 40], 89, gap=10) == [[0], [1], [2]]
    assert wrapped([200], 100, gap=10) == [[0]]
    assert wrapped([], 100, gap=10) == []
