"""Does a page get every colour in both themes, and a program that knows no variables too?"""

import re

import pytest

from zoobench.show.report.charts.palette import PALETTES, THEMES, Theme
from zoobench.show.report.charts.theme import RULES, page_stylesheet, stylesheet, variables


def test_every_colour_that_a_rule_names_is_declared() -> None:
    named = set(re.findall(r"var\(--chart-([a-z0-9-]+)\)", RULES))
    assert named == set(PALETTES["light"]), "neither a colour without use nor a use without colour"


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
