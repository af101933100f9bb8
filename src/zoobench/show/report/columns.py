"""What does each column of the matrix say of a record?"""

from collections.abc import Callable
from dataclasses import dataclass

from zoobench.results.schema import Record, Speedup
from zoobench.show.report.matrixparts import Column, Tone, Value
from zoobench.show.table import COPIES_DIFFER, marked, over_reference, relative_size
from zoobench.system.units import ABSENT, megabytes, milliseconds, nats, percent, ratio

UNKNOWN = Value(text=ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A column and how it is read from a record.

    Attributes:
        column: What stands in its head.
        label: What it is called without its unit.
        unit: At a number that stands alone; `×` stands before it.
        read: Returns what a record says.
    """

    column: Column
    label: str
    unit: str
    read: Callable[[Record], Value]

    @property
    def key(self) -> str:
        """Names the column."""
        return self.column.key

    def with_unit(self, text: str) -> str:
        """Returns a number as it stands alone."""
        return f"{self.unit} {text}" if self.unit == "×" else f"{text} {self.unit}".strip()


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
    return _sped(record.latency.speedup_over_float if record.latency else None)


def _over_reference(record: Record) -> Value:
    return _sped(over_reference(record))


def _sped(speedup: Speedup | None) -> Value:
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


def _reading(
    key: str, label: str, unit: str, meaning: str, read: Callable[[Record], Value], *, title: str = ""
) -> Reading:
    column = Column(key=key, title=title or f"{label} {unit}".strip(), meaning=meaning)
    return Reading(column=column, label=label, unit=unit, read=read)


def span(ends: tuple[float, float] | None, shown: Callable[[float | None], str]) -> str:
    """Returns an interval as text, '' where there is none."""
    return f"{shown(ends[0])}–{shown(ends[1])}" if ends else ""


READINGS = (
    _reading("top1", "top-1", "%", "Share of the test samples that it has right, with its 95 % interval.", _top1),
    _reading("p50", "p50", "ms", "Median time of one image, with its 95 % interval over this run's rounds.", _p50),
    _reading("p90", "p90", "ms", "Nine in ten images take no longer; told from 64 rounds on.", _p90),
    _reading("over-float", "over float", "×", "Times faster than its float twin.", _over_float, title="× float"),
    _reading("size", "size", "MB", "Size of the file, and as a share of the float file's.", _size, title="MB"),
    _reading(
        "memory",
        "peak memory",
        "MB",
        "The most that a fresh process held to open and run it.",
        _memory,
        title="peak MB",
    ),
    _reading("loss", "loss", "", "Mean cross-entropy of the test samples in nats.", _loss),
    _reading(
        "agreement", "as float", "%", "Share of the samples on which it says what its float twin says.", _agreement
    ),
    _reading(
        "over-reference",
        "over LiteRT",
        "×",
        "Times faster than the same file on LiteRT.",
        _over_reference,
        title="× litert",
    ),
    _reading(
        "startup", "start", "ms", "A fresh process: opening the file and the first image, medians added.", _startup
    ),
)
"""Every column, in order: what decides first, as a phone shows but a few at once."""
