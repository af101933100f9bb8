"""What does the report say of all cells: which should be taken and why, what was measured of each, and in pictures?"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from textwrap import shorten

from zoobench.judge.metrics import LATENCY_P50, LATENCY_P90, LOSS, METRICS, SIZE, SPEEDUP, TOP1, Metric
from zoobench.judge.recommend.limits import Limit
from zoobench.judge.recommend.recommendation import Candidate, Recommendation
from zoobench.results.disturbed import cautions, taken_as
from zoobench.results.schema import Record, RecordedTraining, Speedup
from zoobench.show.charts.rows import LEAST_SPEEDUP, latencies, speedups
from zoobench.show.charts.sheet import Chart
from zoobench.show.charts.trade_off import MEANING, pareto
from zoobench.show.charts.training import training
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
    Figure,
    Matrix,
    Value,
    named,
    table,
    without_empty,
)
from zoobench.system.units import (
    ABSENT,
    RATIO,
    chance,
    exactly,
    few,
    megabytes,
    milliseconds,
    nats,
    percent,
    ratio,
    span,
    three_digits,
)

NO_CURVES = "No training curves are in the file: the models came trained, or it is older than curves in results."
WIDE, NARROW = 1000.0, 360.0
"""Of a drawing on a screen and on a phone, in its own units: letters have one size on both."""
_MOST_ROWS = 120
"""Of a picture with a row for each cell: more are longer than anybody scrolls."""
_MOST_TRAININGS = 24
UNKNOWN = Value(text=ABSENT)
_DISTURBED_MEANS = "~ before a time: other work disturbed the rounds, so that it is not the model's alone."
_LONGEST_WHY = 300
"""Letters of a refusal; the file has all of it."""
_MOST = 8
"""Cells of each kind that are listed."""
_MOST_NAMED = 2
"""Cells that dominate another one."""


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


def figures_of(
    records: Sequence[Record], rounds: Mapping[str, Sequence[float]], recommendation: Recommendation
) -> tuple[Figure, ...]:
    """Returns the pictures of cells, whose rounds are in seconds by id: trade-off, latencies and speed-ups."""
    drawn = _drawn_ones(records, recommendation)
    return (
        trade_off(records, recommendation, drawn=drawn),
        _latencies(records, rounds, recommendation.limits, drawn=drawn),
        _speedups(records, drawn=drawn),
    )


def _drawn_ones(records: Sequence[Record], recommendation: Recommendation) -> frozenset[str]:
    """Returns the cells that have a row in a picture: of very many the recommended one, the front and the fastest."""
    front = {place.cell for place in recommendation.machines[0].front if place.standing == "front"}

    def rank(record: Record) -> tuple[bool, bool, float]:
        seconds = record.latency.p50_seconds if record.latency else math.inf
        return record.cell.id != recommendation.cell, record.cell.id not in front, seconds

    return frozenset(record.cell.id for record in sorted(records, key=rank)[:_MOST_ROWS])


def _not_all(drawn: frozenset[str], records: Sequence[Record]) -> list[str]:
    if len(drawn) >= len(records):
        return []
    return [
        f"The picture has {exactly(len(drawn))} of {exactly(len(records))} cells, the recommended one, the front and "
        "the fastest first; the table has all."
    ]


def _drawn(
    name: str, chart: Callable[..., Chart], *, title: str, notes: Sequence[str] = (), numbers: Grid | None
) -> Figure:
    """Returns a chart, drawn for a screen and for a phone, as a part of the page."""
    wide, narrow = chart(width=WIDE), chart(width=NARROW)
    return Figure(name=name, title=title, wide=wide, narrow=narrow, notes=tuple(notes), numbers=numbers)


def trade_off(
    records: Sequence[Record], recommendation: Recommendation, *, drawn: frozenset[str] | None = None
) -> Figure:
    """Returns the picture of times, accuracies and sizes.

    Cells of random weights are in it only if there are no others: their accuracy means nothing.

    Args:
        records: In the order of the table.
        recommendation: Knows the front.
        drawn: Which cells the picture has; all without it.
    """
    machine = recommendation.machines[0]
    places = {place.cell: place for place in machine.front}
    known = [record for record in records if record.cell.id in places and record.accuracy]
    trained = [record for record in known if not record.cell.has_random_weights]
    notes = list(machine.front_notes)
    if known and not trained:
        notes.insert(0, "RANDOM WEIGHTS: how high a cell stands here means nothing, its time and its size do.")
    elif len(trained) < len(known):
        random = named([record.cell.id for record in known if record.cell.has_random_weights])
        notes.insert(0, f"Random weights, so not here, as their accuracy means nothing: {random}.")
    rows = []
    for record in trained or known:
        place = places[record.cell.id]
        rows.append(
            (
                record.cell.id,
                milliseconds(LATENCY_P50.value(record)),
                span(LATENCY_P50.interval(record), milliseconds),
                percent(TOP1.value(record)),
                span(TOP1.interval(record), percent),
                megabytes(SIZE.value(record)),
                MEANING[place.standing],
                few(place.dominated_by or place.beaten_by, most=_MOST_NAMED),
            )
        )
    pictured = [record for record in trained or known if drawn is None or record.cell.id in drawn]
    notes += _not_all(frozenset(record.cell.id for record in pictured), trained or known)
    heads = ("cell", "p50 ms", "95 %", "top-1 %", "95 %", "MB", "Pareto front", "by")
    standings = {cell: place.standing for cell, place in places.items()}
    cell, limits = recommendation.cell or "", recommendation.limits
    return _drawn(
        "trade-off",
        partial(pareto, pictured, standings, recommended=cell, limits=limits),
        title="Trade-off",
        notes=notes,
        numbers=table("Time, accuracy and size", heads, rows, words={6, 7}),
    )


def _latencies(
    records: Sequence[Record],
    rounds: Mapping[str, Sequence[float]],
    limits: Sequence[Limit],
    *,
    drawn: frozenset[str],
) -> Figure:
    rows = []
    for record in records:
        own = rounds.get(record.cell.id, ())
        if record.latency:
            times = (min(own, default=None), record.latency.p50_seconds, record.latency.p90_seconds)
            shown = map(milliseconds, (*times, max(own, default=None)))
            rows.append((record.cell.id, exactly(len(own)), *shown))
    heads = ("cell", "rounds", "fastest ms", "p50 ms", "p90 ms", "slowest ms")
    numbers = table("Time per image", heads, rows)
    shown_records = [record for record in records if record.cell.id in drawn]
    chart = partial(latencies, shown_records, rounds, limits=limits)
    return _drawn("latency", chart, title="Latency", notes=_not_all(drawn, records), numbers=numbers)


def _speedups(records: Sequence[Record], *, drawn: frozenset[str]) -> Figure:
    shown, rows = [], []
    for record in records:
        found = record.latency.speedup_over_float if record.latency else None
        if found and min(found.point, *found.interval) >= LEAST_SPEEDUP:
            shown += [record] if record.cell.id in drawn else []
            rows.append((record.cell.id, found.twin, ratio(found.point), span(found.interval, ratio)))
    numbers = table("Speed-up over the float twin", ("cell", "float twin", "× float", "95 %"), rows, words={1})
    notes = _not_all(drawn, records)
    return _drawn("speed-up", partial(speedups, shown), title="Speed-up", notes=notes, numbers=numbers)


def trainings_of(records: Sequence[Record]) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
    """Returns a picture of each training, of very many the first, and notes; cells of one classifier share theirs."""
    trainings = dict.fromkeys((record.cell.backbone, record.training) for record in records if record.training)
    names = Counter(backbone for backbone, _ in trainings)
    figures = []
    for number, (backbone, found) in enumerate(islice(trainings, _MOST_TRAININGS), start=1):
        name = f"training-{number}"
        title = f"Training of {backbone}'s head" + (f" ({name})" if names[backbone] > 1 else "")
        figures.append(_training(found, backbone=backbone, name=name, title=title))
    more = len(trainings) - len(figures)
    notes = (f"The first {len(figures)} trainings are drawn; the file has {exactly(more)} more.",) if more else ()
    return tuple(figures), notes if trainings else (NO_CURVES,)


def _training(found: RecordedTraining, *, backbone: str, name: str, title: str) -> Figure:
    kept = "which epoch was kept is not known" if found.kept_epoch is None else f"epoch {found.kept_epoch} was kept"
    seconds = "" if found.seconds is None else f", {three_digits(found.seconds)} s"
    validated = {
        epoch: (nats(loss), percent(share))
        for epoch, loss, share in zip(found.validated, found.validation_loss, found.validation_accuracy, strict=True)
    }
    rows = (
        (exactly(epoch), nats(loss), percent(share), *validated.get(epoch, (ABSENT, ABSENT)))
        for epoch, loss, share in zip(found.shown, found.loss, found.accuracy, strict=True)
    )
    heads = ("epoch", "loss", "top-1 %", "validation loss", "validation top-1 %")
    return _drawn(
        name,
        partial(training, found, backbone=backbone, title=title),
        title=title,
        notes=(f"{exactly(found.epochs)} epochs{seconds}; {kept}.",),
        numbers=table(title, heads, rows),
    )
