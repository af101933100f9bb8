"""Where does a value stand, and its name? Axes with round numbers at them, and labels that meet nothing else."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from zoobench.show.charts.svg import line, shortened, text, width_of

_NICE: tuple[int, ...] = (1, 2, 5)
_SPANS_MANY = 4.0
"""Largest value over smallest from which an axis is logarithmic."""
_LEAST_LOGARITHMIC = 1e-12
"""Smallest value on a logarithmic axis: in seconds, that which a clock can tell."""
_FEW = 3
_ROOM = 0.05
"""Beyond the outermost values, as a share of what lies between them."""
_LEAST_RATIO, _LEAST_SHARE = 1.1, 0.02
"""From end to end of a logarithmic axis, and of a linear one as a share of its largest value."""
_ROUNDING = 1e-9
_FAR = 4.0
"""Times the outermost values from which a limit is not drawn, as it would press them together."""
AXIS_HEIGHT = 44.0
"""Below a plot: ticks and the axis's title."""
_TICK_ROOM, _ROW_ROOM = 64.0, 38.0
"""From tick to tick at least, below a plot and beside it."""
_TICK_LENGTH, _NUMBER_GAP = 4.0, 6.0
_BEYOND = 7.9
"""How far a number may stand out beside its plot: less than its margin, as places are rounded to hundredths."""

HEIGHT = 16.0
"""Of a line of words."""
_DISTANCES = (3.0, 12.0, 24.0, 38.0, 54.0, 72.0, 92.0)
_LED_FROM = 12.0
"""Distance from a mark from which a line leads to the words."""
_SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
"""To the right first, as one reads."""
_CROSSING = 1.2
"""How many distances farther away a label may be for each line less that it crosses."""
_MISREAD = 3.0
"""The same where without a line to its mark it stands nearer to another one."""
_ASLANT = 0.75
"""Of a distance, to the right and down and the like each, which is about as far away as it is straight on."""
_PADDING = 3.0
_SHORTER = 0.6
"""Of the room of words, where there is none for all of them."""
Segment = tuple[tuple[float, float], tuple[float, float]]
"""A straight line from one point to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A rectangle with `left` <= `right` and `top` <= `bottom`."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Area") -> bool:
        """Returns whether the two have an inside or an edge in common."""
        beside = self.left > other.right or other.left > self.right
        return not (beside or self.top > other.bottom or other.top > self.bottom)

    def holds(self, other: "Area") -> bool:
        """Returns whether another is wholly within this one."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """An axis from `low` to `high`, the lower below the higher; positive where it is logarithmic."""

    low: float
    high: float
    logarithmic: bool

    def share(self, value: float) -> float:
        """Returns where a value is: 0 at the low end, 1 at the high one."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> tuple[float, ...]:
        """Returns at most `most` (2 or more) round numbers on the axis, ascending: 1, 2 or 5 times a power of ten.

        On a logarithmic axis of less than a decade that holds hardly any of these, they are those of a linear one.
        """
        if self.logarithmic:
            found = _logarithmic_ticks(self.low, self.high, most)
            if len(found) >= min(_FEW, most) or self.high / self.low > 10:
                return found
        return _linear_ticks(self.low, self.high, most)


def is_far(bound: float, values: Sequence[float]) -> bool:
    """Returns whether an axis that holds a bound too would press the values together."""
    return not min(values) / _FAR <= bound <= max(values) * _FAR


def fitted(values: Iterable[float], *, least: float = -math.inf) -> Scale:
    """Returns the scale that holds all values: logarithmic where they are positive and span much, else `linear`."""
    found = list(values)
    if found and min(found) >= _LEAST_LOGARITHMIC and max(found) / min(found) > _SPANS_MANY:
        return logarithmic(found)
    return linear(found, least=least)


def linear(
    values: Iterable[float], *, least: float = -math.inf, most: float = math.inf, least_span: float = 0.0
) -> Scale:
    """Returns the linear scale that holds all values with a little room.

    Args:
        values: What is to be drawn; none at all gives the axis from 0 to 1.
        least: Where the axis ends at the latest, as a share does at 0.
        most: The same above.
        least_span: From end to end, so that differences that mean nothing do not look large.
    """
    found = list(values) or [0.0, 1.0]
    low, high = min(found), max(found)
    span = max(high - low, _LEAST_SHARE * max(abs(low), abs(high)), least_span) or 1.0
    middle = low / 2 + high / 2
    reach = (0.5 + _ROOM) * span
    low, high = min(low, middle - reach), max(high, middle + reach)
    return Scale(low=max(low, least), high=min(high, most), logarithmic=False)


def logarithmic(values: Iterable[float]) -> Scale:
    """Returns the logarithmic scale that holds all values, which are positive, with a little room."""
    found = list(values) or [1.0]
    low, high = math.log(min(found)), math.log(max(found))
    reach = (0.5 + _ROOM) * max(high - low, math.log(_LEAST_RATIO))
    middle = (low + high) / 2
    return Scale(low=math.exp(middle - reach), high=math.exp(middle + reach), logarithmic=True)


def _linear_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    step = _nice_at_least((high - low) / most)
    while True:
        first, last = math.ceil(low / step - _ROUNDING), math.floor(high / step + _ROUNDING)
        if last - first < most:
            return tuple(_clean(number * step) for number in range(first, last + 1))
        step = _nice_at_least(step * 1.5)


def _nice_at_least(value: float) -> float:
    """Returns the smallest of 1, 2, 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(nice * power for nice in (*_NICE, 10, 20) if nice * power >= value * (1 - _ROUNDING))


def _logarithmic_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every, multiples = 1, _NICE
    while True:
        powers = range(first - first % every, last + 1, every)
        ticks = (_clean(nice * 10.0**power) for power in powers for nice in multiples)
        inside = tuple(one for one in ticks if low * (1 - _ROUNDING) <= one <= high * (1 + _ROUNDING))
        if len(inside) <= most:
            return inside
        every, multiples = (every if multiples == _NICE else every + 1), (1,)


def _clean(value: float) -> float:
    """Returns a tick without the dirt of floating point, so that 3 * 0.1 is 0.3."""
    return float(f"{value:.12g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A scale laid over the picture, from the coordinate of its low end to that of its high end.

    Attributes:
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
    words = shortened(title, plot.right - plot.left)
    return [
        *(line(x, plot.top, x, plot.bottom + _TICK_LENGTH, class_="grid") for x in places),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A mark that is to be named: its middle, its reach to each side, and the words."""

    x: float
    y: float
    reach: float
    words: str
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Where an anchor's words stand: the area that they fill, and the line that leads there if they are far away."""

    anchor: Anchor
    area: Area
    leader: Segment | None


def placed(
    anchors: Sequence[Anchor], *, within: Area, kept_free: Sequence[Area], rather_free: Sequence[Segment]
) -> tuple[Label, ...]:
    """Returns labels that meet neither one another nor what is kept free; the first anchors choose first.

    Where an anchor has no such place its words are shortened, and where that does not help it has no label.

    Args:
        anchors: What is to be named, the most important first.
        within: Where labels may stand.
        kept_free: Marks that no label may hide.
        rather_free: Thin lines that labels leave alone where there is another place as near.
    """
    labels: list[Label] = []
    for anchor in anchors:
        for words in (anchor.words, shortened(anchor.words, _SHORTER * width_of(anchor.words))):
            free = [
                (rank + _CROSSING * _crossings(label, rather_free, kept_free) + _misleading(label, kept_free), label)
                for rank, label in _candidates(replace(anchor, words=words))
                if within.holds(label.area)
                and not any(label.area.meets(mark) for mark in kept_free)
                and not any(_collide(label, other) for other in labels)
            ]
            if free:
                labels.append(min(free, key=lambda pair: pair[0])[1])
                break
    return tuple(labels)


def crosses(segment: Segment, area: Area) -> bool:
    """Returns whether a line has a point in an area (Liang and Barsky, ACM Transactions on Graphics 3, 1984)."""
    (x, y), (end_x, end_y) = segment
    across, down = end_x - x, end_y - y
    enter, leave = 0.0, 1.0
    for step, room in (
        (-across, x - area.left),
        (across, area.right - x),
        (-down, y - area.top),
        (down, area.bottom - y),
    ):
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            enter = max(enter, room / step)
        else:
            leave = min(leave, room / step)
    return enter <= leave


def _candidates(anchor: Anchor) -> Iterator[tuple[int, Label]]:
    """Yields the places for an anchor's words with the rank of their distance."""
    width = width_of(anchor.words, strong=anchor.strong) + 2 * _PADDING
    for rank, distance in enumerate(_DISTANCES):
        for across, down in _SIDES:
            reach = (anchor.reach + distance) * (_ASLANT if across and down else 1)
            left = anchor.x + across * (reach + width / 2) - width / 2
            top = anchor.y + down * (reach + HEIGHT / 2) - HEIGHT / 2
            area = Area(left=left, top=top, right=left + width, bottom=top + HEIGHT)
            leader = _leader(anchor, area) if distance >= _LED_FROM else None
            yield rank, Label(anchor=anchor, area=area, leader=leader)


def _leader(anchor: Anchor, area: Area) -> Segment:
    """Returns the line from the edge of a mark to the nearest place of its words."""
    end_x, end_y = min(max(anchor.x, area.left), area.right), min(max(anchor.y, area.top), area.bottom)
    share = anchor.reach / math.hypot(end_x - anchor.x, end_y - anchor.y)
    return (anchor.x + share * (end_x - anchor.x), anchor.y + share * (end_y - anchor.y)), (end_x, end_y)


def _collide(first: Label, second: Label) -> bool:
    """Returns whether one's words meet the other's, or the line that leads to them."""
    return first.area.meets(second.area) or any(
        one.leader is not None and crosses(one.leader, other.area) for one, other in ((first, second), (second, first))
    )


def _crossings(label: Label, lines: Sequence[Segment], marks: Sequence[Area]) -> int:
    """Returns how many lines run through the words, and through how many foreign marks the line to them runs."""
    through = sum(crosses(line, label.area) for line in lines)
    if label.leader is None:
        return through
    own = (label.leader[0], label.leader[0])
    return through + sum(crosses(label.leader, mark) and not crosses(own, mark) for mark in marks)


def _misleading(label: Label, marks: Sequence[Area]) -> float:
    """Returns what it costs that words that no line leads to are nearer to a foreign mark than to their own."""
    if label.leader is not None:
        return 0.0
    anchor = label.anchor
    own = Area(left=anchor.x, right=anchor.x, top=anchor.y, bottom=anchor.y)
    gap = _gap(label.area, own) - anchor.reach
    return _MISREAD if any(_gap(label.area, mark) <= gap for mark in marks if not mark.meets(own)) else 0.0


def _gap(one: Area, other: Area) -> float:
    """Returns how far two areas are apart."""
    across = max(one.left - other.right, other.left - one.right, 0.0)
    return math.hypot(across, max(one.top - other.bottom, other.top - one.bottom, 0.0))
