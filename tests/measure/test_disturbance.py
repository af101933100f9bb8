"""Is the machine looked at seldom enough, and does each interval hold its own rounds?"""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import MILLISECOND, FakeClock
from zoobench.measure.counters import Look
from zoobench.measure.disturbance import LEAST_SECONDS, MOST_SHARE, Watch

SECOND = 1000 * MILLISECOND


def watch(clock: FakeClock, *, cost: int = 0) -> Watch:
    """Returns a watch whose looks take `cost` nanoseconds and count 1 s of steal each."""
    number = count()

    def look() -> Look:
        at = clock.now
        clock.advance(cost)
        return Look(
            at=at,
            cpus=2,
            busy_seconds=0.0,
            steal_seconds=float(next(number)),
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

    return Watch(look=look, clock=clock)


def run(watching: Watch, clock: FakeClock, *, rounds: int, length: int) -> list[bool]:
    """Runs rounds of a length in nanoseconds and returns before which ones there was a look."""
    looked = []
    for _ in range(rounds):
        looked.append(watching.round_begins())
        clock.advance(length)
    return looked


def test_it_is_looked_only_after_enough_time() -> None:
    clock = FakeClock()
    watching = watch(clock)
    watching.begin()
    looked = run(watching, clock, rounds=7, length=int(LEAST_SECONDS * SECOND / 2))
    assert looked == [False, False, True, False, True, False, True]


def test_dear_looks_are_rarer() -> None:
    """A look of 10 ms is worth 2 s: 0.5 % of them."""
    clock = FakeClock()
    watching = watch(clock, cost=10 * MILLISECOND)
    watching.begin()
    assert run(watching, clock, rounds=5, length=SECOND) == [False, False, True, False, True]


@given(cost=st.integers(0, SECOND), length=st.integers(MILLISECOND, 3 * SECOND), rounds=st.integers(1, 60))
def test_looks_between_the_rounds_never_take_more_than_their_share(cost: int, length: int, rounds: int) -> None:
    clock = FakeClock()
    watching = watch(clock, cost=cost)
    watching.begin()
    began = clock.now
    looks = sum(run(watching, clock, rounds=rounds, length=length))
    assert looks * cost <= MOST_SHARE * (clock.now - began) + 1


def test_each_interval_holds_the_rounds_between_its_looks() -> None:
    clock = FakeClock()
    watching = watch(clock)
    clock.advance(SECOND)
    watching.begin()
    run(watching, clock, rounds=12, length=SECOND // 8)
    found = watching.end()
    assert (found.before.rounds, found.before.seconds) == (0, 1.0)
    assert [(one.rounds, one.seconds) for one in found.intervals] == [(4, 0.5), (4, 0.5), (4, 0.5)]
    assert [one.steal_seconds for one in found.intervals] == [1.0, 1.0, 1.0]
    assert (found.load_before, found.available_memory_bytes, found.cpus) == (0.5, 7, 2)


@given(lengths=st.lists(st.integers(1, SECOND), max_size=40))
def test_no_round_is_lost(lengths: list[int]) -> None:
    clock = FakeClock()
    watching = watch(clock)
    watching.begin()
    for length in lengths:
        run(watching, clock, rounds=1, length=length)
    found = watching.end()
    assert found.rounds == len(lengths)
    assert sum(one.seconds for one in found.intervals) == pytest.approx(sum(lengths) / SECOND, abs=1e-4)


def test_a_short_rest_is_counted_to_the_interval_before() -> None:
    clock = FakeClock()
    watching = watch(clock)
    watching.begin()
    run(watching, clock, rounds=9, length=SECOND // 8)
    found = watching.end()
    assert [(one.rounds, one.steal_seconds) for one in found.intervals] == [(4, 1.0), (5, 2.0)]


def test_the_cost_of_a_look_is_recorded() -> None:
    clock = FakeClock()
    watching = watch(clock, cost=3 * MILLISECOND)
    watching.begin()
    assert watching.end().look_seconds == 0.003


def test_a_real_watch_sees_this_process() -> None:
    watching = Watch()
    watching.begin()
    watching.round_begins()
    (interval,) = watching.end().intervals
    assert interval.rounds == 1
    assert interval.own_seconds > 0
