"""What does a report consist of before it is text? Lines and grids, for a terminal or as markdown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from zoobench.system.terminal import console_text, plain_table, sanitize, text_console

LEAST_WIDTH = 120
COLOURS: Mapping[str, str] = {"improved": "green", "regressed": "red"}
"""Of a word that stands alone in a grid, on a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Sentences, one a line."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Rows of texts under column heads; the first column is a name, the others are numbers unless told.

    Attributes:
        heads: Of the columns, with the units.
        rows: Each as long as the heads.
        words: Positions of columns that hold words: set to the left, and wrapped where they are long.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset()


Block = Lines | Grid


def to_terminal(blocks: Sequence[Block], *, width: int, colours: bool) -> str:
    """Returns the blocks as text with an empty line between them.

    Args:
        blocks: In order; empty ones are left out.
        width: Columns of the terminal; below `LEAST_WIDTH` the text is wider than it.
        colours: Whether the reader is a terminal that knows them.
    """
    console = text_console(width=max(width, LEAST_WIDTH), colours=colours)
    for position, block in enumerate(_filled(blocks)):
        if position:
            console.print()
        _print(console, block)
    return console_text(console)


def to_markdown(blocks: Sequence[Block]) -> str:
    """Returns the blocks as markdown; empty ones are left out."""
    return "\n\n".join(_marked(block) for block in _filled(blocks)) + "\n"


def row(texts: Iterable[str]) -> str:
    """Returns texts as a row of a markdown table, in which each means itself."""
    return f"| {' | '.join(escaped(text) for text in texts)} |"


def escaped(text: str) -> str:
    """Returns a foreign text that means itself in markdown, on one line."""
    return "".join(f"\\{one}" if one in "|\\<*[_`" else one for one in sanitize(text))


def _filled(blocks: Sequence[Block]) -> list[Block]:
    return [block for block in blocks if (block.lines if isinstance(block, Lines) else block.rows)]


def _print(console: Console, block: Block) -> None:
    if isinstance(block, Lines):
        console.print(*map(sanitize, block.lines), sep="\n", soft_wrap=True)
        return
    table = plain_table(gap=2)
    for position, head in enumerate(block.heads):
        left = position == 0 or position in block.words
        table.add_column(sanitize(head), justify="left" if left else "right", no_wrap=not left, overflow="fold")
    for texts in block.rows:
        table.add_row(*(Text(sanitize(text), style=COLOURS.get(text, "")) for text in texts))
    console.print(table)


def _marked(block: Block) -> str:
    if isinstance(block, Lines):
        return "\n".join(f"- {escaped(line)}" for line in block.lines)
    rule = [":---" if position == 0 or position in block.words else "---:" for position in range(len(block.heads))]
    return "\n".join(map(row, (block.heads, rule, *block.rows)))
