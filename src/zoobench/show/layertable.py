"""How does a person or a program read the errors of layers? As a table, as JSON or as CSV."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, fields

from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from zoobench.measure.layers import LayerError, LayerReport, losses, short_names, worst
from zoobench.system.terminal import console_text, plain_table, text_console
from zoobench.system.units import cosine, decibels, percent, three_digits

LONG = 40
"""Layers from which on the worst ones are also listed on their own, before all of them."""
SCHEMA = 1
_WIDTH = 120
_HEADS = ("worst", "layer", "operation", "", "SQNR dB", "lost dB", "cosine", "max error", "% of range", "RMS")
_LEFT = frozenset({2, 3})
_NAME = 3
_NAMED = 3
_EXACT = "exact"
_LEGEND = (
    "SQNR: 10 log10 of signal over noise power, of all that was done up to the layer; 6 dB are one bit. lost: what the",
    "layer adds, its worst input's SQNR less its own (negative: noise goes away). max error: of one value, and as a",
    "share of the range of the float values. RMS: of the float values.",
)


def render(report: LayerReport, *, worst_count: int, width: int, colours: bool) -> str:
    """Returns the table of layers as text, the worst ones marked, and first on their own where there are many.

    Args:
        report: Of at least one layer.
        worst_count: How many are marked.
        width: Columns of the terminal; below 120 the table is wider than it.
        colours: Whether the reader is a terminal that knows them.
    """
    marked = [layer.position for layer in worst(report.layers, worst_count)]
    console = text_console(width=max(width, _WIDTH), colours=colours)
    console.print(f"{report.model}\nagainst {report.float_model}, {report.images} images of {report.images_from}", "")
    if len(report.layers) >= LONG and marked:
        console.print(f"the {len(marked)} worst of {len(report.layers)} layers", soft_wrap=True)
        console.print(_table(report, marked, shown=marked), "")
    console.print(_table(report, marked, shown=[layer.position for layer in report.layers]))
    console.print("", *_LEGEND, *_remarks(report), sep="\n", soft_wrap=True)
    return console_text(console)


def as_json(report: LayerReport) -> str:
    """Returns all that is known as JSON; undefined is null."""
    lost = losses(report.layers)
    layers = [asdict(layer) | {"lost_db": lost.get(layer.position)} for layer in report.layers]
    content = {"schema": SCHEMA} | asdict(report) | {"layers": layers}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(report: LayerReport) -> str:
    """Returns a line for each layer under a line of names; undefined is empty, inputs are separated by spaces."""
    lost = losses(report.layers)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*(field.name for field in fields(LayerError)), "lost_db"])
    for layer in report.layers:
        row = asdict(layer) | {"inputs": " ".join(map(str, layer.inputs)), "lost_db": lost.get(layer.position)}
        writer.writerow(row.values())
    return buffer.getvalue()


def _table(report: LayerReport, marked: Sequence[int], *, shown: Sequence[int]) -> Table:
    table = plain_table()
    for position, head in enumerate(_HEADS):
        is_name = position == _NAME
        justify: JustifyMethod = "left" if position in _LEFT else "right"
        table.add_column(head, justify=justify, no_wrap=not is_name, overflow="fold")
    lost = losses(report.layers)
    names = short_names([layer.name for layer in report.layers])
    rows = {layer.position: (layer, name) for layer, name in zip(report.layers, names, strict=True)}
    for position in shown:
        layer, name = rows[position]
        cells = _cells(layer, name=name, lost=lost.get(position))
        rank = str(marked.index(position) + 1) if position in marked else ""
        table.add_row(rank, *cells, style="red" if rank and len(shown) > len(marked) else None)
    return table


def _cells(layer: LayerError, *, name: str, lost: float | None) -> tuple[Text | str, ...]:
    return (
        str(layer.position),
        layer.kind,
        Text(name),
        _EXACT if layer.exact else decibels(layer.sqnr_db),
        decibels(lost),
        cosine(layer.cosine),
        three_digits(layer.max_error),
        percent(layer.max_error_of_range),
        three_digits(layer.signal_rms),
    )


def _remarks(report: LayerReport) -> list[str]:
    remarks = []
    most = _most_lost(report.layers)
    if most:
        remarks.append(f"Most is lost in {', '.join(most)}.")
    if report.matched_by == "structure":
        remarks.append(
            "Not all tensors bear the same names in both files; layers were matched by structure, which agrees."
        )
    if report.unmatched:
        remarks.append(
            f"{len(report.unmatched)} layers of the float file are not in the quantized one (fused or renamed): "
            f"{', '.join(_some(short_names(report.unmatched)))}."
        )
    return remarks


def _most_lost(layers: Sequence[LayerError]) -> list[str]:
    names = dict(zip((layer.position for layer in layers), short_names([layer.name for layer in layers]), strict=True))
    lost = sorted(losses(layers).items(), key=lambda item: -item[1])[:_NAMED]
    return [f"{names[position]} ({decibels(decibel)} dB)" for position, decibel in lost if decibel > 0]


def _some(names: Sequence[str]) -> list[str]:
    return [*names[:_NAMED], *(["…"] if len(names) > _NAMED else [])]
