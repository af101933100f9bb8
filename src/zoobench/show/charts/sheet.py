"""What is a chart, what may stand in one, and what surrounds its plots: title, key, words where there is nothing?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zoobench.errors import ResultsError
from zoobench.show.charts.svg import document, element, shortened, text, width_of, wrapped
from zoobench.show.charts.theme import TITLE_SIZE

Span = tuple[float, float]
"""An interval, the lower end first."""
WIDTH = 560.0
"""Of a drawing in its own units, unless a caller wants another; a phone shows 360 of them unscaled."""
NARROWEST, WIDEST = 320.0, 1600.0
LARGEST = 1e15
"""Number of anything: what is larger is a fault, and would overflow on its way to an axis."""
MARGIN = 8.0
"""Around everything."""
TITLE_HEIGHT, LINE_HEIGHT = 26.0, 20.0
_SYMBOL_ROOM, _KEY_GAP = 20.0, 16.0
_ROUNDING = 1e-6
Drawn = tuple[list[str], float]
"""Elements, and how far down they reach."""
Symbol = Callable[[float, float], str]
"""Draws a mark of the key with its middle at a place."""
Key = tuple[Symbol | None, str]
"""A mark and what it stands for, or words alone."""


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


def presented(draw: Callable[[], Drawn] | None, *, title: str, alternative: str, width: float) -> Chart:
    """Returns a chart of what `draw` draws; None gives a picture that says why there is nothing to see.

    Raises:
        ResultsError: If the width leaves no room, below `NARROWEST`, or is above `WIDEST`.
    """
    require_number(width, "the width of a chart", least=NARROWEST, most=WIDEST)
    drawn, height = _nothing(title, alternative, width=width) if draw is None else draw()
    svg = document(drawn, width=width, height=height, title=title, alternative=alternative)
    return Chart(svg=svg, title=title, alternative=alternative)


def header(title: str, keys: Sequence[Key], *, width: float) -> Drawn:
    """Returns the title and the key below it."""
    room = width - 2 * MARGIN
    shown = shortened(title, room, size=TITLE_SIZE, strong=True)
    drawn = [text(MARGIN, MARGIN + TITLE_HEIGHT / 2 - 2, shown, class_="title")]
    top = MARGIN + TITLE_HEIGHT
    widths = [min(_width(key), room) for key in keys]
    for row in wrapped(widths, room, gap=_KEY_GAP):
        starts = [MARGIN + sum(widths[index] + _KEY_GAP for index in row[:before]) for before in range(len(row))]
        for index, start in zip(row, starts, strict=True):
            drawn += _key(keys[index], start, top + LINE_HEIGHT / 2, widths[index])
        top += LINE_HEIGHT
    return drawn, top + MARGIN


def _width(key: Key) -> float:
    return (0 if key[0] is None else _SYMBOL_ROOM) + width_of(key[1])


def _key(key: Key, x: float, y: float, room: float) -> list[str]:
    symbol, words = key
    if symbol is None:
        return [text(x, y, shortened(words, room), class_="muted")]
    name = text(x + _SYMBOL_ROOM, y, shortened(words, room - _SYMBOL_ROOM + _ROUNDING), class_="muted")
    return [symbol(x + _SYMBOL_ROOM / 2 - 2, y), name]


def _nothing(title: str, why: str, *, width: float) -> Drawn:
    drawn, top = header(title, (), width=width)
    frame = element("rect", x=MARGIN, y=top, width=width - 2 * MARGIN, height=3 * LINE_HEIGHT, class_="grid")
    words = text(width / 2, top + 1.5 * LINE_HEIGHT, shortened(why, width - 4 * MARGIN), class_="muted middle")
    return [*drawn, frame, words], top + 3 * LINE_HEIGHT + MARGIN
