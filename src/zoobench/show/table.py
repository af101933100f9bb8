"""How does a person read records? One table, a section for each backbone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from statistics import median
from textwrap import shorten
from typing import Any, Literal

from msgspec import to_builtins
from rich.console import Console, JustifyMethod
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from zoobench.judge.metrics import LATENCY_P50, METRICS, SIZE, SPEEDUP, TOP1, Metric
from zoobench.matrix.variants import VARIANTS
from zoobench.results.disturbed import told
from zoobench.results.schema import Record, RecordedLatency, RecordedModel, Speedup
from zoobench.show.document import Document, Grid, Lines, View
from zoobench.system.terminal import console_text, plain_table, text_console
from zoobench.system.units import ABSENT, megabytes, percent, ratio

LEAST_WIDTH = 128
_REFERENCE_WIDTH = 22
"""Columns that they take."""
_NAMES = ("", "cell", "runtime", "threads")
"""Heads of the columns before the metrics'."""
COPIES_DIFFER = 0.02
"""Measured: two sessions of one file, interleaved, stay within this share of each other."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of numbers: its head, what it says of a record, and what it is of, so that it can be left out."""

    head: str
    text: Callable[[Record], Text | str]
    of: Metric | Literal["reference"]

    @property
    def is_optional(self) -> bool:
        """Whether it is left out where the table is too wide: what fresh processes tell."""
        return self.of != "reference" and self.of.test == "processes"


def view(records: Sequence[Record]) -> View:
    """Returns records for every writer: all of them as they are stored, and a row of metrics for each cell."""
    return View(
        document=lambda: document(records),
        plain=lambda: [to_builtins(record) for record in records],
        rows=lambda: [_plain(record) for record in records],
        text=lambda screen: render(records, width=screen.width, colours=screen.colours),
    )


def document(records: Sequence[Record]) -> Document:
    """Returns the table of records with every column, and what a reader must know of them."""
    columns = [one for one in _columns() if one.of != "reference" or any(map(over_reference, records))]
    rows = tuple((record.cell.id, *(str(column.text(record)) for column in columns)) for record in by_backbone(records))
    notes = (SPEEDUP_MEANS, *memory_remarks(records), *random_remarks(records), *remarks(records))
    grid = Grid(heads=("cell", *(column.head for column in columns)), rows=rows)
    title = title_of(records)
    return Document(title=title, blocks=(Lines(lines=(title,)), grid, Lines(lines=notes)))


def _plain(record: Record) -> dict[str, Any]:
    cell = record.cell
    ids = {"cell": cell.id, "backbone": cell.backbone, "variant": cell.variant, "runtime": cell.runtime}
    values = {metric.key: metric.value(record) for metric in METRICS.values()}
    return ids | {"threads": cell.threads, "image_size": cell.image_size} | values


def render(records: Sequence[Record], *, width: int, colours: bool) -> str:
    """Returns the table of records as text.

    Args:
        records: In any order; backbones stand in that of their first record.
        width: Columns of the terminal; below `LEAST_WIDTH` the table is wider than it. Where even that is too
            narrow, what fresh processes tell is left out, then names are cut, and numbers are not.
        colours: Whether the reader is a terminal that knows them.
    """
    columns = [one for one in _columns() if _is_shown(one, records)]
    has_reference = any(one.of == "reference" for one in columns)
    console = text_console(width=max(width, LEAST_WIDTH + (_REFERENCE_WIDTH if has_reference else 0)), colours=colours)
    table, memory = _table(records, columns), memory_remarks(records)
    known = [one.of.title for one in columns if one.of != "reference" and one.is_optional]
    if known and _width(table, console) > console.width:
        table = _table(records, [one for one in columns if not one.is_optional])
        memory = [f"In the file: {', '.join(known)}; it does not fit {console.width} columns."]
    console.print(table)
    footnotes = (SPEEDUP_MEANS, OVER_REFERENCE_MEANS) if has_reference else (SPEEDUP_MEANS,)
    console.print("", *footnotes, *memory, *random_remarks(records), *remarks(records), sep="\n", soft_wrap=True)
    return console_text(console)


def _is_shown(column: _Column, records: Sequence[Record]) -> bool:
    """Tells whether a column belongs to these records; what fresh processes tell, older files do not hold."""
    if column.of == "reference":
        return any(map(over_reference, records))
    return not column.is_optional or any(map(column.of.read, records))


def _columns() -> Iterator[_Column]:
    """Yields the columns of numbers: of accuracy, of speed and size, and what fresh processes tell."""
    shown = [metric for metric in METRICS.values() if metric.column]
    for metric in sorted(shown, key=lambda one: (not one.of_samples, one.test == "processes")):
        yield _Column(head=metric.column, text=_VALUES.get(metric.key, partial(_value, metric)), of=metric)
        if beside := _BESIDE.get(metric.key):
            yield _Column(head=beside[0], text=beside[1], of=metric)
        if metric is SPEEDUP:
            yield _Column(head="× litert", text=lambda record: _sped(over_reference(record)), of="reference")
            yield _Column(head="95 %", text=lambda record: _span_of(over_reference(record)), of="reference")


def _width(table: Table, console: Console) -> int:
    """Returns how many columns a table takes where nothing of it is cut."""
    return Measurement.get(console, console.options.update_width(_ENOUGH), table).maximum


def _table(records: Sequence[Record], columns: Sequence[_Column]) -> Table:
    table = plain_table(title=title_of(records))
    for head in _NAMES:
        justify: JustifyMethod = "right" if head == "threads" else "left"
        table.add_column(head, justify=justify, no_wrap=head != "cell", overflow="ellipsis")
    for column in columns:
        table.add_column(column.head, justify="right", no_wrap=True, overflow="ellipsis")
    for backbone, rows in groupby(by_backbone(records), key=lambda record: record.cell.backbone):
        table.add_row("", Text(backbone, style="bold"))
        for record in rows:
            cell = record.cell
            short = VARIANTS[cell.variant].short if cell.variant in VARIANTS else ""
            texts = (column.text(record) for column in columns)
            table.add_row(short, cell.variant, cell.runtime, str(cell.threads), *texts)
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


def over_reference(record: Record) -> Speedup | None:
    """Returns how much faster a cell is than the same file on the runtime that others are held against."""
    return record.latency.speedup_over_reference if record.latency else None


def marked(latency: RecordedLatency | None) -> str:
    """Returns what stands before a time: `DISTURBED`, or nothing."""
    return DISTURBED if latency and latency.disturbance and latency.disturbance.causes else ""


def relative_size(model: RecordedModel | None) -> float | None:
    """Returns the size of a file as a share of its float twin's, None where that is not known."""
    return model.size_bytes / model.float_twin_size_bytes if model and model.float_twin_size_bytes else None


def _value(metric: Metric, record: Record) -> str:
    return metric.unit.text(metric.value(record))


def _interval_of(metric: Metric, record: Record) -> str:
    ends = metric.interval(record)
    return f"{metric.unit.text(ends[0])}–{metric.unit.text(ends[1])}" if ends else ""


def _p50(record: Record) -> str:
    return f"{marked(record.latency)}{_value(LATENCY_P50, record)}"


def _sped(speedup: Speedup | None) -> Text:
    """Returns a speed-up, green or red only where its interval is beyond what two copies of a file differ by."""
    if speedup is None:
        return Text(ABSENT)
    low, high = speedup.interval
    style = "green" if low > 1 + COPIES_DIFFER else "red" if high < 1 - COPIES_DIFFER else ""
    return Text(ratio(speedup.point), style=style)


def _span_of(speedup: Speedup | None) -> str:
    return f"{ratio(speedup.interval[0])}–{ratio(speedup.interval[1])}" if speedup else ""


_VALUES: Mapping[str, Callable[[Record], Text | str]] = {
    LATENCY_P50.key: _p50,
    SPEEDUP.key: lambda record: _sped(record.latency.speedup_over_float if record.latency else None),
}
"""Metrics whose numbers bear a sign or a colour."""
_BESIDE: Mapping[str, tuple[str, Callable[[Record], str]]] = {
    TOP1.key: ("95 %", partial(_interval_of, TOP1)),
    SPEEDUP.key: ("95 %", partial(_interval_of, SPEEDUP)),
    SIZE.key: ("size", lambda record: ratio(relative_size(record.model))),
}
"""What stands in a column of its own beside a metric's."""


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
