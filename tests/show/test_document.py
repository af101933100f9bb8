"""Does a document come out whole in every format, and the result itself for programs?"""

import pytest

from views import content, lines, table, text, written
from zoobench.commands.options import FORMATS
from zoobench.show.charts.sheet import presented
from zoobench.show.document import Document, Grid, Lines, View

GRID = Grid(
    heads=("p50, ms", "base", ""),
    rows=(("mobilenet", "4.00", "improved"), ("x", "12.5", "regressed")),
    words=frozenset({2}),
)
EMPTY = Grid(heads=("empty",), rows=())


@pytest.fixture(autouse=True)
def _a_terminal_that_knows_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def a_view(*blocks: Lines | Grid, outcome: str = "") -> View:
    document = Document(
        title="pets & <co>",
        blocks=blocks,
        outcome=Lines(lines=(outcome,) if outcome else (), tone="good"),
        pictures=(lambda: presented(None, title="A picture", alternative="of nothing", width=400),),
    )
    rows = [
        {"cell": "mobilenet", "p50_seconds": 0.004, "inputs": (1, 2)},
        {"cell": "ü", "p50_seconds": None, "inputs": ()},
    ]
    return View(document=lambda: document, plain=lambda: {"schema": 1, "cells": rows}, rows=lambda: rows)


def test_lines_and_a_grid_with_numbers_on_the_right_and_nothing_of_what_is_empty() -> None:
    one = a_view(Lines(lines=("one", "two")), Lines(), EMPTY, GRID, outcome="all is well")
    assert lines(one) == [
        "one",
        "two",
        "",
        "p50, ms    base",
        "──────────────────────────",
        "mobilenet  4.00  improved",
        "x          12.5  regressed",
        "",
        "all is well",
    ]
    assert written(one, "markdown") == (
        "**all is well**\n\n- one\n- two\n\n| p50, ms | base |  |\n| :--- | ---: | :--- |\n"
        "| mobilenet | 4.00 | improved |\n| x | 12.5 | regressed |\n"
    )


def test_a_terminal_writes_what_rows_share_above_them() -> None:
    grid = Grid(
        title="Times",
        heads=("cell", "metric", "ms"),
        rows=(("a", "p50", "1"), ("a", "p90", "2"), ("b", "p50", "3")),
        words=frozenset({1}),
        is_grouped=True,
    )
    assert lines(a_view(grid)) == [
        *("Times", "metric  ms", "──────────", "a", "p50      1", "p90      2"),
        *("", "b", "p50      3"),
    ]
    assert written(a_view(grid), "markdown").splitlines()[:5] == [
        *("**Times**", "", "| cell | metric | ms |", "| :--- | :--- | ---: |", "| a | p50 | 1 |"),
    ]
    assert "<caption>Times</caption>" in written(a_view(grid), "html")


def test_a_terminal_that_is_too_narrow_goes_without_spare_columns_and_says_so() -> None:
    grid = Grid(heads=("n" * 100, "ms", "peak MB"), rows=(("a", "1", "m" * 40),), spare=frozenset({2}))
    assert "m" * 40 in text(a_view(grid), width=200)
    shown = text(a_view(grid), width=130)
    assert "m" * 40 not in shown
    assert "Without peak MB, for which 130 columns are too few" in shown
    assert "m" * 40 in written(a_view(grid), "markdown")


def test_colours_are_for_a_terminal_that_knows_them() -> None:
    tones = Grid(heads=("a", "b"), rows=(("x", "1"), ("y", "2")), tones={(0, 1): "good"}, marked=frozenset({1}))
    one = a_view(GRID, tones, Lines(lines=("broken",), tone="bad"))
    coloured = text(one, colours=True)
    for part in ("\x1b[32mimproved", "\x1b[32m1", "\x1b[31my", "\x1b[31mbroken"):
        assert part in coloured
    parts = coloured.split("\x1b[")
    assert parts[0] + "".join(part.partition("m")[2] for part in parts[1:]) == text(one)
    page = written(one, "html")
    for part in ('<td class="left good">improved</td>', '<td class="good">1</td>', '<tr class="marked">'):
        assert part in page


def test_names_cannot_steer_a_terminal_or_break_a_table() -> None:
    odd = "a|b\x1b[31m\n[x](y) <b> \ud800"
    one = a_view(Grid(heads=("name",), rows=((odd,),), title=odd), Lines(lines=(odd,)))
    assert "\x1b" not in text(one)
    assert text(a_view(Lines(lines=("[red]cat[/red] :dog:",)))) == "[red]cat[/red] :dog:\n"
    assert text(one).count("a|b�[31m�[x](y) <b> �") == 3
    assert written(one, "markdown").splitlines()[4] == "| a\\|b�\\[31m�\\[x](y) \\<b> � |"
    assert '<td class="left">a|b�[31m�[x](y) &lt;b&gt; �</td>' in written(one, "html")


def test_long_words_are_wrapped_and_names_and_numbers_are_not() -> None:
    grid = Grid(heads=("name", "ms", "why"), rows=(("n" * 200, "12345.6", "w" * 200),), words=frozenset({2}))
    shown = lines(a_view(grid))
    assert any(line.startswith("n" * 200 + "  12345.6  w") for line in shown)
    steering = Grid(heads=("name",), rows=(("\x1b" * 200,),))
    assert "\N{REPLACEMENT CHARACTER}" * 200 in lines(a_view(steering))[2]
    assert sum(line.count("w") for line in shown[2:]) == 200
    assert max(map(len, shown)) <= 200 + 2 + 7 + 2 + 20


def test_every_format_is_text_that_ends_a_line() -> None:
    assert list(FORMATS) == ["text", "markdown", "html", "json", "csv"]
    assert all(written(a_view(GRID), form).endswith("\n") for form in FORMATS)


def test_a_page_names_itself_and_holds_pictures_that_reach_nothing_else() -> None:
    page = written(a_view(Lines(lines=("Ship <it>",), tone="strong"), GRID), "html")
    assert "<title>pets &amp; &lt;co&gt;</title>" in page
    assert '<p class="strong">Ship &lt;it&gt;</p>' in page
    assert '<tr><th scope="col" class="left">p50, ms</th><th scope="col">base</th>' in page
    assert '<img alt="of nothing" src="data:image/svg+xml;base64,' in page


def test_programs_get_the_result_itself() -> None:
    assert content(a_view())["cells"][1] == {"cell": "ü", "p50_seconds": None, "inputs": []}
    assert table(a_view()) == [
        {"cell": "mobilenet", "p50_seconds": "0.004", "inputs": "1 2"},
        {"cell": "ü", "p50_seconds": "", "inputs": ""},
    ]
    with pytest.raises(ValueError, match="not JSON compliant"):
        written(View(document=a_view().document, plain=lambda: float("nan"), rows=list), "json")
    assert written(View(document=a_view().document, plain=dict, rows=list), "csv") == ""


def test_facts_need_no_heads() -> None:
    view = a_view(Grid(heads=(), rows=(("inputs", "uint8"), ("", "float32")), words=frozenset({1})))
    assert text(view).splitlines() == ["inputs  uint8  ", "        float32"]
    assert written(view, "markdown") == "|  |  |\n| :--- | :--- |\n| inputs | uint8 |\n|  | float32 |\n"
