"""Do drawn gates end as real ones with the same ratios would?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import stdev

import numpy as np
import pytest
from scipy.stats import t

from noisegates import TOLERANCE, a_cell_of, a_gate_of, simulated
from zoobench.judge.gate.decide import Verdict, decide, replay_test, unmeasured_test
from zoobench.judge.gate.noise import RepeatedGate
from zoobench.judge.gate.resample import (
    Array,
    Draw,
    Resampling,
    count_real,
    learn_noise,
    of_processes,
    of_whole_gates,
    outcomes_of,
    resample,
    run_scatter,
    smallest_tolerances,
    stored_tolerance,
)
from zoobench.stats.sequential import Rates, replay_until_clear, weigh_sequence

RATES = Rates(tests=6)
GATES = 25
ASKED = {"a": TOLERANCE, "b": TOLERANCE}
PLENTY = Resampling(gates=500, rates=RATES, affordable=1000)


def exactly(ratios: Mapping[str, Array]) -> Draw:
    """Draws what it is given."""

    def draw(_generator: np.random.Generator, count: int, processes: int) -> Mapping[str, Array]:
        assert all(one.shape == (count, processes) for one in ratios.values())
        return ratios

    return draw


def one_by_one(
    ratios: Mapping[str, Sequence[float]], *, affordable: int
) -> tuple[dict[str, Verdict | None], dict[str, tuple[float, ...]]]:
    """Returns the verdicts of one gate, and what each cell took, by the functions that real gates go by."""
    clock = iter(range(1_000_000))
    taken = replay_until_clear(
        ASKED,
        replay=lambda cell, index: ratios[cell][index],
        rates=RATES,
        seconds=2 * affordable,
        clock=lambda: next(clock),  # asked before and after each process, so that each takes two seconds
    )
    tests = [replay_test(cell, taken[cell], seconds=((), ()), tolerance=TOLERANCE, rates=RATES) for cell in ASKED]
    others = [unmeasured_test("c", tolerance=1.0, why="of another metric")] * (RATES.tests - len(tests))
    return {finding.cell: finding.verdict for finding in decide([*tests, *others], RATES)[: len(tests)]}, taken


@pytest.mark.parametrize("slowdown", [0.0, 0.02, 0.035, 0.06])
@pytest.mark.parametrize("affordable", [1000, 30, 13, 5])
def test_drawn_gates_stop_and_end_as_real_ones_do_one_by_one(slowdown: float, affordable: int) -> None:
    generator = np.random.default_rng(int(1000 * slowdown) + affordable)
    ratios = {cell: generator.normal(0, scatter, (GATES, 30)) for cell, scatter in (("a", 0.01), ("b", 0.03))}
    resampling = Resampling(gates=GATES, rates=RATES, affordable=affordable)
    found = resample(exactly(ratios), ASKED, resampling=resampling, slowdown=slowdown)
    slowed = {cell: (one + math.log1p(slowdown)).tolist() for cell, one in ratios.items()}
    real = [one_by_one({cell: slowed[cell][gate] for cell in slowed}, affordable=affordable) for gate in range(GATES)]
    processes = np.mean([len(taken[cell]) for _, taken in real for cell in ASKED])
    assert found.processes == pytest.approx(processes)
    assert found == outcomes_of([verdicts for verdicts, _ in real], processes=found.processes)


def gate(first: str = "unchanged", second: str = "unchanged", *, memory: str = "unchanged") -> RepeatedGate:
    cells = {"a": a_cell_of([0.0] * 6, latency=first), "b": a_cell_of([0.0] * 10, latency=second, disturbed=3)}
    return a_gate_of({**cells, "b": replace(cells["b"], verdicts={**cells["b"].verdicts, "memory": memory})})


def test_real_gates_are_counted_once_however_many_of_their_cells_regressed() -> None:
    """Memory that regressed is a false alarm but catches no slow-down; what did not regress counts in calm gates."""
    calm = [gate("improved"), gate("inconclusive"), gate()]
    failed = a_gate_of({"a": a_cell_of([], failure="it died"), "b": a_cell_of([0.0] * 6)})
    red = [gate("regressed", "regressed"), gate("regressed", "inconclusive"), gate(memory="regressed")]
    found = count_real([*calm, *red, failed])
    assert found is not None
    assert (found.gates, found.regressed, found.caught, found.caught_everywhere) == (7, 3, 2, 1)
    assert (found.improved, found.inconclusive, found.failed) == (1, 1, 1)
    assert found.caught_by_cell == {"a": 2, "b": 1}
    assert count_real([]) is None


def test_processes_are_counted_for_a_cell_on_average_and_shares_have_wilsons_interval() -> None:
    found = count_real([gate()] * 20)
    assert found is not None
    assert (found.processes, found.disturbed) == (8, 1.5)
    interval = found.interval(0)
    assert (interval.low, interval.high) == pytest.approx((0.0, 0.1611), abs=5e-5)  # Newcombe 1998, table I


def test_ratios_that_never_scatter_are_judged_at_the_first_look() -> None:
    still = exactly({"a": np.zeros((1, 30)), "b": np.full((1, 30), math.log(1.04))})
    found = resample(still, ASKED, resampling=replace(PLENTY, gates=1))
    assert found.caught_by_cell == {"a": 0, "b": 1}
    assert found.processes == 6


def test_identical_files_and_a_slow_down_at_the_tolerance_are_called_regressed_no_oftener_than_promised() -> None:
    def normal(generator: np.random.Generator, count: int, processes: int) -> Mapping[str, Array]:
        return {cell: generator.normal(0, 0.01, (count, processes)) for cell in ASKED}

    for draw, slowdown in ((of_processes(list(simulated(40, scatter=0.02))), 0.0), (normal, TOLERANCE)):
        found = resample(draw, ASKED, resampling=PLENTY, slowdown=slowdown)
        assert found.regressed <= 0.01 * PLENTY.gates


def test_a_large_slow_down_is_always_caught() -> None:
    found = resample(of_processes(list(simulated(40, scatter=0.005))), ASKED, resampling=PLENTY, slowdown=0.06)
    assert found.caught_everywhere == PLENTY.gates
    assert found.processes < 7


def test_more_is_caught_of_a_larger_slow_down() -> None:
    draw = of_processes(list(simulated(40, scatter=0.02)))
    caught = [resample(draw, ASKED, resampling=PLENTY, slowdown=one).caught for one in (0.03, 0.04, 0.05, 0.06)]
    assert caught == sorted(caught)
    assert caught[0] < caught[-1]


def test_the_same_seed_draws_the_same_gates_and_another_seed_others() -> None:
    draw = of_processes(list(simulated(10, scatter=0.02)))
    one, same, other = (
        resample(draw, ASKED, resampling=replace(PLENTY, seed=seed), slowdown=0.045) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_processes_are_drawn_from_all_gates_and_whole_gates_keep_theirs_together() -> None:
    gates = [a_gate_of({"a": a_cell_of([value] * 6), "b": a_cell_of([-value] * 6)}) for value in (0.1, 0.2)]
    generator = np.random.default_rng(0)
    mixed, whole = (draw(gates)(generator, 50, 8) for draw in (of_processes, of_whole_gates))
    assert mixed["a"].shape == whole["a"].shape == (50, 8)
    assert sum(len(set(row)) == 2 for row in mixed["a"].tolist()) > 40  # all but 1 in 128
    assert all(len(set(row)) == 1 for row in whole["a"].tolist())
    assert set(whole["a"][:, 0].tolist()) == {0.1, 0.2}
    assert np.array_equal(whole["a"], -whole["b"])


def test_the_smallest_tolerance_is_the_one_at_which_that_share_of_cells_is_clear() -> None:
    gates = list(simulated(40, scatter=0.01, cells=("a",)))
    draw = of_processes(gates)
    found = smallest_tolerances(draw, draws=1000, seed=0, rates=RATES, share=0.05, processes=12)["a"]
    ratios = draw(np.random.default_rng(0), 1000, 12)["a"].tolist()

    def unclear(tolerance: float) -> int:
        evidences = (weigh_sequence(one, tolerance=tolerance, error_rate=RATES.each) for one in ratios)
        return sum(evidence is None or evidence.p_within > RATES.miss_rate for evidence in evidences)

    assert unclear(found) <= 50 < unclear(found - 0.001)


def test_tolerances_are_rounded_up_to_a_tenth_of_a_percent() -> None:
    still = of_processes([a_gate_of({"a": a_cell_of([math.log(1.0121)] * 6), "b": a_cell_of([0.0] * 6)})])
    found = smallest_tolerances(still, draws=10, seed=0, rates=RATES, share=0.01, processes=12)
    assert found == {"a": 0.013, "b": 0.001}


LEARN_RATES = Rates(tests=4)


def test_the_scatters_are_those_that_the_gates_were_made_with() -> None:
    noise = learn_noise(list(simulated(200, scatter=0.01)), error_rate=0.01, rates=LEARN_RATES)
    assert noise.machine == "here"
    for cell in noise.cells.values():
        assert cell.process_scatter == pytest.approx(0.01, rel=0.1)
        assert cell.run_scatter == pytest.approx(0.05, rel=0.1)
        assert (cell.processes, cell.runs, cell.error_rate) == (1200, 200, 0.01)


def test_the_scatter_of_runs_is_across_gates_turn_by_turn_of_those_that_all_have() -> None:
    def gates(*times: Sequence[float]) -> list[RepeatedGate]:
        return [a_gate_of({"a": a_cell_of([0.0] * len(seconds), seconds=seconds)}) for seconds in times]

    drifting = ([math.exp(turn + step) for turn in range(6)] for step in (0, 0.2))
    assert run_scatter(gates(*drifting), "a") == pytest.approx(stdev([0.0, 0.2]))
    assert run_scatter(gates([0.01] * 6, [0.01] * 30), "a") == 0.0
    assert run_scatter(gates([0.01] * 6), "a") == 0.0
    noise = learn_noise(gates([0.01] * 6), error_rate=0.01, rates=LEARN_RATES)
    assert (noise.cells["a"].runs, noise.cells["a"].stored_tolerance) == (1, None)


def test_the_stored_tolerance_is_the_quantile_of_two_medians() -> None:
    expected = math.exp(0.05 * math.sqrt(2) * float(t.isf(0.0025, 39))) - 1
    assert stored_tolerance(0.05, 40, share=0.0025) == pytest.approx(expected)


def test_wanting_fewer_false_alarms_takes_larger_tolerances() -> None:
    gates = list(simulated(40, scatter=0.01))
    strict, lax = (learn_noise(gates, error_rate=rate, rates=LEARN_RATES).cells["a"] for rate in (0.01, 0.2))
    assert strict.replay_tolerance > lax.replay_tolerance
    assert (strict.stored_tolerance or 0) > (lax.stored_tolerance or 1)


def test_the_replay_tolerance_is_far_smaller_than_the_stored_one_where_processes_scatter_less_than_runs() -> None:
    cell = learn_noise(list(simulated(40, scatter=0.005)), error_rate=0.01, rates=LEARN_RATES).cells["a"]
    assert cell.replay_tolerance < 0.02 < 0.15 < (cell.stored_tolerance or 0)
