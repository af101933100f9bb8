"""How does a person read records? One table, a section for each backbone."""

from collections.abc import Sequence
from itertools import groupby
from textwrap import shorten

from rich.console import JustifyMethod
from rich.text import Text

from zoobench.judge.disturbed import told
from zoobench.judge.record import Record, RecordedAccuracy, RecordedLatency, RecordedModel, Speedup
from zoobench.paper import blank, empty_table, written
from zoobench.units import ABSENT, megabytes, milliseconds, percent, ratio
from zoobench.variants import VARIANTS

LEAST_WIDTH = 128
_HEADS = (
    *("", "cell", "runtime", "threads", "top-1 %", "95 %", "loss"),
    *("p50 ms", "p90 ms", "× float", "95 %", "MB", "size"),
)
_NUMBERS_FROM = 3
_COPIES_DIFFER = 0.02
"""Measured: two sessions of one file, interleaved, stay within this share of each other."""
_NAMES = 1
DISTURBED = "~"
"""Before the time of a cell whose rounds were disturbed."""
_REASON_WIDTH = 200
"""Characters of a refusal's reason in the table; the record has all of it."""


def render(records: Sequence[Record], *, width: int, colours: bool) -> str:
    """Returns the table of records as text.

    Args:
        records: In any order; backbones stand in that of their first record.
        width: Columns of the terminal; below `LEAST_WIDTH` the table is wider than it. Where even that is too
            narrow, names are cut and numbers are not.
        colours: Whether the reader is a terminal that knows them.
    """
    table = empty_table(title=_title(records))
    for position, head in enumerate(_HEADS):
        justify: JustifyMethod = "right" if position >= _NUMBERS_FROM else "left"
        table.add_column(head, justify=justify, no_wrap=position != _NAMES, overflow="ellipsis")
    for backbone, rows in groupby(_by_backbone(records), key=lambda record: record.cell.backbone):
        table.add_row("", Text(backbone, style="bold"))
        for record in rows:
            table.add_row(*_row(record))
        table.add_section()
    console = blank(width=max(width, LEAST_WIDTH), colours=colours)
    console.print(table)
    console.print("", *_remarks(records), sep="\n", soft_wrap=True)
    return written(console)


def _by_backbone(records: Sequence[Record]) -> list[Record]:
    """Returns the records by backbone and threads, and by variant as the table of variants has them."""
    backbones = list(dict.fromkeys(record.cell.backbone for record in records))
    variants = list(VARIANTS)

    def place(record: Record) -> tuple[int, int, int]:
        cell = record.cell
        known = variants.index(cell.variant) if cell.variant in VARIANTS else len(variants)
        return (backbones.index(cell.backbone), cell.threads, known)

    return sorted(records, key=place)


def _title(records: Sequence[Record]) -> str:
    data = dict.fromkeys(
        f"{record.dataset.name}, {record.dataset.samples} test samples of {len(record.dataset.classes)} classes"
        for record in records
    )
    return "; ".join(data)


def _row(record: Record) -> tuple[Text | str, ...]:
    cell, latency = record.cell, record.latency
    return (
        VARIANTS[cell.variant].short if cell.variant in VARIANTS else "",
        cell.variant,
        cell.runtime,
        str(cell.threads),
        *_accuracy(record.accuracy),
        f"{_mark(latency)}{milliseconds(latency.p50_seconds if latency else None)}",
        milliseconds(latency.p90_seconds if latency else None),
        *_speedup(latency.speedup_over_float if latency else None),
        megabytes(record.model.size_bytes if record.model else None),
        ratio(_relative_size(record.model)),
    )


def _mark(latency: RecordedLatency | None) -> str:
    return DISTURBED if latency and latency.disturbance and latency.disturbance.causes else ""


def _relative_size(model: RecordedModel | None) -> float | None:
    return model.size_bytes / model.float_twin_size_bytes if model and model.float_twin_size_bytes else None


def _accuracy(accuracy: RecordedAccuracy | None) -> tuple[str, str, str]:
    if accuracy is None:
        return (ABSENT, "", ABSENT)
    low, high = accuracy.interval
    return (percent(accuracy.top1), f"{percent(low)}–{percent(high)}", f"{accuracy.loss:.3f}")


def _speedup(speedup: Speedup | None) -> tuple[Text, str]:
    """Returns the speed-up, green or red only where its interval is beyond what two copies of a file differ by."""
    if speedup is None:
        return (Text(ABSENT), "")
    low, high = speedup.interval
    style = "green" if low > 1 + _COPIES_DIFFER else "red" if high < 1 - _COPIES_DIFFER else ""
    return (Text(ratio(speedup.point), style=style), f"{ratio(low)}–{ratio(high)}")


def _remarks(records: Sequence[Record]) -> list[str]:
    remarks = [
        "× float: the float32 file's time over this one's, paired by round; float32 itself: a second copy of it."
    ]
    random = dict.fromkeys(record.cell.backbone for record in records if record.cell.has_random_weights)
    if random:
        remarks.append(f"RANDOM WEIGHTS in {', '.join(random)}: accuracy means nothing there, speed and size do.")
    remarks += [
        f"XFAIL {record.cell.id}: {record.refusal.by} refuses it: {_on_one_line(record.refusal.reason)}"
        for record in records
        if record.refusal
    ]
    remarks += [
        f"{DISTURBED} {record.cell.id}: {told(record.latency.disturbance)}."
        for record in records
        if record.latency and record.latency.disturbance and record.latency.disturbance.causes
    ]
    left_out = max(record.dataset.left_out for record in records)
    if left_out:
        remarks.append(f"{left_out} images could not be used and were left out.")
    return remarks


def _on_one_line(text: str) -> str:
    return shorten(text, _REASON_WIDTH, placeholder=" ...")
