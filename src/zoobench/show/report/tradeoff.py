"""Which picture shows what one pays in time and size for how much accuracy, and what beats what?"""

from collections.abc import Mapping, Sequence

from zoobench.judge.recommend.limits import P50, TOP1
from zoobench.judge.recommend.pareto import Place, Standing
from zoobench.judge.recommend.result import Choice
from zoobench.judge.recommend.sentences import few
from zoobench.results.schema import Record
from zoobench.show.charts.trade_off import ParetoLimit, ParetoPoint, pareto
from zoobench.show.document import Grid
from zoobench.show.report.charting import NARROW, WIDE, drawn, labels
from zoobench.show.report.columns import span
from zoobench.show.report.contents import Figure, Sheet
from zoobench.show.report.phrases import named
from zoobench.system.units import megabytes, milliseconds, percent

_AXES = {P50: "p50", TOP1: "top1"}
_MOST_NAMED = 2
"""Cells that beat another one."""
_STANDINGS: Mapping[Standing, str] = {
    "front": "on the front",
    "open": "perhaps on it",
    "dominated": "dominated",
}


def trade_off(records: Sequence[Record], choice: Choice) -> Figure:
    """Returns the picture of times, accuracies and sizes.

    Cells of random weights are in it only if there are no others: their accuracy means nothing.
    """
    places = {place.cell: place for place in choice.front.places}
    known = [record for record in records if record.cell.id in places and record.accuracy]
    trained = [record for record in known if not record.cell.has_random_weights]
    shown = trained or known
    names = labels(shown)
    points = [
        _point(
            record,
            places[record.cell.id].standing,
            label=names[record.cell.id],
            recommended=record.cell.id == choice.chosen,
        )
        for record in shown
    ]
    limits = [
        ParetoLimit(axis="p50" if limit.metric == P50 else "top1", value=limit.bound, label=limit.told)
        for limit in choice.limits
        if limit.metric in _AXES
    ]
    return drawn(
        "trade-off",
        title="Trade-off",
        wide=pareto(points, limits=limits, width=WIDE),
        narrow=pareto(points, limits=limits, width=NARROW),
        notes=(*_random(known, trained), *choice.front.notes),
        sheet=_points(points, places),
    )


def _random(known: Sequence[Record], trained: Sequence[Record]) -> list[str]:
    if len(known) == len(trained):
        return []
    if not trained:
        return ["RANDOM WEIGHTS: how high a cell stands here means nothing, its time and its size do."]
    random = [record.cell.id for record in known if record.cell.has_random_weights]
    return [f"Random weights, so not here, as their accuracy means nothing: {named(random)}."]


def _point(record: Record, standing: Standing, *, label: str, recommended: bool) -> ParetoPoint:
    latency, accuracy, model = record.latency, record.accuracy, record.model
    assert latency, "a cell has a standing only with a time"
    assert accuracy, "and an accuracy"
    assert model, "and a file"
    return ParetoPoint(
        cell=record.cell.id,
        label=label,
        p50_seconds=latency.p50_seconds,
        p50_interval=latency.p50_interval,
        top1=accuracy.top1,
        top1_interval=accuracy.interval,
        size_bytes=model.size_bytes,
        standing=standing,
        recommended=recommended,
    )


def _points(points: Sequence[ParetoPoint], places: Mapping[str, Place]) -> Sheet:
    rows = tuple(
        (
            one.cell,
            milliseconds(one.p50_seconds),
            span(one.p50_interval, milliseconds),
            percent(one.top1),
            span(one.top1_interval, percent),
            megabytes(one.size_bytes),
            _STANDINGS[one.standing],
            few(places[one.cell].dominated_by or places[one.cell].beaten_by, most=_MOST_NAMED),
        )
        for one in points
    )
    heads = ("cell", "p50 ms", "95 %", "top-1 %", "95 %", "MB", "Pareto front", "by")
    return Sheet(caption="Time, accuracy and size", grid=Grid(heads=heads, rows=rows, words=frozenset({6, 7})))
