"""How do numbers reach people, and come from them? Shown with three significant digits, scaled; read with a unit."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from zoobench.errors import UsageError

Number = TypeVar("Number", int, float)
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(\D*)")
_MILLI = 1e-3
_KILO = 1e3
_MEGA = 1e6
_SHORT_HASH = 12
ABSENT = "–"
"""Shown where a value is undefined or was not measured."""


def milliseconds(seconds: float | None) -> str:
    """Returns seconds as milliseconds."""
    return ABSENT if seconds is None else three_digits(seconds / _MILLI)


def megabytes(size_bytes: float | None) -> str:
    """Returns bytes as megabytes of 10^6 bytes."""
    return ABSENT if size_bytes is None else three_digits(size_bytes / _MEGA)


def size(size_bytes: int) -> str:
    """Returns bytes with the unit that suits them, for texts where sizes of all magnitudes stand below each other."""
    if size_bytes < _KILO:
        return f"{size_bytes} B"
    return f"{megabytes(size_bytes)} MB" if size_bytes >= _MEGA else f"{three_digits(size_bytes / _KILO)} kB"


def exactly(count: int | None) -> str:
    """Returns a whole number in full, for texts where every one of its digits may matter."""
    return ABSENT if count is None else f"{count:,}"


def few(names: Sequence[str], *, most: int = 3) -> str:
    """Returns the first of some names, and how many more there are."""
    more = f" and {exactly(len(names) - most)} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def short_hash(sha256: str) -> str:
    """Returns as much of a hash as tells files and data sets apart, as in the names of the store's folders."""
    return sha256[:_SHORT_HASH]


def percent(share: float | None) -> str:
    """Returns a share of one as a percentage with one decimal, as accuracies are quoted."""
    return ABSENT if share is None else f"{100 * share:.1f}"


def ratio(value: float | None) -> str:
    """Returns a ratio with two decimals, or three significant digits where two decimals say too little or too much."""
    if value is None:
        return ABSENT
    return f"{value:.2f}" if 0.095 <= value < 9.995 else three_digits(value)


def span(ends: tuple[float, float] | None, shown: Callable[[float], str]) -> str:
    """Returns an interval as text, '' where there is none."""
    return f"{shown(ends[0])}–{shown(ends[1])}" if ends else ""


def change_percent(change: float | None) -> str:
    """Returns a relative change, or a difference of shares, as a signed percentage (or points) with one decimal."""
    if change is None:
        return ABSENT
    value = 100 * change
    if abs(value) >= 999.95:
        return f"{'+' if value > 0 else '-'}{three_digits(abs(value))}"
    text = f"{value:+.1f}"
    return "0.0" if float(text) == 0 else text


def nats(value: float | None) -> str:
    """Returns a cross-entropy with three decimals, as losses are quoted."""
    return ABSENT if value is None else f"{value:.3f}" if abs(value) < 999.5 else three_digits(value)


def probability(value: float | None) -> str:
    """Returns a p-value with three decimals; below those, that it is."""
    return ABSENT if value is None else f"{value:.3f}" if value >= 0.0005 else "<0.001"


def chance(value: float | None) -> str:
    """Returns a probability as a percentage, rounded down to one decimal: what is not certain never reads as if."""
    if value is None:
        return ABSENT
    if value in (0, 1):
        return f"{100 * value:.0f}"
    if value >= 0.999:
        return ">99.9"
    return f"{math.floor(1000 * value + 1e-9) / 10:.1f}" if value >= 0.001 else "<0.1"


def decibels(value: float | None) -> str:
    """Returns a level in dB with one decimal."""
    return ABSENT if value is None else f"{value:.1f}"


def cosine(value: float | None) -> str:
    """Returns a cosine similarity with five decimals, as what matters is how far it is from 1."""
    return ABSENT if value is None else f"{value:.5f}"


def tick(value: float) -> str:
    """Returns a round number on an axis, without digits that say nothing; with an exponent from 10^6."""
    return f"{value:g}"


def tick_milliseconds(seconds: float) -> str:
    """Returns a round time on an axis in milliseconds."""
    return tick(seconds / _MILLI)


def tick_percent(share: float) -> str:
    """Returns a round share on an axis as a percentage."""
    return tick(100 * share)


def three_digits(value: float) -> str:
    """Returns a number with three significant digits and no exponent from 10^-4 up to 10^6."""
    if value == 0:
        return "0"
    text = f"{value:.3g}"
    return f"{float(text):.0f}" if "e+" in text and abs(value) < 1e6 else f"{value:#.3g}".rstrip(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """In what a quantity is kept, and how people write and read it.

    Attributes:
        name: Of data: `seconds`, `bytes`, `share`, `ratio` or `nats`.
        symbol: At a number that people read; '' where there is none.
        text: Returns a value of data as such a number.
        written: What each symbol that people may write is in the unit of data.
    """

    name: str
    symbol: str
    text: Callable[[float | None], str]
    written: Mapping[str, float]


SECONDS = Unit(name="seconds", symbol="ms", text=milliseconds, written={"us": 1e-6, "µs": 1e-6, "ms": _MILLI, "s": 1.0})
BYTES = Unit(name="bytes", symbol="MB", text=megabytes, written={"B": 1.0, "kB": _KILO, "MB": _MEGA, "GB": 1e9})
SHARE = Unit(name="share", symbol="%", text=percent, written={"%": 0.01})
RATIO = Unit(name="ratio", symbol="", text=ratio, written={"": 1.0})
NATS = Unit(name="nats", symbol="nats", text=nats, written={"nats": 1.0})


def parse_quantity(
    received: object,
    units: Mapping[str, float],
    *,
    where: str,
    example: str,
    least: float = 0.0,
    most: float = math.inf,
    may_be_zero: bool = False,
) -> float:
    """Returns what people wrote as a number and its unit; a bare number could mean anything, so it is refused.

    Args:
        received: A text such as `5 %`; of a file it may be anything.
        units: What each unit is in the one that is returned, which is that of `least` and `most` too.
        where: The option, or the place in a file, for the message.
        example: A text that is allowed.
        least: The smallest that is allowed; zero itself is only if it `may_be_zero`.
        most: The largest that is allowed.
        may_be_zero: Whether zero is allowed.

    Raises:
        UsageError: If it is none; the message says what was received and what is allowed.
    """
    match = _QUANTITY.fullmatch(received.strip()) if isinstance(received, str) else None
    factor = units.get(match[2]) if match else None
    if match and factor:
        value = float(Decimal(match[1]) * Decimal(str(factor)))  # so that 57 % is 0.57
        if least <= value <= most and value < math.inf and (value > 0 or may_be_zero):
            return value
    scale = next(iter(units.values()))
    low = f"from {least / scale:g}" if least else "from 0" if may_be_zero else "above 0"
    high = f" up to {most / scale:g}" if most < math.inf else ""
    raise UsageError(
        f"{where}: received {received!r}; allowed is a number {low}{high} and its unit, {' or '.join(units)}, such as "
        f'"{example}"'
    )


def parse_number(
    text: str, kind: Callable[[str], Number], *, where: str, least: float = -math.inf, most: float = math.inf
) -> Number:
    """Returns a number that people wrote without a unit, at an option or elsewhere.

    Raises:
        UsageError: If it is none, or not an allowed one.
    """
    try:
        number = kind(text)
    except ValueError:
        allowed = "a whole number" if kind is int else "a number"
        raise UsageError(f"{where}: received {text!r}; allowed is {allowed}") from None
    if least > -math.inf and not least <= number < math.inf:
        raise UsageError(f"{where}: received {number}; allowed is {least:g} or more")
    if number > most:
        raise UsageError(f"{where}: received {number}; allowed is {most:.0f} or less")
    return number


def duration(seconds: float) -> str:
    """Returns how long something takes, as well as that is known before: `about 40 s`, `about 6 min`."""
    if seconds < 1:
        return "under 1 s"
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
