"""Are the values of a cell those of its runs together?"""

import pytest

from choices import a_known_cell, a_timed_run, answers
from resultfiles import rounds_around


def test_times_and_speed_ups_are_geometric_means_of_the_runs() -> None:
    runs = [a_timed_run(rounds_around(one), speedup=0.010 / one) for one in (0.004, 0.009)]
    cell = a_known_cell(runs=tuple(runs))
    assert cell.p50_seconds == pytest.approx(0.006)
    assert cell.p90_seconds == pytest.approx(0.006, rel=0.01)
    assert cell.speedup == pytest.approx(0.010 / 0.006)


def test_a_run_without_a_p90_is_left_out_of_it() -> None:
    runs = (a_timed_run(rounds_around(0.004)), a_timed_run(rounds_around(0.009, count=20)))
    assert a_known_cell(runs=runs).p90_seconds == pytest.approx(0.004, rel=0.01)


def test_a_twin_is_one_that_all_runs_have() -> None:
    ours, other = (a_timed_run(rounds_around(0.004), speedup=2.0, twin=twin) for twin in ("x", "y"))
    bare = a_timed_run(rounds_around(0.004))
    assert a_known_cell(runs=(ours, ours)).twin == "x"
    assert a_known_cell(runs=(ours, other)).twin is None
    assert a_known_cell(runs=(ours, bare)).twin is None


def test_answers_are_counted() -> None:
    found = answers("++-")
    assert (found.correct, found.total) == (2, 3)
    assert a_known_cell(right="++--").top1 == 0.5


def test_memory_is_the_median_of_the_processes() -> None:
    assert a_known_cell(peaks=(1, 2, 9)).peak_bytes == 2
