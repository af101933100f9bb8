"""What does a result consist of before it is text? Lines and grids, which every writer can write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

LEAST_WIDTH = 120
"""Columns that the text of a document takes at the least."""
Tone = Literal["plain", "strong", "good", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Sentences, one a line.

    Attributes:
        lines: The sentences.
        tone: How they are meant: `strong` is the one sentence to read, `good` and `bad` a verdict.
    """

    lines: tuple[str, ...]
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Rows of texts under column heads; the first column is a name, the others are numbers unless `words` says so.

    Attributes:
        heads: Of the columns, with the units; none for facts that speak for themselves.
        rows: Each as long as the others and the heads.
        words: Positions of columns that hold words: set to the left, and wrapped where they are long.
        marked: Positions of rows that stand out.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset()
    marked: frozenset[int] = frozenset()

    @property
    def is_left(self) -> tuple[bool, ...]:
        """Whether each column is set to the left."""
        columns = len(self.heads or (self.rows[0] if self.rows else ()))
        return tuple(position == 0 or position in self.words for position in range(columns))


Block = Lines | Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All that is said of a result.

    Attributes:
        title: Where a format has room for one.
        blocks: In order; empty ones are left out.
        least_width: Columns of text below which it is wider than the terminal.
    """

    title: str
    blocks: tuple[Block, ...]
    least_width: int = LEAST_WIDTH


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One result for every writer; what a writer does not take is not made.

    Attributes:
        document: For people.
        plain: Makes all that is known as plain JSON, in SI units and shares of one; undefined is None.
        rows: Makes a table for programs: each row with the same keys.
        text: Writes it for a terminal, where that is to look otherwise than the document.
    """

    document: Callable[[], Document]
    plain: Callable[[], Any]
    rows: Callable[[], Sequence[Mapping[str, Any]]]
    text: "Callable[[Screen], str] | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What a text is to fit.

    Attributes:
        width: Columns to fill.
        colours: Whether the reader is a terminal that knows them.
    """

    width: int
    colours: bool


def filled(blocks: Sequence[Block]) -> list[Block]:
    """Returns the blocks that have something to say."""
    return [block for block in blocks if (block.lines if isinstance(block, Lines) else block.rows)]
