"""What does the matrix of a report consist of?"""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["", "better", "worse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A head of the matrix.

    Attributes:
        key: Names it in files and scripts.
        title: With the unit.
        meaning: In a sentence.
    """

    key: str
    title: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What stands in a field of the matrix.

    Attributes:
        text: Of the number.
        detail: Its interval, or what it is a share of.
        order: What it is sorted by; None for what was not measured, which comes last.
        tone: Whether it is surely better or worse than what it is held against.
    """

    text: str
    detail: str = ""
    order: float | None = None
    tone: Tone = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cell in the matrix.

    Attributes:
        id: The cell's.
        backbone: Its parts, as `variant`, `runtime` and `threads`.
        short: The field's letters for the variant, '' for one that this version does not know.
        values: One for each column.
        marks: What a reader must know of it, in a few words each.
        chosen: Whether it is the one that is recommended.
    """

    id: str
    backbone: str
    variant: str
    short: str
    runtime: str
    threads: int
    values: tuple[Value, ...]
    marks: tuple[str, ...] = ()
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All cells with what was measured of them.

    Attributes:
        caption: On which samples.
        columns: After those of the cell's parts.
        rows: In the order of the table on a terminal.
        notes: What to know in reading it.
        remarks: What to know of single cells.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    remarks: tuple[str, ...]

    def names(self, part: Literal["backbone", "variant", "runtime", "threads"]) -> tuple[str, ...]:
        """Returns every value of a part of the cells, in their order."""
        return tuple(dict.fromkeys(str(getattr(row, part)) for row in self.rows))
