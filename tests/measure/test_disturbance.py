"""Are the counters read rightly, between rounds and seldom?"""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere import IS_LINUX
from fakes import MILLISECOND, FakeClock
from systemtrees import LAPTOP, PI_4, VM, a_system
from zoobench.measure.disturbance import (
    LEAST_SECONDS,
    MOST_SHARE,
    Counters,
    Mark,
    Sampler,
    Snapshot,
    between,
    crowding,
    mark,
)
from zoobench.results.disturbed import are_in_the_way

SECOND = 1000 * MILLISECOND


SNAPSHOT = Snapshot(
    at=0,
    cpus=2,
    busy_seconds=0.0,
    steal_seconds=0.0,
    own_seconds=0.0,
    waiting_nanoseconds={},
    involuntary_switches=0,
    major_faults=0,
    throttle_bits=None,
    throttle_counts={},
    frequency_share=None,
    temperature_celsius=None,
    load=0.5,
    available_memory_bytes=7,
)


class Scene:
    """A sampler, whose looks take `cost` nanoseconds and count 1 s of steal each, on a clock of its own."""

    def __init__(self, *, cost: int = 0, before: int = 0) -> None:
        self.clock = FakeClock()
        self._cost, self._number = cost, count()
        self.sampler = Sampler(counters=self._look, clock=self.clock)
        self.clock.advance(before)
        self.sampler.begin()

    def run(self, *lengths: int) -> list[bool]:
        """Runs rounds of these lengths in nanoseconds and returns before which ones there was a look."""
        looked = []
        for length in lengths:
            looked.append(self.sampler.round_begins())
            self.clock.advance(length)
        return looked

    def _look(self) -> Snapshot:
        at = self.clock.now
        self.clock.advance(self._cost)
        return replace(SNAPSHOT, at=at, steal_seconds=float(next(self._number)))


@pytest.mark.parametrize(
    ("cost", "length", "looked"),
    [
        (0, int(LEAST_SECONDS * SECOND / 2), [False, False, True, False, True, False, True]),
        (10 * MILLISECOND, SECOND, [False, False, True, False, True]),  # worth 2 s: 0.5 % of them
    ],
)
def test_it_is_looked_only_after_enough_time_and_dear_looks_are_rarer(
    cost: int, length: int, looked: list[bool]
) -> None:
    scene = Scene(cost=cost)
    assert scene.run(*[length] * len(looked)) == looked
    assert scene.sampler.end().look_seconds == cost / SECOND


@given(cost=st.integers(0, SECOND), length=st.integers(MILLISECOND, 3 * SECOND), rounds=st.integers(1, 60))
def test_looks_between_the_rounds_never_take_more_than_their_share(cost: int, length: int, rounds: int) -> None:
    scene = Scene(cost=cost)
    began = scene.clock.now
    looks = sum(scene.run(*[length] * rounds))
    assert looks * cost <= MOST_SHARE * (scene.clock.now - began) + 1


def test_each_interval_holds_the_rounds_between_its_looks() -> None:
    scene = Scene(before=SECOND)
    scene.run(*[SECOND // 8] * 12)
    found = scene.sampler.end()
    assert (found.before.rounds, found.before.seconds) == (0, 1.0)
    assert [(one.rounds, one.seconds, one.steal_seconds) for one in found.intervals] == [(4, 0.5, 1.0)] * 3
    assert (found.load_before, found.available_memory_bytes, found.cpus) == (0.5, 7, 2)


@given(lengths=st.lists(st.integers(1, SECOND), max_size=40))
def test_no_round_is_lost(lengths: list[int]) -> None:
    scene = Scene()
    scene.run(*lengths)
    found = scene.sampler.end()
    assert found.rounds == len(lengths)
    assert sum(one.seconds for one in found.intervals) == pytest.approx(sum(lengths) / SECOND, abs=1e-4)


def test_a_short_rest_is_counted_to_the_interval_before() -> None:
    scene = Scene()
    scene.run(*[SECOND // 8] * 9)
    assert [(one.rounds, one.steal_seconds) for one in scene.sampler.end().intervals] == [(4, 1.0), (5, 2.0)]


def test_a_real_watch_sees_this_process_and_machine() -> None:
    watching = Sampler()
    watching.begin()
    watching.round_begins()
    (interval,) = watching.end().intervals
    told = (interval.rounds, interval.busy_seconds is None, interval.involuntary_switches is None)
    assert told == (1, not IS_LINUX, False)
    assert interval.own_seconds > 0
    assert interval.seconds > 0


TICKS = os.sysconf("SC_CLK_TCK")
BOTH = frozenset({0, 1})


def look(root: Path, tree: dict[str, str], cpus: frozenset[int] = BOTH) -> Snapshot:
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


def test_the_quotas_of_ones_own_control_group_and_of_those_above_it_are_counted(tmp_path: Path) -> None:
    tree = {
        "proc/self/cgroup": "0::/a/b\n",
        "sys/fs/cgroup/a/b/cpu.stat": "nr_throttled 5\n",
        "sys/fs/cgroup/a/cpu.stat": "nr_throttled 2\n",
    }
    assert look(tmp_path, tree).throttle_counts == {"CPU quota of the container": 7}


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


@pytest.mark.parametrize(
    ("before", "after", "others"),
    [
        ((10.0, 95.0), (12.0, 96.0), 0.5),
        ((10.0, 95.0), (12.0, 94.99), 0.0),  # clocks that tick apart do not make it negative
        ((10.0, 95.0), (10.0, 95.0), 0.0),
    ],
)
def test_what_is_not_ours_is_the_others(before: Mark, after: Mark, others: float) -> None:
    assert crowding(before, after) == others


@pytest.mark.parametrize(("kept", "sign"), [((psutil, "cpu_times"), -1), ((os, "times"), 1)])
def test_the_time_of_a_child_that_has_ended_is_ours(
    monkeypatch: pytest.MonkeyPatch, kept: tuple[Any, str], sign: int
) -> None:
    """If all processor time is held fast, less is left for others; if ours is held fast, more."""
    counted = getattr(*kept)()
    monkeypatch.setattr(*kept, lambda: counted)
    _, before = mark()
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)
    assert sign * (mark()[1] - before) > 0.25


@pytest.mark.parametrize(
    ("others", "threads", "crowded"),
    [(0.4, 1, False), (0.6, 1, True), (0.08, 2, False), (0.12, 2, True), (0.12, 8, True)],
)
def test_others_may_have_half_of_what_is_free_and_hardly_any_of_what_is_needed(
    others: float, threads: int, crowded: bool
) -> None:
    assert are_in_the_way(others, threads=threads, cpus=2) is crowded


def test_without_proc_nobody_is_known_to_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.cpu_times", Mock(side_effect=FileNotFoundError("/proc/stat")))
    assert crowding(mark(), mark()) == 0
