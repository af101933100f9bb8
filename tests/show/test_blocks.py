"""Does a report come out whole, on a terminal and as markdown?"""

import pytest

from zoobench.show.blocks import Grid, Lines, to_markdown, to_terminal

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
