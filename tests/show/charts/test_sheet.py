"""Is refused what has no place in a chart, and is it surrounded by its title and key?"""

import io
import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import resvg_py
from PIL import Image

from chartrows import EMPTY, a_row
from drawings import outside, overlapping, words
from zoobench.errors import ResultsError, UsageError
from zoobench.show.charts import sheet as pictures
from zoobench.show.charts.sheet import (
    Chart,
    Key,
    header,
    picture,
    presented,
    require_number,
    write_picture,
    write_pictures,
)
from zoobench.show.charts.svg import PALETTES, THEMES, Theme, element
from zoobench.show.charts.trade_off import pareto


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1, 1.1])
def test_what_is_no_number_in_its_range_is_refused_by_name(value: float) -> None:
    with pytest.raises(ResultsError, match=r"top-1 of a is .*, which cannot be drawn; expected a number of 0 to 1"):
        require_number(value, "top-1 of a", least=0, most=1)


def test_what_is_too_large_for_any_measurement_is_refused_and_what_was_not_measured_passes() -> None:
    with pytest.raises(ResultsError, match=r"expected a number of 0 to 1e\+15"):
        require_number(1e16, "p50 of a", least=0)
    for value in (None, 0, 0.5, 1e15):
        require_number(value, "p50 of a", least=0)


@pytest.mark.parametrize("width", [0, 319, 1601, math.nan])
def test_a_width_in_which_nothing_can_be_read_is_refused(width: float) -> None:
    with pytest.raises(ResultsError, match="the width of a chart"):
        presented(None, title="Time", alternative="", width=width)


def symbol(x: float, y: float) -> str:
    return element("circle", cx=x, cy=y, r=5)


def a_chart(keys: list[Key], *, title: str = "Time", width: float = 360) -> Chart:
    return presented(lambda: header(title, keys, width=width), title=title, alternative="", width=width)


def test_the_key_stands_on_as_many_lines_as_it_needs() -> None:
    one_line = header("Time", [(symbol, "p50")], width=360)[1]
    keys: list[Key] = [(symbol, f"the meaning of mark {number}") for number in range(4)]
    assert header("Time", keys, width=360)[1] == one_line + 3 * 20
    assert header("Time", keys, width=1000)[1] == one_line
    chart = a_chart(keys)
    assert words(chart) == ["Time", *(f"the meaning of mark {number}" for number in range(4))]
    assert outside(chart) == overlapping(chart) == []


def test_words_of_the_key_need_no_mark_and_those_that_just_fit_are_not_shortened() -> None:
    chart = a_chart([(None, "shade:"), (symbol, "2")])
    assert words(chart) == ["Time", "shade:", "2"]
    assert chart.svg.count("<circle") == 1
    key: Key = (symbol, "fastest to slowest")
    assert words(a_chart([(symbol, "rounds"), (symbol, "p50"), key]))[-1] == "fastest to slowest"


def test_a_long_title_and_a_long_key_lose_their_middle() -> None:
    chart = a_chart([(symbol, "meaning " * 30)], title="title " * 30)
    assert outside(chart) == []
    assert all("…" in one for one in words(chart))
    assert chart.title == "title " * 30


def test_a_picture_of_nothing_says_why() -> None:
    chart = presented(None, title="Time", alternative="No cell was timed.", width=360)
    assert words(chart) == ["Time", "No cell was timed."]
    assert chart.alternative == "No cell was timed."


CHART = pareto([a_row("one")], {"one": "front"}, width=360)


def pixels(content: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def colour(theme: Theme, name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    code = PALETTES[theme][name]
    return np.array([int(code[start : start + 2], 16) for start in (1, 3, 5)], dtype=np.uint8)


@pytest.mark.parametrize("theme", THEMES)
def test_a_picture_has_two_pixels_for_each_unit_in_the_themes_colours(theme: Theme) -> None:
    """The title is in the first 30 units; a page without fonts would have paper there."""
    found = pixels(picture(CHART, theme))
    assert found.shape[1] == 720
    assert (found[0, 0] == colour(theme, "paper")).all()
    for part, name in ((found[:60], "ink"), (found, "blue"), (found, "muted")):
        assert (part == colour(theme, name)).all(axis=2).sum() > 100


def test_both_themes_of_each_chart_are_written_and_a_single_picture_is_light(tmp_path: Path) -> None:
    written = write_pictures({"pareto": CHART, "latencies": EMPTY["latencies"](360)}, tmp_path / "new")
    names = [f"{name}-{theme}.png" for name in ("pareto", "latencies") for theme in THEMES]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(names)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
    write_picture(CHART, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == written[0].read_bytes()


@pytest.mark.parametrize("name", ["../pareto", "", "a b", "a/b"])
def test_a_name_that_is_none_for_a_file_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot name a picture"):
        write_pictures({"pareto": CHART, name: CHART}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_fonts_gets_an_error_and_no_picture_without_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **wanted: real(**wanted, skip_system_fonts=True))
    with pytest.raises(
        UsageError, match=r"none of the fonts system-ui, .*; install one of them, such as Debian's package"
    ):
        write_pictures({"pareto": CHART}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_the_library_is_told_how_it_is_had(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pictures, "LIBRARY", "no_such_library")
    assert not pictures.can_draw()
    with pytest.raises(UsageError, match=r"pip install resvg-py"):
        write_pictures({"pareto": CHART}, tmp_path)
    with pytest.raises(UsageError, match=r"a\.png is not drawn: .* pip install resvg-py; .*a\.svg needs"):
        write_picture(CHART, tmp_path / "a.png")
    write_picture(CHART, tmp_path / "a.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]


def test_a_drawing_in_a_file_of_its_own_has_the_colours_of_both_themes(tmp_path: Path) -> None:
    """Programs that draw SVG know no variables, so each colour stands in its place."""
    write_picture(CHART, tmp_path / "a.svg")
    svg = (tmp_path / "a.svg").read_text()
    style = ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}style")
    assert style is not None
    assert style.text is not None
    light, dark = style.text.split("@media screen and (prefers-color-scheme:dark)")
    assert f"background:{PALETTES['light']['paper']}" in light
    assert PALETTES["dark"]["blue"] in dark
    assert "var(" not in svg
    drawn = pixels(bytes(resvg_py.svg_to_bytes(svg_string=svg, background=PALETTES["light"]["paper"], zoom=2)))
    assert (drawn == pixels(picture(CHART, "light"))).all()
