"""Is it told how sure a time is, by rounds, by what processes differ by, and by processes themselves?"""

import math

import pytest

from choices import a_known_cell, a_timed_run
from resultfiles import rounds_around
from zoobench.judge.recommend.readings import LogReading, memory_readings, p90_readings, surely_below, timed_cells
from zoobench.judge.recommend.scatter import TAIL


def test_of_one_process_the_margin_is_what_two_differ_by() -> None:
    found = timed_cells({"cell": a_known_cell(seconds=0.004, speedup=2.5)})["cell"]
    assert found.p50.point == pytest.approx(math.log(0.004))
    assert found.p50.margin == pytest.approx(math.log(1.2))
    assert found.slowness is not None
    assert found.slowness.point == pytest.approx(math.log(1 / 2.5))
    assert found.slowness.margin == pytest.approx(math.log(1.1))
    assert found.slowness.error == pytest.approx(math.log(1.01) / 1.96, rel=1e-3)
    assert found.twin == "mobilenet-float32-litert-t1"


def test_keras_may_differ_by_a_factor_of_two() -> None:
    found = timed_cells({"cell": a_known_cell(runtime="keras", seconds=0.004)})["cell"]
    assert found.p50.margin == pytest.approx(math.log(2))


def test_of_two_processes_the_margin_is_at_least_how_far_they_are_apart() -> None:
    found = timed_cells({"cell": a_known_cell(seconds=(0.004, 0.006))})["cell"]
    assert found.p50.point == pytest.approx(math.log(math.sqrt(0.004 * 0.006)))
    assert found.p50.margin == pytest.approx(math.log(1.5))


def test_five_processes_tell_by_themselves() -> None:
    found = timed_cells({"cell": a_known_cell(seconds=(0.004, 0.00402, 0.00398, 0.00401, 0.00399))})["cell"]
    assert found.p50.margin == 0
    assert found.p50.error is not None
    assert 0.002 < found.p50.error < 0.005


def test_a_cell_of_which_one_run_has_no_speed_up_has_none() -> None:
    runs = (a_timed_run(rounds_around(0.004), speedup=2.5), a_timed_run(rounds_around(0.004)))
    found = timed_cells({"cell": a_known_cell(runs=runs)})["cell"]
    assert (found.slowness, found.twin) == (None, None)


def test_a_time_without_an_interval_has_no_error() -> None:
    run = a_timed_run(rounds_around(0.004, count=3))
    assert run.p50_interval is None
    assert timed_cells({"cell": a_known_cell(runs=(run,))})["cell"].p50.error is None


def test_what_was_not_timed_or_has_too_few_rounds_has_no_reading() -> None:
    untimed, few = a_known_cell(seconds=None), a_known_cell(runs=(a_timed_run(rounds_around(0.004, count=20)),))
    assert timed_cells({"cell": untimed}) == {}
    assert p90_readings({"untimed": untimed, "few": few}) == {}
    enough = p90_readings({"cell": a_known_cell()})["cell"]
    assert enough.margin == pytest.approx(TAIL * math.log(1.2))


def test_memory_is_the_mean_of_the_processes() -> None:
    found = memory_readings({"cell": a_known_cell(peaks=(100, 121)), "none": a_known_cell(peaks=())})
    assert list(found) == ["cell"]
    assert found["cell"].point == pytest.approx(math.log(110))
    assert memory_readings({"cell": a_known_cell(peaks=(100,))})["cell"].error is None


@pytest.mark.parametrize(
    ("difference", "is_below"),
    [(0.31, True), (0.28, False), (-1.0, False)],
)
def test_a_value_is_surely_below_beyond_the_larger_margin_and_the_errors(difference: float, is_below: bool) -> None:
    """Margin 0.1, errors 0.06 and 0.08: 0.1 + 1.96 * 0.1 = 0.296."""
    one = LogReading(point=0.0, error=0.06, margin=0.1)
    other = LogReading(point=difference, error=0.08, margin=0.05)
    assert surely_below(one, other) is is_below


def test_nothing_is_sure_of_a_value_without_an_error() -> None:
    assert not surely_below(LogReading(point=0.0, error=None), LogReading(point=9.0, error=0.0))
