"""What has the system counted so far: CPU time of this process and of all, time stolen and waited for, throttling?"""

import os
import resource
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zoobench.measure.processor import usable_cpus
from zoobench.measure.systemfiles import HERE, SystemFiles
from zoobench.results.schema import RecordedInterval

_TASKS = "proc/self/task"
_PI_THROTTLED = ("sys/devices/platform/soc*/*firmware/get_throttled", "sys/devices/platform/*firmware/get_throttled")
_PI_FLAGS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
"""Bits 0 to 3 of the Raspberry Pi's firmware: now. Bits 16 to 19 say the same of the time since they were cleared."""
_HAS_OCCURRED = 16
_QUOTA_STATS = ("sys/fs/cgroup/cpu.stat", "sys/fs/cgroup/cpu/cpu.stat")
_QUOTA, _HEAT = "CPU quota of the container", "thermal throttling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
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

    def __init__(self, files: SystemFiles = HERE, *, cpus: frozenset[int] | None = None) -> None:
        self._files = files
        self._cpus = usable_cpus() if cpus is None else cpus
        self._heat = tuple(self._paths("sys/devices/system/cpu/cpu{}/thermal_throttle/*_throttle_count"))
        self._policies = tuple(dict.fromkeys(self._limits()))
        self._sensors = files.found("sys/class/thermal/thermal_zone*/temp")
        self._quotas = tuple(path for path in _QUOTA_STATS if files.has(path))
        self._pi = next((path for pattern in _PI_THROTTLED for path in files.found(pattern)), None)

    def __call__(self) -> Look:
        """Returns what they say now; None for what this system does not tell."""
        at, used = time.perf_counter_ns(), resource.getrusage(resource.RUSAGE_SELF)
        busy, steal = self._cpu_seconds()
        return Look(
            at=at,
            cpus=len(self._cpus),
            busy_seconds=busy,
            steal_seconds=steal,
            own_seconds=time.process_time(),
            waiting_nanoseconds=self._waiting(),
            involuntary_switches=used.ru_nivcsw,
            major_faults=used.ru_majflt,
            throttle_bits=self._files.number(self._pi, base=16) if self._pi else None,
            throttle_counts=self._throttle_counts(),
            frequency_share=self._frequency_share(),
            temperature_celsius=self._temperature(),
            load=self._load(),
            available_memory_bytes=self._available_memory(),
        )

    def _paths(self, pattern: str) -> Iterator[str]:
        for cpu in sorted(self._cpus):
            yield from self._files.found(pattern.format(cpu))

    def _limits(self) -> Iterator[tuple[str, int]]:
        """Yields the file of each usable CPU's frequency with the highest that is allowed, in kilohertz."""
        for path in self._paths("sys/devices/system/cpu/cpu{}/cpufreq/scaling_cur_freq"):
            highest = self._files.number(path.replace("cur", "max"))
            if highest:
                yield path, highest

    def _cpu_seconds(self) -> tuple[float | None, float | None]:
        """Returns the time that the usable CPUs were busy and that was stolen from them; /proc/stat is in ticks.

        Its columns: user, nice, system, idle, iowait, irq, softirq, steal; a guest's time is in user's and nice's.
        """
        busy = stolen = found = 0
        for line in (self._files.text("proc/stat") or "").splitlines():
            name, *counts = line.split()
            if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in self._cpus:
                user, nice, system, _, _, irq, softirq, steal = map(int, counts[:8])
                busy, stolen, found = busy + user + nice + system + irq + softirq, stolen + steal, found + 1
        ticks = os.sysconf("SC_CLK_TCK")
        return (busy / ticks, stolen / ticks) if found else (None, None)

    def _waiting(self) -> dict[int, int]:
        """Returns each thread's time on the run queue, the second number of its schedstat."""
        read = {thread: self._files.text(f"{_TASKS}/{thread}/schedstat") for thread in self._files.names(_TASKS)}
        return {int(thread): int(text.split()[1]) for thread, text in read.items() if text and len(text.split()) == 3}

    def _throttle_counts(self) -> dict[str, int]:
        counts = {_HEAT: sum(self._files.number(path) or 0 for path in self._heat)} if self._heat else {}
        for path in self._quotas:
            stat = dict(line.split() for line in (self._files.text(path) or "").splitlines())
            counts[_QUOTA] = int(stat.get("nr_throttled", 0))
        return counts

    def _frequency_share(self) -> float | None:
        shares = [(self._files.number(path) or 0) / highest for path, highest in self._policies]
        return max(shares, default=None)

    def _temperature(self) -> float | None:
        """Returns the hottest sensor's temperature; the files are in thousandths of a degree."""
        found = [self._files.number(path) for path in self._sensors]
        return max((value / 1000 for value in found if value is not None), default=None)

    def _load(self) -> float | None:
        text = self._files.text("proc/loadavg")
        return float(text.split()[0]) if text else None

    def _available_memory(self) -> int | None:
        for line in (self._files.text("proc/meminfo") or "").splitlines():
            name, _, rest = line.partition(":")
            if name == "MemAvailable":
                return 1024 * int(rest.split()[0])
        return None


def between(old: Look, new: Look) -> RecordedInterval:
    """Returns what was counted from one look to the next, with no rounds in it."""
    return RecordedInterval(
        rounds=0,
        seconds=round((new.at - old.at) / 1e9, 6),
        busy_seconds=_difference(old.busy_seconds, new.busy_seconds),
        own_seconds=round(new.own_seconds - old.own_seconds, 6),
        steal_seconds=_difference(old.steal_seconds, new.steal_seconds),
        waiting_seconds=_waited(old.waiting_nanoseconds, new.waiting_nanoseconds),
        involuntary_switches=new.involuntary_switches - old.involuntary_switches,
        major_faults=new.major_faults - old.major_faults,
        frequency_share=new.frequency_share,
        temperature_celsius=new.temperature_celsius,
        throttled=(*_flags(old.throttle_bits or 0, new.throttle_bits or 0), *_risen(old, new)),
    )


def _difference(old: float | None, new: float | None) -> float | None:
    """Returns how far a counter rose; some hypervisors let steal fall, which says nothing."""
    return None if old is None or new is None else round(max(0.0, new - old), 6)


def _waited(old: Mapping[int, int], new: Mapping[int, int]) -> float | None:
    """Returns how long the threads waited that are still there; those that ended take their count with them."""
    waits = [max(0, nanoseconds - old.get(thread, 0)) for thread, nanoseconds in new.items()]
    return round(sum(waits) / 1e9, 6) if waits else None


def _flags(old: int, new: int) -> Iterator[str]:
    """Yields what the firmware says is so now, or says anew that it was so in between."""
    for bit, name in enumerate(_PI_FLAGS):
        if (new | (new & ~old) >> _HAS_OCCURRED) & 1 << bit:
            yield name


def _risen(old: Look, new: Look) -> Iterator[str]:
    return (name for name, count in new.throttle_counts.items() if count > old.throttle_counts.get(name, count))
