"""What else happens on the machine while a cell is timed?

The counters are looked at between rounds, outside every timed invocation, and seldom: see `Watch`. What was counted is
recorded; what it comes to, and the limits, are in `zoobench.judge.disturbed`.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from zoobench.measure.counters import Counters, Look, between
from zoobench.results.schema import RecordedDisturbance

Clock = Callable[[], int]
MOST_SHARE = 0.005
"""The most of the time that looks may take."""
LEAST_SECONDS = 0.5
"""From one look to the next: 50 of the ticks in which Linux counts CPU time, so that one tick is 2 %."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks at the machine's counters at the first round after enough time, so that looking costs below `MOST_SHARE`.

    Made before a cell is opened; `begin` after its warm-up, `round_begins` before each round, `end` after the last.

    Attributes:
        look: Reads the counters.
        clock: Nanoseconds; what a look costs is measured by it.
    """

    look: Callable[[], Look] = field(default_factory=Counters)
    clock: Clock = time.perf_counter_ns
    load_before: float | None = field(init=False)
    available_memory_bytes: int | None = field(init=False)
    _looks: list[tuple[Look, int]] = field(default_factory=list, init=False)
    _costs: list[int] = field(default_factory=list, init=False)
    _rounds: int = field(default=0, init=False)
    _due: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        first = self._look()
        self.load_before, self.available_memory_bytes = first.load, first.available_memory_bytes

    def begin(self) -> None:
        """Ends opening and warm-up: what comes now are the rounds."""
        self._look()

    def round_begins(self) -> bool:
        """Looks if it is time, and tells whether it did: then the processor's caches hold other things."""
        is_due = self.clock() >= self._due
        if is_due:
            self._look()
        self._rounds += 1
        return is_due

    def end(self) -> RecordedDisturbance:
        """Looks a last time and returns what was observed, without a judgement.

        A rest that is shorter than half an interval is counted to the one before: a tick would be much of it.
        """
        last = self._look()
        if len(self._looks) > 3 and last.at - self._looks[-2][0].at < LEAST_SECONDS * 1e9 / 2:
            _, rounds = self._looks.pop(-2)
            self._looks[-1] = (last, self._looks[-1][1] + rounds)
        before, *intervals = (
            replace(between(old, new), rounds=rounds)
            for (old, _), (new, rounds) in zip(self._looks, self._looks[1:], strict=False)
        )
        return RecordedDisturbance(
            cpus=last.cpus,
            look_seconds=statistics.median(self._costs) / 1e9,
            load_before=self.load_before,
            available_memory_bytes=self.available_memory_bytes,
            before=before,
            intervals=tuple(intervals),
            disturbed_rounds=0,
            causes=(),
        )

    def _look(self) -> Look:
        began = self.clock()
        look = self.look()
        ended = self.clock()
        self._costs.append(ended - began)
        self._due = ended + int(max(LEAST_SECONDS * 1e9, (ended - began) / MOST_SHARE))
        self._looks.append((look, self._rounds))
        self._rounds = 0
        return look
