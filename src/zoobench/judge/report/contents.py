"""What does a report show? Every part of it as texts and numbers, before it is HTML or markdown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from zoobench.judge.blocks import Grid

Tone = Literal["", "better", "worse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and what is known of it, with more in small letters."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with what it is about."""

    caption: str
    grid: Grid


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with its words and its numbers.

    Attributes:
        name: In anchors and file names.
        title: Of the picture.
        svg: The drawing, safe to be part of a page; '' where there is none.
        narrow_svg: The same for a phone; '' where one drawing serves both.
        alternative: What it shows, in words.
        notes: What to know in reading it, or why there is none.
        sheet: Its numbers; None where the matrix has them all.
    """

    name: str
    title: str
    svg: str = ""
    narrow_svg: str = ""
    alternative: str = ""
    notes: tuple[str, ...] = ()
    sheet: Sheet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to take, and why.

    Attributes:
        sentence: The answer.
        cell: Id of the recommended one; '' if there is none.
        figures: What it costs and gives.
        limits: Each limit with the chance that the cell holds it; None where none was given.
        others: The rest that was looked at: what holds too, the nearest misses, the Pareto front.
        notes: What to know of it.
    """

    sentence: str
    cell: str = ""
    figures: tuple[Fact, ...] = ()
    limits: Sheet | None = None
    others: tuple[Sheet, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A small image that several parts of the page show.

    Attributes:
        name: Names it in the page.
        data: A JPEG file as a `data:` address.
    """

    name: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Small images of test samples.

    Attributes:
        photos: Each different one once.
        shown: Name of the photo of each sample that has one, by its place in the test split.
        reason: Why there is none; '' where there are.
    """

    photos: tuple[Photo, ...] = ()
    shown: Mapping[int, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSample:
    """A sample that a variant answers otherwise than its float twin.

    Attributes:
        sample: Its place in the test split, from 1.
        photo: Name of its image; '' where there is none.
        kind: What became of it: `lost`, `won`, or `changed` where both are wrong.
        truth: The right class.
        before: What the float twin said.
        before_sure: How probable it held that.
        after: What the variant said.
        after_sure: How probable it held that.
    """

    sample: int
    photo: str
    kind: Literal["lost", "won", "changed"]
    truth: str
    before: str
    before_sure: str
    after: str
    after_sure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionField:
    """How many samples of a class were taken for another.

    Attributes:
        text: The number, '' for none.
        shade: How dark it is, from 0, by its share of the class.
        told: What a pointer on it is told.
    """

    text: str
    shade: int
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionRow:
    """What the samples of a class were taken for."""

    name: str
    fields: tuple[ConfusionField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionTable:
    """Rows are true classes, columns what was predicted.

    Attributes:
        heads: Of the columns.
        rows: In the order of the heads.
        note: Which classes are left out, if any.
    """

    heads: tuple[str, ...]
    rows: tuple[ConfusionRow, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What one model, or several that answered the same, got right and wrong.

    Attributes:
        name: Names it in the page.
        title: Of the variant.
        cells: Ids of the cells that answered so.
        summary: How it did, in a sentence or two.
        confusion: The matrix of confusions.
        worst: The classes that it gets wrong most.
        mixups: What it takes for what.
        flipped: Samples against the float twin, those that are shown.
        flipped_told: How many of how many are shown, and why; or that none flipped.
    """

    name: str
    title: str
    cells: tuple[str, ...]
    summary: str
    confusion: ConfusionTable | None = None
    worst: Sheet | None = None
    mixups: Sheet | None = None
    flipped: tuple[ShownSample, ...] = ()
    flipped_told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedMetric:
    """One metric of every cell on both sides.

    Attributes:
        told: How many cells are better, worse, the same or unclear.
        moved: Whether any is better or worse.
        sheet: Cell by cell.
    """

    told: str
    moved: bool
    sheet: Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is otherwise than in a baseline.

    Attributes:
        lead: What is compared with what, and the cells that one side lacks.
        conditions: Those that differ; None where all that are known are the same.
        metrics: Each one.
        notes: What to know in reading them.
    """

    lead: tuple[str, ...]
    conditions: Sheet | None
    metrics: tuple[ChangedMetric, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole of it, in the order of reading.

    Attributes:
        title: What was measured.
        facts: On what, where and when, in short.
        decision: What to take.
        matrix: Every cell.
        changes: Against a baseline; None without one.
        figures: Trade-off, latencies, speed-ups.
        answered: Every distinct set of answers.
        answers_notes: Why some are missing, if so.
        photos: Every image that is shown.
        training: The curves of each head that was trained.
        training_notes: Why there are none, if so.
        confusion: Of the recommended cell as a drawing, which the page does not show; None where there is none.
        environment: Machine, libraries and data.
        method: How it was measured.
        limits: What it cannot tell.
        version: Of zoobench that wrote it.
    """

    title: str
    facts: tuple[Fact, ...]
    decision: Decision
    matrix: Matrix
    changes: Changes | None
    figures: tuple[Figure, ...]
    answered: tuple[Answered, ...]
    answers_notes: tuple[str, ...]
    photos: tuple[Photo, ...]
    training: tuple[Figure, ...]
    training_notes: tuple[str, ...]
    confusion: Figure | None
    environment: tuple[Sheet, ...]
    method: tuple[str, ...]
    limits: tuple[str, ...]
    version: str
