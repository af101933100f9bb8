"""How long did a run measure? A pytest plugin (`-p invocation_clock`) that counts the seconds from outside.

The runs that it is loaded into are the ordinary ones: every session that a run opens is put into a clock, be it for
timed rounds, twins, warm-ups or first invocations. The fresh processes whose start-up and memory are measured have a
clock of their own: from the start of the first to the end of the last there is nothing but what is measured.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import zoobench.measure.accuracy
import zoobench.measure.latency
import zoobench.run.session
from zoobench.measure.runtimes import Session, open_session
from zoobench.measure.startup import measure_memory


@dataclass(slots=True)
class Clock:
    """Seconds inside invocations and their number, summed over all threads; seconds of fresh processes."""

    seconds: float = 0.0
    invocations: int = 0
    process_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, seconds: float) -> None:
        """Adds one invocation."""
        with self._lock:
            self.seconds += seconds
            self.invocations += 1


class Clocked:
    """A session whose invocations are counted."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self.load, self.read = session.load, session.read
        self._invoke, self._clock = session.invoke, clock

    def invoke(self) -> None:
        """Runs the model."""
        began = time.perf_counter()
        self._invoke()
        self._clock.add(time.perf_counter() - began)


CLOCK = Clock()


@contextmanager
def _clocked(path: Path, **options: Any) -> Iterator[Session]:
    with open_session(path, **options) as session:
        yield Clocked(session, CLOCK)


def _clocked_memory(*arguments: Any, **options: Any) -> Any:
    began = time.perf_counter()
    try:
        return measure_memory(*arguments, **options)
    finally:
        CLOCK.process_seconds += time.perf_counter() - began


zoobench.measure.accuracy.open_session = zoobench.measure.latency.open_session = _clocked
zoobench.run.session.measure_memory = _clocked_memory


def pytest_addoption(parser: pytest.Parser) -> None:
    """Says where the count goes."""
    parser.addoption("--invocation-clock", metavar="FILE", required=True, help="Where the count is written.")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Writes the count at the very end."""
    count = {name: getattr(CLOCK, name) for name in ("seconds", "invocations", "process_seconds")}
    Path(config.getoption("--invocation-clock")).write_text(json.dumps(count))
