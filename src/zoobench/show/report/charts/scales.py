"""Where on an axis is a value, and which round numbers stand at it?"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_NICE: tuple[int, ...] = (1, 2, 5)
_SPANS_MANY = 4.0
"""Largest value over smallest from which an axis is logarithmic."""
_LEAST_LOGARITHMIC = 1e-12
"""Smallest value on a logarithmic axis: in seconds, that which a clock can tell."""
_FEW = 3
_ROOM = 0.05
"""Beyond the outermost values, as a share of what lies between them."""
_LEAST_RATIO = 1.1
"""From end to end of a logarithmic axis."""
_LEAST_SHARE = 0.02
"""From end to end of a linear axis, of its largest value."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """An axis from `low` to `high`, the lower below the higher; positive where it is logarithmic."""

    low: float
    high: float
    logarithmic: bool

    def share(self, value: float) -> float:
        """Returns where a value is: 0 at the low end, 1 at the high one."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> tuple[float, ...]:
        """Returns at most `most` (2 or more) round numbers on the axis, ascending: 1, 2 or 5 times a power of ten.

        On a logarithmic axis of less than a decade that holds hardly any of these, they are those of a linear one.
        """
        if self.logarithmic:
            found = _logarithmic_ticks(self.low, self.high, most)
            if len(found) >= min(_FEW, most) or self.high / self.low > 10:
                return found
        return _linear_ticks(self.low, self.high, most)


def fitted(values: Iterable[float], *, least: float = -math.inf, most: float = math.inf) -> Scale:
    """Returns the scale that holds all values with a little room: logarithmic where they are positive and span much.

    Args:
        values: What is to be drawn; none at all gives the axis from 0 to 1.
        least: Where a linear axis ends at the latest, as a share does at 0.
        most: The same above.
    """
    found = list(values)
    if found and min(found) >= _LEAST_LOGARITHMIC and max(found) / min(found) > _SPANS_MANY:
        return logarithmic(found)
    return linear(found, least=least, most=most)


def linear(
    values: Iterable[float], *, least: float = -math.inf, most: float = math.inf, least_span: float = 0.0
) -> Scale:
    """Returns the linear scale that holds all values with a little room.

    Args:
        values: What is to be drawn; none at all gives the axis from 0 to 1.
        least: Where the axis ends at the latest, as a share does at 0.
        most: The same above.
        least_span: From end to end, so that differences that mean nothing do not look large.
    """
    found = list(values) or [0.0, 1.0]
    low, high = min(found), max(found)
    span = max(high - low, _LEAST_SHARE * max(abs(low), abs(high)), least_span) or 1.0
    middle = low / 2 + high / 2
    reach = (0.5 + _ROOM) * span
    low, high = min(low, middle - reach), max(high, middle + reach)
    return Scale(low=max(low, least), high=min(high, most), logarithmic=False)


def logarithmic(values: Iterable[float]) -> Scale:
    """Returns the logarithmic scale that holds all values, which are positive, with a little room."""
    found = list(values) or [1.0]
    low, high = math.log(min(found)), math.log(max(found))
    reach = (0.5 + _ROOM) * max(high - low, math.log(_LEAST_RATIO))
    middle = (low + high) / 2
    return Scale(low=math.exp(middle - reach), high=math.exp(middle + reach), logarithmic=True)


def _linear_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    step = _nice_at_least((high - low) / most)
    while True:
        first, last = math.ceil(low / step - _ROUNDING), math.floor(high / step + _ROUNDING)
        if last - first < most:
            return tuple(_round(number * step) for number in range(first, last + 1))
        step = _nice_at_least(step * 1.5)


def _nice_at_least(value: float) -> float:
    """Returns the smallest of 1, 2, 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(nice * power for nice in (*_NICE, 10, 20) if nice * power >= value * (1 - _ROUNDING))


def _logarithmic_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every, multiples = 1, _NICE
    while True:
        powers = range(first - first % every, last + 1, every)
        ticks = (_round(nice * 10.0**power) for power in powers for nice in multiples)
        inside = tuple(one for one in ticks if low * (1 - _ROUNDING) <= one <= high * (1 + _ROUNDING))
        if len(inside) <= most:
            return inside
        every, multiples = (every if multiples == _NICE else every + 1), (1,)


def _round(value: float) -> float:
    """Returns a tick without the dirt of floating point, so that 3 * 0.1 is 0.3."""
    return float(f"{value:.12g}")
