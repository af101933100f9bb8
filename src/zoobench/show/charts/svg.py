"""How do marks and words become SVG in which foreign words stay words, and how much room do these take?"""

import math
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from zoobench.show.charts.theme import TEXT_SIZE

_MARK = "\ufffd"
"""For a character that is none, or that would turn the text around it."""
_LINE = 13.0
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
_ELLIPSIS = "…"
_DIAMOND = math.sqrt(math.pi / 2)
_SQUARE = math.sqrt(math.pi) / 2
_TRIANGLE = math.sqrt(math.pi / 2)


def element(name: str, *children: str, **attributes: str | float) -> str:
    """Returns an element; attribute values are escaped, children are elements already.

    Args:
        name: Of the element.
        children: Their text.
        attributes: `class_` for `class`, `stroke_width` for `stroke-width`; numbers are coordinates.
    """
    words = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(_value(value))}" for key, value in attributes.items()
    )
    return f"<{name}{words}>{''.join(children)}</{name}>" if children else f"<{name}{words}/>"


def group(children: Iterable[str], *, class_: str, hover: str) -> str:
    """Returns what belongs together and what a pointer that rests on it shows."""
    return element("g", titled(hover), *children, class_=class_)


def titled(words: str) -> str:
    """Returns the text that a pointer on the parent shows."""
    return element("title", plain(words))


def text(x: float, y: float, words: str, *, class_: str = "", turned: float | None = None) -> str:
    """Returns words at a place, the middle of whose line is at `y`; `turned` in degrees, clockwise."""
    attributes: dict[str, str | float] = {"x": x, "y": y + 0.35 * _LINE}
    if class_:
        attributes["class_"] = class_
    if turned is not None:
        attributes |= {"x": 0, "y": 0.35 * _LINE}
        attributes["transform"] = f"translate({coordinate(x)} {coordinate(y)}) rotate({coordinate(turned)})"
    return element("text", plain(words), **attributes)


def line(x1: float, y1: float, x2: float, y2: float, *, class_: str) -> str:
    """Returns a straight line."""
    return element("path", d=f"M{coordinate(x1)} {coordinate(y1)}L{coordinate(x2)} {coordinate(y2)}", class_=class_)


def polyline(points: Iterable[tuple[float, float]], *, class_: str, closed: bool = False) -> str:
    """Returns a line through points."""
    path = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
    return element("path", d=f"M{path}{'Z' if closed else ''}", class_=class_)


def circle(x: float, y: float, radius: float, *, class_: str = "mark") -> str:
    """Returns a disc."""
    return element("circle", cx=x, cy=y, r=radius, class_=class_)


def diamond(x: float, y: float, radius: float) -> str:
    """Returns a square on its tip."""
    reach = _DIAMOND * radius
    return polyline(((x - reach, y), (x, y - reach), (x + reach, y), (x, y + reach)), class_="mark", closed=True)


def square(x: float, y: float, radius: float) -> str:
    """Returns a square."""
    side = coordinate(2 * _SQUARE * radius)
    return element("rect", x=x - _SQUARE * radius, y=y - _SQUARE * radius, width=side, height=side, class_="mark")


def triangle(x: float, y: float, radius: float, *, class_: str = "mark") -> str:
    """Returns a triangle that points upwards."""
    half = _TRIANGLE * radius
    return polyline(((x - half, y + half), (x, y - half), (x + half, y + half)), class_=class_, closed=True)


def reach(radius: float) -> float:
    """Returns how far the largest of the shapes reaches from its middle."""
    return _DIAMOND * radius + 1.5


def document(children: Iterable[str], *, width: float, height: float, title: str, alternative: str) -> str:
    """Returns a whole picture that scales with what it stands in."""
    return element(
        "svg",
        titled(title),
        element("desc", plain(alternative)),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        role="img",
        class_="chart",
    )


def readable(words: str) -> str:
    """Returns foreign words on one line, with a mark for each character that XML forbids or that steers the text."""
    return "".join(one if one.isprintable() or one in _JOINERS else _MARK for one in words)


def plain(words: str) -> str:
    """Returns foreign words as the content of an element."""
    return escape(readable(words))


def coordinate(value: float) -> str:
    """Returns a coordinate with at most two decimals.

    Raises:
        ValueError: If it is not finite, which would be a fault of the drawing.
    """
    if not math.isfinite(value):
        raise ValueError(f"a coordinate is {value}")
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def width_of(words: str, *, size: float = TEXT_SIZE, strong: bool = False) -> float:
    """Returns how wide words are at most, in units of the drawing."""
    return size * sum(map(_width, readable(words))) * (_STRONG if strong else 1)


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


def _without_middle(words: str, kept: int) -> str:
    front = (kept + 1) // 2
    return words[:front] + _ELLIPSIS + (words[len(words) - (kept - front) :] if kept > front else "")


def _width(letter: str) -> float:
    return _OF_LETTER.get(letter, _LATIN if ord(letter) < _LATIN_END else _OTHER)


def _value(value: str | float) -> str:
    return readable(value) if isinstance(value, str) else coordinate(value)
