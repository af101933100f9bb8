"""What does one side know of one cell, run by run?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zoobench.results.record import Record
from zoobench.results.timings import Side, Timing
from zoobench.stats.statistics import Interval, percentile

_LARGEST = 1e300
"""Beyond it sums overflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one run, a process, knows of one cell."""

    record: Record | None
    timing: Timing | None


Read = Callable[[Seen], float | None]
ReadAll = Callable[[Seen], Sequence[float]]


def seen_by(side: Side, cell: str) -> list[Seen]:
    """Returns what each run of a side that has a cell knows of it."""
    both = [Seen(record=run.records.get(cell), timing=run.timings.get(cell)) for run in side.runs]
    return [seen for seen in both if seen.record or seen.timing]


def p50_seconds(seen: Seen) -> float | None:
    """Returns the median time of a run."""
    if seen.record is not None:
        return seen.record.latency.p50_seconds if seen.record.latency else None
    return seen.timing.median_seconds if seen.timing else None


def p90_seconds(seen: Seen) -> float | None:
    """Returns the 90th percentile of a run, None where it has too few rounds to support one."""
    if seen.record is not None:
        return seen.record.latency.p90_seconds if seen.record.latency else None
    return percentile(seen.timing.rounds, 0.90) if seen.timing else None


def speedup(seen: Seen) -> float | None:
    """Returns the speed-up over the float twin of a run."""
    paired = seen.record.latency.speedup_over_float if seen.record and seen.record.latency else None
    return paired.point if paired else None


def speedup_interval(seen: Seen) -> Interval | None:
    """Returns the interval of that speed-up, over the rounds of the run."""
    paired = seen.record.latency.speedup_over_float if seen.record and seen.record.latency else None
    return Interval(low=paired.interval[0], high=paired.interval[1]) if paired else None


def initialization(seen: Seen) -> Sequence[float]:
    """Returns how long each fresh process of a run took to open the model."""
    startup = seen.record.startup if seen.record else None
    return startup.initialization.observed_seconds if startup else ()


def first_inference(seen: Seen) -> Sequence[float]:
    """Returns how long the first invocation of each fresh process of a run took."""
    startup = seen.record.startup if seen.record else None
    return startup.first_inference.observed_seconds if startup else ()


def peak_rss(seen: Seen) -> Sequence[float]:
    """Returns the peak of memory of each fresh process of a run, in bytes."""
    return seen.record.memory.observed_peak_rss_bytes if seen.record and seen.record.memory else ()


def known_values(side: Sequence[Seen], read: Read) -> list[float]:
    """Returns the value of each run that has one that can be reckoned with."""
    values = [read(seen) for seen in side]
    return [value for value in values if value is not None and abs(value) < _LARGEST]
