"""Of which parts do the contents of a report consist? Texts and numbers, before they are HTML or markdown."""

from dataclasses import dataclass

from zoobench.show.document import Grid


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
