"""What does a result consist of before it is text? Lines, grids and pictures, which every writer can write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from zoobench.errors import sanitize

if TYPE_CHECKING:
    from zoobench.show.charts.sheet import Chart

Tone = Literal["plain", "strong", "good", "open", "bad"]
"""How words are meant: `strong` is the one sentence to read, `good`, `open` and `bad` are verdicts."""
TONES: Mapping[str, Tone] = {"improved": "good", "inconclusive": "open", "regressed": "bad"}
"""Of a word that stands alone in a grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Sentences, one a line."""

    lines: tuple[str, ...] = ()
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Rows of texts under column heads; the first column is a name, the others are numbers unless `words` says so.

    Attributes:
        heads: Of the columns, with the units; none for facts that speak for themselves.
        rows: Each as long as the others and the heads.
        title: What stands above it; '' for nothing.
        words: Positions of columns that hold words: set to the left, and wrapped where they are long.
        marked: Positions of rows that stand out.
        tones: Of single texts, by the positions of row and column.
        is_grouped: Whether a terminal writes the first column above the rows that share it, instead of in each.
        spare: Positions of columns that a terminal goes without where it is too narrow for all, the first first.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    words: frozenset[int] = frozenset()
    marked: frozenset[int] = frozenset()
    tones: Mapping[tuple[int, int], Tone] = field(default_factory=dict)
    is_grouped: bool = False
    spare: tuple[int, ...] = ()

    @property
    def is_left(self) -> tuple[bool, ...]:
        """Whether each column is set to the left."""
        columns = len(self.heads or (self.rows[0] if self.rows else ()))
        return tuple(position == 0 or position in self.words for position in range(columns))

    def tone(self, row: int, column: int) -> Tone:
        """Returns how a text is meant."""
        return self.tones.get((row, column), TONES.get(self.rows[row][column], "plain"))


Block = Lines | Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All that is said of a result.

    Attributes:
        title: Where a format has room for one.
        blocks: In order; empty ones are left out.
        outcome: What it comes to: last on a terminal, where the eye rests, and first elsewhere.
        pictures: What draws each; only a page has room for them.
    """

    title: str
    blocks: tuple[Block, ...]
    outcome: Lines = field(default_factory=Lines)
    pictures: tuple[Callable[[], Chart], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One result for every writer; what a writer does not take is not made.

    Attributes:
        document: For people.
        plain: Makes all that is known as plain JSON, in SI units and shares of one; undefined is None.
        rows: Makes a table for programs: each row with the same keys.
    """

    document: Callable[[], Document]
    plain: Callable[[], Any]
    rows: Callable[[], Sequence[Mapping[str, Any]]]


def filled(*blocks: Block) -> list[Block]:
    """Returns the blocks that have something to say, in text that can be printed, for writers of all kinds."""
    return [_printable(block) for block in blocks if (block.lines if isinstance(block, Lines) else block.rows)]


def _printable(block: Block) -> Block:
    if isinstance(block, Lines):
        return replace(block, lines=tuple(map(sanitize, block.lines)))
    rows = tuple(tuple(map(sanitize, row)) for row in block.rows)
    return replace(block, title=sanitize(block.title), heads=tuple(map(sanitize, block.heads)), rows=rows)
