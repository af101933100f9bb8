"""How do tables and lines become text, the same for a terminal, a pipe and a file?"""

import io
from typing import cast

from rich.console import Console


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


def written(console: Console) -> str:
    """Returns what was printed on a console that `blank` gave."""
    return cast(io.StringIO, console.file).getvalue()


def printable(text: str) -> str:
    """Returns a foreign text on one line with a mark for each character that would steer a terminal or is none."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
