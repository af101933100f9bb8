"""How does a drawing become SVG text in which foreign words stay words?"""

import math
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

_MARK = "\ufffd"
"""For a character that is none, or that would turn the text around it."""
_LINE = 13.0
_JOINERS = "\u200c\u200d"
"""Shape the letters of some scripts and steer nothing else."""


def element(name: str, *children: str, **attributes: str | float) -> str:
    """Returns an element; attribute values are escaped, children are elements already.

    Args:
        name: Of the element.
        children: Their text.
        attributes: `class_` for `class`, `stroke_width` for `stroke-width`; numbers are coordinates.
    """
    words = "".join(f" {_attribute(key)}={quoteattr(_value(value))}" for key, value in attributes.items())
    return f"<{name}{words}>{''.join(children)}</{name}>" if children else f"<{name}{words}/>"


def group(children: Iterable[str], *, class_: str, hover: str) -> str:
    """Returns what belongs together and what a pointer that rests on it is told."""
    return element("g", titled(hover), *children, class_=class_)


def titled(words: str) -> str:
    """Returns the text that a pointer on the parent is told."""
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


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return readable(value) if isinstance(value, str) else coordinate(value)
