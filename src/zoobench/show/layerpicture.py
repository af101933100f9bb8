"""How does a person see where a network loses precision? A picture of all layers in network order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import IO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from zoobench.measure.layers import LayerError, LayerReport, short_names, worst
from zoobench.system.units import decibels

HIGHEST_SHOWN = 60.0
"""SQNR in dB above which it does not matter how high: 8 bits give at most about 50."""
_INCHES_PER_LAYER = 0.045
_LEAST_INCHES, _MOST_INCHES, _HEIGHT = 13.0, 22.0, 8.0
_LEGEND_INCHES = 3.5
_DOTS_PER_INCH = 110
_NAMED_AXIS = 50
"""Layers up to which each has its name on the axis."""
_PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#8C6D31", "#6A51A3", "#1B7837", "#444444")
_OTHER_KIND, _OTHER_COLOUR = "other", "#AAAAAA"
_WORST_COLOUR = "#B00020"
_SMALLEST_ANGLE = 1e-6
"""Least 1 - cosine that is drawn: five nines are as good as one."""
_ROOM_BELOW, _ROOM_ABOVE = 10.0, 3.0
"""In dB; the ranks stand below."""
_RANK_WIDTH, _RANK_BOTTOM, _RANK_ROW, _MOST_ROWS = 0.014, 0.03, 0.035, 5
"""Room for a rank as a share of the axes: its width, the height of the lowest row, from a row to the next; rows."""


def write_picture(report: LayerReport, handle: IO[bytes], *, worst_count: int) -> None:
    """Writes a PNG: SQNR of each layer coloured by operation, its cosine below, the worst layers by rank and name.

    Args:
        report: Of at least one layer.
        handle: Opened for writing.
        worst_count: How many layers are named.
    """
    width = min(max(_INCHES_PER_LAYER * len(report.layers) + _LEGEND_INCHES, _LEAST_INCHES), _MOST_INCHES)
    figure = Figure(figsize=(width, _HEIGHT), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.4, 1))
    colours = _colours(report.layers)
    ranked = worst(report.layers, worst_count)
    _draw_sqnr(upper, report.layers, colours)
    _draw_ranks(upper, ranked, layers=len(report.layers))
    _draw_cosine(lower, report.layers, colours)
    _label_axis(lower, report.layers)
    upper.set_title(_title(report), loc="left", fontsize=10)
    _legend(figure, report, colours, ranked)
    figure.savefig(handle, format="png", dpi=_DOTS_PER_INCH)


def _colours(layers: Sequence[LayerError]) -> Mapping[str, str]:
    """Returns a colour for each kind of operation; the frequent ones have one of their own."""
    kinds = [kind for kind, _ in Counter(layer.kind for layer in layers).most_common()]
    own = dict(zip(kinds, _PALETTE, strict=False))
    return own | dict.fromkeys(kinds[len(own) :], _OTHER_COLOUR)


def _height(layer: LayerError) -> float:
    """Returns where a layer is drawn: at the top where there is (almost) no error, at 0 where there is no signal."""
    if layer.sqnr_db is None:
        return HIGHEST_SHOWN if layer.exact else 0.0
    return min(layer.sqnr_db, HIGHEST_SHOWN)


def _draw_sqnr(axes: Axes, layers: Sequence[LayerError], colours: Mapping[str, str]) -> None:
    inside = [layer for layer in layers if _height(layer) < HIGHEST_SHOWN]
    above = [layer for layer in layers if _height(layer) >= HIGHEST_SHOWN]
    axes.plot(
        [one.position for one in layers], [_height(one) for one in layers], color="#CCCCCC", linewidth=1, zorder=1
    )
    for shown, marker in ((inside, "o"), (above, "^")):
        places, heights = [one.position for one in shown], [_height(one) for one in shown]
        axes.scatter(places, heights, c=[colours[one.kind] for one in shown], marker=marker, s=26, zorder=2)
    axes.set_ylabel("SQNR, dB")
    heights = [_height(layer) for layer in layers]
    axes.set_ylim(min(heights) - _ROOM_BELOW, max(heights) + _ROOM_ABOVE)
    axes.grid(axis="y", color="#E5E5E5")


def _draw_ranks(axes: Axes, ranked: Sequence[LayerError], *, layers: int) -> None:
    """Writes each rank at the bottom, under its dot, and in a row further up where it would be over another one."""
    rows: dict[int, int] = {}
    for layer in sorted(ranked, key=lambda one: one.position):
        near = {row for place, row in rows.items() if layer.position - place < _RANK_WIDTH * layers}
        rows[layer.position] = min(set(range(len(near) + 1)) - near)
        axes.annotate(
            str(ranked.index(layer) + 1),
            (layer.position, _height(layer)),
            xytext=(layer.position, _RANK_BOTTOM + _RANK_ROW * min(rows[layer.position], _MOST_ROWS)),
            textcoords=axes.get_xaxis_transform(),
            ha="center",
            va="center",
            fontsize=8,
            fontweight="bold",
            color=_WORST_COLOUR,
            arrowprops={"arrowstyle": "-", "color": _WORST_COLOUR, "linewidth": 0.4, "shrinkA": 1},
        )


def _draw_cosine(axes: Axes, layers: Sequence[LayerError], colours: Mapping[str, str]) -> None:
    """Draws 1 - cosine on a logarithmic axis turned over, with the cosine written on it."""
    known = [(layer, max(1 - layer.cosine, _SMALLEST_ANGLE)) for layer in layers if layer.cosine is not None]
    places, angles = [layer.position for layer, _ in known], [angle for _, angle in known]
    axes.plot(places, angles, color="#CCCCCC", linewidth=1, zorder=1)
    axes.scatter(places, angles, c=[colours[layer.kind] for layer, _ in known], s=16, zorder=2)
    axes.set_yscale("log")
    axes.set_ylim(3 * max((*angles, _SMALLEST_ANGLE)), min((*angles, 1.0)) / 3)
    axes.yaxis.set_major_locator(LogLocator(base=10))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda angle, _: f"{1 - angle:.7f}".rstrip("0").rstrip(".")))
    axes.set_ylabel("cosine")
    axes.grid(axis="y", color="#E5E5E5")


def _label_axis(axes: Axes, layers: Sequence[LayerError]) -> None:
    axes.set_xlim(-0.015 * len(layers), max(layer.position for layer in layers) + 0.015 * len(layers))
    if len(layers) > _NAMED_AXIS:
        axes.set_xlabel("layer, in network order")
        return
    names = short_names([layer.name for layer in layers])
    labels = [f"{name}  {layer.position}" for name, layer in zip(names, layers, strict=True)]
    axes.set_xticks([layer.position for layer in layers], labels, rotation=90, fontsize=7)


def _legend(figure: Figure, report: LayerReport, colours: Mapping[str, str], ranked: Sequence[LayerError]) -> None:
    """Writes what the colours mean and, below it, which layers the ranks are."""
    dots = {_OTHER_KIND if colour == _OTHER_COLOUR else kind: (colour, "o") for kind, colour in colours.items()}
    if any(_height(layer) >= HIGHEST_SHOWN for layer in report.layers):
        dots[f"exact, or {HIGHEST_SHOWN:.0f} dB and more"] = ("#777777", "^")
    entries = [
        Line2D([], [], marker=marker, linestyle="", color=colour, label=kind) for kind, (colour, marker) in dots.items()
    ]
    names = dict(
        zip((one.position for one in report.layers), short_names([one.name for one in report.layers]), strict=True)
    )
    lines = [f"{rank:2}   {_rank_label(one, names[one.position])}" for rank, one in enumerate(ranked, start=1)]
    lines = ["", "lowest SQNR", *lines] if ranked else []
    legend = figure.legend(
        handles=[*entries, *(Line2D([], [], linestyle="", label=line) for line in lines)],
        labelcolor=["black"] * (len(entries) + 2) + [_WORST_COLOUR] * len(ranked),
        loc="outside right upper",
        fontsize=8.5,
        frameon=False,
        handlelength=1,
    )
    for text in legend.get_texts()[len(entries) :]:
        text.set_x(-14)


def _rank_label(layer: LayerError, name: str) -> str:
    level = "no signal" if layer.sqnr_db is None else f"{decibels(layer.sqnr_db)} dB"
    return f"{level}  {name}  ({layer.position})"


def _title(report: LayerReport) -> str:
    return f"quantization error of each layer, {report.images} images\n{report.model}\nagainst {report.float_model}"
