"""How does a person read records? One table, grouped by backbone; and what is said of a baseline, or of several?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from textwrap import shorten, wrap
from typing import Any

from msgspec import to_builtins

from zoobench.judge.metrics import LATENCY_P50, LATENCY_P90, LOSS, METRICS, SIZE, SPEEDUP, TOP1, Metric
from zoobench.matrix.variants import VARIANTS
from zoobench.results.conditions import differences, joined
from zoobench.results.disturbed import cautions, is_disturbed, taken_as, together, told
from zoobench.results.file import number_of
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record, RecordedLatency, RecordedModel, Speedup
from zoobench.show.document import Document, Grid, Lines, Tone, View
from zoobench.system.units import ABSENT, few, megabytes, percent, ratio, span

COPIES_DIFFER = 0.02
"""Measured: two sessions of one file, interleaved, stay within this share of each other."""
SPEEDUP_MEANS = (
    "× float: the float32 file's time over this one's, paired by round; float32 itself: a second copy of it."
)
OVER_REFERENCE_MEANS = (
    "× litert: the same file's time on LiteRT over this one's (keras_graph: on Keras), paired by round."
)
DISTURBED = "~"
"""Before the time of a cell whose rounds were disturbed."""
_OVER_REFERENCE = "× litert"
_NAMES = ("backbone", "cell", "", "runtime", "threads")
"""Heads of the columns before the metrics'."""
_TELLING_THREADS = frozenset({"litert", "litert_compiled", "onnxruntime"})
"""Runtimes that start a thread for each beyond the first; TensorFlow starts others besides, OpenVINO as it sees fit."""
_MOST_DISAGREEMENT = 0.01
"""Share of the samples; rounding alone tips those that two classes are equally probable for."""
_MOST_NAMED = 12
"""Cells in one remark."""
_MOST_DISTURBED = 3
"""Cells that are told of one by one."""
_LEGEND_WIDTH = 120
_REASON_WIDTH = 200
"""Characters of a refusal's reason in the table; the record has all of it."""
_MOST_DIFFERING = 3
"""Conditions in which a run is another than the one before, in a list of runs."""
_IDENTITY = 13
"""Characters of the weights' identity that tell files apart: `file:` and eight of the hash."""
_Column = tuple[str, Callable[[Record], str]]
"""A head, and what stands below it of a record."""


def view(records: Sequence[Record]) -> View:
    """Returns records for every writer: all of them as they are stored, and a row of metrics for each cell."""
    return View(
        document=lambda: document(records),
        plain=lambda: [to_builtins(record) for record in records],
        rows=lambda: [_plain(record) for record in records],
    )


def document(records: Sequence[Record]) -> Document:
    """Returns the table of records and what a reader must know of them; backbones stand as their first records do."""
    ordered, title = by_backbone(records), title_of(records)
    has_reference = any(map(over_reference, records))
    columns = list(_columns(records, has_reference=has_reference))
    heads = (*_NAMES, *(head for head, _ in columns))
    speedups = {SPEEDUP.column: _over_float, _OVER_REFERENCE: over_reference}
    grid = Grid(
        title=title,
        heads=heads,
        rows=tuple((*_names(record), *(text(record) for _, text in columns)) for record in ordered),
        words=frozenset({1, 2, 3}),
        tones={
            (row, heads.index(head)): tone_of(speedup)
            for head, read in speedups.items()
            for row, record in enumerate(ordered)
            if (speedup := read(record))
        },
        is_grouped=True,
        spare=_spare(heads, has_one_number_of_threads=len({record.cell.threads for record in records}) == 1),
    )
    means = (SPEEDUP_MEANS, OVER_REFERENCE_MEANS) if has_reference else (SPEEDUP_MEANS,)
    loud = (*random_remarks(records), *cautions(records))
    notes = (*letters(records), *means, *memory_remarks(records), *loud, *taken_as(records), *remarks(records))
    return Document(title=title, blocks=(grid, Lines(lines=notes)))


def _spare(heads: Sequence[str], *, has_one_number_of_threads: bool) -> tuple[int, ...]:
    """Returns the columns that a narrow terminal goes without, in this order; the last are what is asked for most."""
    names = {head: position for position, head in reversed(list(enumerate(heads)))}
    order = [names["threads"]] if has_one_number_of_threads else []
    for head, beside in ((SIZE.column, 1), (LATENCY_P90.column, 0), *((one.column, 0) for one in _of_processes())):
        order += [names[head] + beside] if head in names else []
    for head in (_OVER_REFERENCE, SPEEDUP.column, TOP1.column):
        order += [names[head] + 1] if head in names else []
    for head in (_OVER_REFERENCE, LOSS.column, ""):
        order += [names[head]] if head in names else []
    return tuple(order)


def letters(records: Iterable[Record]) -> list[str]:
    """Returns a line that says what the letters of these variants mean."""
    known = (VARIANTS.get(record.cell.variant) for record in records)
    meant = {one.name: f"{one.short} {one.summary}" for one in known if one}
    return wrap(f"{'; '.join(text for name in VARIANTS if (text := meant.get(name)))}.", _LEGEND_WIDTH) if meant else []


def _of_processes() -> list[Metric]:
    return [metric for metric in METRICS.values() if metric.column and metric.test == "processes"]


def _columns(records: Sequence[Record], *, has_reference: bool) -> Iterator[_Column]:
    shown = [metric for metric in METRICS.values() if metric.column]
    unknown = [metric for metric in _of_processes() if not any(map(metric.read, records))]
    for metric in sorted(shown, key=lambda one: (not one.of_samples, one.test == "processes")):
        if metric not in unknown:
            yield metric.column, partial(_value, metric)
        if beside := _BESIDE.get(metric.key):
            yield beside
        if metric is SPEEDUP and has_reference:
            yield _OVER_REFERENCE, lambda record: ratio(found.point) if (found := over_reference(record)) else ABSENT
            yield "95 %", lambda record: span(found.interval, ratio) if (found := over_reference(record)) else ""


def _names(record: Record) -> tuple[str, ...]:
    cell = record.cell
    short = VARIANTS[cell.variant].short if cell.variant in VARIANTS else ""
    return cell.backbone, cell.variant, short, cell.runtime, str(cell.threads)


def _value(metric: Metric, record: Record) -> str:
    return f"{marked(record.latency) if metric is LATENCY_P50 else ''}{metric.unit.text(metric.value(record))}"


def _interval_of(metric: Metric, record: Record) -> str:
    return span(metric.interval(record), metric.unit.text)


def tone_of(speedup: Speedup) -> Tone:
    """Returns how a speed-up is meant: only beyond what two copies of a file differ by is it good or bad."""
    low, high = speedup.interval
    return "good" if low > 1 + COPIES_DIFFER else "bad" if high < 1 - COPIES_DIFFER else "plain"


def _plain(record: Record) -> dict[str, Any]:
    cell = record.cell
    ids = {"cell": cell.id, "backbone": cell.backbone, "variant": cell.variant, "runtime": cell.runtime}
    values = {metric.key: metric.value(record) for metric in METRICS.values()}
    return ids | {"threads": cell.threads, "image_size": cell.image_size} | values


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


def _over_float(record: Record) -> Speedup | None:
    return record.latency.speedup_over_float if record.latency else None


def over_reference(record: Record) -> Speedup | None:
    """Returns how much faster a cell is than the same file on the runtime that others are compared with."""
    return record.latency.speedup_over_reference if record.latency else None


def marked(latency: RecordedLatency | None) -> str:
    """Returns what stands before a time: `DISTURBED`, or nothing."""
    return DISTURBED if is_disturbed(latency) else ""


def relative_size(model: RecordedModel | None) -> float | None:
    """Returns the size of a file as a share of its float twin's, None where that is not known."""
    return model.size_bytes / model.float_twin_size_bytes if model and model.float_twin_size_bytes else None


_BESIDE: Mapping[str, _Column] = {
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
    refused = [
        (
            record.cell.id,
            f"{record.refusal.by} refuses it: {shorten(record.refusal.reason, _REASON_WIDTH, placeholder=' ...')}",
        )
        for record in records
        if record.refusal
    ]
    found = [f"XFAIL {whose}: {reason}" for whose, reason in said_once(refused, of=len(records))]
    found += _quantizer_remarks(records)
    found += [
        f"{record.cell.id} predicts another class than {other.cell} for {percent(1 - other.share)} % of the samples."
        for record in records
        if record.accuracy
        and (other := record.accuracy.agreement_with_reference)
        and other.share < 1 - _MOST_DISAGREEMENT
    ]
    started_otherwise = [
        (record.cell.id, f"{record.cell.runtime} started {started} more of them, not {expected}.")
        for record in records
        if record.startup
        and record.cell.runtime in _TELLING_THREADS
        and (started := record.startup.threads_started) is not None
        and started < (expected := record.cell.threads - 1)
    ]
    found += [f"THREADS {whose}: {text}" for whose, text in said_once(started_otherwise, of=len(records))]
    found += _disturbances(records)
    left_out = max(record.dataset.left_out for record in records)
    return [*found, *([f"{left_out} images could not be used and were left out."] if left_out else [])]


def said_once(texts: Iterable[tuple[str, str]], *, of: int) -> Iterator[tuple[str, str]]:
    """Yields each text once with the cells that it is about, of so many cells."""
    cells: dict[str, list[str]] = {}
    for cell_id, text in texts:
        cells.setdefault(text, []).append(cell_id)
    for text, ids in cells.items():
        yield all_or(ids, of=of), text


def all_or(ids: Sequence[str], *, of: int) -> str:
    """Returns some of so many cells as a part of a sentence."""
    return f"all {of} cells" if len(ids) == of > 1 else few(ids, most=_MOST_NAMED)


def _disturbances(records: Sequence[Record]) -> list[str]:
    """Returns what disturbed each marked cell; of many, which the table marks too, the worst in one line."""
    seen = {record.cell.id: record.latency.disturbance for record in records if record.latency}
    marked = {cell_id: one for cell_id, one in seen.items() if one and one.causes}
    if len(marked) <= _MOST_DISTURBED:
        return [f"{DISTURBED} {cell_id}: {told(one)}." for cell_id, one in marked.items()]
    whose = f"all {len(records)}" if len(marked) == len(records) else f"{len(marked)} of {len(records)}"
    return [f"{DISTURBED} {whose} cells: up to {together(marked.values())}."]


def _quantizer_remarks(records: Sequence[Record]) -> list[str]:
    """Says which files another quantizer made than the default one of their variant."""
    made: dict[tuple[str, str], list[str]] = {}
    for record in records:
        own = VARIANTS.get(record.cell.variant)
        maker = record.model.quantizer if record.model else None
        if maker and own and own.quantizers and maker != own.quantizers[0]:
            made.setdefault((maker, own.quantizers[0]), []).append(record.cell.id)
    return [
        f"QUANTIZER {maker}, not the default {usual}: {few(ids, most=_MOST_NAMED)}."
        for (maker, usual), ids in made.items()
    ]


def memory_remarks(records: Sequence[Record]) -> list[str]:
    """Says what a peak of memory is, and how much of it each runtime takes before it opens a file; or nothing."""
    if not any(record.memory for record in records):
        return []
    bases: dict[str, list[int]] = {}
    for record in records:
        if record.memory and record.memory.base_rss_bytes:
            bases.setdefault(record.cell.runtime, []).append(record.memory.base_rss_bytes)
    known = ", ".join(f"{runtime} {megabytes(median(found))}" for runtime, found in bases.items())
    before = f"; before it opened it: {known}" if known else ""
    return [f"peak MB: the most that a fresh process held to open the file and run it{before}."]


def list_view(baselines: Sequence[Run]) -> View:
    """Returns baselines for every writer, one a row."""
    rows = [_baseline_row(one) for one in baselines]
    grid = Grid(
        heads=("name", "saved", "machine", "cells", "data set", "weights"),
        rows=tuple(tuple(row.values()) for row in rows),
        words=frozenset({2, 4, 5}),
    )
    return View(document=lambda: Document(title="Baselines", blocks=(grid,)), plain=lambda: rows, rows=lambda: rows)


def _baseline_row(one: Run) -> dict[str, str]:
    records = one.records.values()
    return {
        "name": one.path.stem,
        "saved": one.origin.saved[:16].replace("T", " ") if one.origin else ABSENT,
        "machine": one.provenance.machine or ABSENT,
        "cells": str(len(records)),
        "dataset": ", ".join(dict.fromkeys(record.dataset.name for record in records)),
        "weights": ", ".join(dict.fromkeys(record.cell.weights[:_IDENTITY] for record in records)),
    }


def baseline_view(one: Run) -> View:
    """Returns what a baseline is, and its records, for every writer."""
    records = list(one.records.values())
    table = document(records)
    files = {record.model.sha256 for record in records if record.model}
    options, remade = one.provenance.options, len(files & one.provenance.manifests.keys())
    title = f"results {one.path}"
    if one.origin:
        title = f"baseline {one.origin.name}, saved {one.origin.saved} from {one.origin.source}"
    head = (
        title,
        f"machine {one.provenance.machine or ABSENT}",
        f"options {', '.join(f'{name}={text}' for name, text in options.items()) or ABSENT}",
        f"of {len(files)} model files, {remade} are known how to be made again",
    )
    about = {"origin": to_builtins(one.origin), "machine": one.provenance.machine, "options": dict(options)}
    about |= {"model_files": len(files), "reproducible_model_files": remade}
    return View(
        document=lambda: replace(table, title=title, blocks=(Lines(lines=head), *table.blocks)),
        plain=lambda: about | {"records": [to_builtins(record) for record in records]},
        rows=lambda: [_plain(record) for record in records],
    )


def runs_view(runs: Sequence[tuple[Run, Run | None]], *, newest: Path | None) -> View:
    """Returns runs for every writer, one a row, each with the one before it; the newest of this machine is marked."""
    rows = [_run_row(run, before) | {"newest": run.path == newest} for run, before in runs]
    shown = ("run", "measured_utc", "machine", "cells", "differs")
    grid = Grid(
        heads=("run", "UTC", "machine", "cells", "other than the run before", "file"),
        rows=tuple((*(str(row[key]) for key in shown), Path(row["file"]).name) for row in rows),
        words=frozenset({1, 2, 4, 5}),
        tones={(index, 0): "good" for index, row in enumerate(rows) if row["newest"]},
    )
    latest = next((f"@latest, the newest of this machine: {row['file']}" for row in rows if row["newest"]), "")
    return View(
        document=lambda: Document(title="Runs", blocks=(grid, Lines(lines=(latest,) if latest else ()))),
        plain=lambda: rows,
        rows=lambda: rows,
    )


def _run_row(run: Run, before: Run | None) -> dict[str, Any]:
    number = number_of(run.path)
    return {
        "run": run.path.stem if number is None else str(number),
        "measured_utc": run.measured[:16].replace("T", " ") or ABSENT,
        "machine": run.path.parent.name,
        "cells": len(run.records),
        "differs": few(_differing(run, before), most=_MOST_DIFFERING) or ABSENT,
        "file": str(run.path),
    }


def _differing(run: Run, before: Run | None) -> list[str]:
    """Returns in what a run is another than the one before; of the first of a machine, its options."""
    if before is None:
        return [f"{name} {text}" for name, text in run.provenance.options.items()]
    found = differences(Side(name="", runs=(before,)), Side(name="", runs=(run,)))
    changed = [f"{one.name} {joined(one.base)} -> {joined(one.new)}" for one in found]
    new, gone = set(run.records) - set(before.records), set(before.records) - set(run.records)
    counts = {f"{len(new)} cells more": new, f"{len(gone)} cells less": gone}
    return [*(text for text, cells in counts.items() if cells), *changed]
