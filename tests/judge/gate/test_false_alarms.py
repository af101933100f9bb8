"""Does one report answer all that gates of identical files can be asked?"""

import math
from dataclasses import replace

import pytest

from aareports import OF_BOTH, OF_SLOWED, OF_TRUE, TRUE, report
from noisegates import TOLERANCE, a_cell_of, a_gate_of, simulated
from zoobench.judge.gate.false_alarms import (
    CURVE,
    LEARNED,
    PLAIN,
    PYTEST_BENCHMARK,
    AAReport,
    Detection,
    Medians,
    StoredOutcomes,
    compare_stored,
    consecutive_runs,
)
from zoobench.judge.gate.noise import CellNoise, Noise
from zoobench.judge.gate.schedule import Rates


def detection(found: AAReport, slowdown: float) -> Detection:
    (one,) = (one for one in found.detections if one.slowdown == slowdown)
    return one


def test_true_and_slowed_gates_are_told_apart() -> None:
    found = OF_BOTH
    assert [one.slowdown for one in found.detections] == [0.0, 0.05]
    true, slowed = (detection(found, share).real for share in (0.0, 0.05))
    assert true is not None
    assert slowed is not None
    assert (true.gates, true.regressed) == (12, 0)
    assert (slowed.gates, slowed.caught) == (5, 5)


def test_slowed_gates_are_drawn_from_true_ones_in_arithmetic_and_from_real_slowed_ones() -> None:
    slowed = detection(OF_BOTH, 0.05)
    assert slowed.resampled is not None
    assert slowed.resampled_slowed is not None
    assert slowed.resampled.caught == slowed.resampled_slowed.caught == 100


def test_true_gates_are_not_said_to_be_drawn_from_slowed_ones() -> None:
    assert detection(OF_TRUE, 0.0).resampled_slowed is None


def test_gates_with_a_slow_down_teach_nothing_about_noise() -> None:
    wild = tuple(simulated(5, scatter=0.3, slowdown=0.05, seed=3))
    assert report([*TRUE, *wild]).learned == OF_TRUE.learned


def test_without_true_gates_only_how_gates_ended_is_told() -> None:
    found = OF_SLOWED
    assert (found.learned, found.stored) == (None, ())
    slowed = detection(found, 0.05)
    assert slowed.real is not None
    assert slowed.resampled is None


def test_the_curve_goes_from_nothing_to_everything() -> None:
    learned = OF_TRUE.learned
    assert learned is not None
    assert tuple(learned.curve) == CURVE
    assert learned.curve[0.0].caught == 0
    assert learned.curve[0.08].caught == 100


def test_gates_drawn_at_the_proposed_tolerances_end_clear() -> None:
    learned = OF_TRUE.learned
    assert learned is not None
    assert learned.at_proposed.regressed <= 1
    assert learned.at_proposed.inconclusive <= 5


def test_the_stored_methods_are_asked_about_true_and_slowed_runs() -> None:
    plain = {one.slowdown: one for one in OF_BOTH.stored if one.method == PLAIN}
    assert {slowdown: one.runs for slowdown, one in plain.items()} == {0.0: 11 * 6, 0.05: 5 * 6}


def test_drawn_gates_have_the_processes_that_a_real_ones_seconds_are_enough_for() -> None:
    assert report(TRUE, seconds=60.0).resampling.affordable == 60  # a second each
    slower = [replace(gate, seconds=2 * gate.seconds) for gate in TRUE]
    assert report(slower, seconds=60.0).resampling.affordable == 30


def test_what_was_left_out_or_cut_short_is_told() -> None:
    other = a_gate_of({"c": a_cell_of([0.0] * 6)})
    short = a_gate_of({"a": a_cell_of([0.0] * 6), "b": a_cell_of([])})
    notes = report([*TRUE, other, short]).notes
    assert "left out: 1 kept gates of other cells" in notes
    assert any(note.startswith("1 gates ended before every cell had its first 6 processes") for note in notes)


@pytest.mark.parametrize(("cpu", "told"), [("one", 0), ("another", 1)])
def test_gates_of_several_environments_are_told(cpu: str, told: int) -> None:
    notes = report([*TRUE, replace(TRUE[0], environment={"cpu": cpu})]).notes
    assert sum("environments" in note for note in notes) == told


ASKED = {"a": TOLERANCE, "b": TOLERANCE}
STILL = [0.0] * 6


def noise(scatter: float, *, runs: int = 40) -> Noise:
    cell = CellNoise(
        run_scatter=scatter,
        runs=runs,
        process_scatter=0.01,
        processes=6 * runs,
        error_rate=0.01,
        replay_tolerance=0.02,
        stored_tolerance=0.1,
    )
    return Noise(machine="here", cells={"a": cell, "b": cell})


def by_method(*runs: Medians, scatter: float = 0.001) -> dict[str, StoredOutcomes]:
    found = compare_stored(runs, tolerances=ASKED, noise=noise(scatter), rates=Rates(tests=4), slowdown=0.0)
    return {one.method: one for one in found}


def changed(first: float, second: float = 0.0) -> Medians:
    return {"a": (0.010, 0.010 * (1 + first)), "b": (0.010, 0.010 * (1 + second))}


def test_each_turn_is_held_against_the_same_turn_of_the_gate_before() -> None:
    first = a_gate_of({"a": a_cell_of(STILL, seconds=[1, 2, 3, 4, 5, 6])})
    second = a_gate_of({"a": a_cell_of(STILL, seconds=[7, 8, 9, 10, 11, 12])})
    assert consecutive_runs([first, second], slowdown=0.0) == tuple({"a": (k, k + 6.0)} for k in range(1, 7))


def test_a_slowed_candidate_is_held_against_the_true_gate_before_it_and_never_stands_for_the_earlier_run() -> None:
    slowed_cell = a_cell_of([math.log(1.05)] * 6, seconds=[2.0] * 6)
    true, slowed, later = (
        a_gate_of({"a": a_cell_of(STILL, seconds=[1.0] * 6)}),
        a_gate_of({"a": slowed_cell}, slowdown=0.05),
        a_gate_of({"a": a_cell_of(STILL, seconds=[3.0] * 6)}),
    )
    (runs, *_) = consecutive_runs([true, slowed, later], slowdown=0.05)
    assert runs["a"] == pytest.approx((1.0, 2.1))
    (runs, *_) = consecutive_runs([true, slowed, later], slowdown=0.0)
    assert runs["a"] == (1.0, 3.0)


def test_only_turns_that_every_cell_took_are_runs_of_the_matrix() -> None:
    gates = [a_gate_of({"a": a_cell_of(STILL), "b": a_cell_of([0.0] * size)}) for size in (6, 4)]
    assert len(consecutive_runs(gates, slowdown=0.0)) == 4


def test_of_one_gate_there_is_nothing_to_compare() -> None:
    assert consecutive_runs([a_gate_of({"a": a_cell_of(STILL)})], slowdown=0.0) == ()
    assert by_method() == {}


def test_the_plain_method_is_red_above_the_tolerance() -> None:
    found = by_method(changed(0.031), changed(0.029, 0.031), changed(0.031, 0.031), changed(-0.2))[PLAIN]
    assert (found.runs, found.red_runs, found.cell_runs, found.red_cell_runs) == (4, 3, 8, 4)


def test_pytest_benchmarks_own_check_is_red_above_five_percent() -> None:
    found = by_method(changed(0.049), changed(0.051), changed(0.06, 0.07))[PYTEST_BENCHMARK]
    assert (found.red_runs, found.red_cell_runs, found.inconclusive_runs) == (2, 3, 0)


def test_by_the_noise_a_change_is_red_only_where_runs_hardly_scatter() -> None:
    assert by_method(changed(0.05), scatter=0.001)[LEARNED].red_runs == 1
    wide = by_method(changed(0.05), scatter=0.1)[LEARNED]
    assert (wide.red_runs, wide.inconclusive_runs) == (0, 1)


def test_the_interval_is_of_red_runs() -> None:
    found = by_method(*[changed(0.0)] * 20)[PLAIN].interval
    assert (found.low, found.high) == pytest.approx((0.0, 0.1611), abs=5e-5)  # Newcombe 1998, table I


def test_runs_that_scatter_by_five_percent_make_pytest_benchmark_red_as_often_as_their_distribution_says() -> None:
    runs = consecutive_runs(list(simulated(400, scatter=0.0)), slowdown=0.0)
    found = by_method(*runs)[PYTEST_BENCHMARK]
    expected = 0.5 * math.erfc(math.log(1.05) / (0.05 * math.sqrt(2)) / math.sqrt(2))  # P(N(0, 2 * 0.05^2) > log 1.05)
    assert found.red_cell_runs / found.cell_runs == pytest.approx(expected, abs=0.03)
