"""What else happens on the machine while a cell is timed?

The counters are read between rounds, outside every timed invocation, and seldom: see `Sampler`. What was counted is
recorded; what it comes to, and the limits, are in `zoobench.results.disturbed`.
"""

import os
import re
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from zoobench.measure.environment import ROOT, control_groups, number, text, usable_cpus
from zoobench.results.schema import RecordedDisturbance, RecordedInterval

Clock = Callable[[], int]
MOST_SHARE = 0.005
"""The most of the time that looks may take."""
LEAST_SECONDS = 0.5
"""From one look to the next: 50 of the ticks in which Linux counts CPU time, so that one tick is 2 %."""
_PI_THROTTLED = ("sys/devices/platform/soc*/*firmware/get_throttled", "sys/devices/platform/*firmware/get_throttled")
_PI_FLAGS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
"""Bits 0 to 3 of the Raspberry Pi's firmware: now. Bits 16 to 19 say the same of the time since they were cleared."""
_HAS_OCCURRED = 16
_QUOTA_STAT = "cpu.stat"
_QUOTA, _HEAT = "CPU quota of the container", "thermal throttling"
_AVAILABLE = re.compile(r"^MemAvailable:\s*(\d+)", re.MULTILINE)
Mark = tuple[float, float]
Marking = Callable[[], Mark]
_BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
"""Times that a processor was not free, as Linux counts them; time of guests is part of `user`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The counters at one moment. CPU times are sums over the CPUs that this process may use.

    Attributes:
        at: Nanoseconds of `time.perf_counter_ns`.
        cpus: How many CPUs this process may use.
        waiting_nanoseconds: Of each thread of this process, by its number.
        throttle_bits: The Raspberry Pi firmware's.
        throttle_counts: How often each of the others has slowed this process down, by name.
        frequency_share: The highest of any usable CPU, as a share of what its policy allows.
    """

    at: int
    cpus: int
    busy_seconds: float | None
    steal_seconds: float | None
    own_seconds: float
    waiting_nanoseconds: Mapping[int, int]
    involuntary_switches: int
    major_faults: int
    throttle_bits: int | None
    throttle_counts: Mapping[str, int]
    frequency_share: float | None
    temperature_celsius: float | None
    load: float | None
    available_memory_bytes: int | None


class Counters:
    """Reads the counters. Which files this machine has is found out once, so that a look is cheap."""

    def __init__(self, root: Path = ROOT, *, cpus: frozenset[int] | None = None) -> None:
        self._root = root
        self._cpus = usable_cpus() if cpus is None else cpus
        self._heat = self._found("thermal_throttle/*_throttle_count")
        current = self._found("cpufreq/scaling_cur_freq")
        highest = {path: number(path.with_name("scaling_max_freq")) for path in current}
        self._highest = {path: kilohertz for path, kilohertz in highest.items() if kilohertz}
        self._sensors = list(root.glob("sys/class/thermal/thermal_zone*/temp"))
        self._quotas = [path for folder in control_groups(root) if (path := folder / _QUOTA_STAT).exists()]
        self._pi = next((path for pattern in _PI_THROTTLED for path in sorted(root.glob(pattern))), None)

    def __call__(self) -> Snapshot:
        """Returns what they say now; None for what this system does not tell."""
        at, used = time.perf_counter_ns(), resource.getrusage(resource.RUSAGE_SELF)
        busy, steal = self._cpu_seconds()
        load = text(self._root / "proc/loadavg")
        available = _AVAILABLE.search(text(self._root / "proc/meminfo") or "")
        temperatures = [number(path) for path in self._sensors]
        return Snapshot(
            at=at,
            cpus=len(self._cpus),
            busy_seconds=busy,
            steal_seconds=steal,
            own_seconds=time.process_time(),
            waiting_nanoseconds=self._waiting(),
            involuntary_switches=used.ru_nivcsw,
            major_faults=used.ru_majflt,
            throttle_bits=number(self._pi, base=16) if self._pi else None,
            throttle_counts=self._throttle_counts(),
            frequency_share=max(((number(path) or 0) / most for path, most in self._highest.items()), default=None),
            temperature_celsius=max((value / 1000 for value in temperatures if value is not None), default=None),
            load=float(load.split()[0]) if load else None,
            available_memory_bytes=1024 * int(available[1]) if available else None,
        )

    def _found(self, pattern: str) -> list[Path]:
        return [path for cpu in self._cpus for path in self._root.glob(f"sys/devices/system/cpu/cpu{cpu}/{pattern}")]

    def _cpu_seconds(self) -> tuple[float | None, float | None]:
        """Returns the time that the usable CPUs were busy and that was stolen from them; /proc/stat is in ticks.

        Its columns: user, nice, system, idle, iowait, irq, softirq, steal; a guest's time is in user's and nice's.
        """
        busy = stolen = found = 0
        for line in (text(self._root / "proc/stat") or "").splitlines():
            name, *counts = line.split()
            if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in self._cpus:
                user, nice, system, _, _, irq, softirq, steal = map(int, counts[:8])
                busy, stolen, found = busy + user + nice + system + irq + softirq, stolen + steal, found + 1
        ticks = os.sysconf("SC_CLK_TCK")
        return (busy / ticks, stolen / ticks) if found else (None, None)

    def _waiting(self) -> dict[int, int]:
        waiting = {}
        with suppress(OSError):  # only Linux has the folder
            for thread in (self._root / "proc/self/task").iterdir():
                counts = (text(thread / "schedstat") or "").split()
                if len(counts) == 3:
                    waiting[int(thread.name)] = int(counts[1])
        return waiting

    def _throttle_counts(self) -> dict[str, int]:
        counts = {_HEAT: sum(number(path) or 0 for path in self._heat)} if self._heat else {}
        for path in self._quotas:
            stat = dict(line.split() for line in (text(path) or "").splitlines())
            counts[_QUOTA] = counts.get(_QUOTA, 0) + int(stat.get("nr_throttled", 0))
        return counts


@dataclass(slots=True, kw_only=True)
class Sampler:
    """Looks at the machine's counters at the first round after enough time, so that looking costs below `MOST_SHARE`.

    Made before a cell is opened; `begin` after its warm-up, `round_begins` before each round, `end` after the last.

    Attributes:
        clock: Nanoseconds; what a look costs is measured by it.
    """

    counters: Callable[[], Snapshot] = field(default_factory=Counters)
    clock: Clock = time.perf_counter_ns
    _snapshots: list[tuple[Snapshot, int]] = field(default_factory=list, init=False)
    _costs: list[int] = field(default_factory=list, init=False)
    _rounds: int = field(default=0, init=False)
    _due: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._snapshot()

    def begin(self) -> None:
        """Ends opening and warm-up: what comes now are the rounds."""
        self._snapshot()

    def round_begins(self) -> bool:
        """Looks if it is time, and tells whether it did: then the processor's caches hold other things."""
        is_due = self.clock() >= self._due
        if is_due:
            self._snapshot()
        self._rounds += 1
        return is_due

    def end(self) -> RecordedDisturbance:
        """Looks a last time and returns what was observed, without a judgement.

        A rest that is shorter than half an interval is counted to the one before: a tick would be much of it.
        """
        last = self._snapshot()
        if len(self._snapshots) > 3 and last.at - self._snapshots[-2][0].at < LEAST_SECONDS * 1e9 / 2:
            _, rounds = self._snapshots.pop(-2)
            self._snapshots[-1] = (last, self._snapshots[-1][1] + rounds)
        first, _ = self._snapshots[0]
        before, *intervals = (
            replace(between(old, new), rounds=rounds)
            for (old, _), (new, rounds) in zip(self._snapshots, self._snapshots[1:], strict=False)
        )
        return RecordedDisturbance(
            cpus=last.cpus,
            look_seconds=statistics.median(self._costs) / 1e9,
            load_before=first.load,
            available_memory_bytes=first.available_memory_bytes,
            before=before,
            intervals=tuple(intervals),
            disturbed_rounds=0,
            causes=(),
        )

    def _snapshot(self) -> Snapshot:
        began = self.clock()
        snapshot = self.counters()
        ended = self.clock()
        self._costs.append(ended - began)
        self._due = ended + int(max(LEAST_SECONDS * 1e9, (ended - began) / MOST_SHARE))
        self._snapshots.append((snapshot, self._rounds))
        self._rounds = 0
        return snapshot


def between(old: Snapshot, new: Snapshot) -> RecordedInterval:
    """Returns what was counted from one look to the next, with no rounds in it."""
    waits = [
        max(0, nanoseconds - old.waiting_nanoseconds.get(thread, 0))
        for thread, nanoseconds in new.waiting_nanoseconds.items()  # those that ended took their count with them
    ]
    return RecordedInterval(
        rounds=0,
        seconds=round((new.at - old.at) / 1e9, 6),
        busy_seconds=_rise(old.busy_seconds, new.busy_seconds),
        own_seconds=round(new.own_seconds - old.own_seconds, 6),
        steal_seconds=_rise(old.steal_seconds, new.steal_seconds),
        waiting_seconds=round(sum(waits) / 1e9, 6) if waits else None,
        involuntary_switches=new.involuntary_switches - old.involuntary_switches,
        major_faults=new.major_faults - old.major_faults,
        frequency_share=new.frequency_share,
        temperature_celsius=new.temperature_celsius,
        throttled=tuple(_throttled(old, new)),
    )


def mark() -> Mark:
    """Returns a moment, and how much processor time others have used until then, both in seconds.

    Others are all but this process and its children that have ended. Where the system does not tell, there are none.
    """
    try:
        counted, ours = psutil.cpu_times(), os.times()
    except OSError:  # a sandbox without /proc
        return time.monotonic(), 0.0
    busy = sum(getattr(counted, name, 0.0) for name in _BUSY)
    return time.monotonic(), busy - (ours.user + ours.system + ours.children_user + ours.children_system)


def crowding(before: Mark, after: Mark) -> float:
    """Returns how many processors others kept busy, such as 0.5 for one during half of the time.

    The children that were started between the two marks must have ended.
    """
    elapsed, others = after[0] - before[0], after[1] - before[1]
    return max(0.0, others / elapsed) if elapsed > 0 else 0.0


def _rise(old: float | None, new: float | None) -> float | None:
    """Returns how far a counter rose; some hypervisors let steal fall, which says nothing."""
    return None if old is None or new is None else round(max(0.0, new - old), 6)


def _throttled(old: Snapshot, new: Snapshot) -> Iterator[str]:
    """Yields what slows the machine down now, or did in between, by what is said or counted anew."""
    before, now = old.throttle_bits or 0, new.throttle_bits or 0
    for bit, name in enumerate(_PI_FLAGS):
        if (now | (now & ~before) >> _HAS_OCCURRED) & 1 << bit:
            yield name
    for name, count in new.throttle_counts.items():
        if count > old.throttle_counts.get(name, count):
            yield name
