"""What surrounds the plots of a picture: its title, its key, and words where there is nothing to draw?"""

from collections.abc import Callable, Sequence

from zoobench.show.report.charts.chart import Chart, require_width
from zoobench.show.report.charts.svg import document, element, text
from zoobench.show.report.charts.theme import TITLE_SIZE
from zoobench.show.report.charts.words import shortened, width_of, wrapped

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


def presented(draw: Callable[[], Drawn] | None, *, title: str, alternative: str, width: float) -> Chart:
    """Returns a chart of what `draw` draws; None gives a picture that says why there is nothing to see.

    Raises:
        ResultsError: If the width leaves no room.
    """
    require_width(width)
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
