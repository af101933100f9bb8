"""Does text come out as it would be seen?"""

from zoobench.system.paper import blank, printable, written


def test_brackets_and_colons_mean_themselves() -> None:
    console = blank(width=40, colours=False)
    console.print("[red]cat[/red] :dog:")
    assert written(console) == "[red]cat[/red] :dog:\n"


def test_colours_are_for_those_who_know_them() -> None:
    texts = {}
    for colours in (False, True):
        console = blank(width=40, colours=colours)
        console.print("cat", style="red")
        texts[colours] = written(console)
    assert texts[False] == "cat\n"
    assert "\x1b[31m" in texts[True]


def test_a_foreign_text_stays_on_its_line_and_steers_nothing() -> None:
    assert printable("Größe × 5 – ok") == "Größe × 5 – ok"
    assert printable("a\x1b[2J\nb\ud800\t") == "a�[2J�b��"


def test_a_text_that_github_would_take_for_a_command_is_marked() -> None:
    assert printable("::error::x") == ":\ufffderror::x"
    assert printable("  ::error::x") == "  :\ufffderror::x"
    assert printable("x ##[error]y") == "x ##\ufffderror]y"
    assert printable("a::b: 5 % ## [c]") == "a::b: 5 % ## [c]"
