"""Is what a run knows of a cell read from the right place?"""

from dataclasses import replace

import pytest

from fakes import a_record
from resultfiles import a_plain_run, a_run, a_side, a_timed_run, rounds_around
from zoobench.judge.compare.seen import (
    Seen,
    first_inference,
    initialization,
    known_values,
    p50_seconds,
    p90_seconds,
    peak_rss,
    seen_by,
    speedup,
    speedup_interval,
)
from zoobench.results.timings import Timing
from zoobench.stats.statistics import Interval

RECORD = a_record()


def test_only_runs_that_have_a_cell_are_seen() -> None:
    side = a_side(a_run(RECORD), a_plain_run(test_sort=[1.0]))
    assert seen_by(side, RECORD.cell.id) == [Seen(record=RECORD, timing=None)]
    assert [one.record for one in seen_by(side, "test_sort")] == [None]


def test_a_records_values_are_its_own() -> None:
    seen = Seen(record=RECORD, timing=None)
    assert (p50_seconds(seen), p90_seconds(seen)) == (0.004, 0.0051)
    assert speedup(seen) == 2.5
    assert speedup_interval(seen) == Interval(low=2.4, high=2.6)


def test_what_fresh_processes_observed_is_told_one_by_one() -> None:
    seen = Seen(record=RECORD, timing=None)
    assert initialization(seen) == (0.05, 0.049, 0.052, 0.048, 0.05, 0.051)
    assert first_inference(seen) == (0.02, 0.019, 0.022, 0.018, 0.02, 0.021)
    assert peak_rss(seen)[:2] == (56_000_000, 56_100_000)
    before = Seen(record=replace(RECORD, startup=None, memory=None), timing=None)
    assert initialization(before) == first_inference(before) == peak_rss(before) == ()


@pytest.mark.parametrize(
    "read",
    [p50_seconds, p90_seconds, speedup, speedup_interval],
    ids=lambda read: read.__name__,
)
def test_what_was_not_measured_is_none(read: object) -> None:
    assert callable(read)
    assert read(Seen(record=replace(RECORD, latency=None), timing=None)) is None


def test_a_plain_benchmark_has_a_p90_only_from_64_rounds() -> None:
    for count, expected in ((63, None), (64, 58.0)):
        rounds = tuple(float(value) for value in range(1, count + 1))
        seen = Seen(record=None, timing=Timing(median_seconds=32.0, rounds=rounds))
        assert (p50_seconds(seen), p90_seconds(seen)) == (32.0, expected)
        assert speedup(seen) is None
        assert initialization(seen) == peak_rss(seen) == ()


def test_runs_without_a_value_or_with_one_beyond_reckoning_are_left_out() -> None:
    latency = RECORD.latency
    assert latency is not None
    huge = replace(RECORD, latency=replace(latency, p50_seconds=1.7e308))
    records = [RECORD, replace(RECORD, latency=None), huge]
    assert known_values([Seen(record=one, timing=None) for one in records], p50_seconds) == [0.004]


def test_a_timed_run_is_what_its_rounds_are() -> None:
    (seen,) = seen_by(a_side(a_timed_run(0.003)), RECORD.cell.id)
    assert seen.timing is not None
    assert seen.timing.rounds == rounds_around(0.003)
    assert p50_seconds(seen) == pytest.approx(0.003)
