"""Does a document come out whole in every format, and the result itself for programs?"""

import pytest

from views import content, table, text, written
from zoobench.commands.options import FORMATS
from zoobench.show.document import Document, Grid, Lines, View
from zoobench.show.markdown import to_markdown
from zoobench.show.terminal import to_terminal

GRID = Grid(
    heads=("p50, ms", "base", ""),
    rows=(("mobilenet", "4.00", "improved"), ("x", "12.5", "regressed")),
    words=frozenset({2}),
)
BLOCKS = (Lines(lines=("one", "two")), Lines(lines=()), Grid(heads=("empty",), rows=()), GRID)


def test_a_terminal_gets_lines_and_a_grid_with_numbers_on_the_right() -> None:
    text = to_terminal(BLOCKS, width=80, colours=False)
    assert [line.rstrip() for line in text.splitlines()] == [
        "one",
        "two",
        "",
        "p50, ms     base",
        "────────────────────────────",
        "mobilenet   4.00   improved",
        "x           12.5   regressed",
    ]


def test_markdown_gets_a_list_and_a_table() -> None:
    assert to_markdown(BLOCKS) == (
        "- one\n- two\n\n| p50, ms | base |  |\n| :--- | ---: | :--- |\n"
        "| mobilenet | 4.00 | improved |\n| x | 12.5 | regressed |\n"
    )


def test_colours_are_for_a_terminal_that_knows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32mimproved" in to_terminal([GRID], width=80, colours=True)
    assert "\x1b" not in to_terminal([GRID], width=80, colours=False)


def test_names_cannot_steer_a_terminal_or_break_a_table() -> None:
    odd = "a|b\x1b[31m\n[x](y) <b> \ud800"
    grid = Grid(heads=("name",), rows=((odd,),))
    shown = to_terminal([grid, Lines(lines=(odd,))], width=80, colours=False)
    assert "\x1b" not in shown
    assert "a|b�[31m�[x](y) <b> �" in shown
    assert to_markdown([grid]).splitlines()[2] == "| a\\|b�\\[31m�\\[x](y) \\<b> � |"


def test_long_names_are_wrapped_and_numbers_are_not() -> None:
    grid = Grid(heads=("name", "ms"), rows=(("n" * 200, "12345.6"),))
    lines = to_terminal([grid], width=60, colours=False).splitlines()
    assert sum(line.count("n") for line in lines[2:]) == 200
    assert any("12345.6" in line for line in lines)
    assert max(map(len, lines)) <= 120


def a_view(*blocks: Lines | Grid, least_width: int = 20) -> View:
    document = Document(title="pets & <co>", blocks=blocks, least_width=least_width)
    rows = [
        {"cell": "mobilenet", "p50_seconds": 0.004, "inputs": (1, 2)},
        {"cell": "ü", "p50_seconds": None, "inputs": ()},
    ]
    return View(document=lambda: document, plain=lambda: {"schema": 1, "cells": rows}, rows=lambda: rows)


def test_every_format_is_text_that_ends_a_line() -> None:
    assert list(FORMATS) == ["text", "markdown", "html", "json", "csv"]
    for form in FORMATS:
        assert written(a_view(*BLOCKS), form).endswith("\n")


def test_a_page_holds_lines_and_grids_each_name_meaning_itself() -> None:
    odd = Grid(heads=("name", "MB"), rows=(("a<b>&\x1b", "1"), ("x", "2")), marked=frozenset({1}))
    page = written(a_view(Lines(lines=("Ship <it>",), tone="strong"), odd), "html")
    assert "<title>pets &amp; &lt;co&gt;</title>" in page
    assert "<p><strong>Ship &lt;it&gt;</strong></p>" in page
    assert '<tr><th scope="col" class="left">name</th><th scope="col">MB</th></tr>' in page
    assert '<tr><td class="left">a&lt;b&gt;&amp;�</td><td>1</td></tr>' in page
    assert '<tr class="marked"><td class="left">x</td><td>2</td></tr>' in page


def test_programs_get_the_result_itself() -> None:
    assert content(a_view())["cells"][1] == {"cell": "ü", "p50_seconds": None, "inputs": []}
    assert table(a_view()) == [
        {"cell": "mobilenet", "p50_seconds": "0.004", "inputs": "1 2"},
        {"cell": "ü", "p50_seconds": "", "inputs": ""},
    ]


def test_what_json_cannot_hold_is_refused_instead_of_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        written(View(document=a_view().document, plain=lambda: float("nan"), rows=list), "json")


def test_no_rows_are_an_empty_table() -> None:
    assert written(View(document=a_view().document, plain=dict, rows=list), "csv") == ""


def test_a_sentence_and_a_verdict_stand_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    view = a_view(Lines(lines=("Ship it.",), tone="strong"), Lines(lines=("broken",), tone="bad"))
    assert written(view, "markdown") == "**Ship it.**\n\n**broken**\n"
    assert text(view) == "Ship it.\n\nbroken\n"
    assert "\x1b[31mbroken" in text(view, colours=True)


def test_facts_need_no_heads() -> None:
    view = a_view(Grid(heads=(), rows=(("inputs", "uint8"), ("", "float32")), words=frozenset({1})))
    assert text(view).splitlines() == ["inputs   uint8  ", "         float32"]
    assert written(view, "markdown") == "|  |  |\n| :--- | :--- |\n| inputs | uint8 |\n|  | float32 |\n"
