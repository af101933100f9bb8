"""What does the report say of all cells: which should be taken and why, and which columns and rows has the matrix?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from textwrap import shorten

from zoobench.judge.metrics import LATENCY_P50, LOSS, METRICS, SIZE, SPEEDUP, TOP1, Metric
from zoobench.judge.recommend.probability import LimitProbability
from zoobench.judge.recommend.recommendation import Candidate, MachineRecommendation, Recommendation
from zoobench.judge.recommend.sentences import decision, describe_miss
from zoobench.matrix.variants import VARIANTS
from zoobench.results.schema import Record, Speedup
from zoobench.show.document import Grid
from zoobench.show.records import (
    COPIES_DIFFER,
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
)
from zoobench.show.report.contents import (
    Column,
    Decision,
    Fact,
    Matrix,
    MatrixRow,
    Sheet,
    Tone,
    Value,
    span,
    without_empty,
)
from zoobench.system.units import ABSENT, RATIO, chance, exactly, megabytes, milliseconds, percent, ratio

UNKNOWN = Value(text=ABSENT)
_DISTURBED_MEANS = "~ before a time: other work disturbed the rounds, so that it is not the model's alone."
_LABELS = {SPEEDUP.key: "over float"}
_IN_RUNS = [metric for metric in METRICS.values() if metric.column]
_LONGEST_WHY = 300
"""Letters of a refusal; the file has all of it."""
_MOST = 8
"""Cells of each kind that are listed."""


def matrix_of(records: Sequence[Record], *, chosen: str = "", planned: Sequence[str] = ()) -> Matrix:
    """Returns the matrix of a run.

    Args:
        records: Of all its cells.
        chosen: Id of the recommended cell.
        planned: Ids of the cells that were to be measured.
    """
    columns = tuple(
        one for one in COLUMNS if one.key in _ALWAYS or any(one.read(record) != UNKNOWN for record in records)
    )
    return Matrix(
        caption=title_of(records),
        columns=columns,
        rows=tuple(_row(record, columns, chosen=chosen) for record in by_backbone(records)),
        notes=tuple(_notes(records, planned)),
        remarks=tuple(remarks(records)),
    )


def _row(record: Record, columns: Sequence[Column], *, chosen: str) -> MatrixRow:
    cell = record.cell
    return MatrixRow(
        id=cell.id,
        backbone=cell.backbone,
        variant=cell.variant,
        short=VARIANTS[cell.variant].short if cell.variant in VARIANTS else "",
        runtime=cell.runtime,
        threads=cell.threads,
        values=tuple(one.read(record) for one in columns),
        marks=tuple(_marks(record)),
        chosen=cell.id == chosen,
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
    yield SPEEDUP_MEANS
    if any(map(over_reference, records)):
        yield OVER_REFERENCE_MEANS
    yield from memory_remarks(records)
    if any(marked(record.latency) for record in records):
        yield _DISTURBED_MEANS
    if missing:
        yield f"Meant to be measured and not in the file: {', '.join(missing)}."


def _agreement(record: Record) -> Value:
    share = record.accuracy.agreement_with_float if record.accuracy else None
    return Value(text=percent(share), order=share)


def _over_reference(record: Record) -> Value:
    return _times_faster(over_reference(record))


def _times_faster(speedup: Speedup | None) -> Value:
    """Returns a speed-up, better or worse only where its interval is beyond what two copies of a file differ by."""
    if speedup is None:
        return UNKNOWN
    low, high = speedup.interval
    tone: Tone = "better" if low > 1 + COPIES_DIFFER else "worse" if high < 1 - COPIES_DIFFER else ""
    return Value(text=ratio(speedup.point), detail=span(speedup.interval, ratio), order=speedup.point, tone=tone)


def _startup(record: Record) -> Value:
    if record.startup is None:
        return UNKNOWN
    seconds = record.startup.initialization.p50_seconds + record.startup.first_inference.p50_seconds
    return Value(text=milliseconds(seconds), order=seconds)


def _column(metric: Metric) -> Column:
    """Returns the column of a metric; of a run's own processes it has the interval, too."""
    unit = "×" if metric.unit is RATIO else metric.unit.symbol
    return Column(
        key=metric.key,
        label=_LABELS.get(metric.key, metric.title),
        unit="" if metric is LOSS else unit,
        meaning=metric.meaning,
        read=_READ.get(metric.key, partial(_value, metric)),
        head=metric.column,
    )


def _value(metric: Metric, record: Record) -> Value:
    value = metric.value(record)
    detail = span(metric.interval(record), metric.unit.text) if metric.test != "processes" else ""
    return Value(text=metric.unit.text(value), detail=detail, order=value)


def _p50(record: Record) -> Value:
    value = _value(LATENCY_P50, record)
    return replace(value, text=f"{marked(record.latency)}{value.text}")


def _size(record: Record) -> Value:
    relative = relative_size(record.model)
    return replace(_value(SIZE, record), detail="" if relative is None else f"× {ratio(relative)}")


_READ: Mapping[str, Callable[[Record], Value]] = {
    LATENCY_P50.key: _p50,
    SPEEDUP.key: lambda record: _times_faster(record.latency.speedup_over_float if record.latency else None),
    SIZE.key: _size,
}
"""Metrics whose numbers bear a sign, a tone or something beside them."""


OF_METRICS = tuple(
    _column(metric)
    for metric in sorted(_IN_RUNS, key=lambda one: (one is LOSS, one is not TOP1, one.test == "processes"))
)
"""Those of the metrics, in order: what decides first, as a phone shows but a few at once."""


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
        read=_over_reference,
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
        notes=tuple(_remarks_on_decision(recommendation, machine)),
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
    caption = "Its limits" if candidate.cell.id == chosen else f"The limits, and how {candidate.cell.id} holds them"
    return Sheet(caption=caption, grid=Grid(heads=heads, rows=rows, words=frozenset({3})))


def _limit(found: LimitProbability) -> tuple[str, ...]:
    unit = found.limit.metric.unit
    value = ABSENT if found.value is None else f"{unit.text(found.value)} {unit.symbol}"
    return (found.limit.summary, value, chance(found.probability), found.why)


def _others(recommendation: Recommendation, machine: MachineRecommendation) -> Iterator[Sheet]:
    holding = [one for one in machine.those("holds") if one.cell.id != recommendation.cell]
    yield _candidates("Other cells that hold all limits", holding, recommendation)
    yield _candidates("Cells that may hold them", machine.those("open"), recommendation)
    yield _candidates("The nearest misses", machine.those("misses"), recommendation)
    rows = tuple((cell, shorten(why, _LONGEST_WHY, placeholder=" ...")) for cell, why in machine.excluded.items())
    yield Sheet(caption="No candidates", grid=Grid(heads=("cell", "why"), rows=rows, words=frozenset({1})))


def _candidates(caption: str, found: Sequence[Candidate], recommendation: Recommendation) -> Sheet:
    rows = tuple(
        (
            one.cell.id,
            milliseconds(one.cell.timing.p50_seconds),
            percent(None if one.cell.cell.has_random_weights else one.cell.top1),
            megabytes(one.cell.size_bytes),
            chance(one.at_least),
            describe_miss(one, confidence=recommendation.confidence),
        )
        for one in found[:_MOST]
    )
    heads = ("cell", "p50 ms", "top-1 %", "MB", "chance at least %", "what it misses by")
    some = f", {exactly(_MOST)} of {exactly(len(found))}" if len(found) > _MOST else ""
    grid = Grid(heads=heads, rows=rows, words=frozenset({5}))
    return Sheet(caption=f"{caption}{some}", grid=without_empty(grid))


def _remarks_on_decision(recommendation: Recommendation, machine: MachineRecommendation) -> Iterator[str]:
    yield from recommendation.notes
    yield from machine.known.notes
    if recommendation.cell and machine.rivals:
        what = METRICS[recommendation.preference[0]].title
        yield f"Not significantly worse in {what}, and holding all limits too: {', '.join(machine.rivals[:_MOST])}."
    chosen = machine.of(recommendation.cell) if recommendation.cell else None
    if chosen:
        yield from (f"It was disturbed while it was timed: {one}." for one in chosen.cell.timing.disturbances)
