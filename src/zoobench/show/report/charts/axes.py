"""How are the axes of a plot and its grid drawn?"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zoobench.show.report.charts.labels import Area
from zoobench.show.report.charts.scales import Scale
from zoobench.show.report.charts.svg import line, text
from zoobench.show.report.charts.words import shortened, width_of

AXIS_HEIGHT = 44.0
"""Below a plot: ticks and the axis's title."""
_TICK_ROOM, _ROW_ROOM = 64.0, 38.0
"""From tick to tick at least, below a plot and beside it."""
_TICK_LENGTH, _NUMBER_GAP = 4.0, 6.0
_BEYOND = 8.0
"""How far a number may stand out beside its plot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A scale laid over the picture.

    Attributes:
        start: The coordinate of its low end.
        end: Of its high end.
        whole: Whether there is nothing between whole numbers, as with epochs.
    """

    scale: Scale
    start: float
    end: float
    whole: bool = False

    def at(self, value: float) -> float:
        """Returns the coordinate of a value."""
        return self.start + self.scale.share(value) * (self.end - self.start)

    def ticks(self, room: float) -> tuple[float, ...]:
        """Returns as many round values as have `room` from one to the next."""
        found = self.scale.ticks(max(2, int(abs(self.end - self.start) / room) + 1))
        return tuple(tick for tick in found if tick == int(tick)) if self.whole else found


def horizontal(axis: Axis, plot: Area, shown: Callable[[float], str], *, title: str) -> list[str]:
    """Returns the axis below a plot: vertical lines of the grid, ticks and the title."""
    places = [axis.at(tick) for tick in axis.ticks(_TICK_ROOM)]
    lines = [line(x, plot.top, x, plot.bottom + _TICK_LENGTH, class_="grid") for x in places]
    words = shortened(title, plot.right - plot.left)
    return [
        *lines,
        line(plot.left, plot.bottom, plot.right, plot.bottom, class_="axis"),
        *_numbers(axis, plot, shown, y=plot.bottom + 14),
        text((plot.left + plot.right) / 2, plot.bottom + 33, words, class_="muted middle"),
    ]


def above(axis: Axis, plot: Area, shown: Callable[[float], str]) -> list[str]:
    """Returns the ticks once more above a plot that is too high to look down."""
    return list(_numbers(axis, plot, shown, y=plot.top - 9))


def _numbers(axis: Axis, plot: Area, shown: Callable[[float], str], *, y: float) -> Iterator[str]:
    """Yields the numbers of ticks, moved a little where the picture ends, without those that meet the last one."""
    last = -math.inf
    for tick in axis.ticks(_TICK_ROOM):
        words = shown(tick)
        half = width_of(words) / 2
        x = min(max(axis.at(tick), plot.left - _BEYOND + half), plot.right + _BEYOND - half)
        if x - half > last + _NUMBER_GAP:
            yield text(x, y, words, class_="muted middle")
            last = x + half


def room_of(axis: Axis, shown: Callable[[float], str]) -> float:
    """Returns how much room the numbers of a left axis take."""
    return max((width_of(shown(tick)) for tick in axis.ticks(_ROW_ROOM)), default=0.0) + _NUMBER_GAP


def vertical(axis: Axis, plot: Area, shown: Callable[[float], str]) -> list[str]:
    """Returns the axis to the left of a plot: horizontal lines of the grid and ticks."""
    drawn = []
    for tick in axis.ticks(_ROW_ROOM):
        y = axis.at(tick)
        drawn.append(line(plot.left, y, plot.right, y, class_="grid"))
        drawn.append(text(plot.left - _NUMBER_GAP, y, shown(tick), class_="muted end"))
    return drawn
