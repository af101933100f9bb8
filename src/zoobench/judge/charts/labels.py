"""Where do the names of points stand, so that none hides another or a mark?"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zoobench.judge.charts.words import width_of

HEIGHT = 16.0
"""Of a line of words."""
_DISTANCES = (3.0, 12.0, 24.0, 38.0, 54.0)
_LED_FROM = 12.0
"""Distance from a mark from which a line leads to the words."""
_SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
"""To the right first, as one reads."""
_CROSSING = 0.6
"""How many distances farther away a label may be for each line less that it crosses."""


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
    """Where an anchor's words stand: the area that they fill, and whether a line has to lead there."""

    anchor: Anchor
    area: Area
    led: bool


def placed(
    anchors: Sequence[Anchor], *, within: Area, kept_free: Sequence[Area], rather_free: Sequence[Area]
) -> tuple[Label, ...]:
    """Returns labels that meet neither one another nor what is kept free; the first anchors choose first.

    Where an anchor has no such place it has no label.

    Args:
        anchors: What is to be named, the most important first.
        within: Where labels may stand.
        kept_free: Marks that no label may hide.
        rather_free: Thin lines that labels leave alone where there is another place as near.
    """
    labels: list[Label] = []
    for anchor in anchors:
        taken = [*kept_free, *(label.area for label in labels)]
        label = _best(anchor, within=within, taken=taken, rather_free=rather_free)
        if label is not None:
            labels.append(label)
    return tuple(labels)


def _best(anchor: Anchor, *, within: Area, taken: Sequence[Area], rather_free: Sequence[Area]) -> Label | None:
    """Returns the label at the free place that is nearest and crosses the fewest lines."""
    best, lowest = None, math.inf
    for rank, distance in enumerate(_DISTANCES):
        for area in _areas(anchor, distance):
            if within.holds(area) and not any(area.meets(other) for other in taken):
                cost = rank + _CROSSING * sum(area.meets(line) for line in rather_free)
                if cost < lowest:
                    best, lowest = Label(anchor=anchor, area=area, led=distance >= _LED_FROM), cost
    return best


def _areas(anchor: Anchor, distance: float) -> Iterator[Area]:
    width = width_of(anchor.words, strong=anchor.strong)
    for across, down in _SIDES:
        shrink = 0.75 if across and down else 1.0
        middle_x = anchor.x + across * (shrink * (anchor.reach + distance) + width / 2)
        middle_y = anchor.y + down * (shrink * (anchor.reach + distance) + HEIGHT / 2)
        yield Area(
            left=middle_x - width / 2,
            right=middle_x + width / 2,
            top=middle_y - HEIGHT / 2,
            bottom=middle_y + HEIGHT / 2,
        )
