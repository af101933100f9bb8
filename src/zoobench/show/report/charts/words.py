"""How much room do words take on a picture whose font nobody knows yet?"""

from collections.abc import Sequence

from zoobench.show.report.charts.svg import readable
from zoobench.show.report.charts.theme import TEXT_SIZE

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
