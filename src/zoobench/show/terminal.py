"""How is a document written for a terminal, or for a file that is read like one?"""

import io
import re
from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from zoobench.errors import MARK
from zoobench.show.document import LEAST_WIDTH, Block, Grid, Lines, Tone, View, filled

_STYLES: Mapping[Tone, str] = {"plain": "", "strong": "", "good": "green", "open": "yellow", "bad": "red"}
_GAP = 2
_WRAPPED = 20
"""Columns below which words are not wrapped."""
_WRAPPED_COMMAND = re.compile(r"^((?:[^\S\n]|\x1b\[[0-9;]*m)*)::", re.MULTILINE)
"""What GitHub's runner would take for a command, as words that are wrapped may begin a line."""
_ENOUGH = 100_000
"""Columns for any line: what is no table is wrapped by the terminal itself."""


def write(view: View, *, width: int = LEAST_WIDTH, colours: bool = False) -> str:
    """Returns a result as text.

    Args:
        view: The result.
        width: Columns of the terminal; names and numbers are never cut, so that a table may be wider.
        colours: Whether the reader is a terminal that knows them.
    """
    document = view.document()
    blocks = (*document.blocks, document.outcome)
    return to_terminal(blocks, width=max(width, document.least_width), colours=colours)


def to_terminal(blocks: Sequence[Block], *, width: int, colours: bool) -> str:
    """Returns the blocks as text with an empty line between them; empty ones are left out."""
    text = io.StringIO()
    console = Console(
        file=text,
        width=_ENOUGH,
        force_terminal=colours,
        color_system="standard" if colours else None,
        no_color=not colours,
        highlight=False,
        markup=False,  # names come from folders and files, so that brackets and colons in them mean themselves
        emoji=False,
    )
    for position, block in enumerate(filled(*blocks)):
        if position:
            console.print()
        if isinstance(block, Lines):
            console.print(*block.lines, sep="\n", soft_wrap=True, style=_STYLES[block.tone])
        else:
            _print_grid(console, block, width)
    return _WRAPPED_COMMAND.sub(rf"\1:{MARK}", text.getvalue())


def _print_grid(console: Console, grid: Grid, width: int) -> None:
    columns = list(range(len(grid.is_left)))[grid.is_grouped :]
    room, left_out = _room(grid, columns), ""
    if grid.spare and room > width:
        left_out = ", ".join(grid.heads[one] for one in sorted(grid.spare))
        columns = [one for one in columns if one not in grid.spare]
        room = _room(grid, columns)
    if grid.title:
        console.print(Text(grid.title, style="italic"), soft_wrap=True)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), show_header=bool(grid.heads))
    for one in columns:
        head = grid.heads[one] if grid.heads else ""
        wraps = one in grid.words and one != columns[0]
        justify: JustifyMethod = "left" if wraps or one == columns[0] else "right"
        table.add_column(head, justify=justify, no_wrap=not wraps, overflow="fold")
    for row, texts in enumerate(grid.rows):
        if grid.is_grouped and (row == 0 or texts[0] != grid.rows[row - 1][0]):
            table.add_section()
            table.add_row(Text(texts[0], style="bold"))
        cells = (Text(texts[one], style=_STYLES[grid.tone(row, one)]) for one in columns)
        table.add_row(*cells, style="red" if row in grid.marked else None)
    console.print(table, width=max(width, room))
    if left_out:
        console.print(f"Without {left_out}, for which {width} columns are too few; the other formats have it.")


def _room(grid: Grid, columns: Sequence[int]) -> int:
    room = -_GAP
    for one in columns:
        texts = [*grid.heads[one : one + 1], *(row[one] for row in grid.rows)]
        if grid.is_grouped and one == columns[0]:
            texts += [row[0] for row in grid.rows]
        longest = max(map(cell_len, texts), default=0)
        room += _GAP + (min(longest, _WRAPPED) if one in grid.words and one != columns[0] else longest)
    return room
