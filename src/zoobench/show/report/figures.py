"""Which pictures does a report have, with what numbers: trade-off, latencies, speed-ups and trainings?"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice

from zoobench.judge.metrics import LATENCY_P50, SIZE, TOP1
from zoobench.judge.recommend.limits import Limit
from zoobench.judge.recommend.pareto import Place
from zoobench.judge.recommend.recommendation import Recommendation
from zoobench.results.schema import Record, RecordedTraining
from zoobench.show.charts.rows import LEAST_SPEEDUP, latencies, speedups
from zoobench.show.charts.sheet import Chart
from zoobench.show.charts.trade_off import MEANING, pareto
from zoobench.show.charts.training import training
from zoobench.show.document import Grid
from zoobench.show.report.contents import (
    Figure,
    named,
    table,
)
from zoobench.system.units import (
    ABSENT,
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
_MOST_NAMED = 2
"""Cells that dominate another one."""


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
    rows = [_standing(record, places[record.cell.id]) for record in trained or known]
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


def _standing(record: Record, place: Place) -> tuple[str, ...]:
    return (
        record.cell.id,
        milliseconds(LATENCY_P50.value(record)),
        span(LATENCY_P50.interval(record), milliseconds),
        percent(TOP1.value(record)),
        span(TOP1.interval(record), percent),
        megabytes(SIZE.value(record)),
        MEANING[place.standing],
        few(place.dominated_by or place.beaten_by, most=_MOST_NAMED),
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
