"""What is a chart, what surrounds its plots (title, key, words where there is nothing), and how is it a file?

As a file it is PNG twice as fine as its units, light or dark, or SVG in both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from zoobench.errors import ResultsError, UsageError
from zoobench.show.charts.svg import (
    FONTS,
    PALETTES,
    THEMES,
    TITLE_SIZE,
    Theme,
    document,
    element,
    shortened,
    stylesheet,
    text,
    width_of,
    wrapped,
)
from zoobench.system.files import PLAIN_NAME, write_bytes

WIDTH = 560.0
"""Of a drawing in its own units, unless a caller wants another; a phone shows 360 of them unscaled."""
NARROWEST, WIDEST = 320.0, 1600.0
BEYOND = "beyond the picture"
"""What the key says of a limit that is not drawn."""
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
LIBRARY = "resvg_py"
NEEDED = "PNG pictures are drawn by resvg-py: pip install resvg-py"
_ZOOM = 2.0
_PROBE = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture and what it shows in words.

    Attributes:
        svg: One `<svg>` element with a `viewBox` and without size, colours or fonts: those are in the stylesheets.
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


def presented(draw: Callable[[], Drawn] | None, *, title: str, alternative: str, width: float) -> Chart:
    """Returns a chart of what `draw` draws; None gives a picture that says why there is nothing to see.

    Raises:
        ResultsError: If the width leaves no room, below `NARROWEST`, or is above `WIDEST`.
    """
    require_number(width, "the width of a chart", least=NARROWEST, most=WIDEST)
    drawn, height = draw() if draw else _nothing(title, alternative, width=width)
    svg = document(drawn, width=width, height=height, title=title, alternative=alternative)
    return Chart(svg=svg, title=title, alternative=alternative)


def header(title: str, keys: Sequence[Key], *, width: float) -> Drawn:
    """Returns the title and the key below it."""
    room = width - 2 * MARGIN
    shown = shortened(title, room, size=TITLE_SIZE, strong=True)
    drawn = [text(MARGIN, MARGIN + TITLE_HEIGHT / 2 - 2, shown, class_="title")]
    top = MARGIN + TITLE_HEIGHT
    widths = [min((_SYMBOL_ROOM if symbol else 0) + width_of(words), room) for symbol, words in keys]
    for row in wrapped(widths, room, gap=_KEY_GAP):
        x = MARGIN
        for index in row:
            drawn += _key(keys[index], x, top + LINE_HEIGHT / 2, widths[index])
            x += widths[index] + _KEY_GAP
        top += LINE_HEIGHT
    return drawn, top + MARGIN


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


def can_draw() -> bool:
    """Returns whether the library is there that makes a PNG of a drawing."""
    return find_spec(LIBRARY) is not None


def write_pictures(charts: Mapping[str, Chart], folder: Path) -> tuple[Path, ...]:
    """Writes `<name>-light.png` and `<name>-dark.png` for each chart, each whole or not at all; returns the files.

    Raises:
        UsageError: If the library is missing, this machine has no font, or a name is none for a file.
    """
    for name in charts:
        if not PLAIN_NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot name a picture; use letters, digits, '.', '_' and '-'")
    written = {folder / f"{name}-{theme}.png": (chart, theme) for name, chart in charts.items() for theme in THEMES}
    for path, (chart, theme) in written.items():
        write_bytes(path, picture(chart, theme))
    return tuple(written)


def write_picture(chart: Chart, path: Path) -> None:
    """Writes a chart as PNG in light colours, or as SVG where the file's name says so.

    Raises:
        UsageError: If a PNG is wanted and the library is missing, or this machine has no font.
        OSError: If the file cannot be written.
    """
    if path.suffix.lower() == ".svg":
        write_bytes(path, svg_file(chart).encode())
        return
    if not can_draw():
        raise UsageError(f"{path} is not drawn: {NEEDED}; {path.with_suffix('.svg')} needs nothing")
    write_bytes(path, picture(chart, "light"))


def svg_file(chart: Chart) -> str:
    """Returns the drawing with its style: light unless the reader's system is dark."""
    light, dark = (f".chart{{background:{PALETTES[theme]['paper']}}}\n{stylesheet(theme)}" for theme in THEMES)
    style = f"<style>{light}@media screen and (prefers-color-scheme:dark){{{dark}}}</style>"
    return chart.svg.replace("</desc>", f"</desc>{style}", 1)


def picture(chart: Chart, theme: Theme) -> bytes:
    """Returns a chart as PNG, two pixels for each of its units.

    Raises:
        UsageError: If the library is missing, or this machine has none of the fonts that are known.
    """
    if not can_draw():
        raise UsageError(NEEDED)
    probes = (
        document(children, width=_PROBE, height=_PROBE, title="", alternative="")
        for children in ((), (text(_PROBE / 4, _PROBE / 2, "M"),))
    )
    if len({_rendered(probe, theme) for probe in probes}) == 1:  # the library passes over text without a font
        raise UsageError(
            f"this machine has none of the fonts {', '.join(FONTS)}, so that a picture would have no text; install "
            "one of them, such as Debian's package fonts-dejavu-core"
        )
    return _rendered(chart.svg, theme)


def _rendered(svg: str, theme: Theme) -> bytes:
    from resvg_py import svg_to_bytes

    return bytes(
        svg_to_bytes(svg_string=svg, style_sheet=stylesheet(theme), background=PALETTES[theme]["paper"], zoom=_ZOOM)
    )
