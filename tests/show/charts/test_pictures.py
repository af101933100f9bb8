"""Does a drawing become a PNG that shows what it shows, in both themes?"""

import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import resvg_py
from PIL import Image

from chartrows import EMPTY, a_point
from zoobench.errors import UsageError
from zoobench.show.charts import pictures
from zoobench.show.charts.pictures import picture, write_picture, write_pictures
from zoobench.show.charts.theme import PALETTES, THEMES, Theme
from zoobench.show.charts.trade_off import pareto

CHART = pareto([a_point()], width=360)


def pixels(content: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def colour(theme: Theme, name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    code = PALETTES[theme][name]
    return np.array([int(code[start : start + 2], 16) for start in (1, 3, 5)], dtype=np.uint8)


@pytest.mark.parametrize("theme", THEMES)
def test_a_picture_has_two_pixels_for_each_unit_on_the_themes_paper(theme: Theme) -> None:
    found = pixels(picture(CHART, theme))
    assert found.shape[1] == 720
    assert (found[0, 0] == colour(theme, "paper")).all()


@pytest.mark.parametrize("theme", THEMES)
def test_words_and_marks_have_their_colours(theme: Theme) -> None:
    """The title is in the first 30 units; a page without fonts would have paper there."""
    found = pixels(picture(CHART, theme))
    assert (found[:60] == colour(theme, "ink")).all(axis=2).sum() > 100
    assert (found == colour(theme, "blue")).all(axis=2).sum() > 100
    assert (found == colour(theme, "muted")).all(axis=2).sum() > 100


def test_both_themes_of_each_chart_are_written(tmp_path: Path) -> None:
    charts = {"pareto": CHART, "latencies": EMPTY["latencies"](360)}
    written = write_pictures(charts, tmp_path / "new")
    assert [path.name for path in written] == [
        *("pareto-light.png", "pareto-dark.png", "latencies-light.png", "latencies-dark.png"),
    ]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in written)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


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
    with pytest.raises(UsageError, match=r"pip install 'zoobench\[report\]'"):
        write_pictures({"pareto": CHART}, tmp_path)
    with pytest.raises(UsageError, match=r"a\.png is not drawn: .* pip install 'zoobench\[report\]'; .*a\.svg needs"):
        write_picture(CHART, tmp_path / "a.png")
    write_picture(CHART, tmp_path / "a.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]


def test_a_single_picture_is_light(tmp_path: Path) -> None:
    write_picture(CHART, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == picture(CHART, "light")


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
