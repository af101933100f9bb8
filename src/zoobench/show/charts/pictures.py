"""How does a chart become a file of its own? As PNG twice as fine as its units, light or dark, or as SVG in both."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from zoobench.errors import UsageError
from zoobench.show.charts.sheet import Chart
from zoobench.show.charts.svg import document, text
from zoobench.show.charts.theme import FONTS, PALETTES, THEMES, Theme, stylesheet
from zoobench.system.files import PLAIN_NAME, write_bytes

LIBRARY = "resvg_py"
NEEDED = "PNG pictures are drawn by resvg-py: pip install 'zoobench[report]'"
"""What to tell where the library is missing."""
_ZOOM = 2.0
_PROBE = 40.0


def can_draw() -> bool:
    """Returns whether the library is there that makes a PNG of a drawing."""
    return find_spec(LIBRARY) is not None


def write_pictures(charts: Mapping[str, Chart], folder: Path) -> tuple[Path, ...]:
    """Writes `<name>-light.png` and `<name>-dark.png` for each chart, each whole or not at all.

    Args:
        charts: By name, which is to be a plain file name.
        folder: Made where there is none.

    Returns:
        The files, in the order of the charts.

    Raises:
        UsageError: If the library is missing, this machine has no font, or a name is none for a file.
    """
    for name in charts:
        if not PLAIN_NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot name a picture; use letters, digits, '.', '_' and '-'")
    written = []
    for name, chart in charts.items():
        for theme in THEMES:
            path = folder / f"{name}-{theme}.png"
            write_bytes(path, picture(chart, theme))
            written.append(path)
    return tuple(written)


def write_picture(chart: Chart, path: Path) -> None:
    """Writes a chart as PNG in light colours, or as SVG where the file's name says so.

    Raises:
        UsageError: If a PNG is wanted and the library is missing, or this machine has no font.
        OSError: If the file cannot be written.
    """
    if path.suffix.lower() == ".svg":
        write_bytes(path, _svg_file(chart).encode())
        return
    if not can_draw():
        raise UsageError(f"{path} is not drawn: {NEEDED}; {path.with_suffix('.svg')} needs nothing")
    write_bytes(path, picture(chart, "light"))


def _svg_file(chart: Chart) -> str:
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
    if not _has_letters(theme):
        raise UsageError(
            f"this machine has none of the fonts {', '.join(FONTS)}, so that a picture would have no text; install "
            "one of them, such as Debian's package fonts-dejavu-core"
        )
    return _drawn(chart.svg, theme)


def _has_letters(theme: Theme) -> bool:
    """Returns whether a letter leaves a trace; the library passes over text for which it finds no font."""
    empty, letter = (
        document(children, width=_PROBE, height=_PROBE, title="", alternative="")
        for children in ((), (text(_PROBE / 4, _PROBE / 2, "M"),))
    )
    return _drawn(empty, theme) != _drawn(letter, theme)


def _drawn(svg: str, theme: Theme) -> bytes:
    from resvg_py import svg_to_bytes

    return bytes(
        svg_to_bytes(svg_string=svg, style_sheet=stylesheet(theme), background=PALETTES[theme]["paper"], zoom=_ZOOM)
    )
