"""Is a cell's time read the same by all, and is it told how sure it is, by rounds and by what processes differ by?"""

import math
from typing import Any

import pytest

from choices import a_known_cell, a_timed_run
from resultfiles import a_plain_run, a_run, a_timed_record, cell_id, rounds_around
from zoobench.judge.readings import (
    TAIL,
    CellTiming,
    LogReading,
    p50_reading,
    p90_reading,
    processes_reading,
    significantly_below,
    slowness_reading,
    timing_of,
)


def timing(*seconds: float, **changes: Any) -> CellTiming:
    return a_known_cell(**{"seconds": seconds, **changes}).timing


def p50(*seconds: float, runtime: str = "litert") -> LogReading:
    found = p50_reading(timing(*seconds), runtime=runtime)
    assert found is not None
    return found


def test_times_and_speed_ups_are_geometric_means_of_the_runs_that_have_them() -> None:
    found = timing(runs=[a_timed_run(rounds_around(one), speedup=0.010 / one) for one in (0.004, 0.009)])
    assert found.p50_seconds == pytest.approx(0.006)
    assert found.p90_seconds == pytest.approx(0.006, rel=0.01)
    assert found.speedup == pytest.approx(0.010 / 0.006)
    found = timing(runs=(a_timed_run(rounds_around(0.004)), a_timed_run(rounds_around(0.009, count=20))))
    assert found.p90_seconds == pytest.approx(0.004, rel=0.01)


def test_a_twin_is_one_that_all_runs_have() -> None:
    ours, other = (a_timed_run(rounds_around(0.004), speedup=2.0, twin=twin) for twin in ("x", "y"))
    bare = a_timed_run(rounds_around(0.004))
    assert [timing(runs=(ours, second)).twin for second in (ours, other, bare)] == ["x", None, None]
    assert slowness_reading(timing(runs=(ours, bare)), runtime="litert") is None


def test_a_cell_that_no_run_timed_has_no_time() -> None:
    bare = a_timed_record(rounds_around(0.004), latency=None)
    found = timing_of([a_run(bare, rounds={cell_id("integer_only"): rounds_around(0.004)})], cell_id("integer_only"))
    assert found == CellTiming()
    assert (found.p50_seconds, found.p90_seconds, found.speedup, found.twin) == (None, None, None, None)


def test_a_benchmark_that_is_not_ours_is_read_by_its_rounds() -> None:
    found = timing_of([a_plain_run(sort=rounds_around(0.004)), a_plain_run(sort=rounds_around(0.009))], "sort")
    assert found.p50_seconds == pytest.approx(0.006)
    assert found.runs[0].p90_seconds == pytest.approx(0.004032, rel=1e-3)
    assert found.runs[0].p50_interval is not None
    assert len(timing_of([a_plain_run(sort=rounds_around(0.004))] * 2, "sort").runs) == 2


def test_of_one_process_the_margin_is_what_two_differ_by() -> None:
    assert p50(0.004).point == pytest.approx(math.log(0.004))
    assert p50(0.004).margin == pytest.approx(math.log(1.2))
    slowness = slowness_reading(timing(0.004, speedup=2.5), runtime="litert")
    assert slowness is not None
    assert slowness.point == pytest.approx(math.log(1 / 2.5))
    assert slowness.margin == pytest.approx(math.log(1.1))
    assert slowness.error == pytest.approx(math.log(1.01) / 1.96, rel=1e-3)


def test_of_two_processes_the_margin_is_at_least_how_far_they_are_apart_and_of_keras_a_factor_of_two() -> None:
    assert p50(0.004, 0.006).point == pytest.approx(math.log(math.sqrt(0.004 * 0.006)))
    assert p50(0.004, 0.006).margin == pytest.approx(math.log(1.5))
    assert p50(0.004, runtime="keras").margin == pytest.approx(math.log(2))


def test_five_processes_tell_by_themselves() -> None:
    found = p50(0.004, 0.00402, 0.00398, 0.00401, 0.00399)
    assert found.margin == 0
    assert found.error is not None
    assert 0.002 < found.error < 0.005


def test_what_was_not_timed_or_has_too_few_rounds_has_no_reading_or_no_error() -> None:
    few, fewest = (timing(runs=(a_timed_run(rounds_around(0.004, count=count)),)) for count in (20, 3))
    assert p50_reading(timing(), runtime="litert") is p90_reading(timing(), runtime="litert") is None
    assert p90_reading(few, runtime="litert") is None
    bare, enough = p50_reading(fewest, runtime="litert"), p90_reading(timing(0.004), runtime="litert")
    assert bare is not None
    assert bare.error is None
    assert enough is not None
    assert enough.margin == pytest.approx(TAIL * math.log(1.2))


def test_memory_is_the_mean_of_the_processes() -> None:
    found, single = processes_reading((100, 121), noise=0.01), processes_reading((100,), noise=0.01)
    assert found is not None
    assert found.point == pytest.approx(math.log(110))
    assert single is not None
    assert single.error is None
    assert processes_reading((), noise=0.01) is None


@pytest.mark.parametrize(
    ("difference", "error", "is_below"),
    [(0.31, 0.06, True), (0.28, 0.06, False), (-1.0, 0.06, False), (9.0, None, False)],
)
def test_a_value_is_significantly_below_beyond_the_larger_margin_and_the_errors(
    difference: float, error: float | None, is_below: bool
) -> None:
    """Margin 0.1, errors 0.06 and 0.08: 0.1 + 1.96 * 0.1 = 0.296."""
    one = LogReading(point=0.0, error=error, margin=0.1)
    other = LogReading(point=difference, error=0.08, margin=0.05)
    assert significantly_below(one, other) is is_below
