"""How does a person see where a network loses precision? A picture of all layers in network order."""

from collections.abc import Mapping, Sequence
from typing import IO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zoobench.judge.layers import LayerError, LayerReport, short_names, worst

_INCHES_PER_LAYER = 0.18
_LEAST_INCHES, _MOST_INCHES = 11.0, 24.0
_HEIGHT = 8.0
_DOTS_PER_INCH = 110
_KINDS_WITH_COLOUR = 9
_OTHER = "other"
_PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D31", "#6A51A3", "#1B7837", "#999999")
_WORST_COLOUR = "#B00020"
_HIGHEST_SHOWN = 60.0
"""SQNR in dB above which it does not matter how high: more than 8 bits can give."""
_HEADROOM = 4.0
_LABEL_DISTANCE = 0.075


def write_picture(report: LayerReport, handle: IO[bytes], *, worst_count: int) -> None:
    """Writes a PNG: SQNR of each layer coloured by operation, its cosine below, the worst layers by name.

    Args:
        report: Of at least one layer.
        handle: Opened for writing.
        worst_count: How many layers are named.
    """
    width = min(max(_INCHES_PER_LAYER * len(report.layers), _LEAST_INCHES), _MOST_INCHES)
    figure = Figure(figsize=(width, _HEIGHT), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
    colours = _colours(report.layers)
    named = worst(report.layers, worst_count)
    _draw_sqnr(upper, report.layers, colours)
    _name_worst(upper, report, named)
    _draw_cosine(lower, report.layers, colours, named)
    upper.set_title(_title(report), loc="left", fontsize=10)
    figure.savefig(handle, format="png", dpi=_DOTS_PER_INCH)
