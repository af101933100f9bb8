"""What does the report say of all cells: which should be taken and why, and what was measured of each?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from textwrap import shorten

from zoobench.judge.metrics import LATENCY_P50, LATENCY_P90, LOSS, METRICS, SIZE, SPEEDUP, TOP1, Metric
from zoobench.judge.recommend.recommendation import Candidate, Recommendation
from zoobench.results.disturbed import cautions, taken_as
from zoobench.results.schema import Record, Speedup
from zoobench.show.document import Grid
from zoobench.show.recommendation import decision, describe_miss, export_line
from zoobench.show.records import (
    OVER_REFERENCE_MEANS,
    SPEEDUP_MEANS,
    by_backbone,
    marked,
    memory_remarks,
    over_reference,
    random_remarks,
    relative_size,
    remarks,
    title_of,
    tone_of,
)
from zoobench.show.report.contents import (
    Column,
    Decision,
    Matrix,
    Value,
    table,
    without_empty,
)
from zoobench.system.units import (
    ABSENT,
    RATIO,
    chance,
    exactly,
    megabytes,
    milliseconds,
    percent,
    ratio,
    span,
)

UNKNOWN = Value(text=ABSENT)
_DISTURBED_MEANS = "~ before a time: other work disturbed the rounds, so that it is not the model's alone."
_LONGEST_WHY = 300
"""Letters of a refusal; the file has all of it."""
_MOST = 8
"""Cells of each kind that are listed."""


def _value(metric: Metric, record: Record) -> Value:
    value = metric.value(record)
    detail = span(metric.interval(record), metric.unit.text) if metric.test != "processes" else ""
    return Value(text=metric.unit.text(value), detail=detail, order=value)


def _time(metric: Metric, record: Record) -> Value:
    value = _value(metric, record)
    return replace(value, text=f"{marked(record.latency) if value.text != ABSENT else ''}{value.text}")


def _size(record: Record) -> Value:
    relative = relative_size(record.model)
    return replace(_value(SIZE, record), detail="" if relative is None else f"× {ratio(relative)}")


def _times_faster(speedup: Speedup | None) -> Value:
    if speedup is None:
        return UNKNOWN
    ends = span(speedup.interval, ratio)
    return Value(text=ratio(speedup.point), detail=ends, order=speedup.point, tone=tone_of(speedup))


def _agreement(record: Record) -> Value:
    share = record.accuracy.agreement_with_float if record.accuracy else None
    return Value(text=percent(share), order=share)


def _startup(record: Record) -> Value:
    if record.startup is None:
        return UNKNOWN
    seconds = record.startup.initialization.p50_seconds + record.startup.first_inference.p50_seconds
    return Value(text=milliseconds(seconds), order=seconds)


_READ: Mapping[str, Callable[[Record], Value]] = {
    **{metric.key: partial(_time, metric) for metric in (LATENCY_P50, LATENCY_P90)},
    SPEEDUP.key: lambda record: _times_faster(record.latency.speedup_over_float if record.latency else None),
    SIZE.key: _size,
}
"""Metrics whose numbers bear a sign, a tone or something beside them."""
_IN_RUNS = [metric for metric in METRICS.values() if metric.column]
OF_METRICS = tuple(
    Column(
        key=metric.key,
        label="over float" if metric is SPEEDUP else metric.title,
        unit="" if metric is LOSS else "×" if metric.unit is RATIO else metric.unit.symbol,
        meaning=metric.meaning,
        read=_READ.get(metric.key, partial(_value, metric)),
        head=metric.column,
    )
    for metric in sorted(_IN_RUNS, key=lambda one: (one is LOSS, one is not TOP1, one.test == "processes"))
)
"""Columns of the metrics, in order: what decides first, as a phone shows but a few at once."""
COLUMNS = (
    *OF_METRICS,
    Column(
        key="agreement",
        label="as float",
        unit="%",
        meaning="Share of the samples on which it says what its float twin says.",
        read=_agreement,
    ),
    Column(
        key="over-reference",
        label="over LiteRT",
        unit="×",
        meaning="Times faster than the same file on LiteRT.",
        read=lambda record: _times_faster(over_reference(record)),
        head="× litert",
    ),
    Column(
        key="startup",
        label="start",
        unit="ms",
        meaning="A fresh process: opening the file and the first image, medians added.",
        read=_startup,
    ),
)
"""Every column."""
_ALWAYS = frozenset(metric.key for metric in _IN_RUNS if metric.test != "processes")
"""Columns that are there even if no cell has a value in them."""


def matrix_of(records: Sequence[Record], *, planned: Sequence[str] = ()) -> Matrix:
    """Returns what was measured of each cell; `planned` are the ids of those that were to be measured."""
    columns = [one for one in COLUMNS if one.key in _ALWAYS or any(one.read(each) != UNKNOWN for each in records)]
    return Matrix(
        caption=title_of(records),
        columns=tuple(columns),
        rows=tuple(
            (record.cell, tuple(one.read(record) for one in columns), tuple(_marks(record)))
            for record in by_backbone(records)
        ),
        notes=tuple(_notes(records, planned)),
        remarks=tuple(remarks(records)),
    )


def _marks(record: Record) -> Iterator[str]:
    if record.refusal:
        yield f"refused by {record.refusal.by}"
    elif record.latency is None and record.accuracy is None:
        yield "not measured"
    if record.cell.has_random_weights:
        yield "random weights"
    if marked(record.latency):
        yield "disturbed"


def _notes(records: Sequence[Record], planned: Sequence[str]) -> Iterator[str]:
    there = {record.cell.id for record in records}
    missing = [cell for cell in planned if cell not in there]
    yield from random_remarks(records)
    yield from cautions(records)
    yield from taken_as(records)
    yield SPEEDUP_MEANS
    if any(map(over_reference, records)):
        yield OVER_REFERENCE_MEANS
    yield from memory_remarks(records)
    if any(marked(record.latency) for record in records):
        yield _DISTURBED_MEANS
    if missing:
        yield f"Meant to be measured and not in the file: {', '.join(missing)}."


def decision_of(recommendation: Recommendation, records: Mapping[str, Record]) -> Decision:
    """Returns the decision of a recommendation among the cells of one run on one machine, records by the cell's id."""
    machine, cell = recommendation.machines[0], recommendation.cell or ""
    first = machine.candidates[0] if machine.candidates else None
    return Decision(
        sentence=decision(recommendation),
        cell=cell,
        figures=tuple(_figures(records[cell])) if cell else (),
        limits=_limits(first, chosen=cell) if first else None,
        others=tuple(filter(None, _others(recommendation))),
        notes=tuple(_remarks(recommendation)),
    )


def _figures(record: Record) -> Iterator[tuple[str, str, str]]:
    """Yields what the matrix says of a cell, with the unit at the number."""
    for column in OF_METRICS:
        value = column.read(record)
        if value.text != ABSENT and column.key != LOSS.key:
            yield column.label, column.with_unit(value.text), value.detail


def _limits(candidate: Candidate, *, chosen: str) -> Grid | None:
    rows = []
    for one in candidate.probabilities:
        unit = one.limit.metric.unit
        value = ABSENT if one.value is None else f"{unit.text(one.value)} {unit.symbol}"
        rows.append((one.limit.summary, value, chance(one.probability), one.why))
    name = candidate.cell.id
    caption = "Its limits" if name == chosen else f"The limits, and how {name} holds them"
    return table(caption, ("limit", "found", "chance to hold %", "how it is known"), rows, words={3})


def _others(recommendation: Recommendation) -> Iterator[Grid | None]:
    machine = recommendation.machines[0]
    holding = [one for one in machine.those("holds") if one.cell.id != recommendation.cell]
    yield _candidates("Other cells that hold all limits", holding, recommendation)
    yield _candidates("Cells that may hold them", machine.those("open"), recommendation)
    yield _candidates("The nearest misses", machine.those("misses"), recommendation)
    rows = ((cell, shorten(why, _LONGEST_WHY, placeholder=" ...")) for cell, why in machine.excluded.items())
    yield table("No candidates", ("cell", "why"), rows, words={1})


def _candidates(caption: str, found: Sequence[Candidate], recommendation: Recommendation) -> Grid | None:
    rows = (
        (
            one.cell.id,
            milliseconds(one.cell.timing.p50_seconds),
            percent(None if one.cell.has_random_weights else one.cell.top1),
            megabytes(one.cell.size_bytes),
            chance(one.at_least),
            describe_miss(one, confidence=recommendation.confidence),
        )
        for one in found[:_MOST]
    )
    heads = ("cell", "p50 ms", "top-1 %", "MB", "chance at least %", "what it misses by")
    some = f", {exactly(_MOST)} of {exactly(len(found))}" if len(found) > _MOST else ""
    return without_empty(table(f"{caption}{some}", heads, rows, words={5}))


def _remarks(recommendation: Recommendation) -> Iterator[str]:
    machine = recommendation.machines[0]
    yield from recommendation.notes
    yield from machine.known.notes
    if recommendation.cell and machine.rivals:
        what = METRICS[recommendation.preference[0]].title
        yield f"Not significantly worse in {what}, and holding all limits too: {', '.join(machine.rivals[:_MOST])}."
    chosen = machine.of(recommendation.cell) if recommendation.cell else None
    if chosen:
        yield from (f"It was disturbed while it was timed: {one}." for one in chosen.cell.timing.disturbances)
    if line := export_line(recommendation):
        yield f"{line[0].upper()}{line[1:]}"
