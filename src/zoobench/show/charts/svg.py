"""How is a chart drawn as SVG: in which colours, with which marks, in words that stay words and have their room?

Colours are chosen so that the colour-blind tell them apart (after Okabe and Ito, "Color Universal Design", 2008) and
that contrasts hold in both themes; the tests compute them.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from zoobench.errors import MARK

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
_COLOURS = {
    "paper": ("#ffffff", "#14191f"),
    "ink": ("#1b1f24", "#e6edf3"),
    "muted": ("#57606a", "#9aa5b1"),
    "grid": ("#dfe3e8", "#2d343c"),
    "blue": ("#0072b2", "#56b4e9"),
    "green": ("#00795a", "#2fc49a"),
    "orange": ("#c24a00", "#ff9e57"),
    "grey": ("#6e7781", "#8b949e"),
    "shade-0": ("#f1f4f7", "#1d242c"),
    "shade-1": ("#cadff1", "#1d4260"),
    "shade-2": ("#a9cdea", "#21547c"),
    "shade-3": ("#83b6e0", "#28679a"),
    "shade-4": ("#2b73ad", "#69b3e6"),
    "shade-5": ("#1d5c92", "#8cc7ef"),
    "shade-6": ("#124675", "#b1daf6"),
    "shade-7": ("#082f55", "#d6ecfb"),
    "on-weak": ("#1b1f24", "#e6edf3"),
    "on-strong": ("#ffffff", "#0b1015"),
}
"""Each in the light theme and in the dark one; `paper` is what the charts stand on."""
PALETTES: Mapping[Theme, Mapping[str, str]] = {
    theme: {name: colours[place] for name, colours in _COLOURS.items()} for place, theme in enumerate(THEMES)
}
KIND_COLOURS: Mapping[Theme, tuple[str, ...]] = {
    "light": (
        *("#0072b2", "#a36a00", "#00795a", "#b5528f", "#2f8bc0", "#7d5a1e", "#6a51a3", "#4c8a12", "#444444"),
        "#848d97",
    ),
    "dark": (
        *("#56b4e9", "#e6a817", "#2fc49a", "#e08fc0", "#9cd9ff", "#c9a766", "#a995e0", "#8fd14f", "#d0d5da"),
        "#7a838c",
    ),
}
"""Of kinds of operation, the most frequent first; the last one is of all others. No page needs them."""
KINDS = len(KIND_COLOURS["light"]) - 1
"""That have a colour of their own."""
SHADES, FIRST_STRONG = 8, 4
"""How many there are, and the first on which text is `on-strong`; on those before it is `on-weak`."""
FONTS = (
    *("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Helvetica", "Arial"),
    *("Liberation Sans", "Noto Sans", "DejaVu Sans", "Ubuntu", "Cantarell", "FreeSans", "Nimbus Sans", "sans-serif"),
)
"""Families from which the first is taken that a machine has."""
TEXT_SIZE, TITLE_SIZE = 13.0, 15.0
"""Heights of letters in units of a drawing."""
_FONT_RULES = f"""\
.chart{{font-family:{",".join(f"'{one}'" if " " in one else one for one in FONTS)}}}
.chart text{{fill:var(--chart-ink);font-size:{TEXT_SIZE:g}px}}
.chart .title{{font-weight:600;font-size:{TITLE_SIZE:g}px}}
"""
_MARK_RULES = """\
.chart .muted{fill:var(--chart-muted)}
.chart .strong{font-weight:600}
.chart .over{paint-order:stroke;stroke:var(--chart-paper);stroke-width:4px;stroke-linejoin:round}
.chart .limit-text{fill:var(--chart-orange)}
.chart .end{text-anchor:end}
.chart .middle{text-anchor:middle}
.chart .grid{stroke:var(--chart-grid);stroke-width:1;fill:none}
.chart .axis{stroke:var(--chart-muted);stroke-width:1;fill:none}
.chart .leader{stroke:var(--chart-muted);stroke-width:.8;fill:none}
.chart .limit{stroke:var(--chart-orange);stroke-width:1.4;stroke-dasharray:6 4;fill:none}
.chart .step{stroke:var(--chart-blue);stroke-width:1.4;stroke-dasharray:2 3;fill:none}
.chart .whisker{stroke-width:1.2;fill:none}
.chart .mark{stroke-width:1.6}
.chart .front .mark,.chart .faster .mark{fill:var(--chart-blue);stroke:var(--chart-paper);stroke-width:1}
.chart .open .mark{fill:var(--chart-paper);stroke:var(--chart-green);stroke-width:2}
.chart .dominated .mark{fill:var(--chart-paper);stroke:var(--chart-grey)}
.chart .slower .mark{fill:var(--chart-orange);stroke:var(--chart-paper);stroke-width:1}
.chart .undecided .mark{fill:var(--chart-paper);stroke:var(--chart-grey);stroke-width:2}
.chart .front .whisker,.chart .faster .whisker{stroke:var(--chart-blue)}
.chart .open .whisker{stroke:var(--chart-green)}
.chart .dominated .whisker,.chart .undecided .whisker{stroke:var(--chart-grey)}
.chart .slower .whisker{stroke:var(--chart-orange)}
.chart .quiet .whisker{opacity:0}
.chart .quiet:hover .whisker{opacity:1}
.chart .halo{stroke:var(--chart-orange);stroke-width:2.4;fill:none}
.chart .reach{stroke:var(--chart-grey);stroke-width:1;fill:none}
.chart .hill{fill:var(--chart-blue);stroke:none}
.chart .median{stroke:var(--chart-ink);stroke-width:1.8;fill:none}
.chart .p90{stroke:var(--chart-orange);stroke-width:2;fill:none}
.chart .hit{fill:transparent;stroke:none}
.chart .row .whisker{stroke-width:2.4}
.chart .row:hover .hit{fill:var(--chart-grid)}
.chart .training{stroke:var(--chart-blue);stroke-width:2;fill:none}
.chart .validation{stroke:var(--chart-orange);stroke-width:2;stroke-dasharray:7 3;fill:none}
.chart .training-dot{fill:var(--chart-blue);stroke:none}
.chart .validation-dot{fill:var(--chart-orange);stroke:none}
.chart .chosen{stroke:var(--chart-ink);stroke-width:1.2;stroke-dasharray:2 3;fill:none}
"""
_SHADE_RULES = "".join(
    f".chart .shade-{shade}{{fill:var(--chart-shade-{shade})}}\n"
    f".chart text.on-{shade}{{fill:var(--chart-{'on-strong' if shade >= FIRST_STRONG else 'on-weak'})}}\n"
    for shade in range(SHADES)
)
RULES = _FONT_RULES + _MARK_RULES + _SHADE_RULES
"""What a page needs once, beside the variables of a theme."""
FILE_RULES = """\
.chart .kind .mark{stroke:var(--chart-paper);stroke-width:1}
.chart .worst{fill:var(--chart-orange)}
.chart .to-worst{stroke:var(--chart-orange);stroke-width:.8;fill:none}
.chart .curve{stroke-width:2;fill:none}
.chart .some .curve,.chart .some .whisker{stroke:var(--chart-blue)}
.chart .some .mark{fill:var(--chart-blue)}
.chart .every .curve,.chart .every .whisker{stroke:var(--chart-green)}
.chart .every .mark{fill:var(--chart-green)}
.chart .theirs .whisker{stroke:var(--chart-orange)}
.chart .theirs .mark{fill:var(--chart-orange)}
"""
"""What pictures need besides that stand in files of their own and on no page."""
_VARIABLE = re.compile(r"var\(--chart-([a-z0-9-]+)\)")
_JOINERS = "\u200c\u200d"
"""Shape the letters of some scripts and steer nothing else."""
_WIDTHS = {
    0.34: "'ijlIJ ,.:;|/\\",
    0.43: "-()[]tfr!",
    0.55: '"*_`sz?cLk',
    0.64: "FvxyTYaoebdghnpquESP$0123456789{}",
    0.74: "KAVBRXZCU",
    0.8: "HNDG&OQ",
    0.85: "w#+<=>^~M",
    1.0: "m%W@",
}
"""Of DejaVu Sans, the widest of the usual fonts, in heights of a letter; a little more for the boundaries."""
_OF_LETTER = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_OTHER = 1.0
_LATIN_END, _LATIN = 0x0590, 0.75
_STRONG = 1.1
_TO_BASELINE = 0.35 * TEXT_SIZE
"""From the middle of a line of words."""
_DIAMOND, _SQUARE = math.sqrt(math.pi / 2), math.sqrt(math.pi) / 2
"""Half their width, in radii of a disc of the same area."""


def variables(theme: Theme) -> str:
    """Returns the declarations of a theme's colours, `--chart-ink:#1b1f24;...`, to stand in a rule such as `:root`."""
    return "".join(f"--chart-{name}:{colour};" for name, colour in PALETTES[theme].items())


def page_stylesheet() -> str:
    """Returns the CSS for a page: light unless the reader's system is dark, or as `data-theme` of `<html>` says.

    On paper it is light.
    """
    light, dark = variables("light"), variables("dark")
    return (
        f":root{{{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{{dark}}}}}\n"
        f"{RULES}"
    )


def stylesheet(theme: Theme) -> str:
    """Returns the CSS of one theme with its colours in place, for files that programs without variables read too."""
    kinds = zip((*range(KINDS), "other"), KIND_COLOURS[theme], strict=True)
    rules = "".join(f".chart .kind-{name} .mark{{fill:{colour}}}\n" for name, colour in kinds)
    return _VARIABLE.sub(lambda found: PALETTES[theme][found[1]], RULES + FILE_RULES) + rules


def readable(words: str) -> str:
    """Returns foreign words on one line, with a mark for each character that XML forbids or that steers the text."""
    plain = "".join(one if one.isprintable() or one in _JOINERS else MARK for one in words)
    return plain.replace("##[", f"##{MARK}")  # a command in a log of GitHub, wherever it stands


def width_of(words: str, *, size: float = TEXT_SIZE, strong: bool = False) -> float:
    """Returns how wide words are at most, in units of the drawing."""
    widths = (_OF_LETTER.get(letter, _LATIN if ord(letter) < _LATIN_END else _OTHER) for letter in readable(words))
    return size * sum(widths) * (_STRONG if strong else 1)


def shortened(words: str, room: float, *, size: float = TEXT_SIZE, strong: bool = False) -> str:
    """Returns words that fit into `room`: whole, or without their middle, since names differ at both ends."""
    words = readable(words)
    if width_of(words, size=size, strong=strong) <= room:
        return words
    low, high = 0, min(len(words) - 1, int(room / (0.34 * size)) + 1)
    while low < high:
        kept = (low + high + 1) // 2
        if width_of(_without_middle(words, kept), size=size, strong=strong) <= room:
            low = kept
        else:
            high = kept - 1
    return _without_middle(words, low)


def _without_middle(words: str, kept: int) -> str:
    end = kept // 2
    return f"{words[: kept - end]}…{words[-end:] if end else ''}"


def wrapped(widths: Sequence[float], room: float, *, gap: float) -> list[list[int]]:
    """Returns which of several pieces stand on which line, as indices, so that no line is wider than `room`."""
    lines: list[list[int]] = []
    used = 0.0
    for index, width in enumerate(widths):
        if not lines or used + gap + width > room:
            lines.append([index])
            used = width
        else:
            lines[-1].append(index)
            used += gap + width
    return lines


def coordinate(value: float) -> str:
    """Returns a coordinate with at most two decimals.

    Raises:
        ValueError: If it is not finite, which would be a fault of the drawing.
    """
    if not math.isfinite(value):
        raise ValueError(f"a coordinate is {value}")
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def element(name: str, *children: str, **attributes: str | float) -> str:
    """Returns an element; attribute values are escaped, children are elements already.

    Args:
        name: Of the element.
        children: Their text.
        attributes: `class_` for `class`, `stroke_width` for `stroke-width`; numbers are coordinates.
    """
    texts = {key: readable(one) if isinstance(one, str) else coordinate(one) for key, one in attributes.items()}
    words = "".join(f" {key.rstrip('_').replace('_', '-')}={quoteattr(one)}" for key, one in texts.items())
    return f"<{name}{words}>{''.join(children)}</{name}>" if children else f"<{name}{words}/>"


def group(children: Iterable[str], *, class_: str, hover: str) -> str:
    """Returns what belongs together and what a pointer that rests on it shows."""
    return element("g", titled(hover), *children, class_=class_)


def titled(words: str) -> str:
    """Returns the text that a pointer on the parent shows."""
    return element("title", escape(readable(words)))


def text(x: float, y: float, words: str, *, class_: str = "", turned: float | None = None) -> str:
    """Returns words at a place, the middle of whose line is at `y`; `turned` in degrees, clockwise."""
    attributes: dict[str, str | float] = {"x": x, "y": y + _TO_BASELINE}
    if class_:
        attributes["class_"] = class_
    if turned is not None:
        attributes |= {"x": 0, "y": _TO_BASELINE}
        attributes["transform"] = f"translate({coordinate(x)} {coordinate(y)}) rotate({coordinate(turned)})"
    return element("text", escape(readable(words)), **attributes)


def line(x1: float, y1: float, x2: float, y2: float, *, class_: str) -> str:
    """Returns a straight line."""
    return polyline(((x1, y1), (x2, y2)), class_=class_)


def polyline(points: Iterable[tuple[float, float]], *, class_: str, closed: bool = False) -> str:
    """Returns a line through points."""
    path = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
    return element("path", d=f"M{path}{'Z' if closed else ''}", class_=class_)


def circle(x: float, y: float, radius: float, *, class_: str = "mark") -> str:
    """Returns a disc."""
    return element("circle", cx=x, cy=y, r=radius, class_=class_)


def diamond(x: float, y: float, radius: float) -> str:
    """Returns a square on its tip."""
    half = _DIAMOND * radius
    return polyline(((x - half, y), (x, y - half), (x + half, y), (x, y + half)), class_="mark", closed=True)


def square(x: float, y: float, radius: float) -> str:
    """Returns a square."""
    half = _SQUARE * radius
    return element("rect", x=x - half, y=y - half, width=2 * half, height=2 * half, class_="mark")


def triangle(x: float, y: float, radius: float, *, class_: str = "mark") -> str:
    """Returns a triangle that points upwards."""
    half = _DIAMOND * radius
    return polyline(((x - half, y + half), (x, y - half), (x + half, y + half)), class_=class_, closed=True)


def reach(radius: float) -> float:
    """Returns how far the largest of the shapes reaches from its middle."""
    return _DIAMOND * radius + 1.5


def document(children: Iterable[str], *, width: float, height: float, title: str, alternative: str) -> str:
    """Returns a whole picture that scales with what it stands in."""
    return element(
        "svg",
        titled(title),
        element("desc", escape(readable(alternative))),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        role="img",
        class_="chart",
    )
