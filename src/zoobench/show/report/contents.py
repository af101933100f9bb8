"""Of which parts does a report consist, before it is HTML or markdown? Texts and numbers in the order of reading."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from zoobench.results.schema import Record, RecordedCell
from zoobench.show.charts.sheet import Chart
from zoobench.show.document import Grid, Tone
from zoobench.system.units import exactly, few

Kind = Literal["newly_wrong", "newly_right", "changed"]
"""Right before alone, right now alone, or wrong both times in another way."""
MOST_NAMED = 6
"""Cells that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with its words and its numbers."""

    name: str
    title: str
    wide: Chart
    narrow: Chart | None = None
    notes: tuple[str, ...] = ()
    numbers: Grid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to take, and why.

    Attributes:
        sentence: The answer.
        cell: Id of the recommended one; '' if there is none.
        figures: What it costs and gives: the name, the value with its unit, and its interval or ''.
        limits: Each limit with the chance that the cell holds it; None where none was given.
        others: What holds too, what may hold, the nearest misses, what is no candidate.
    """

    sentence: str
    cell: str
    figures: tuple[tuple[str, str, str], ...]
    limits: Grid | None
    others: tuple[Grid, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What stands in a field of the matrix.

    Attributes:
        detail: Its interval, or what it is a share of.
        order: What it is sorted by; None for what was not measured, which comes last.
        tone: Whether it is significantly better or worse than its reference.
    """

    text: str
    detail: str = ""
    order: float | None = None
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the matrix and how it is read from a record.

    Attributes:
        key: Names it in scripts.
        label: What it is called without its unit.
        unit: At a number that stands alone; `×` stands before it.
        head: What stands in its head; '' for label and unit.
    """

    key: str
    label: str
    unit: str
    meaning: str
    read: Callable[[Record], Value]
    head: str = ""

    @property
    def title(self) -> str:
        """What stands above it, with the unit."""
        return self.head or f"{self.label} {self.unit}".strip()

    def with_unit(self, text: str) -> str:
        """Returns a number as it stands alone."""
        return f"{self.unit} {text}" if self.unit == "×" else f"{text} {self.unit}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All cells with what was measured of them, in the order of the table on a terminal.

    Attributes:
        columns: After those of the cell's parts.
        rows: Each cell, its value for each column, and what a reader must know of it, in a few words each.
        notes: What to know in reading it.
        remarks: What to know of single cells.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[RecordedCell, tuple[Value, ...], tuple[str, ...]], ...]
    notes: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedMetric:
    """One metric of every cell on both sides: how many cells have which verdict, and whether any is better or worse."""

    summary: str
    moved: bool
    grid: Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is otherwise than in a baseline.

    Attributes:
        lead: What is compared with what, and the cells that one side lacks.
        conditions: Those that differ; None where all that are known are the same.
    """

    lead: tuple[str, ...]
    conditions: Grid | None
    metrics: tuple[ChangedMetric, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Small images of test samples.

    Attributes:
        photos: Each different one once: a JPEG file as a `data:` address, by its name in the page.
        shown: Name of the photo of each sample that has one, by its place in the test split.
        reason: Why there is none; '' where there are, or none was asked for.
    """

    photos: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[int, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlippedSample:
    """A sample that two cells answered otherwise: the float twin before, the variant after.

    Attributes:
        sample: Its place in the test split, from 0.
        kind: What became of it.
        truth: The right class.
        before_probability: How probable the answer was (to 1/65535), as is `after_probability`.
    """

    sample: int
    kind: Kind
    truth: str
    before: str
    before_probability: float
    after: str
    after_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionTable:
    """Rows are true classes, columns what was predicted.

    Attributes:
        heads: Of the columns.
        rows: A name and fields in the order of the heads: the count ('' for none), how dark it is (from 0, by its
            share of the class), and what a pointer on it shows.
        note: Which classes are left out, if any.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int, str], ...]], ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantAnswers:
    """What one model, or several that answered the same, got right and wrong.

    Attributes:
        name: In anchors.
        cells: Ids of those that answered so.
        worst: The classes that it gets wrong most, if any.
        mixups: Its most frequent confusions, if any.
        flipped: Samples against the float twin, those that are shown.
        flips: How many of how many are shown, and why; or that none flipped; '' for a float file alone.
    """

    name: str
    title: str
    cells: tuple[str, ...]
    summary: str
    confusion: ConfusionTable
    worst: Grid | None
    mixups: Grid | None
    flipped: tuple[FlippedSample, ...]
    flips: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole of it, in the order of reading; notes say what is missing, and why.

    Attributes:
        facts: On what, where and when, in short, by what it is called.
        changes: Against a baseline; None without one.
        figures: Of all cells.
        answered: Every distinct set of answers.
        training: The curves of each head that was trained.
        confusion: Of the recommended cell as a drawing, which the page does not show; None where there is none.
        limits: What it cannot tell.
        version: Of zoobench that wrote it.
    """

    title: str
    facts: Mapping[str, str]
    decision: Decision
    matrix: Matrix
    changes: Changes | None
    figures: tuple[Figure, ...]
    answered: tuple[VariantAnswers, ...]
    answers_notes: tuple[str, ...]
    pictures: Pictures
    training: tuple[Figure, ...]
    training_notes: tuple[str, ...]
    confusion: Figure | None
    environment: tuple[Grid, ...]
    method: tuple[str, ...]
    limits: tuple[str, ...]
    version: str


def table(
    title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, words: Iterable[int] = ()
) -> Grid | None:
    """Returns a table, None where it has no row; `words` are the positions of columns that hold words."""
    grid = Grid(title=title, heads=heads, rows=tuple(rows), words=frozenset(words))
    return grid if grid.rows else None


def without_empty(grid: Grid | None) -> Grid | None:
    """Returns a table without columns, but for the first, in which no row says anything."""
    if grid is None:
        return None
    kept = [place for place in range(len(grid.heads)) if place == 0 or any(row[place] for row in grid.rows)]
    rows = (tuple(row[place] for place in kept) for row in grid.rows)
    words = (new for new, place in enumerate(kept) if place in grid.words)
    return table(grid.title, tuple(grid.heads[place] for place in kept), rows, words=words)


def spread(counts: Iterable[int]) -> str:
    """Returns whole numbers as one, or as the least and the most of them."""
    found = sorted(set(counts))
    return exactly(found[0]) if len(found) == 1 else f"{exactly(found[0])} to {exactly(found[-1])}"


def named(cells: Sequence[str], *, of: int = 0) -> str:
    """Returns cells by name where they are few, else how many; `of` is how many there are in all."""
    if len(cells) == of:
        return f"any of the {exactly(of)} cells" if of > 1 else "the only cell"
    more = len(cells) - MOST_NAMED
    return few(cells, most=MOST_NAMED) + ("" if more <= 0 else " cell" if more == 1 else " cells")
