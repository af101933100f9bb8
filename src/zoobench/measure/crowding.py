"""How many processors did others keep busy while a process of ours ran?"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from zoobench.results.disturbed import are_in_the_way

_BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
"""Times that a processor was not free, as Linux counts them; time of guests is part of `user`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the system had counted at a moment, in seconds.

    Attributes:
        at: The moment.
        busy: Processor time that was used, by anybody.
        ours: Processor time of this process and of its children that have ended.
    """

    at: float
    busy: float
    ours: float


Marking = Callable[[], Mark]


def mark() -> Mark:
    """Returns what the system has counted until now."""
    counted, ours = psutil.cpu_times(), os.times()
    return Mark(
        at=time.monotonic(),
        busy=sum(getattr(counted, name, 0.0) for name in _BUSY),
        ours=ours.user + ours.system + ours.children_user + ours.children_system,
    )


def crowding(before: Mark, after: Mark) -> float:
    """Returns how many processors others kept busy, such as 0.5 for one during half of the time.

    Args:
        before: From `mark`.
        after: After the children that were started since have ended.
    """
    elapsed = after.at - before.at
    others = (after.busy - before.busy) - (after.ours - before.ours)
    return max(0.0, others / elapsed) if elapsed > 0 else 0.0


def is_crowded(others: float, *, threads: int, processors: int | None = None) -> bool:
    """Tells whether others were in the way of a program of so many threads.

    By the limits that mark a cell's rounds as disturbed.

    Args:
        others: From `crowding`.
        threads: Of the program.
        processors: How many there are; None for this machine's.
    """
    return are_in_the_way(others, threads=threads, cpus=processors or os.cpu_count() or 1)
