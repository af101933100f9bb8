"""Does one report answer all that gates of identical files can be asked?"""

import math
from dataclasses import replace
from typing import Any

import pytest

from noisegates import TOLERANCE, a_cell_noise, a_cell_of, a_gate_of, simulated
from noisereports import OF_BOTH, OF_SLOWED, OF_TRUE, TRUE, report
from zoobench.judge.gate.false_alarms import (
    CURVE,
    LEARNED,
    PLAIN,
    PYTEST_BENCHMARK,
    REAL,
    RESAMPLED,
    RESAMPLED_SLOWED,
    Medians,
    compare_stored,
    complete,
    consecutive_runs,
    select,
)
from zoobench.judge.gate.noise import Noise, RepeatedGate
from zoobench.judge.gate.resample import Outcomes
from zoobench.stats.sequential import Rates

ASKED = {"a": TOLERANCE, "b": TOLERANCE}
STILL = [0.0] * 6


def gate(**changes: Any) -> RepeatedGate:
    return a_gate_of({"a": a_cell_of(STILL), "b": a_cell_of(STILL)}, **changes)


def test_gates_of_other_cells_tolerances_or_numbers_of_tests_are_left_out_and_counted() -> None:
    """The error rate of the others was shared among another number of tests than the newest one's."""
    others = (a_gate_of({"a": a_cell_of(STILL)}), gate(tolerance=0.05), gate(tests=6))
    kept = (gate(), gate(slowdown=0.05))
    assert select([kept[1], *others, kept[0]], ASKED) == (
        kept,
        tuple(
            f"left out: 1 kept gates of {one}" for one in ("other cells", "other tolerances", "another number of tests")
        ),
    )


def test_a_gate_that_ended_before_every_cells_first_look_says_nothing_of_processes() -> None:
    short = a_gate_of({"a": a_cell_of(STILL), "b": a_cell_of([0.0] * 5)})
    failed = a_gate_of({"a": a_cell_of(STILL), "b": a_cell_of(STILL, failure="it died")})
    whole, slowed = gate(), gate(slowdown=0.05)
    assert complete([short, failed, whole, slowed], 0.0) == [whole]
    assert complete([short, failed, whole, slowed], 0.05) == [slowed]


def test_true_and_slowed_gates_are_counted_apart() -> None:
    assert list(OF_BOTH.gates) == [0.0, 0.05]
    true, slowed = (OF_BOTH.gates[share][REAL] for share in (0.0, 0.05))
    assert (true.gates, true.regressed) == (12, 0)
    assert (slowed.gates, slowed.caught) == (5, 5)


def test_slowed_gates_are_drawn_from_true_ones_in_arithmetic_and_from_real_slowed_ones() -> None:
    slowed = OF_BOTH.gates[0.05]
    assert slowed[RESAMPLED].caught == slowed[RESAMPLED_SLOWED].caught == 100
    assert RESAMPLED_SLOWED not in OF_TRUE.gates[0.0]


def test_gates_with_a_slow_down_teach_nothing_about_noise() -> None:
    wild = tuple(simulated(5, scatter=0.3, slowdown=0.05, seed=3))
    assert report([*TRUE, *wild]).noise == OF_TRUE.noise


def test_without_true_gates_it_is_only_counted_how_gates_ended() -> None:
    assert (OF_SLOWED.noise, OF_SLOWED.at_proposed, OF_SLOWED.stored, OF_SLOWED.curve) == (None, None, {}, {})
    assert set(OF_SLOWED.gates[0.05]) == {REAL, RESAMPLED_SLOWED}


def test_the_curve_goes_from_nothing_to_everything() -> None:
    assert tuple(OF_TRUE.curve) == CURVE
    assert (OF_TRUE.curve[0.0].caught, OF_TRUE.curve[0.08].caught) == (0, 100)


def test_gates_drawn_at_the_proposed_tolerances_end_clear() -> None:
    assert OF_TRUE.at_proposed is not None
    assert OF_TRUE.at_proposed.regressed <= 1
    assert OF_TRUE.at_proposed.inconclusive <= 5


def test_the_stored_methods_are_asked_about_true_and_slowed_runs() -> None:
    assert {slowdown: found[PLAIN].gates for slowdown, found in OF_BOTH.stored.items()} == {0.0: 11 * 6, 0.05: 5 * 6}


def test_drawn_gates_have_the_processes_that_a_real_ones_seconds_are_enough_for() -> None:
    assert report(TRUE, seconds=60.0).resampling.affordable == 60  # a second each
    slower = [replace(gate, seconds=2 * gate.seconds) for gate in TRUE]
    assert report(slower, seconds=60.0).resampling.affordable == 30


def test_what_was_left_out_cut_short_or_run_in_another_environment_is_noted() -> None:
    other = a_gate_of({"c": a_cell_of(STILL)})
    short = a_gate_of({"a": a_cell_of(STILL), "b": a_cell_of([])}, environment={"cpu": "another"})
    notes = report([*TRUE, other, short]).notes
    assert "left out: 1 kept gates of other cells" in notes
    assert any(note.startswith("1 gates ended before every cell had its first 6 processes") for note in notes)
    assert any("were run in 2 environments" in note for note in notes)
    assert report([*TRUE, TRUE[0]]).notes == ()


def by_method(*runs: Medians, scatter: float = 0.001) -> dict[str, Outcomes]:
    noise = Noise(machine="here", cells=dict.fromkeys(ASKED, a_cell_noise(run_scatter=scatter)))
    return compare_stored(runs, tolerances=ASKED, noise=noise, rates=Rates(tests=4))


def changed(first: float, second: float = 0.0) -> Medians:
    return {"a": (0.010, 0.010 * (1 + first)), "b": (0.010, 0.010 * (1 + second))}


def test_each_turn_is_compared_with_the_same_turn_of_the_gate_before() -> None:
    first = a_gate_of({"a": a_cell_of(STILL, seconds=[1, 2, 3, 4, 5, 6])})
    second = a_gate_of({"a": a_cell_of(STILL, seconds=[7, 8, 9, 10, 11, 12])})
    assert consecutive_runs([first, second], slowdown=0.0) == [{"a": (k, k + 6.0)} for k in range(1, 7)]


def test_a_slowed_candidate_is_compared_with_the_true_gate_before_it_and_never_stands_for_the_earlier_run() -> None:
    true, slowed, later = (
        a_gate_of({"a": a_cell_of([math.log1p(slowdown)] * 6, seconds=[seconds] * 6)}, slowdown=slowdown)
        for seconds, slowdown in ((1.0, 0.0), (2.0, 0.05), (3.0, 0.0))
    )
    assert consecutive_runs([true, slowed, later], slowdown=0.05)[0]["a"] == pytest.approx((1.0, 2.1))
    assert consecutive_runs([true, slowed, later], slowdown=0.0)[0]["a"] == (1.0, 3.0)


def test_only_turns_that_every_cell_took_are_runs_of_the_matrix_and_of_one_gate_there_are_none() -> None:
    gates = [a_gate_of({"a": a_cell_of(STILL), "b": a_cell_of([0.0] * size)}) for size in (6, 4)]
    assert len(consecutive_runs(gates, slowdown=0.0)) == 4
    assert consecutive_runs(gates[:1], slowdown=0.0) == []
    assert by_method() == {}


def test_the_plain_method_is_red_above_the_tolerance() -> None:
    found = by_method(changed(0.031), changed(0.029, 0.031), changed(0.031, 0.031), changed(-0.2))[PLAIN]
    assert (found.gates, found.regressed, found.caught_by_cell) == (4, 3, {"a": 2, "b": 2})


def test_pytest_benchmarks_own_check_is_red_above_five_percent() -> None:
    found = by_method(changed(0.049), changed(0.051), changed(0.06, 0.07))[PYTEST_BENCHMARK]
    assert (found.regressed, found.caught_by_cell, found.inconclusive) == (2, {"a": 2, "b": 1}, 0)


def test_by_the_noise_a_change_is_red_only_where_runs_hardly_scatter() -> None:
    assert by_method(changed(0.05), scatter=0.001)[LEARNED].regressed == 1
    wide = by_method(changed(0.05), scatter=0.1)[LEARNED]
    assert (wide.regressed, wide.inconclusive) == (0, 1)


def test_runs_that_scatter_by_five_percent_make_pytest_benchmark_red_as_often_as_their_distribution_says() -> None:
    runs = consecutive_runs(list(simulated(400, scatter=0.0)), slowdown=0.0)
    found = by_method(*runs)[PYTEST_BENCHMARK]
    expected = 0.5 * math.erfc(math.log(1.05) / (0.05 * math.sqrt(2)) / math.sqrt(2))  # P(N(0, 2 * 0.05^2) > log 1.05)
    assert sum(found.caught_by_cell.values()) / (2 * found.gates) == pytest.approx(expected, abs=0.03)
