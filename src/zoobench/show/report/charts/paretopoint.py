"""What stands in the picture of times and accuracies, and how is it told in words?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from zoobench.show.report.charts.chart import LARGEST, Span, Standing, require_number, require_span
from zoobench.system.units import megabytes, milliseconds, percent

ORDER: tuple[Standing, ...] = ("front", "open", "dominated")
MEANING: Mapping[Standing, str] = {"front": "on the front", "open": "perhaps on it", "dominated": "surely beaten"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoPoint:
    """A cell with a time and an accuracy.

    Attributes:
        cell: Its id.
        label: What it is called on the picture.
        p50_interval: 95 %; None where there is none, as of `top1_interval`.
        recommended: Whether it is the one to take.
    """

    cell: str
    label: str
    p50_seconds: float
    p50_interval: Span | None
    top1: float
    top1_interval: Span | None
    size_bytes: int
    standing: Standing
    recommended: bool = False

    def __post_init__(self) -> None:
        """Refuses what has no place in the picture."""
        require_number(self.p50_seconds, f"p50 of {self.cell}", least=0)
        require_span(self.p50_interval, f"the interval of p50 of {self.cell}", least=0)
        require_number(self.top1, f"top-1 of {self.cell}", least=0, most=1)
        require_span(self.top1_interval, f"the interval of top-1 of {self.cell}", least=0, most=1)
        require_number(self.size_bytes, f"the size of {self.cell}", least=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoLimit:
    """A limit of the user's on one of the axes, in seconds or as a share, and what is written at it."""

    axis: Literal["p50", "top1"]
    value: float
    label: str

    def __post_init__(self) -> None:
        """Refuses what has no place in the picture."""
        require_number(self.value, self.label, least=0, most=1 if self.axis == "top1" else LARGEST)


def told(point: ParetoPoint) -> str:
    """Returns what a cell is and its figures."""
    words = [point.cell, MEANING[point.standing]]
    if point.recommended:
        words.append("recommended")
    return f"{', '.join(words)}: {_figures(point)}"


def in_words(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit]) -> str:
    """Returns what the picture shows: each cell of the front with its figures, the others by name."""
    if not points:
        return "No cell has both a time and an accuracy."
    sentences = [f"Top-1 against p50 of {_cells(len(points))}, with 95 % intervals."]
    sentences += [f"Recommended: {one.cell}, {_figures(one)}." for one in points if one.recommended]
    for standing in ORDER:
        found = sorted((one for one in points if one.standing == standing), key=lambda one: one.p50_seconds)
        if found and standing == "front":
            listed = "; ".join(f"{one.cell}, {_figures(one)}" for one in found)
            sentences.append(f"On the front, fastest first: {listed}.")
        elif found:
            sentences.append(f"{MEANING[standing].capitalize()}: {', '.join(one.cell for one in found)}.")
    sentences += [f"Limit: {limit.label}." for limit in limits]
    return " ".join(sentences)


def _figures(point: ParetoPoint) -> str:
    time = f"p50 {milliseconds(point.p50_seconds)} ms"
    if point.p50_interval:
        time += f" ({milliseconds(point.p50_interval[0])}–{milliseconds(point.p50_interval[1])})"
    right = f"top-1 {percent(point.top1)} %"
    if point.top1_interval:
        right += f" ({percent(point.top1_interval[0])}–{percent(point.top1_interval[1])})"
    return f"{time}, {right}, {megabytes(point.size_bytes)} MB"


def _cells(count: int) -> str:
    return "one cell" if count == 1 else f"{count} cells"
