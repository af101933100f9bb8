"""How is a document written for a terminal, or for a file that is read like one?"""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from zoobench.errors import MARK
from zoobench.show.document import Block, Grid, Lines, Tone, View, filled

_STYLES: Mapping[Tone, str] = {"plain": "", "strong": "", "good": "green", "open": "yellow", "bad": "red"}
_GAP = 2
_USUAL = 128
"""Columns that words are wrapped for where nobody says how wide a terminal is."""
_WRAPPED = 20
"""Columns below which words are not wrapped."""
_WRAPPED_COMMAND = re.compile(r"^((?:[^\S\n]|\x1b\[[0-9;]*m)*)::", re.MULTILINE)
"""What GitHub's runner would take for a command, as words that are wrapped may begin a line."""
_ENOUGH = 100_000
"""Columns for any line: what is no table is wrapped by the terminal itself."""


def write(view: View, *, width: int | None = None, colours: bool = False) -> str:
    """Returns a result as text.

    Args:
        view: The result.
        width: Columns of the terminal, for which tables go without their spare columns; names and numbers are never
            cut. None for a file or a log, which have room for all.
        colours: Whether the reader knows them.
    """
    document = view.document()
    return to_terminal((*document.blocks, document.outcome), width=width, colours=colours)


def to_terminal(blocks: Sequence[Block], *, width: int | None, colours: bool) -> str:
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


def _print_grid(console: Console, grid: Grid, width: int | None) -> None:
    columns = list(range(len(grid.is_left)))[grid.is_grouped :]
    needed, left_out = _room(grid, columns), []
    for one in grid.spare:
        if width is not None and _room(grid, columns) > width:
            columns.remove(one)
            left_out.append(one)
    widths = _widths(grid, columns, _USUAL if width is None else width)
    if grid.title:
        console.print(Text(grid.title, style="italic"), soft_wrap=True)
    if grid.is_grouped:
        _print_rows(console, grid, widths, (), heads=bool(grid.heads))
        for position, (name, rows) in enumerate(groupby(range(len(grid.rows)), key=lambda row: grid.rows[row][0])):
            if position:
                console.print()
            console.print(Text(name, style="bold"), soft_wrap=True)
            _print_rows(console, grid, widths, rows, heads=False)
    else:
        _print_rows(console, grid, widths, range(len(grid.rows)), heads=bool(grid.heads))
    if left_out:
        names = ", ".join(_named(grid, one) for one in sorted(left_out))
        console.print(
            f"Without {names}, for which {width} columns are too few: COLUMNS={needed} or --format markdown shows all.",
            soft_wrap=True,
        )


def _print_rows(console: Console, grid: Grid, widths: Mapping[int, int], rows: Iterable[int], *, heads: bool) -> None:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), show_header=heads)
    first = next(iter(widths))
    for one, columns in widths.items():
        wraps = one in grid.words and one != first
        justify: JustifyMethod = "left" if wraps or one == first else "right"
        head = grid.heads[one] if grid.heads else ""
        table.add_column(head, justify=justify, no_wrap=not wraps, overflow="fold", width=columns)
    for row in rows:
        cells = (Text(grid.rows[row][one], style=_STYLES[grid.tone(row, one)]) for one in widths)
        table.add_row(*cells, style="red" if row in grid.marked else None)
    console.print(table)


def _named(grid: Grid, column: int) -> str:
    """Returns a column's head, with that of the column before it where several are called so."""
    head = grid.heads[column]
    return f"{head} of {grid.heads[column - 1]}" if grid.heads.count(head) > 1 else head or "short names"


def _widths(grid: Grid, columns: Sequence[int], width: int) -> dict[int, int]:
    """Returns the width of each column: of words as much as is left, of all else what the longest text takes."""
    longest = {one: _longest(grid, one) for one in columns}
    words = sorted((one for one in columns[1:] if one in grid.words), key=longest.__getitem__)
    left = max(width - _room(grid, columns), 0)
    for done, one in enumerate(words):
        least = min(longest[one], _WRAPPED)
        taken = min(longest[one] - least, left // (len(words) - done))
        longest[one], left = least + taken, left - taken
    return longest


def _room(grid: Grid, columns: Sequence[int]) -> int:
    room = -_GAP
    for one in columns:
        longest = _longest(grid, one)
        room += _GAP + (min(longest, _WRAPPED) if one in grid.words and one != columns[0] else longest)
    return room


def _longest(grid: Grid, column: int) -> int:
    return max(map(cell_len, [*grid.heads[column : column + 1], *(row[column] for row in grid.rows)]), default=0)
