"""What stands in the report's matrix: which columns, which rows, what is said below?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zoobench.judge.record import Record, Speedup
from zoobench.judge.report.contents import Column, Matrix, Row, Tone, Value
from zoobench.judge.table import (
    COPIES_DIFFER,
    OVER_REFERENCE_MEANS,
    SPEEDUP_MEANS,
    by_backbone,
    marked,
    memory_remarks,
    over_reference,
    relative_size,
    remarks,
    title_of,
)
from zoobench.units import ABSENT, megabytes, milliseconds, nats, percent, ratio
from zoobench.variants import VARIANTS

_UNKNOWN = Value(text=ABSENT)
_DISTURBED_MEANS = "~ before a time: other work disturbed the rounds, so that it is not the model's alone."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A column and how it is read from a record."""

    column: Column
    read: Callable[[Record], Value]


def matrix_of(records: Sequence[Record], *, chosen: str = "", planned: Sequence[str] = ()) -> Matrix:
    """Returns the matrix of a run.

    Args:
        records: Of all its cells.
        chosen: Id of the recommended cell.
        planned: Ids of the cells that were to be measured.
    """
    fields = [field for field in _FIELDS if _is_worth_showing(field, records)]
    rows = tuple(_row(record, fields, chosen=chosen) for record in by_backbone(records))
    return Matrix(
        caption=title_of(records),
        columns=tuple(field.column for field in fields),
        rows=rows,
        notes=_notes(records, planned),
    )


def _row(record: Record, fields: Sequence[_Field], *, chosen: str) -> Row:
    cell = record.cell
    return Row(
        id=cell.id,
        backbone=cell.backbone,
        variant=cell.variant,
        short=VARIANTS[cell.variant].short if cell.variant in VARIANTS else "",
        runtime=cell.runtime,
        threads=cell.threads,
        values=tuple(field.read(record) for field in fields),
        marks=_marks(record),
        chosen=cell.id == chosen,
    )


def _marks(record: Record) -> tuple[str, ...]:
    found = []
    if record.refusal:
        found.append(f"refused by {record.refusal.by}")
    elif record.latency is None and record.accuracy is None:
        found.append("not measured")
    if record.cell.has_random_weights:
        found.append("random weights")
    if marked(record.latency):
        found.append("disturbed")
    return tuple(found)


def _notes(records: Sequence[Record], planned: Sequence[str]) -> tuple[str, ...]:
    there = {record.cell.id for record in records}
    missing = [cell for cell in planned if cell not in there]
    notes = [SPEEDUP_MEANS]
    if any(map(over_reference, records)):
        notes.append(OVER_REFERENCE_MEANS)
    notes += memory_remarks(records)
    if any(marked(record.latency) for record in records):
        notes.append(_DISTURBED_MEANS)
    if missing:
        notes.append(f"Meant to be measured and not in the file: {', '.join(missing)}.")
    return (*notes, *remarks(records))


def _is_worth_showing(field: _Field, records: Sequence[Record]) -> bool:
    """Tells whether any cell has a value in a column; those of the time over LiteRT's and of memory are left out."""
    return field.column.key not in _OPTIONAL or any(field.read(record) != _UNKNOWN for record in records)


def _top1(record: Record) -> Value:
    if record.accuracy is None:
        return _UNKNOWN
    low, high = record.accuracy.interval
    top1 = record.accuracy.top1
    return Value(text=percent(top1), detail=f"{percent(low)}–{percent(high)}", order=top1)


def _loss(record: Record) -> Value:
    loss = record.accuracy.loss if record.accuracy else None
    return Value(text=nats(loss), order=loss)


def _agreement(record: Record) -> Value:
    share = record.accuracy.agreement_with_float if record.accuracy else None
    return Value(text=percent(share), order=share)


def _p50(record: Record) -> Value:
    latency = record.latency
    if latency is None:
        return _UNKNOWN
    text = f"{marked(latency)}{milliseconds(latency.p50_seconds)}"
    ends = latency.p50_interval
    detail = f"{milliseconds(ends[0])}–{milliseconds(ends[1])}" if ends else ""
    return Value(text=text, detail=detail, order=latency.p50_seconds)


def _p90(record: Record) -> Value:
    seconds = record.latency.p90_seconds if record.latency else None
    return Value(text=milliseconds(seconds), order=seconds)


def _over_float(record: Record) -> Value:
    return _sped(record.latency.speedup_over_float if record.latency else None)


def _over_reference(record: Record) -> Value:
    return _sped(over_reference(record))


def _sped(speedup: Speedup | None) -> Value:
    """Returns a speed-up, better or worse only where its interval is beyond what two copies of a file differ by."""
    if speedup is None:
        return _UNKNOWN
    low, high = speedup.interval
    tone: Tone = "better" if low > 1 + COPIES_DIFFER else "worse" if high < 1 - COPIES_DIFFER else ""
    return Value(text=ratio(speedup.point), detail=f"{ratio(low)}–{ratio(high)}", order=speedup.point, tone=tone)


def _size(record: Record) -> Value:
    if record.model is None:
        return _UNKNOWN
    relative = relative_size(record.model)
    detail = "" if relative is None else f"× {ratio(relative)}"
    return Value(text=megabytes(record.model.size_bytes), detail=detail, order=record.model.size_bytes)


def _memory(record: Record) -> Value:
    peak = record.memory.peak_rss_bytes if record.memory else None
    return Value(text=megabytes(peak), order=peak)


def _startup(record: Record) -> Value:
    if record.startup is None:
        return _UNKNOWN
    seconds = record.startup.initialization.p50_seconds + record.startup.first_inference.p50_seconds
    return Value(text=milliseconds(seconds), order=seconds)


def _field(key: str, title: str, meaning: str, read: Callable[[Record], Value]) -> _Field:
    return _Field(column=Column(key=key, title=title, meaning=meaning), read=read)


_OPTIONAL = frozenset({"over-reference", "memory", "startup", "agreement"})
_FIELDS = (
    _field("top1", "top-1 %", "Share of the test samples that it has right, with the 95 % interval.", _top1),
    _field("loss", "loss", "Mean cross-entropy of the test samples in nats.", _loss),
    _field("agreement", "as float %", "Share of the test samples on which it says what its float twin says.", _agreement),
    _field("p50", "p50 ms", "Median time of one image, with the 95 % interval over this run's rounds.", _p50),
    _field("p90", "p90 ms", "Nine in ten images take no longer; told from 64 rounds on.", _p90),
    _field("over-float", "× float", "Times faster than its float twin, with the 95 % interval.", _over_float),
    _field("over-reference", "× litert", "Times faster than the same file on LiteRT, with the interval.", _over_reference),
    _field("size", "MB", "Size of the file, and as a share of the float file's.", _size),
    _field("memory", "peak MB", "The most that a fresh process held to open the file and run it.", _memory),
    _field("startup", "start ms", "A fresh process: opening the file and the first image, medians added.", _startup),
)
