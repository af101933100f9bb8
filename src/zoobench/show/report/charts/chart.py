"""What is a chart, and what may stand in one?"""

from dataclasses import dataclass
from typing import Literal

from zoobench.errors import ResultsError

Span = tuple[float, float]
"""An interval, the lower end first."""
Standing = Literal["front", "open", "dominated"]
"""Whether no cell is better in everything, the intervals do not tell, or some cell surely is."""
WIDTH = 560.0
"""Of a drawing in its own units, unless a caller wants another; a phone shows 360 of them unscaled."""
NARROWEST, WIDEST = 320.0, 1600.0
LARGEST = 1e15
"""Number of anything: what is larger is a fault, and would overflow on its way to an axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture and what it shows in words.

    Attributes:
        svg: One `<svg>` element with a `viewBox` and without size, colours or fonts: those are in `theme.py`.
        title: What it is of.
        alternative: What it shows, with its figures, for who cannot see it.
    """

    svg: str
    title: str
    alternative: str


def require_number(value: float | None, what: str, *, least: float, most: float = LARGEST) -> None:
    """Refuses a number that has no place on an axis; None is no number and passes.

    Raises:
        ResultsError: If it is NaN, infinite or out of its range.
    """
    if value is not None and not least <= value <= most:
        raise ResultsError(f"{what} is {value}, which cannot be drawn; expected a number of {least:g} to {most:g}")


def require_span(span: Span | None, what: str, *, least: float, most: float = LARGEST) -> None:
    """Refuses an interval whose ends are no numbers in their range, or the wrong way round.

    Raises:
        ResultsError: If so.
    """
    if span is None:
        return
    for end in span:
        require_number(end, f"an end of {what}", least=least, most=most)
    if span[0] > span[1]:
        raise ResultsError(f"{what} is {span[0]:g} to {span[1]:g}, which cannot be drawn; expected the lower end first")


def require_width(width: float) -> None:
    """Refuses a width in which nothing can be read.

    Raises:
        ResultsError: If it is below `NARROWEST` or above `WIDEST`.
    """
    require_number(width, "the width of a chart", least=NARROWEST, most=WIDEST)
