"""How is the error of each layer read? As a table of all layers, the worst ones marked."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from zoobench.measure.layers import LayerError, LayerReport, losses, short_names, worst
from zoobench.show.document import Document, Grid, Lines, View
from zoobench.system.units import cosine, decibels, percent, three_digits

LONG = 40
"""Layers from which on the worst ones are also listed on their own, before all of them."""
SCHEMA = 1
_HEADS = ("worst", "layer", "operation", "", "SQNR dB", "lost dB", "cosine", "max error", "% of range", "RMS")
_WORDS = frozenset({2, 3})
_NAMED = 3
_EXACT = "exact"
_LEGEND = (
    "SQNR: 10 log10 of signal over noise power, of all that was done up to the layer; 6 dB are one bit. lost: what the",
    "layer adds, its worst input's SQNR less its own (negative: noise goes away). max error: of one value, and as a",
    "share of the range of the float values. RMS: of the float values.",
)


def view(report: LayerReport, *, worst_count: int) -> View:
    """Returns a report for every writer.

    Args:
        report: Of at least one layer.
        worst_count: How many layers are marked.
    """
    return View(
        document=lambda: document(report, worst_count=worst_count),
        plain=lambda: _plain(report),
        rows=lambda: _rows(report),
    )


def document(report: LayerReport, *, worst_count: int) -> Document:
    """Returns the table of layers, the worst ones marked, and first on their own where there are many."""
    marked = [layer.position for layer in worst(report.layers, worst_count)]
    title = (report.model, f"against {report.float_model}, {report.images} images of {report.images_from}")
    first: tuple[Lines | Grid, ...] = ()
    if len(report.layers) >= LONG and marked:
        text = f"the {len(marked)} worst of {len(report.layers)} layers"
        first = (Lines(lines=(text,)), _grid(report, marked, positions=marked))
    every = _grid(report, marked, positions=[layer.position for layer in report.layers])
    return Document(
        title=f"Layers of {report.model}",
        blocks=(Lines(lines=title), *first, every, Lines(lines=(*_LEGEND, *_remarks(report)))),
    )


def _plain(report: LayerReport) -> dict[str, Any]:
    return {"schema": SCHEMA} | asdict(report) | {"layers": _rows(report)}


def _rows(report: LayerReport) -> list[dict[str, Any]]:
    lost = losses(report.layers)
    return [asdict(layer) | {"lost_db": lost.get(layer.position)} for layer in report.layers]


def _grid(report: LayerReport, marked: Sequence[int], *, positions: Sequence[int]) -> Grid:
    lost = losses(report.layers)
    names = short_names([layer.name for layer in report.layers])
    layers = {layer.position: (layer, name) for layer, name in zip(report.layers, names, strict=True)}
    ranks = {position: str(rank) for rank, position in enumerate(marked, start=1)}
    rows = ((ranks.get(position, ""), *_cells(*layers[position], lost=lost.get(position))) for position in positions)
    some = frozenset(row for row, position in enumerate(positions) if position in ranks)
    return Grid(
        heads=_HEADS, rows=tuple(rows), words=_WORDS, marked=some if len(positions) > len(marked) else frozenset()
    )


def _cells(layer: LayerError, name: str, *, lost: float | None) -> tuple[str, ...]:
    return (
        str(layer.position),
        layer.kind,
        name,
        _EXACT if layer.exact else decibels(layer.sqnr_db),
        decibels(lost),
        cosine(layer.cosine),
        three_digits(layer.max_error),
        percent(layer.max_error_of_range),
        three_digits(layer.signal_rms),
    )


def _remarks(report: LayerReport) -> Iterator[str]:
    most = _most_lost(report.layers)
    if most:
        yield f"Most is lost in {', '.join(most)}."
    if report.matched_by == "structure":
        yield "Not all tensors bear the same names in both files; layers were matched by structure, which agrees."
    if report.unmatched:
        count, some = len(report.unmatched), ", ".join(_some(short_names(report.unmatched)))
        yield f"{count} layers of the float file are not in the quantized one (fused or renamed): {some}."


def _most_lost(layers: Sequence[LayerError]) -> list[str]:
    names = dict(zip((layer.position for layer in layers), short_names([layer.name for layer in layers]), strict=True))
    lost = sorted(losses(layers).items(), key=lambda item: -item[1])[:_NAMED]
    return [f"{names[position]} ({decibels(decibel)} dB)" for position, decibel in lost if decibel > 0]


def _some(names: Sequence[str]) -> list[str]:
    return [*names[:_NAMED], *(["…"] if len(names) > _NAMED else [])]
