"""What should be taken, as the report says it first: the answer, its figures, its limits and what else there was."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import shorten

from zoobench.judge.metrics import LOSS
from zoobench.judge.recommend.limits import QUANTITIES
from zoobench.judge.recommend.probability import LimitProbability
from zoobench.judge.recommend.recommendation import Candidate, MachineRecommendation, Recommendation
from zoobench.judge.recommend.sentences import decision, describe_miss
from zoobench.results.schema import Record
from zoobench.show.document import Grid
from zoobench.show.report.contents import Decision, Fact, Sheet, without_empty
from zoobench.show.report.matrix import OF_METRICS
from zoobench.system.units import ABSENT, chance, exactly, megabytes, milliseconds, percent

_LONGEST_WHY = 300
"""Letters of a refusal; the file has all of it."""
_MOST = 8
"""Cells of each kind that are listed."""


def decision_of(recommendation: Recommendation, records: Mapping[str, Record]) -> Decision:
    """Returns the decision of a recommendation among the cells of one run.

    Args:
        recommendation: Of one machine.
        records: By the cell's id.
    """
    machine = recommendation.machines[0]
    cell = recommendation.cell or ""
    first = machine.candidates[0] if machine.candidates else None
    return Decision(
        sentence=decision(recommendation),
        cell=cell,
        figures=tuple(_figures(records[cell])) if cell else (),
        limits=_limits(first, chosen=cell) if first and first.probabilities else None,
        others=tuple(sheet for sheet in _others(recommendation, machine) if sheet.grid.rows),
        notes=tuple(_notes(recommendation, machine)),
    )


def _figures(record: Record) -> Iterator[Fact]:
    """Yields what the matrix says of a cell, with the unit at the number."""
    for column in OF_METRICS:
        value = column.read(record)
        if value.text != ABSENT and column.key != LOSS.key:
            yield Fact(label=column.label, value=column.with_unit(value.text), detail=value.detail)


def _limits(candidate: Candidate, *, chosen: str) -> Sheet:
    rows = tuple(_limit(one) for one in candidate.probabilities)
    heads = ("limit", "found", "chance to hold %", "how it is known")
    caption = "Its limits" if candidate.cell == chosen else f"The limits, and how {candidate.cell} holds them"
    return Sheet(caption=caption, grid=Grid(heads=heads, rows=rows, words=frozenset({3})))


def _limit(found: LimitProbability) -> tuple[str, ...]:
    value = ABSENT if found.value is None else found.limit.quantity.written(found.value)
    return (found.limit.summary, value, chance(found.probability), found.why)


def _others(recommendation: Recommendation, machine: MachineRecommendation) -> Iterator[Sheet]:
    holding = [one for one in machine.holding if one.cell != recommendation.cell]
    yield _candidates("Other cells that hold all limits", holding, recommendation)
    yield _candidates("Cells that may hold them", machine.open, recommendation)
    yield _candidates("The nearest misses", machine.misses, recommendation)
    rows = tuple((one.cell, shorten(one.why, _LONGEST_WHY, placeholder=" ...")) for one in machine.excluded)
    yield Sheet(caption="No candidates", grid=Grid(heads=("cell", "why"), rows=rows, words=frozenset({1})))


def _candidates(caption: str, found: Sequence[Candidate], recommendation: Recommendation) -> Sheet:
    rows = tuple(
        (
            one.cell,
            milliseconds(one.p50_seconds),
            percent(None if one.has_random_weights else one.top1),
            megabytes(one.size_bytes),
            chance(one.at_least),
            describe_miss(one, confidence=recommendation.confidence),
        )
        for one in found[:_MOST]
    )
    heads = ("cell", "p50 ms", "top-1 %", "MB", "chance at least %", "what it misses by")
    some = f", {exactly(_MOST)} of {exactly(len(found))}" if len(found) > _MOST else ""
    grid = Grid(heads=heads, rows=rows, words=frozenset({5}))
    return Sheet(caption=f"{caption}{some}", grid=without_empty(grid))


def _notes(recommendation: Recommendation, machine: MachineRecommendation) -> Iterator[str]:
    yield from recommendation.notes
    yield from machine.notes
    if recommendation.cell and machine.rivals:
        what = QUANTITIES[recommendation.preference[0]].title
        yield f"Not significantly worse in {what}, and holding all limits too: {', '.join(machine.rivals[:_MOST])}."
    chosen = machine.of(recommendation.cell) if recommendation.cell else None
    if chosen:
        yield from (f"It was disturbed while it was timed: {one}." for one in chosen.disturbances)
