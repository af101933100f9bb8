"""Where do the names of points stand, so that none hides another or a mark?"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from zoobench.show.charts.svg import shortened, width_of

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
        return (
            self.left <= other.right
            and other.left <= self.right
            and self.top <= other.bottom
            and other.top <= self.bottom
        )

    def holds(self, other: "Area") -> bool:
        """Returns whether another is wholly within this one."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


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


def _candidates(anchor: Anchor) -> Iterator[tuple[int, Label]]:
    """Yields the places for an anchor's words with the rank of their distance."""
    width = width_of(anchor.words, strong=anchor.strong) + 2 * _PADDING
    for rank, distance in enumerate(_DISTANCES):
        for across, down in _SIDES:
            reach = (anchor.reach + distance) * (_ASLANT if across and down else 1)
            middle_x = anchor.x + across * (reach + width / 2)
            middle_y = anchor.y + down * (reach + HEIGHT / 2)
            area = Area(
                left=middle_x - width / 2,
                right=middle_x + width / 2,
                top=middle_y - HEIGHT / 2,
                bottom=middle_y + HEIGHT / 2,
            )
            leader = _leader(anchor, area) if distance >= _LED_FROM else None
            yield rank, Label(anchor=anchor, area=area, leader=leader)


def _leader(anchor: Anchor, area: Area) -> Segment:
    """Returns the line from the edge of a mark to the nearest place of its words."""
    end_x, end_y = min(max(anchor.x, area.left), area.right), min(max(anchor.y, area.top), area.bottom)
    share = anchor.reach / math.hypot(end_x - anchor.x, end_y - anchor.y)
    return (anchor.x + share * (end_x - anchor.x), anchor.y + share * (end_y - anchor.y)), (end_x, end_y)
