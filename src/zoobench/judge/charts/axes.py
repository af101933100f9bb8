"""How are a chart's title, its key, its axes and its grid drawn?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zoobench.judge.charts.labels import Area
from zoobench.judge.charts.scales import Scale
from zoobench.judge.charts.svg import element, line, text
from zoobench.judge.charts.theme import TITLE_SIZE
from zoobench.judge.charts.words import shortened, width_of, wrapped

MARGIN = 8.0
"""Around everything."""
TITLE_HEIGHT, LINE_HEIGHT = 26.0, 20.0
AXIS_HEIGHT = 44.0
"""Below a plot: ticks and the axis's title."""
_SYMBOL_ROOM, _KEY_GAP = 20.0, 16.0
_TICK_ROOM = 64.0
_TICK_LENGTH = 4.0

Symbol = Callable[[float, float], str]
"""Draws a mark of the key with its middle at a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A scale laid over the picture, its low end at `start`."""

    scale: Scale
    start: float
    end: float

    def at(self, value: float) -> float:
        """Returns the coordinate of a value."""
        return self.start + self.scale.share(value) * (self.end - self.start)

    def ticks(self) -> tuple[float, ...]:
        """Returns as many round values as have room."""
        return self.scale.ticks(max(2, int(abs(self.end - self.start) / _TICK_ROOM) + 1))


def header(title: str, keys: Sequence[tuple[Symbol, str]], *, width: float) -> tuple[list[str], float]:
    """Returns the title and the key below it as elements, and where they end."""
    room = width - 2 * MARGIN
    shown = shortened(title, room, size=TITLE_SIZE, strong=True)
    drawn = [text(MARGIN, MARGIN + TITLE_HEIGHT / 2 - 2, shown, class_="title")]
    top = MARGIN + TITLE_HEIGHT
    words = [shortened(word, room - _SYMBOL_ROOM) for _, word in keys]
    widths = [_SYMBOL_ROOM + width_of(word) for word in words]
    for row in wrapped(widths, room, gap=_KEY_GAP):
        x, y = MARGIN, top + LINE_HEIGHT / 2
        for index in row:
            drawn.append(keys[index][0](x + _SYMBOL_ROOM / 2 - 2, y))
            drawn.append(text(x + _SYMBOL_ROOM, y, words[index], class_="muted"))
            x += widths[index] + _KEY_GAP
        top += LINE_HEIGHT
    return drawn, top + MARGIN


def horizontal(axis: Axis, plot: Area, shown: Callable[[float], str], *, title: str) -> list[str]:
    """Returns the axis below a plot: vertical lines of the grid, ticks and the title."""
    drawn = [line(plot.left, plot.bottom, plot.right, plot.bottom, class_="axis")]
    for tick in axis.ticks():
        x = axis.at(tick)
        drawn.append(line(x, plot.top, x, plot.bottom + _TICK_LENGTH, class_="grid"))
        drawn.append(text(x, plot.bottom + 14, shown(tick), class_="muted middle"))
    words = shortened(title, plot.right - plot.left)
    drawn.append(text((plot.left + plot.right) / 2, plot.bottom + 33, words, class_="muted middle"))
    return drawn


def above(axis: Axis, plot: Area, shown: Callable[[float], str]) -> list[str]:
    """Returns the ticks once more above a plot that is too high to look down."""
    return [text(axis.at(tick), plot.top - 9, shown(tick), class_="muted middle") for tick in axis.ticks()]


def vertical(axis: Axis, plot: Area, shown: Callable[[float], str]) -> list[str]:
    """Returns the axis to the left of a plot: horizontal lines of the grid and ticks."""
    drawn = []
    for tick in axis.ticks():
        y = axis.at(tick)
        drawn.append(line(plot.left, y, plot.right, y, class_="grid"))
        drawn.append(text(plot.left - 6, y, shown(tick), class_="muted end"))
    return drawn


def no_marks(title: str, why: str, *, width: float) -> tuple[list[str], float]:
    """Returns a picture that says why it is empty, and its height."""
    drawn, top = header(title, (), width=width)
    frame = element("rect", x=MARGIN, y=top, width=width - 2 * MARGIN, height=3 * LINE_HEIGHT, class_="grid")
    words = text(width / 2, top + 1.5 * LINE_HEIGHT, shortened(why, width - 4 * MARGIN), class_="muted middle")
    return [*drawn, frame, words], top + 3 * LINE_HEIGHT + MARGIN
