"""Is learned from gates of identical files what was put into them?"""

import math
from statistics import stdev

import pytest
from scipy.stats import t

from noisegates import a_cell_of, a_gate_of, simulated
from zoobench.judge.gate.schedule import Rates
from zoobench.judge.noise.learn import clusterings, learn_noise, run_scatter, stored_tolerance

RATES = Rates(tests=4)


def test_the_scatters_are_those_that_the_gates_were_made_with() -> None:
    noise = learn_noise(list(simulated(200, scatter=0.01)), error_rate=0.01, rates=RATES)
    assert noise.machine == "here"
    for cell in noise.cells.values():
        assert cell.process_scatter == pytest.approx(0.01, rel=0.1)
        assert cell.run_scatter == pytest.approx(0.05, rel=0.1)
        assert (cell.processes, cell.runs, cell.error_rate) == (1200, 200, 0.01)


def test_the_scatter_of_runs_is_across_gates_turn_by_turn() -> None:
    gates = [
        a_gate_of({"a": a_cell_of([0.0] * 6, seconds=[math.exp(k + step) for k in range(6)])}) for step in (0, 0.2)
    ]
    assert run_scatter(gates, "a") == (pytest.approx(stdev([0.0, 0.2])), 2)


def test_what_a_busy_gate_took_longer_for_counts_no_more_than_a_quiet_one() -> None:
    gates = [a_gate_of({"a": a_cell_of([0.0] * size, seconds=[0.01] * size)}) for size in (6, 30)]
    assert run_scatter(gates, "a") == (0.0, 2)


def test_of_one_gate_no_scatter_of_runs_is_known() -> None:
    noise = learn_noise(list(simulated(1, scatter=0.01)), error_rate=0.01, rates=RATES)
    assert (noise.cells["a"].runs, noise.cells["a"].stored_tolerance) == (1, None)


def test_the_stored_tolerance_is_the_quantile_of_two_medians() -> None:
    expected = math.exp(0.05 * math.sqrt(2) * float(t.isf(0.0025, 39))) - 1
    assert stored_tolerance(0.05, 40, share=0.0025) == pytest.approx(expected)


def test_wanting_fewer_false_alarms_takes_larger_tolerances() -> None:
    gates = list(simulated(40, scatter=0.01))
    strict, lax = (learn_noise(gates, error_rate=rate, rates=RATES).cells["a"] for rate in (0.01, 0.2))
    assert strict.replay_tolerance > lax.replay_tolerance
    assert strict.stored_tolerance is not None
    assert lax.stored_tolerance is not None
    assert strict.stored_tolerance > lax.stored_tolerance


def test_the_replay_tolerance_is_far_smaller_than_the_stored_one_where_processes_scatter_less_than_runs() -> None:
    cell = learn_noise(list(simulated(40, scatter=0.005)), error_rate=0.01, rates=RATES).cells["a"]
    assert cell.stored_tolerance is not None
    assert cell.replay_tolerance < 0.02 < 0.15 < cell.stored_tolerance


def test_processes_that_their_gate_shifts_together_are_seen_to_be_alike() -> None:
    alike = [a_gate_of({"a": a_cell_of([shift, shift + 0.001] * 3)}) for shift in (0.0, 0.1, 0.2)]
    found = clusterings(alike)["a"]
    assert found is not None
    assert found.correlation > 0.99
    assert found.p < 1e-6
