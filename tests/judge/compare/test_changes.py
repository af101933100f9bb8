"""Is a change told with the right sign, interval and judgement?"""

import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import a_cell, a_memory, a_phase, a_record
from resultfiles import a_plain_run, a_side, a_timed_run
from zoobench.judge.compare.changes import (
    Change,
    bare_change,
    exact_change,
    first_inference_change,
    initialization_change,
    memory_change,
    p50_change,
    p90_change,
    relative,
    speedup_change,
)
from zoobench.judge.compare.compared import LOSS, SIZE
from zoobench.judge.compare.seen import Seen, seen_by
from zoobench.results.record import RecordedStartup
from zoobench.results.timings import Run

CELL = a_record().cell.id


def seen(*runs: Run) -> list[Seen]:
    return seen_by(a_side(*runs), CELL)


def p50(base: list[Seen], new: list[Seen]) -> Change:
    return p50_change(base, new, seed=0)


def runs(*seconds: float, speedup: float = 2.5) -> list[Seen]:
    return seen(*(a_timed_run(one, speedup=speedup) for one in seconds))


def spread(centre: float, *, count: int = 7, seed: int = 0) -> list[float]:
    """Returns the medians of several processes, which differ by a percent."""
    source = random.Random(seed)
    return [centre * source.uniform(0.99, 1.01) for _ in range(count)]


def test_a_change_is_relative_to_the_base() -> None:
    assert relative(4.0, 5.0) == 0.25
    assert relative(4.0, 3.0) == -0.25
    assert relative(4.0, 4.0) == 0
    assert relative(4.0, 0.0) == -1


@pytest.mark.parametrize(
    ("base", "new"), [(None, 1.0), (1.0, None), (0.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (5e-324, 1e308)]
)
def test_a_change_that_is_not_defined_is_none(base: float | None, new: float | None) -> None:
    assert relative(base, new) is None


@pytest.mark.parametrize(
    ("new", "judgement"),
    [(0.0060, "worse"), (0.0030, "better"), (0.0044, "unclear"), (0.0037, "unclear"), (0.004, "same")],
)
def test_two_single_runs_are_judged_only_beyond_what_two_processes_differ_by(new: float, judgement: str) -> None:
    found = p50(runs(0.004), runs(new))
    assert found.change == pytest.approx(new / 0.004 - 1, abs=1e-6)
    assert found.interval is not None
    assert found.interval.low <= found.change <= found.interval.high
    assert (found.basis, found.judgement) == ("rounds", judgement)


def test_two_single_runs_of_almost_the_same_time_are_not_called_the_same() -> None:
    assert p50(runs(0.004), runs(0.00401)).judgement == "unclear"


@pytest.mark.parametrize(
    ("new", "judgement"),
    [(2.5, "same"), (2.53, "same"), (2.6, "unclear"), (2.76, "unclear"), (2.0, "worse"), (3.0, "better")],
)
def test_the_speed_up_is_better_where_it_is_higher_and_judged_from_ten_per_cent(new: float, judgement: str) -> None:
    found = speedup_change(runs(0.004, speedup=2.5), runs(0.0041, speedup=new), seed=0)
    assert found.change == pytest.approx(new / 2.5 - 1)
    assert found.judgement == judgement


@pytest.mark.parametrize("new", [0.0025, 0.004, 0.0075])
def test_a_keras_cell_is_not_judged_within_a_factor_of_two_between_single_runs(new: float) -> None:
    keras = a_cell(id=CELL, variant="keras", runtime="keras")
    base, other = (seen(a_timed_run(one, speedup=0.001 / one, cell=keras)) for one in (0.004, new * 1.0001))
    assert p50(base, other).judgement == speedup_change(base, other, seed=0).judgement == "unclear"
    assert p50(base, seen(a_timed_run(0.009, cell=keras))).judgement == "worse"


@pytest.mark.parametrize(("factor", "judgement"), [(1.0, "same"), (1.08, "worse"), (0.9, "better")])
def test_several_runs_are_judged_by_their_own_spread(factor: float, judgement: str) -> None:
    base = spread(0.004)
    found = p50(runs(*base), runs(*spread(factor * 0.004, seed=1)))
    assert (found.basis, found.judgement) == ("processes", judgement)
    assert found.base == pytest.approx(median(base), rel=1e-6)


def test_too_few_runs_have_a_change_but_no_interval() -> None:
    found = p50(runs(*spread(0.004)), runs(0.006, 0.0061))
    assert found.change == pytest.approx(0.51, abs=0.02)
    assert (found.interval, found.basis, found.judgement) == (None, None, "unclear")


def started(*seconds: float) -> list[Seen]:
    """Returns what one run knows whose fresh processes took this long to open the file, half of it to run it first."""
    phases = [a_phase(*seconds), a_phase(*(one / 2 for one in seconds))]
    startup = RecordedStartup(initialization=phases[0], first_inference=phases[1], threads_started=0)
    return seen(a_timed_run(seconds[0], startup=startup))


def held(*peaks: int) -> list[Seen]:
    """Returns what one run knows whose fresh processes had these peaks of memory."""
    return seen(a_timed_run(peaks[0] / 1e10, memory=a_memory(*peaks)))


@pytest.mark.parametrize(("factor", "judgement"), [(1.5, "unclear"), (2.1, "worse"), (0.4, "better")])
def test_single_runs_are_judged_by_their_fresh_processes_beyond_what_two_runs_differ_by(
    factor: float, judgement: str
) -> None:
    base, new = spread(0.05, count=6), spread(0.05 * factor, count=6, seed=1)
    for change in (initialization_change, first_inference_change):
        found = change(started(*base), started(*new), seed=0)
        assert found.change == pytest.approx(factor - 1, abs=0.05)
        assert (found.basis, found.judgement) == ("processes", judgement)


@pytest.mark.parametrize(
    ("factor", "judgement"), [(1.0, "same"), (1.005, "same"), (1.03, "worse"), (0.97, "better"), (1.02, "unclear")]
)
def test_a_peak_of_memory_that_moved_by_more_than_a_percent_is_judged(factor: float, judgement: str) -> None:
    peaks = [56_000_000, 56_800_000, 55_200_000, 56_000_000, 56_400_000, 55_600_000]
    found = memory_change(held(*peaks), held(*(int(factor * peak) for peak in peaks)), seed=0)
    assert found.change == pytest.approx(factor - 1, abs=1e-6)
    assert found.judgement == judgement
    assert found.basis == "processes"


def test_too_few_processes_have_a_change_of_memory_but_no_interval() -> None:
    found = memory_change(held(50, 50, 50), held(80, 80, 80), seed=0)
    assert found.change == pytest.approx(0.6)
    assert (found.interval, found.basis, found.judgement) == (None, None, "unclear")


def test_of_several_runs_the_run_is_the_unit() -> None:
    found = initialization_change(runs(*spread(0.004)), runs(*spread(0.005)), seed=0)
    assert (found.basis, found.judgement) == ("processes", "same")
    moved = [run for factor in spread(1.05) for run in held(int(56e6 * factor))]
    usual = [run for factor in spread(1.00) for run in held(int(56e6 * factor))]
    assert memory_change(usual, moved, seed=0).judgement == "worse"


def test_a_record_from_before_memory_was_measured_has_no_change_of_it() -> None:
    old = seen(a_timed_run(0.004, memory=None, startup=None))
    found = memory_change(old, held(56, 56), seed=0)
    assert (found.base, found.new, found.change, found.judgement) == (None, 56, None, None)


def test_the_p90_of_single_runs_has_an_interval_by_order_statistics() -> None:
    found = p90_change(runs(0.004), runs(0.006), seed=0)
    assert found.interval is not None
    assert found.interval.low < 0.5 < found.interval.high
    assert (found.basis, found.judgement) == ("rounds", "worse")


def test_what_one_side_lacks_is_neither_changed_nor_judged() -> None:
    plain = seen_by(a_side(a_plain_run(**{CELL: [0.004]})), CELL)
    found = speedup_change(runs(0.004), plain, seed=0)
    assert (found.base, found.new, found.change, found.judgement) == (2.5, None, None, None)


def test_plain_benchmarks_are_compared_by_their_rounds() -> None:
    sides = [
        seen_by(a_side(a_plain_run(test_sort=[factor * (1 + index / 1000) for index in range(64)])), "test_sort")
        for factor in (1.0, 2.0)
    ]
    found = p50_change(sides[0], sides[1], seed=0)
    assert found.change == pytest.approx(1.0)
    assert found.judgement == "worse"


@pytest.mark.parametrize(("new", "judgement"), [(99.0, "better"), (100.0, "same"), (101.0, "worse")])
def test_a_size_is_exact(new: float, judgement: str) -> None:
    assert exact_change(SIZE, 100.0, new).judgement == judgement


def test_a_loss_has_no_interval_and_is_judged_only_where_nothing_changed() -> None:
    assert bare_change(LOSS, 0.5, 0.5).judgement == "same"
    assert bare_change(LOSS, 0.5, 0.4).judgement == "unclear"
    assert bare_change(LOSS, 0.5, None).judgement is None


times = st.lists(st.floats(1e-3, 1e-1), min_size=5, max_size=8)


@settings(max_examples=20, deadline=None)
@given(base=times, new=times)
def test_a_change_and_its_judgement_do_not_depend_on_the_unit_of_time(base: list[float], new: list[float]) -> None:
    found = p50(runs(*base), runs(*new))
    scaled = p50(runs(*(8 * one for one in base)), runs(*(8 * one for one in new)))
    assert scaled.change == pytest.approx(found.change)
    assert scaled.judgement == found.judgement


@settings(max_examples=20, deadline=None)
@given(base=times, new=times)
def test_what_is_better_one_way_is_not_better_the_other_way(base: list[float], new: list[float]) -> None:
    there, back = p50(runs(*base), runs(*new)), p50(runs(*new), runs(*base))
    assert there.change is not None
    assert back.change is not None
    assert (1 + there.change) * (1 + back.change) == pytest.approx(1)
    assert {there.judgement, back.judgement} not in ({"better"}, {"worse"})
