"""What stands in the report's matrix: which columns, which rows, what is said below?"""

from collections.abc import Iterator, Sequence

from zoobench.matrix.variants import VARIANTS
from zoobench.results.schema import Record, Speedup
from zoobench.show.report.contents import Column, Matrix, MatrixRow, Tone, Value, span
from zoobench.show.table import (
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
from zoobench.system.units import ABSENT, megabytes, milliseconds, nats, percent, ratio

UNKNOWN = Value(text=ABSENT)
_ALWAYS = frozenset({"top1", "loss", "p50", "p90", "over-float", "size"})
"""Columns that are there even if no cell has a value in them."""
_DISTURBED_MEANS = "~ before a time: other work disturbed the rounds, so that it is not the model's alone."


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


def _top1(record: Record) -> Value:
    if record.accuracy is None:
        return UNKNOWN
    top1 = record.accuracy.top1
    return Value(text=percent(top1), detail=span(record.accuracy.interval, percent), order=top1)


def _loss(record: Record) -> Value:
    loss = record.accuracy.loss if record.accuracy else None
    return Value(text=nats(loss), order=loss)


def _agreement(record: Record) -> Value:
    share = record.accuracy.agreement_with_float if record.accuracy else None
    return Value(text=percent(share), order=share)


def _p50(record: Record) -> Value:
    latency = record.latency
    if latency is None:
        return UNKNOWN
    text = f"{marked(latency)}{milliseconds(latency.p50_seconds)}"
    return Value(text=text, detail=span(latency.p50_interval, milliseconds), order=latency.p50_seconds)


def _p90(record: Record) -> Value:
    seconds = record.latency.p90_seconds if record.latency else None
    return Value(text=milliseconds(seconds), order=seconds)


def _over_float(record: Record) -> Value:
    return _times_faster(record.latency.speedup_over_float if record.latency else None)


def _over_reference(record: Record) -> Value:
    return _times_faster(over_reference(record))


def _times_faster(speedup: Speedup | None) -> Value:
    """Returns a speed-up, better or worse only where its interval is beyond what two copies of a file differ by."""
    if speedup is None:
        return UNKNOWN
    low, high = speedup.interval
    tone: Tone = "better" if low > 1 + COPIES_DIFFER else "worse" if high < 1 - COPIES_DIFFER else ""
    return Value(text=ratio(speedup.point), detail=span(speedup.interval, ratio), order=speedup.point, tone=tone)


def _size(record: Record) -> Value:
    if record.model is None:
        return UNKNOWN
    relative = relative_size(record.model)
    detail = "" if relative is None else f"× {ratio(relative)}"
    return Value(text=megabytes(record.model.size_bytes), detail=detail, order=record.model.size_bytes)


def _memory(record: Record) -> Value:
    peak = record.memory.peak_rss_bytes if record.memory else None
    return Value(text=megabytes(peak), order=peak)


def _startup(record: Record) -> Value:
    if record.startup is None:
        return UNKNOWN
    seconds = record.startup.initialization.p50_seconds + record.startup.first_inference.p50_seconds
    return Value(text=milliseconds(seconds), order=seconds)


_MEANINGS = {
    "top1": "Share of the test samples that it has right, with its 95 % interval.",
    "p50": "Median time of one image, with its 95 % interval over this run's rounds.",
    "p90": "Nine in ten images take no longer; known from 64 rounds on.",
    "over-float": "Times faster than its float twin.",
    "size": "Size of the file, and as a share of the float file's.",
    "memory": "The most that a fresh process held to open and run it.",
    "loss": "Mean cross-entropy of the test samples in nats.",
    "agreement": "Share of the samples on which it says what its float twin says.",
    "over-reference": "Times faster than the same file on LiteRT.",
    "startup": "A fresh process: opening the file and the first image, medians added.",
}
COLUMNS = tuple(
    Column(key=key, label=label, unit=unit, title=title, read=read, meaning=_MEANINGS[key])
    for key, label, unit, title, read in (
        ("top1", "top-1", "%", "top-1 %", _top1),
        ("p50", "p50", "ms", "p50 ms", _p50),
        ("p90", "p90", "ms", "p90 ms", _p90),
        ("over-float", "over float", "×", "× float", _over_float),
        ("size", "size", "MB", "MB", _size),
        ("memory", "peak memory", "MB", "peak MB", _memory),
        ("loss", "loss", "", "loss", _loss),
        ("agreement", "as float", "%", "as float %", _agreement),
        ("over-reference", "over LiteRT", "×", "× litert", _over_reference),
        ("startup", "start", "ms", "start ms", _startup),
    )
)
"""Every column, in order: what decides first, as a phone shows but a few at once."""
