"""Can every word be read and every mark be seen, in both themes and by the colour-blind, in every reader?"""

import math
import re

import pytest

from zoobench.show.charts.theme import (
    FILE_RULES,
    FIRST_STRONG,
    KIND_COLOURS,
    KINDS,
    MARK_PAIRS,
    PALETTES,
    RULES,
    SHADES,
    TEXT_PAIRS,
    THEMES,
    Theme,
    contrast,
    page_stylesheet,
    stylesheet,
    variables,
)

LEAST_FOR_TEXT, LEAST_FOR_MARKS = 4.5, 3.0
"""WCAG 2.2, success criteria 1.4.3 and 1.4.11, level AA."""
DICHROMACIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""Of linear RGB, severity 1.0 (Machado, Oliveira and Fernandes, IEEE Transactions on Visualization 15, 2009)."""


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#ffffff") == pytest.approx(1)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # known as the grey that just fails
    assert contrast("#767676", "#ffffff") == contrast("#ffffff", "#767676") >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_every_word_can_be_read(theme: Theme, text: str, ground: str) -> None:
    colours = PALETTES[theme]
    assert contrast(colours[text], colours[ground]) >= LEAST_FOR_TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "ground"), MARK_PAIRS)
def test_every_mark_can_be_seen(theme: Theme, mark: str, ground: str) -> None:
    colours = PALETTES[theme]
    assert contrast(colours[mark], colours[ground]) >= LEAST_FOR_MARKS


@pytest.mark.parametrize("theme", THEMES)
def test_every_kind_of_operation_can_be_seen(theme: Theme) -> None:
    colours = KIND_COLOURS[theme]
    assert len(set(colours)) == len(colours) == KINDS + 1
    assert min(contrast(colour, PALETTES[theme]["paper"]) for colour in colours) >= LEAST_FOR_MARKS


def test_both_themes_have_the_same_colours() -> None:
    assert list(PALETTES["light"]) == list(PALETTES["dark"])


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
    linear = [_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5)]
    return tuple(
        min(max(sum(share * value for share, value in zip(row, linear, strict=True)), 0), 1)
        for row in DICHROMACIES[blindness]
    )


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


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
    assert "sans-serif}" in RULES
    assert "url(" not in RULES
