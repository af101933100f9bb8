"""What should be taken, as the report says it first: the answer, its figures, its limits and what else there was."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import shorten

from zoobench.judge.metrics import LOSS
from zoobench.judge.recommend.candidates import Candidate
from zoobench.judge.recommend.odds import Odds
from zoobench.judge.recommend.preference import WORDS
from zoobench.judge.recommend.result import Choice, MachineChoice
from zoobench.judge.recommend.sentences import missed
from zoobench.results.schema import Record
from zoobench.show.document import Grid
from zoobench.show.report.contents import Decision, Fact, Sheet, without_empty
from zoobench.show.report.matrix import OF_METRICS
from zoobench.system.units import ABSENT, chance, exactly, megabytes, milliseconds, percent

_LONGEST_WHY = 300
"""Letters of a refusal; the file has all of it."""
_MOST = 8
"""Cells of each kind that are listed."""


def decision_of(choice: Choice, records: Mapping[str, Record]) -> Decision:
    """Returns the decision of a choice among the cells of one run.

    Args:
        choice: Of one machine.
        records: By the cell's id.
    """
    machine = choice.machines[0]
    cell = choice.chosen or ""
    first = machine.candidates[0] if machine.candidates else None
    return Decision(
        sentence=choice.sentence,
        cell=cell,
        figures=tuple(_figures(records[cell])) if cell else (),
        limits=_limits(first, chosen=cell) if first and first.odds else None,
        others=tuple(sheet for sheet in _others(choice, machine) if sheet.grid.rows),
        notes=tuple(_notes(choice, machine)),
    )


def _figures(record: Record) -> Iterator[Fact]:
    """Yields what the matrix says of a cell, with the unit at the number."""
    for column in OF_METRICS:
        value = column.read(record)
        if value.text != ABSENT and column.key != LOSS.key:
            yield Fact(label=column.label, value=column.with_unit(value.text), detail=value.detail)


def _limits(candidate: Candidate, *, chosen: str) -> Sheet:
    rows = tuple(_limit(one) for one in candidate.odds)
    heads = ("limit", "found", "chance to hold %", "how it is known")
    caption = "Its limits" if candidate.cell == chosen else f"The limits, and how {candidate.cell} holds them"
    return Sheet(caption=caption, grid=Grid(heads=heads, rows=rows, words=frozenset({3})))


def _limit(odds: Odds) -> tuple[str, ...]:
    quantity = odds.limit.quantity
    found = ABSENT if odds.value is None else f"{quantity.shown(odds.value)} {quantity.unit}"
    return (odds.limit.told, found, chance(odds.probability), odds.why)


def _others(choice: Choice, machine: MachineChoice) -> Iterator[Sheet]:
    holding = [one for one in machine.holding if one.cell != choice.chosen]
    yield _candidates("Other cells that hold all limits", holding, choice)
    yield _candidates("Cells that may hold them", machine.open, choice)
    yield _candidates("The nearest misses", machine.misses, choice)
    rows = tuple((one.cell, shorten(one.why, _LONGEST_WHY, placeholder=" ...")) for one in machine.excluded)
    yield Sheet(caption="No candidates", grid=Grid(heads=("cell", "why"), rows=rows, words=frozenset({1})))


def _candidates(caption: str, found: Sequence[Candidate], choice: Choice) -> Sheet:
    rows = tuple(
        (
            one.cell,
            milliseconds(one.p50_seconds),
            percent(None if one.has_random_weights else one.top1),
            megabytes(one.size_bytes),
            chance(one.at_least),
            missed(one, confidence=choice.confidence),
        )
        for one in found[:_MOST]
    )
    heads = ("cell", "p50 ms", "top-1 %", "MB", "chance at least %", "what it misses by")
    some = f", {exactly(_MOST)} of {exactly(len(found))}" if len(found) > _MOST else ""
    grid = Grid(heads=heads, rows=rows, words=frozenset({5}))
    return Sheet(caption=f"{caption}{some}", grid=without_empty(grid))


def _notes(choice: Choice, machine: MachineChoice) -> Iterator[str]:
    yield from choice.notes
    yield from machine.notes
    if choice.chosen and machine.rivals:
        what = WORDS[choice.preference[0]]
        yield f"Not significantly worse in {what}, and holding all limits too: {', '.join(machine.rivals[:_MOST])}."
    chosen = machine.of(choice.chosen) if choice.chosen else None
    if chosen:
        yield from (f"It was disturbed while it was timed: {one}." for one in chosen.disturbances)
