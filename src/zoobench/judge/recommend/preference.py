"""Of several cells that would do, which comes first? The order of a stated preference."""

import math
from collections.abc import Mapping, Sequence

from zoobench.errors import UsageError
from zoobench.judge.recommend.relations import LATENCY, LATENCY_P90, MEMORY, SIZE, TOP1, Standings, value_of
from zoobench.system.units import SHARE, parse_quantity, percent, three_digits

PREFERENCES = (LATENCY, LATENCY_P90, SIZE, MEMORY, TOP1)
DEFAULT_PREFERENCE = (LATENCY, TOP1, SIZE)
WORDS: Mapping[str, str] = {
    LATENCY: "p50",
    LATENCY_P90: "p90",
    SIZE: "size",
    MEMORY: "peak memory",
    TOP1: "top-1",
}
"""What is ordered by, for people."""
_LEAST, _MOST = 0.5, 0.99
WORSE: Mapping[str, str] = {
    LATENCY: "slower",
    LATENCY_P90: "slower at p90",
    SIZE: "larger",
    MEMORY: "larger in memory",
    TOP1: "less often right",
}


def parse_preference(text: str) -> tuple[str, ...]:
    """Returns the metrics to order by, those that were named first, then what is left of the default.

    Raises:
        UsageError: If one is unknown or named twice.
    """
    named = [name.strip() for name in text.split(",")]
    if len(set(named)) < len(named) or not set(named) <= set(PREFERENCES):
        raise UsageError(
            f"--prefer: received {text!r}; allowed are {', '.join(PREFERENCES)}, each at most once, such as "
            f"{TOP1},{LATENCY}"
        )
    return (*named, *(name for name in DEFAULT_PREFERENCE if name not in named))


def parse_confidence(text: str) -> float:
    """Returns the probability that is asked for, as a share of one.

    Raises:
        UsageError: Unless it is a percentage from 50 to 99: below, a cell that more likely misses would do, and above
            is more than can be told of several limits at once.
    """
    return parse_quantity(text, SHARE.written, where="--confidence", example="95 %", least=_LEAST, most=_MOST)


def ordered(cells: Sequence[str], among: Standings, preference: Sequence[str]) -> list[str]:
    """Returns cells, the best first.

    Two whose values read the same, three digits of a time or a size, a tenth of a point of top-1, are a tie that the
    next metric breaks; the id breaks the last one. What is not known comes last.
    """
    return sorted(cells, key=lambda cell: (*(_key(among, metric, cell) for metric in preference), cell))


def _key(among: Standings, metric: str, cell: str) -> float:
    value = value_of(among, metric, cell)
    if value is None:
        return math.inf
    if metric == TOP1:
        return -float(percent(-value))
    return float(three_digits(value if metric == SIZE else math.exp(value)))
