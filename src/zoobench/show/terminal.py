"""How is a document written for a terminal, or for a file that is read like one?"""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from zoobench.show.document import LEAST_WIDTH, Block, Grid, Lines, Screen, Tone, View, filled
from zoobench.system.terminal import console_text, plain_table, sanitize, text_console

_COLOURS: Mapping[str, str] = {"improved": "green", "regressed": "red"}
"""Of a word that stands alone in a grid."""
_TONES: Mapping[Tone, str] = {"plain": "", "strong": "", "good": "green", "bad": "red"}
_MARKED = "red"


def write(view: View, screen: Screen) -> str:
    """Returns a result as text."""
    if view.text:
        return view.text(screen)
    document = view.document()
    return to_terminal(document.blocks, width=screen.width, colours=screen.colours, least_width=document.least_width)


def to_terminal(blocks: Sequence[Block], *, width: int, colours: bool, least_width: int = LEAST_WIDTH) -> str:
    """Returns the blocks as text with an empty line between them.

    Args:
        blocks: In order; empty ones are left out.
        width: Columns of the terminal.
        colours: Whether the reader is a terminal that knows them.
        least_width: Columns below which the text is wider than the terminal.
    """
    console = text_console(width=max(width, least_width), colours=colours)
    for position, block in enumerate(filled(blocks)):
        if position:
            console.print()
        if isinstance(block, Lines):
            console.print(*map(sanitize, block.lines), sep="\n", soft_wrap=True, style=_TONES[block.tone])
        else:
            _print_grid(console, block)
    return console_text(console)


def _print_grid(console: Console, grid: Grid) -> None:
    table = plain_table(gap=2)
    table.show_header = bool(grid.heads)
    for position, left in enumerate(grid.is_left):
        head = sanitize(grid.heads[position]) if grid.heads else ""
        table.add_column(head, justify="left" if left else "right", no_wrap=not left, overflow="fold")
    for position, texts in enumerate(grid.rows):
        cells = (Text(sanitize(text), style=_COLOURS.get(text, "")) for text in texts)
        table.add_row(*cells, style=_MARKED if position in grid.marked else None)
    console.print(table)
