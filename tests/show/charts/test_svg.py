"""Do marks and words become SVG in which foreign words stay words, and fit the room that they are given?"""

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from drawings import HOSTILE
from zoobench.show.charts.svg import (
    circle,
    coordinate,
    diamond,
    document,
    element,
    group,
    line,
    polyline,
    reach,
    readable,
    shortened,
    square,
    text,
    width_of,
    wrapped,
)

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
"""Of Debian's fonts-dejavu-core."""
BOLD = FONT.with_name("DejaVuSans-Bold.ttf")


def test_an_element_has_its_attributes_under_their_names_in_svg() -> None:
    assert element("rect", x=1, width=2.5, class_="mark", stroke_width="2") == (
        '<rect x="1" width="2.5" class="mark" stroke-width="2"/>'
    )


def test_a_name_cannot_leave_its_element_or_its_attribute() -> None:
    found = ElementTree.fromstring(element("g", text(0, 0, "<b>]]>&"), class_='a" onload="x'))
    assert found.attrib == {"class": 'a" onload="x'}
    assert found[0].text == "<b>]]>&"


def test_characters_that_steer_the_text_are_marked() -> None:
    assert readable("a\u202eb\x00c\nd") == "a\ufffdb\ufffdc\ufffdd"
    assert readable("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    found = ElementTree.fromstring(document([text(1, 1, name)], width=10, height=10, title=name, alternative=name))
    assert found[0].text == found[1].text == found[2].text == (readable(name) or None)


@given(name=st.text(st.characters(codec=None)))
def test_any_text_is_well_formed(name: str) -> None:
    found = ElementTree.fromstring(group([text(0, 0, name)], class_=name, hover=name))
    assert (found[0].text or "") == (found[1].text or "") == readable(name)


def test_coordinates_have_two_decimals_at_most() -> None:
    assert [coordinate(value) for value in (0, -0.001, 1.0, 1.25, 1.256, 100, 1200.5, -3.1)] == [
        *("0", "0", "1", "1.25", "1.26", "100", "1200.5", "-3.1"),
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_coordinate_that_is_none_is_a_fault_of_the_drawing(value: float) -> None:
    with pytest.raises(ValueError, match="a coordinate is"):
        coordinate(value)


def test_lines_are_paths() -> None:
    assert line(0, 1, 2, 3, class_="axis") == '<path d="M0 1L2 3" class="axis"/>'
    assert polyline([(0, 1), (2, 3), (4, 5)], class_="a", closed=True) == '<path d="M0 1L2 3L4 5Z" class="a"/>'


def test_a_picture_scales_and_says_what_it_is() -> None:
    found = ElementTree.fromstring(document([], width=560, height=300.5, title="Time", alternative="One cell."))
    assert found.attrib == {"viewBox": "0 0 560 300.5", "role": "img", "class": "chart"}
    assert [one.text for one in found] == ["Time", "One cell."]


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
@pytest.mark.skipif(not FONT.exists(), reason="needs the font: apt-get install fonts-dejavu-core")
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


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_a_disc_has_its_radius() -> None:
    assert circle(10, 20, 5) == '<circle cx="10" cy="20" r="5" class="mark"/>'


def test_a_diamond_and_a_square_fill_the_area_of_a_disc() -> None:
    disc = math.pi * 25
    xs = numbers(re.findall('d="([^"]+)"', diamond(0, 0, 5))[0])[::2]
    assert 2 * max(xs) ** 2 == pytest.approx(disc, rel=0.01)
    width = float(re.findall('width="([^"]+)"', square(0, 0, 5))[0])
    assert width**2 == pytest.approx(disc, rel=0.01)


def test_no_shape_reaches_farther_than_said() -> None:
    for shape in (diamond, square):
        assert max(map(abs, numbers(shape(0, 0, 5)))) <= 2 * reach(5)
    assert max(numbers(re.findall('d="([^"]+)"', diamond(0, 0, 5))[0])) <= reach(5)
