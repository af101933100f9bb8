"""Are the system's counters read as what they count, and is what rose between two looks told?"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from systemtrees import LAPTOP, PI_4, VM, a_system
from zoobench.measure.counters import Counters, Look, between

TICKS = os.sysconf("SC_CLK_TCK")
BOTH = frozenset({0, 1})


def look(root: Path, tree: dict[str, str], cpus: frozenset[int] = BOTH) -> Look:
    return Counters(a_system(root, tree), cpus=cpus)()


def test_cpu_time_is_summed_over_the_cpus_that_may_be_used(tmp_path: Path) -> None:
    """User, nice, system, irq and softirq of cpu0 are 100 + 20 + 30 + 1 + 2 ticks, of cpu1 200; stolen are 3 and 7."""
    found = look(tmp_path, VM)
    assert (found.cpus, found.busy_seconds, found.steal_seconds) == (2, 353 / TICKS, 10 / TICKS)
    alone = look(tmp_path, VM, frozenset({1}))
    assert (alone.cpus, alone.busy_seconds, alone.steal_seconds) == (1, 200 / TICKS, 7 / TICKS)


def test_load_memory_waiting_and_quota_are_read(tmp_path: Path) -> None:
    found = look(tmp_path, VM)
    assert (found.load, found.available_memory_bytes) == (0.71, 24_247_328 * 1024)
    assert found.waiting_nanoseconds == {11: 1_814_162, 12: 5}
    assert found.throttle_counts == {"CPU quota of the container": 3}


def test_a_board_tells_frequency_temperature_and_its_flags(tmp_path: Path) -> None:
    found = look(tmp_path, PI_4)
    assert (found.frequency_share, found.temperature_celsius) == (1500 / 1800, 61.835)
    assert found.throttle_bits == 0x50005


def test_a_laptop_counts_how_often_it_slowed_down(tmp_path: Path) -> None:
    found = look(tmp_path, LAPTOP)
    assert (found.frequency_share, found.temperature_celsius) == (0.5, 71.0)
    assert found.throttle_counts == {"thermal throttling": 4 * 7}, "core and package, of two CPUs"


def test_nothing_is_said_of_what_a_system_does_not_tell(tmp_path: Path) -> None:
    found = between(look(tmp_path, {}), look(tmp_path, {}))
    assert found.busy_seconds is found.steal_seconds is found.waiting_seconds is None
    assert found.frequency_share is found.temperature_celsius is None
    assert found.throttled == ()
    assert found.own_seconds >= 0


def test_an_interval_is_what_was_counted_between_two_looks(tmp_path: Path) -> None:
    old = replace(look(tmp_path, VM), at=0, own_seconds=1.0, involuntary_switches=3, major_faults=1)
    new = replace(
        old,
        at=500_000_000,
        busy_seconds=(353 + 90) / TICKS,
        steal_seconds=(10 + 4) / TICKS,
        own_seconds=1.45,
        waiting_nanoseconds={11: 1_814_162 + 30_000_000, 13: 20_000_000},
        involuntary_switches=10,
        throttle_counts={"CPU quota of the container": 4},
    )
    found = between(old, new)
    assert (found.seconds, found.own_seconds) == (0.5, 0.45)
    assert (found.busy_seconds, found.steal_seconds) == (pytest.approx(90 / TICKS), pytest.approx(4 / TICKS))
    assert found.waiting_seconds == 0.05, "a new thread counts whole, one that ended not at all"
    assert (found.involuntary_switches, found.major_faults) == (7, 0)
    assert found.throttled == ("CPU quota of the container",)


def test_a_steal_counter_that_falls_says_nothing(tmp_path: Path) -> None:
    old = look(tmp_path, VM)
    assert between(old, replace(old, steal_seconds=0.0)).steal_seconds == 0


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (0x0, 0x0, ()),
        (0x0, 0x50005, ("under-voltage", "throttled")),
        (0x50000, 0x50000, ()),
        (0x0, 0x80000, ("soft temperature limit",)),
        (0x20000, 0x20002, ("frequency capped",)),
    ],
)
def test_flags_count_if_they_are_up_or_went_up_since_the_last_look(
    tmp_path: Path, old: int, new: int, expected: tuple[str, ...]
) -> None:
    """What occurred before the first look, perhaps days ago, is no disturbance of these rounds."""
    first = replace(look(tmp_path, PI_4), throttle_bits=old)
    assert between(first, replace(first, throttle_bits=new)).throttled == expected


def test_this_machine_is_looked_at() -> None:
    counters = Counters()
    found = between(counters(), counters())
    assert found.seconds > 0
    assert found.busy_seconds is not None
    assert found.involuntary_switches is not None
