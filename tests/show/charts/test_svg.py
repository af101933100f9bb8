"""Do marks and words become SVG in which foreign words stay words, and fit the room that they are given?"""

import math
import re
from operator import mul
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from drawings import HOSTILE
from zoobench.show.charts.svg import (
    FILE_RULES,
    FIRST_STRONG,
    KIND_COLOURS,
    KINDS,
    PALETTES,
    RULES,
    SHADES,
    THEMES,
    Theme,
    circle,
    coordinate,
    diamond,
    document,
    element,
    group,
    line,
    page_stylesheet,
    polyline,
    reach,
    readable,
    shortened,
    square,
    stylesheet,
    text,
    variables,
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


@given(name=st.text(st.characters(codec=None)) | st.sampled_from(HOSTILE))
def test_any_text_is_well_formed_and_stays_text(name: str) -> None:
    part = group([text(0, 0, name)], class_=name, hover=name)
    found = ElementTree.fromstring(document([part], width=10, height=10, title=name, alternative=name))
    assert [one.text or "" for one in (*found[:2], *found[2])] == [readable(name)] * 4


def test_coordinates_have_two_decimals_at_most() -> None:
    assert [coordinate(value) for value in (0, -0.001, 1.0, 1.25, 1.256, 100, 1200.5, -3.1)] == [
        *("0", "0", "1", "1.25", "1.26", "100", "1200.5", "-3.1"),
    ]
    for value in (math.nan, math.inf):
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


def test_long_words_lose_their_middle() -> None:
    """Cells differ at both ends: `mobilenet-...-t1` and `mobilenet-...-t2`."""
    shown = shortened("mobilenet-dynamic_range-litert_compiled-t1", 150)
    assert shown.startswith("mobile")
    assert shown.endswith("-t1")
    assert "…" in shown
    assert shortened("cat", 100) == "cat"


@given(words=st.text() | st.sampled_from(HOSTILE), room=st.floats(20, 500), strong=st.booleans())
def test_shortened_words_fit(words: str, room: float, strong: bool) -> None:
    assert width_of(shortened(words, room, strong=strong), strong=strong) <= room


def test_pieces_stand_on_as_few_lines_as_they_fit_on() -> None:
    assert wrapped([40, 40, 40], 100, gap=10) == [[0, 1], [2]]
    assert wrapped([40, 40, 40], 89, gap=10) == [[0], [1], [2]]
    assert wrapped([200], 100, gap=10) == [[0]]
    assert wrapped([], 100, gap=10) == []


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_shapes_of_one_radius_fill_one_area_and_reach_no_farther_than_said() -> None:
    assert circle(10, 20, 5) == '<circle cx="10" cy="20" r="5" class="mark"/>'
    disc = math.pi * 25
    corners = numbers(re.findall('d="([^"]+)"', diamond(0, 0, 5))[0])
    assert 2 * max(corners) ** 2 == pytest.approx(disc, rel=0.01)
    assert max(corners) <= reach(5)
    width = float(re.findall('width="([^"]+)"', square(0, 0, 5))[0])
    assert width**2 == pytest.approx(disc, rel=0.01)
    assert width / 2 <= reach(5)


LEAST_FOR_TEXT, LEAST_FOR_MARKS = 4.5, 3.0
"""WCAG 2.2, success criteria 1.4.3 and 1.4.11, level AA."""
TEXT_PAIRS = (
    *((ink, "paper") for ink in ("ink", "muted", "orange")),
    *((("on-strong" if shade >= FIRST_STRONG else "on-weak"), f"shade-{shade}") for shade in range(SHADES)),
)
"""Text and what it stands on."""

DICHROMACIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""Of linear RGB, severity 1.0 (Machado, Oliveira and Fernandes, IEEE Transactions on Visualization 15, 2009)."""


def contrast(*colours: str) -> float:
    """Returns the contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio" and "relative luminance")."""
    weights = (0.2126, 0.7152, 0.0722)
    darker, lighter = sorted(sum(map(mul, weights, _linear(colour))) for colour in colours)
    return (lighter + 0.05) / (darker + 0.05)


def _linear(colour: str) -> list[float]:
    values = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in values]


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # known as the grey that just fails
    assert contrast("#767676", "#ffffff") == contrast("#ffffff", "#767676") >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_every_word_can_be_read_and_every_mark_be_seen(theme: Theme) -> None:
    colours, kinds = PALETTES[theme], KIND_COLOURS[theme]
    assert min(contrast(colours[text], colours[ground]) for text, ground in TEXT_PAIRS) >= LEAST_FOR_TEXT
    marks = [colours[name] for name in ("blue", "green", "orange", "grey", "ink", "muted")]
    assert min(contrast(mark, colours["paper"]) for mark in (*marks, *kinds)) >= LEAST_FOR_MARKS
    assert len(set(kinds)) == len(kinds) == KINDS + 1


@pytest.mark.parametrize("theme", THEMES)
def test_each_shade_is_farther_from_the_paper_than_the_one_before(theme: Theme) -> None:
    colours = PALETTES[theme]
    contrasts = [contrast(colours[f"shade-{shade}"], colours["paper"]) for shade in range(SHADES)]
    assert contrasts == sorted(contrasts)
    assert 0 < FIRST_STRONG < SHADES


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("blindness", DICHROMACIES)
def test_the_colour_blind_tell_blue_from_orange(theme: Theme, blindness: str) -> None:
    """What is told by colour alone elsewhere than by shape too: training and validation, faster and slower."""
    colours = PALETTES[theme]
    first, second = (_lab(_seen(colours[name], blindness)) for name in ("blue", "orange"))
    assert math.dist(first, second) > 30  # 2.3 is just noticeable


def _seen(colour: str, blindness: str) -> tuple[float, ...]:
    return tuple(min(max(sum(map(mul, row, _linear(colour))), 0), 1) for row in DICHROMACIES[blindness])


def _lab(linear: tuple[float, ...]) -> tuple[float, float, float]:
    red, green, blue = linear
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    f = [value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def test_every_colour_that_a_rule_names_is_declared() -> None:
    named = set(re.findall(r"var\(--chart-([a-z0-9-]+)\)", RULES))
    assert named == set(PALETTES["light"]), "neither a colour without use nor a use without colour"
    assert set(re.findall(r"var\(--chart-([a-z0-9-]+)\)", FILE_RULES)) <= named


@pytest.mark.parametrize("theme", THEMES)
def test_a_stylesheet_of_one_theme_has_colours_in_place_of_variables(theme: Theme) -> None:
    css = stylesheet(theme)
    assert "var(" not in css
    assert PALETTES[theme]["orange"] in css
    assert css.count("{") == css.count("}")


def test_a_page_is_light_unless_its_reader_or_his_system_says_dark() -> None:
    css = page_stylesheet()
    assert css.startswith(f":root{{{variables('light')}}}")
    for rule in (
        "@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light])",
        "@media screen{:root[data-theme=dark]",
    ):
        assert f"{rule}{{{variables('dark')}}}" in css
    assert css.endswith(RULES)


def test_the_font_is_the_readers_own() -> None:
    assert "font-family:system-ui," in RULES
    assert "url(" not in RULES
