"""How does a chart become a part of the page?"""

from collections.abc import Sequence, Set

from zoobench.results.schema import Record
from zoobench.show.charts.sheet import NARROWEST, Chart
from zoobench.show.report.contents import Figure, Sheet
from zoobench.system.units import exactly

WIDE, NARROW = 1000.0, max(360.0, NARROWEST)
"""Of a drawing on a screen and on a phone, in its own units: letters have one size on both."""
_DISPENSABLE = (3, 2, 0)
"""Where threads, runtime and backbone stand among the words of a cell's id."""


def drawn(
    name: str,
    *,
    wide: Chart,
    title: str = "",
    narrow: Chart | None = None,
    notes: Sequence[str] = (),
    sheet: Sheet | None = None,
) -> Figure:
    """Returns a chart, drawn for a screen and perhaps for a phone too, as a part of the page."""
    return Figure(
        name=name,
        title=title or wide.title,
        svg=wide.svg,
        narrow_svg=narrow.svg if narrow else "",
        alternative=wide.alternative,
        notes=tuple(notes),
        sheet=sheet if sheet and sheet.grid.rows else None,
    )


def label(record: Record) -> str:
    """Returns what a cell is called within its group."""
    return f"{record.cell.variant} {record.cell.runtime}"


def labels(records: Sequence[Record]) -> dict[str, str]:
    """Returns what each cell is called among others, by id: its variant, and what else it takes to tell them apart.

    With one backbone on one runtime and one number of threads that is the variant alone.
    """
    words = [
        (record.cell.backbone, record.cell.variant, record.cell.runtime, f"t{record.cell.threads}")
        for record in records
    ]
    left_out: set[int] = set()
    for place in _DISPENSABLE:
        if len({_called(one, left_out | {place}) for one in words}) == len(words):
            left_out.add(place)
    return {record.cell.id: _called(one, left_out) for record, one in zip(records, words, strict=True)}


def _called(words: Sequence[str], left_out: Set[int]) -> str:
    return " ".join(word for place, word in enumerate(words) if place not in left_out)


def group(record: Record) -> str:
    """Returns what cells have in common that stand below each other."""
    threads = record.cell.threads
    return f"{record.cell.backbone}, {exactly(threads)} thread{'s' if threads > 1 else ''}"
