"""Which pictures show a run: trade-off, latencies and speed-ups of all cells, and how each head was trained?"""

from collections.abc import Mapping, Sequence, Set

from zoobench.judge.recommend.limits import P50, TOP1
from zoobench.judge.recommend.pareto import Place, Standing
from zoobench.judge.recommend.recommendation import Recommendation
from zoobench.results.run import Run
from zoobench.results.schema import Record, RecordedTraining
from zoobench.show.charts.rows import LatencyRow, SpeedupRow, latencies, speedups
from zoobench.show.charts.sheet import NARROWEST, Chart
from zoobench.show.charts.trade_off import MEANING, ParetoLimit, ParetoPoint, pareto
from zoobench.show.charts.training import training
from zoobench.show.document import Grid
from zoobench.show.records import by_backbone, marked
from zoobench.show.report.contents import Figure, Sheet, named, span
from zoobench.system.units import ABSENT, exactly, few, megabytes, milliseconds, nats, percent, ratio, three_digits

_LEAST_SPEEDUP = 1e-9
"""That a picture holds."""
_AXES = {P50: "p50", TOP1: "top1"}
_MOST_NAMED = 2
"""Cells that beat another one."""
NO_CURVES = "No training curves are in the file: the models came trained, or it is older than curves in results."
WIDE, NARROW = 1000.0, max(360.0, NARROWEST)
"""Of a drawing on a screen and on a phone, in its own units: letters have one size on both."""
_DISPENSABLE = (3, 2, 0)
"""Where threads, runtime and backbone stand among the words of a cell's id."""


def figures_of(run: Run, recommendation: Recommendation) -> tuple[Figure, ...]:
    """Returns the pictures of all cells of a run."""
    records = by_backbone(list(run.records.values()))
    return (trade_off(records, recommendation), _latencies(records, run), _speedups(records))


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


def trade_off(records: Sequence[Record], recommendation: Recommendation) -> Figure:
    """Returns the picture of times, accuracies and sizes.

    Cells of random weights are in it only if there are no others: their accuracy means nothing.
    """
    places = {place.cell: place for place in recommendation.machines[0].front}
    known = [record for record in records if record.cell.id in places and record.accuracy]
    trained = [record for record in known if not record.cell.has_random_weights]
    shown = trained or known
    names = labels(shown)
    points = [
        _point(
            record,
            places[record.cell.id].standing,
            label=names[record.cell.id],
            recommended=record.cell.id == recommendation.cell,
        )
        for record in shown
    ]
    limits = [
        ParetoLimit(axis="p50" if limit.metric.key == P50 else "top1", value=limit.bound, label=limit.summary)
        for limit in recommendation.limits
        if limit.metric.key in _AXES
    ]
    return drawn(
        "trade-off",
        title="Trade-off",
        wide=pareto(points, limits=limits, width=WIDE),
        narrow=pareto(points, limits=limits, width=NARROW),
        notes=(*_random(known, trained), *recommendation.machines[0].front_notes),
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
            MEANING[one.standing],
            few(places[one.cell].dominated_by or places[one.cell].beaten_by, most=_MOST_NAMED),
        )
        for one in points
    )
    heads = ("cell", "p50 ms", "95 %", "top-1 %", "95 %", "MB", "Pareto front", "by")
    return Sheet(caption="Time, accuracy and size", grid=Grid(heads=heads, rows=rows, words=frozenset({6, 7})))


def _latencies(records: Sequence[Record], run: Run) -> Figure:
    rows = [
        LatencyRow(
            cell=record.cell.id,
            label=label(record),
            p50_seconds=record.latency.p50_seconds,
            p90_seconds=record.latency.p90_seconds,
            rounds=tuple(run.rounds[record.cell.id].rounds) if record.cell.id in run.rounds else (),
            group=group(record),
            disturbed=bool(marked(record.latency)),
        )
        for record in records
        if record.latency
    ]
    return drawn(
        "latency",
        title="Latency",
        wide=latencies(rows, width=WIDE),
        narrow=latencies(rows, width=NARROW),
        sheet=_rounds(rows),
    )


def _rounds(rows: Sequence[LatencyRow]) -> Sheet:
    figures = tuple(
        (
            row.cell,
            exactly(len(row.rounds)),
            milliseconds(min(row.rounds, default=None)),
            milliseconds(row.p50_seconds),
            milliseconds(row.p90_seconds),
            milliseconds(max(row.rounds, default=None)),
        )
        for row in rows
    )
    heads = ("cell", "rounds", "fastest ms", "p50 ms", "p90 ms", "slowest ms")
    return Sheet(caption="Time per image", grid=Grid(heads=heads, rows=figures))


def _speedups(records: Sequence[Record]) -> Figure:
    rows = [
        SpeedupRow(
            cell=record.cell.id,
            label=label(record),
            twin=speedup.twin,
            point=speedup.point,
            interval=speedup.interval,
            group=group(record),
        )
        for record in records
        if record.latency
        and (speedup := record.latency.speedup_over_float)
        and min(speedup.point, *speedup.interval) >= _LEAST_SPEEDUP
    ]
    figures = tuple((row.cell, row.twin, ratio(row.point), span(row.interval, ratio)) for row in rows)
    grid = Grid(heads=("cell", "float twin", "× float", "95 %"), rows=figures, words=frozenset({1}))
    return drawn(
        "speed-up",
        title="Speed-up",
        wide=speedups(rows, width=WIDE),
        narrow=speedups(rows, width=NARROW),
        sheet=Sheet(caption="Speed-up over the float twin", grid=grid),
    )


def trainings_of(records: Sequence[Record]) -> tuple[Figure, ...]:
    """Returns a picture of each training; cells of one classifier share theirs."""
    trainings = dict.fromkeys((record.cell.backbone, record.training) for record in records if record.training)
    names = [backbone for backbone, _ in trainings]
    return tuple(
        _figure(found, backbone=backbone, name=f"training-{number}", many=names.count(backbone) > 1)
        for number, (backbone, found) in enumerate(trainings, start=1)
        if found
    )


def _figure(found: RecordedTraining, *, backbone: str, name: str, many: bool) -> Figure:
    title = f"Training of {backbone}'s head" + (f" ({name})" if many else "")
    return drawn(
        name,
        wide=training(found, backbone=backbone, title=title, width=WIDE),
        narrow=training(found, backbone=backbone, title=title, width=NARROW),
        notes=(_describe(found),),
        sheet=_sheet(found, title),
    )


def _describe(found: RecordedTraining) -> str:
    kept = "which epoch was kept is not known" if found.kept_epoch is None else f"epoch {found.kept_epoch} was kept"
    seconds = "" if found.seconds is None else f", {three_digits(found.seconds)} s"
    return f"{exactly(found.epochs)} epochs{seconds}; {kept}."


def _sheet(found: RecordedTraining, title: str) -> Sheet:
    validated = {
        epoch: (nats(loss), percent(share))
        for epoch, loss, share in zip(found.validated, found.validation_loss, found.validation_accuracy, strict=True)
    }
    rows = tuple(
        (exactly(epoch), nats(loss), percent(share), *validated.get(epoch, (ABSENT, ABSENT)))
        for epoch, loss, share in zip(found.shown, found.loss, found.accuracy, strict=True)
    )
    heads = ("epoch", "loss", "top-1 %", "validation loss", "validation top-1 %")
    return Sheet(caption=title, grid=Grid(heads=heads, rows=rows))


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
