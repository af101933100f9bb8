"""What do methods that compare medians of different runs say of the same runs?"""

import math

import pytest

from aagates import TOLERANCE, a_cell_of, a_gate_of, simulated
from zoobench.judge.aa.storedruns import (
    LEARNED,
    PLAIN,
    PYTEST_BENCHMARK,
    Medians,
    StoredOutcomes,
    compare_stored,
    consecutive_runs,
)
from zoobench.judge.gate.noise import CellNoise, Noise
from zoobench.judge.gate.schedule import Rates

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
