"""Where do rows of cells stand, each with its name, its strip of the plot and its figure?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from zoobench.show.report.charts.labels import Area
from zoobench.show.report.charts.sheet import MARGIN
from zoobench.show.report.charts.svg import element, line, text
from zoobench.show.report.charts.words import shortened, width_of

_BESIDE_FROM = 480.0
"""Width from which a name stands to the left of its strip; below it stands above."""
_STRIP, _COMPACT_STRIP = 24.0, 18.0
_COMPACT_FROM = 40
_NAME_HEIGHT = 18.0
_GROUP_HEIGHT = 24.0
_LABEL_SHARE = 0.4
_GAP = 8.0
_BELOW = 4.0
_TICKS_ABOVE_FROM = 15
"""Rows from which the ticks stand above the plot too."""
_TICKS_ABOVE = 20.0
"""The room that these take."""


class Row(Protocol):
    """What a row of any chart knows of its cell."""

    @property
    def cell(self) -> str:
        """Its id."""

    @property
    def label(self) -> str:
        """What it is called on the picture, beside the group's name."""

    @property
    def group(self) -> str:
        """What stands above all rows that follow one another and have it; empty for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Where a name begins or, beside its strip, ends; its room; where strips begin and end."""

    name_x: float
    room: float
    left: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows below one another.

    Attributes:
        plot: What all strips lie in.
        strips: Each row's part of it, in order.
        words: Names, figures and groups, drawn.
        ticks_above: Whether there is room for ticks above the plot, as it is too high to look down.
    """

    plot: Area
    strips: tuple[Area, ...]
    words: tuple[str, ...]
    ticks_above: bool


def laid_out(rows: Sequence[Row], figures: Sequence[str], *, top: float, width: float) -> Rows:
    """Returns where rows stand.

    Args:
        rows: At least one; rows of one group follow one another.
        figures: A text for each, which stands at the right.
        top: Where they begin, or the ticks above them.
        width: Of the picture; where it is small a name stands above its strip, else to the left of it.
    """
    beside = width >= _BESIDE_FROM
    columns = _beside(rows, figures, width) if beside else _above(figures, width)
    height = _COMPACT_STRIP if len(rows) >= _COMPACT_FROM or not beside else _STRIP
    strips: list[Area] = []
    words: list[str] = []
    ticks_above = len(rows) >= _TICKS_ABOVE_FROM
    y = top = top + (_TICKS_ABOVE if ticks_above else 0)
    for row, figure, heading in zip(rows, figures, _headings(rows), strict=True):
        if heading:
            shown = shortened(heading, width - 2 * MARGIN, strong=True)
            words.append(text(MARGIN, y + _GROUP_HEIGHT / 2 + 2, shown, class_="strong"))
            y += _GROUP_HEIGHT
        middle = y + (height if beside else _NAME_HEIGHT) / 2
        words.append(
            text(columns.name_x, middle, shortened(row.label, columns.room), class_="over end" if beside else "over")
        )
        words.append(text(width - MARGIN, middle, figure, class_="over end"))
        y += 0 if beside else _NAME_HEIGHT
        strips.append(Area(left=columns.left, top=y, right=columns.right, bottom=y + height))
        y += height if beside else height + _BELOW
    plot = Area(left=columns.left, top=top, right=columns.right, bottom=y + _BELOW)
    return Rows(plot=plot, strips=tuple(strips), words=tuple(words), ticks_above=ticks_above)


def ground(strip: Area, y: float) -> list[str]:
    """Returns what lies below the marks of a row: where a pointer may rest, and a line from name to figure."""
    size = {"width": strip.right - strip.left, "height": strip.bottom - strip.top}
    where = element("rect", x=strip.left, y=strip.top, **size, class_="hit")
    return [where, line(strip.left, y, strip.right, y, class_="grid")]


def _beside(rows: Sequence[Row], figures: Sequence[str], width: float) -> _Columns:
    room = min(max(width_of(row.label) for row in rows), _LABEL_SHARE * width)
    right = width - MARGIN - max(map(width_of, figures)) - _GAP
    return _Columns(name_x=MARGIN + room, room=room, left=MARGIN + room + _GAP, right=right)


def _above(figures: Sequence[str], width: float) -> _Columns:
    room = width - 2 * MARGIN - max(map(width_of, figures)) - _GAP
    return _Columns(name_x=MARGIN, room=room, left=MARGIN, right=width - MARGIN)


def _headings(rows: Sequence[Row]) -> list[str]:
    """Returns what stands above each row: the group's name above the first of it, nothing above the others."""
    before = [None, *(row.group for row in rows)]
    return [row.group if row.group != last else "" for row, last in zip(rows, before, strict=False)]
