"""Does every kind of chart keep to what a page relies on, whatever it is of?"""

import re
import subprocess
import sys

import pytest

from chartrows import EMPTY, every_chart
from drawings import HOSTILE, areas, classes, hovers, marked, outside, overlapping, parsed, size, words
from zoobench.show.charts.svg import RULES

KINDS = tuple(EMPTY)
MODULES = ("trade_off", "rows", "confusion", "training", "svg", "sheet")
WIDTHS = (360.0, 560.0)
MANY = tuple(f"mobilenet-variant_{index}-litert_compiled-t{index % 4}" for index in range(100))
ONE = ("mobilenet-float32-litert-t1",)
LEAST_TEXT = 12.0


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("names", [ONE, MANY[:3], MANY[:20], MANY, HOSTILE], ids=["one", "3", "20", "100", "hostile"])
def test_nothing_stands_outside_the_picture_or_on_other_words(names: tuple[str, ...], kind: str, width: float) -> None:
    chart = every_chart(names, width=width)[kind]
    assert outside(chart) == []
    assert overlapping(chart) == []
    assert size(chart)[0] == width


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_drawn_is_said(kind: str) -> None:
    chart = EMPTY[kind](560)
    assert outside(chart) == overlapping(chart) == []
    assert chart.alternative.startswith(("No ", "There are no", "Nothing"))
    assert chart.alternative in words(chart)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_says_what_it_is_to_who_cannot_see_it(kind: str) -> None:
    chart = every_chart(MANY[:3], width=560)[kind]
    root = parsed(chart)
    assert root.get("role") == "img"
    assert [one.text for one in root[:2]] == [chart.title, chart.alternative]
    assert "t0" in chart.alternative
    assert re.search(r"\d\.\d", chart.alternative), "figures"


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_are_shown_as_text_and_told_in_full_on_hover(kind: str) -> None:
    chart = every_chart(HOSTILE, width=560)[kind]
    tags = {one.tag.partition("}")[2] for one in parsed(chart).iter()}
    assert tags <= {"svg", "title", "desc", "g", "text", "path", "circle", "rect"}
    assert "<script" not in chart.svg
    assert chart.svg.isprintable() or "\u200c" in chart.svg
    if kind != "training":
        assert any("w" * 200 in told for told in hovers(chart))
        assert any(marked("abc\u202edcba\u2066") in told for told in hovers(chart))


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_colours_a_picture_by_classes_alone(kind: str) -> None:
    chart = every_chart(MANY[:20], width=560)[kind]
    assert not re.search(r"#[0-9a-f]{6}|style=|fill=|font", chart.svg)
    for name in classes(chart) - {"chart"}:
        assert re.search(rf"\.{name}\b", RULES), f"{name} has no rule"


def test_every_rule_colours_something_and_letters_can_be_read_on_a_phone() -> None:
    charts = [chart for names in (MANY[:20], MANY[:3]) for chart in every_chart(names, width=560).values()]
    rules = set(re.findall(r"\.([a-z][a-z0-9-]*)", RULES)) - {"px"} - set().union(*map(classes, charts))
    assert {name for name in rules if not name.startswith(("shade-", "on-"))} == set()
    assert min(float(found) for found in re.findall(r"font-size:([\d.]+)px", RULES)) >= LEAST_TEXT


@pytest.mark.parametrize("kind", KINDS)
def test_no_names_of_a_page_are_taken(kind: str) -> None:
    """Two pictures stand on one page, and the same one twice: wide and narrow."""
    assert " id=" not in every_chart(MANY[:3], width=560)[kind].svg


def test_a_hundred_cells_in_all_pictures_are_no_burden_to_a_page() -> None:
    charts = every_chart(MANY, width=560)
    assert sum(len(chart.svg.encode()) for chart in charts.values()) < 600_000


def test_the_words_of_a_picture_are_found() -> None:
    """The tests above see all words: nothing hides in another element."""
    chart = every_chart(MANY[:3], width=560)["latencies"]
    assert len(areas(chart)) == chart.svg.count("<text") > 10


def test_drawing_needs_nothing_beyond_python() -> None:
    """A report is made where neither Pillow nor a library for pictures is, and starts at once."""
    modules = ", ".join(f"zoobench.show.charts.{name}" for name in MODULES)
    heavy = "{'numpy', 'scipy', 'pandas', 'PIL', 'resvg_py', 'tensorflow'}"
    program = f"import sys, {modules}; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
