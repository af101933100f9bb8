"""How do tables and lines become text, the same for a terminal, a pipe and a file?"""

import io
import re
from typing import cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

_MARK = "\N{REPLACEMENT CHARACTER}"
_COMMAND = re.compile(r"^\s*::|##\[")
"""Of GitHub's runner: the one at the start of a line, the older one anywhere."""


def blank(*, width: int, colours: bool) -> Console:
    """Returns a console that keeps what is printed on it.

    Names come from folders and files, so brackets and colons in them mean themselves.

    Args:
        width: Columns.
        colours: Whether the reader is a terminal that knows them.
    """
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colours,
        no_color=not colours,
        highlight=False,
        markup=False,
        emoji=False,
    )


def empty_table(*, title: str | None = None, footer: bool = False, gap: int = 1) -> Table:
    """Returns a table without columns yet: a line below the heads, nothing around it.

    Args:
        title: What stands above it, to the left.
        footer: Whether columns have a last line of their own.
        gap: Spaces between columns.
    """
    return Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, gap, 0, 0),
        title=title,
        title_justify="left",
        show_footer=footer,
    )


def written(console: Console) -> str:
    """Returns what was printed on a console that `blank` gave."""
    return cast(io.StringIO, console.file).getvalue()


def printable(text: str) -> str:
    """Returns a foreign text on one line with a mark for each character that would steer a terminal or is none.

    What GitHub's runner would take for a command, were it printed at the start of a line, is marked too.
    """
    plain = "".join(one if one.isprintable() else _MARK for one in text)
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}{_MARK}", plain)
