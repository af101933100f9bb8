"""What does work take in a process of its own?"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from finding import Cost

from zoobench.system.processes import in_fresh_process

Result = TypeVar("Result")
_STATUS = Path("/proc/self/status")
_KIBIBYTE = 1024


class Steps:
    """A stopwatch for the steps of one piece of work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times a step; one that comes again is added."""
        began = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    @property
    def cost(self) -> Cost:
        """All steps together."""
        return Cost(seconds=sum(self.seconds.values()), parts=dict(self.seconds))


def costed(work: Callable[..., tuple[Cost, Result]], *args: Any, **kwargs: Any) -> tuple[Cost, Result]:
    """Runs work in a fresh process; returns its cost with the process's peak memory, and its result.

    Args:
        work: A function of a module, so that the process can import it; the imports of its module are not timed.
        *args: For it.
        **kwargs: For it.
    """
    return in_fresh_process(_with_peak, work, *args, **kwargs)


def _with_peak(work: Callable[..., tuple[Cost, Result]], *args: Any, **kwargs: Any) -> tuple[Cost, Result]:
    cost, result = work(*args, **kwargs)
    return replace(cost, peak_bytes=peak_bytes()), result


def peak_bytes() -> int:
    """Returns the most memory that this process had resident at once.

    From Linux's /proc: `getrusage` would count what the process that started this one had.
    """
    found = re.search(r"^VmHWM:\s+(\d+) kB", _STATUS.read_text(), flags=re.MULTILINE)
    assert found, f"{_STATUS} has no VmHWM; the pipeline's benchmarks need Linux"
    return int(found.group(1)) * _KIBIBYTE
