"""What does a confusion matrix look like as a table: which classes, which counts, how dark each field?"""

from collections.abc import Sequence

from zoobench.show.charts.confusion import shade
from zoobench.show.report.answerparts import ConfusionField, ConfusionRow, ConfusionTable
from zoobench.show.report.confusion import Confusion
from zoobench.system.units import exactly, percent

MOST_CLASSES = 20
"""That are shown; of more, those with the most mistakes."""
OTHERS = "others"
"""Head of the column of all classes that have none of their own."""


def confusion_table(found: Confusion) -> ConfusionTable:
    """Returns a confusion matrix as the page shows it."""
    shown = _shown(found)
    rest = len(found.classes) > len(shown)
    heads = (*(found.classes[place] for place in shown), *((OTHERS,) if rest else ()))
    return ConfusionTable(
        heads=heads,
        rows=tuple(_row(found, place, shown, rest=rest) for place in shown),
        note=_note(found, shown) if rest else "",
    )


def _shown(found: Confusion) -> tuple[int, ...]:
    """Returns the classes that have a row, in their order: all, or those with the most mistakes of either kind."""
    if len(found.classes) <= MOST_CLASSES:
        return tuple(range(len(found.classes)))
    columns = [sum(column) for column in zip(*found.counts, strict=True)]
    mistakes = [sum(row) + columns[place] - 2 * row[place] for place, row in enumerate(found.counts)]
    ranked = sorted(range(len(mistakes)), key=lambda place: (-mistakes[place], place))
    return tuple(sorted(ranked[:MOST_CLASSES]))


def _row(found: Confusion, place: int, shown: Sequence[int], *, rest: bool) -> ConfusionRow:
    counts, name = found.counts[place], found.classes[place]
    of = sum(counts)
    fields = [_field(counts[other], of, told=_told(name, found.classes[other])) for other in shown]
    if rest:
        fields.append(_field(of - sum(counts[other] for other in shown), of, told=_told(name, "another class")))
    return ConfusionRow(name=name, fields=tuple(fields))


def _field(count: int, of: int, *, told: str) -> ConfusionField:
    if not count:
        return ConfusionField(text="", shade=0)
    share = f"{exactly(count)} of {exactly(of)} ({percent(count / of)} %)"
    return ConfusionField(text=exactly(count), shade=shade(count / of), told=f"{told}: {share}")


def _told(name: str, other: str) -> str:
    return f"{name}, right" if name == other else f"{name} taken for {other}"


def _note(found: Confusion, shown: Sequence[int]) -> str:
    return f"The {exactly(len(shown))} classes with the most mistakes, of {exactly(len(found.classes))}."
