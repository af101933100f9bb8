"""How does a person read records? One table, a section for each backbone."""

from collections.abc import Sequence
from itertools import groupby
from statistics import median
from textwrap import shorten

from rich.console import Console, JustifyMethod
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from zoobench.matrix.variants import VARIANTS
from zoobench.results.disturbed import told
from zoobench.results.schema import Record, RecordedAccuracy, RecordedLatency, RecordedModel, Speedup
from zoobench.system.terminal import console_text, plain_table, text_console
from zoobench.system.units import ABSENT, megabytes, milliseconds, percent, ratio

LEAST_WIDTH = 128
_HEADS = (
    *("", "cell", "runtime", "threads", "top-1 %", "95 %", "loss"),
    *("p50 ms", "p90 ms", "× float", "95 %", "× litert", "95 %", "MB", "size", "peak MB"),
)
_MEMORY = frozenset({_HEADS.index("peak MB")})
_REFERENCE = frozenset({_HEADS.index("× litert"), _HEADS.index("× litert") + 1})
_REFERENCE_WIDTH = 22
"""Columns that they take."""
_NUMBERS_FROM = 3
COPIES_DIFFER = 0.02
"""Measured: two sessions of one file, interleaved, stay within this share of each other."""
_NAMES = 1
_ENOUGH = 10_000
"""Columns for any table."""
SPEEDUP_MEANS = (
    "× float: the float32 file's time over this one's, paired by round; float32 itself: a second copy of it."
)
OVER_REFERENCE_MEANS = (
    "× litert: the same file's time on LiteRT over this one's (keras_graph: on Keras), paired by round."
)
_TELLING_THREADS = frozenset({"litert", "litert_compiled", "onnxruntime"})
"""Runtimes that start a thread for each beyond the first; TensorFlow starts others besides, OpenVINO as it sees fit."""
_MOST_DISAGREEMENT = 0.01
"""Share of the samples; rounding alone tips those that two classes are equally probable for."""
DISTURBED = "~"
"""Before the time of a cell whose rounds were disturbed."""
_REASON_WIDTH = 200
"""Characters of a refusal's reason in the table; the record has all of it."""


def render(records: Sequence[Record], *, width: int, colours: bool) -> str:
    """Returns the table of records as text.

    Args:
        records: In any order; backbones stand in that of their first record.
        width: Columns of the terminal; below `LEAST_WIDTH` the table is wider than it. Where even that is too
            narrow, memory is left out, then names are cut, and numbers are not.
        colours: Whether the reader is a terminal that knows them.
    """
    hidden = frozenset() if any(map(over_reference, records)) else _REFERENCE
    least = LEAST_WIDTH if hidden else LEAST_WIDTH + _REFERENCE_WIDTH
    console = text_console(width=max(width, least), colours=colours)
    table, memory = _table(records, hidden=hidden), memory_remarks(records)
    if not memory or _width(table, console) > console.width:
        table = _table(records, hidden=hidden | _MEMORY)
        memory = [f"Peaks of memory are in the file; they do not fit {console.width} columns."] if memory else []
    console.print(table)
    footnotes = (SPEEDUP_MEANS,) if hidden else (SPEEDUP_MEANS, OVER_REFERENCE_MEANS)
    console.print("", *footnotes, *memory, *random_remarks(records), *remarks(records), sep="\n", soft_wrap=True)
    return console_text(console)


def _width(table: Table, console: Console) -> int:
    """Returns how many columns a table takes where nothing of it is cut."""
    return Measurement.get(console, console.options.update_width(_ENOUGH), table).maximum


def _table(records: Sequence[Record], *, hidden: frozenset[int]) -> Table:
    """Returns the table without some of its columns."""
    table = plain_table(title=title_of(records))
    shown = [position for position in range(len(_HEADS)) if position not in hidden]
    for position in shown:
        justify: JustifyMethod = "right" if position >= _NUMBERS_FROM else "left"
        table.add_column(_HEADS[position], justify=justify, no_wrap=position != _NAMES, overflow="ellipsis")
    for backbone, rows in groupby(by_backbone(records), key=lambda record: record.cell.backbone):
        table.add_row("", Text(backbone, style="bold"))
        for record in rows:
            row = _row(record)
            table.add_row(*(row[position] for position in shown))
        table.add_section()
    return table


def by_backbone(records: Sequence[Record]) -> list[Record]:
    """Returns the records by backbone and threads, and by variant as the table of variants has them."""
    backbones = list(dict.fromkeys(record.cell.backbone for record in records))
    variants = list(VARIANTS)

    def place(record: Record) -> tuple[int, int, int]:
        cell = record.cell
        known = variants.index(cell.variant) if cell.variant in VARIANTS else len(variants)
        return (backbones.index(cell.backbone), cell.threads, known)  # runtimes stay in the order of the records

    return sorted(records, key=place)


def title_of(records: Sequence[Record]) -> str:
    """Returns which samples cells were tested on."""
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
        f"{marked(latency)}{milliseconds(latency.p50_seconds if latency else None)}",
        milliseconds(latency.p90_seconds if latency else None),
        *_speedup(latency.speedup_over_float if latency else None),
        *_speedup(over_reference(record)),
        megabytes(record.model.size_bytes if record.model else None),
        ratio(relative_size(record.model)),
        megabytes(record.memory.peak_rss_bytes if record.memory else None),
    )


def over_reference(record: Record) -> Speedup | None:
    """Returns how much faster a cell is than the same file on the runtime that others are held against."""
    return record.latency.speedup_over_reference if record.latency else None


def marked(latency: RecordedLatency | None) -> str:
    """Returns what stands before a time: `DISTURBED`, or nothing."""
    return DISTURBED if latency and latency.disturbance and latency.disturbance.causes else ""


def relative_size(model: RecordedModel | None) -> float | None:
    """Returns the size of a file as a share of its float twin's, None where that is not known."""
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
    style = "green" if low > 1 + COPIES_DIFFER else "red" if high < 1 - COPIES_DIFFER else ""
    return (Text(ratio(speedup.point), style=style), f"{ratio(low)}–{ratio(high)}")


def random_remarks(records: Sequence[Record]) -> list[str]:
    """Returns what must be said loudly: which backbones have random weights."""
    random = dict.fromkeys(record.cell.backbone for record in records if record.cell.has_random_weights)
    if not random:
        return []
    return [f"RANDOM WEIGHTS in {', '.join(random)}: accuracy means nothing there, speed and size do."]


def remarks(records: Sequence[Record]) -> list[str]:
    """Returns what a reader must know of single cells: refusals, disturbances and the like."""
    found = [
        f"XFAIL {record.cell.id}: {record.refusal.by} refuses it: {_on_one_line(record.refusal.reason)}"
        for record in records
        if record.refusal
    ]
    found += [
        f"{record.cell.id} predicts another class than {other.cell} for {percent(1 - other.share)} % of the samples."
        for record in records
        if record.accuracy
        and (other := record.accuracy.agreement_with_reference)
        and other.share < 1 - _MOST_DISAGREEMENT
    ]
    found += [
        f"THREADS {record.cell.id}: {record.cell.runtime} started {started} more of them, not {expected}."
        for record in records
        if (started := _started(record)) is not None and started < (expected := record.cell.threads - 1)
    ]
    found += [
        f"{DISTURBED} {record.cell.id}: {told(record.latency.disturbance)}."
        for record in records
        if record.latency and record.latency.disturbance and record.latency.disturbance.causes
    ]
    return found + _left_out(records)


def _left_out(records: Sequence[Record]) -> list[str]:
    left_out = max(record.dataset.left_out for record in records)
    return [f"{left_out} images could not be used and were left out."] if left_out else []


def _started(record: Record) -> int | None:
    """Returns how many threads a cell's runtime started, None where that does not tell on how many it runs."""
    known = record.startup is not None and record.cell.runtime in _TELLING_THREADS
    return record.startup.threads_started if record.startup and known else None


def memory_remarks(records: Sequence[Record]) -> list[str]:
    """Says what a peak of memory is, and how much of it each runtime takes before it opens a file; or nothing."""
    if not any(record.memory for record in records):
        return []
    bases: dict[str, list[int]] = {}
    for record in records:
        if record.memory and record.memory.base_rss_bytes:
            bases.setdefault(record.cell.runtime, []).append(record.memory.base_rss_bytes)
    told = ", ".join(f"{runtime} {megabytes(median(found))}" for runtime, found in bases.items())
    before = f"; before it opened it: {told}" if told else ""
    return [f"peak MB: the most that a fresh process held to open the file and run it{before}."]


def _on_one_line(text: str) -> str:
    return shorten(text, _REASON_WIDTH, placeholder=" ...")
