"""What do gates of identical files teach about a machine, and how would a thousand more of them have ended?

More gates are drawn from what the processes of real ones saw, judged as those were.
Looking, stopping and the p values are those of `sequential` and `schedule`, for all gates at once in arrays: one by one
a power curve would take minutes. Tests hold the two against each other. Verdicts are `gate.decide`'s own.

A run, to the stored method, is one process: that is what `pytest bench/` has of a cell. Processes of one gate are
seconds apart and those of two gates are as far apart as runs are, so the scatter is taken across gates: the k-th
process of each, for every k that all gates have, and the mean of these variances. Their number counts as the number of
gates, since processes of one gate may be alike.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev, variance

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from zoobench.judge.evidence import Verdict
from zoobench.judge.gate.decide import Test, decide, unmeasured_test
from zoobench.judge.gate.identical import AAGate, Outcomes
from zoobench.judge.gate.noise import CellNoise, Noise
from zoobench.judge.gate.schedule import MOST_PROCESSES, Rates
from zoobench.stats.intervals import Clustering, clustering
from zoobench.stats.sequential import FIRST_LOOK, is_look

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Draw = Callable[[np.random.Generator, int, int], Mapping[str, Array]]
"""Given numbers of gates and of processes, returns log ratios [gates, processes] of each cell."""
_SMALLEST_STEP = 0.001
WITHIN_PROCESSES = 12
"""Processes within which a cell has to be clear at the tolerance that is proposed."""
_DRAWS = 20_000
_LARGEST = math.log(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How gates are drawn and judged.

    Attributes:
        gates: How many.
        seed: Of the draws; the same for every slow-down, so that a power curve does not jitter.
        rates: Of the real gates.
        affordable: How many processes all cells of a gate may take together: what its seconds are enough for.
        processes: The most that a cell may take.
    """

    gates: int
    seed: int = 0
    rates: Rates
    affordable: int
    processes: int = MOST_PROCESSES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looks:
    """What one cell's processes say at the most at each look so far; see `sequential.RatioEvidence`.

    Attributes:
        units: Processes of each look.
        p_worse: [gates, looks], and so are the others.
    """

    units: Counts
    p_worse: Array
    p_within: Array
    p_better: Array


def of_processes(gates: Sequence[AAGate]) -> Draw:
    """Draws each process on its own from all processes of its cell: right where nothing ties a gate's together."""
    pools = {cell: np.concatenate([np.array(gate.cells[cell].log_ratios) for gate in gates]) for cell in gates[0].cells}

    def draw(generator: np.random.Generator, count: int, processes: int) -> Mapping[str, Array]:
        return {cell: generator.choice(pool, (count, processes)) for cell, pool in pools.items()}

    return draw


def of_whole_gates(gates: Sequence[AAGate]) -> Draw:
    """Draws a real gate for each, and all processes of all cells from that one: keeps whatever ties them together."""
    ratios = {cell: [gate.cells[cell].log_ratios for gate in gates] for cell in gates[0].cells}
    sizes = {cell: np.array([len(one) for one in of_gates]) for cell, of_gates in ratios.items()}
    first = {cell: np.cumsum(of_gates) - of_gates for cell, of_gates in sizes.items()}
    pools = {cell: np.concatenate(of_gates) for cell, of_gates in ratios.items()}

    def draw(generator: np.random.Generator, count: int, processes: int) -> Mapping[str, Array]:
        source = generator.integers(len(gates), size=(count, 1))
        return {
            cell: pool[first[cell][source] + generator.integers(sizes[cell][source], size=(count, processes))]
            for cell, pool in pools.items()
        }

    return draw


def resample(draw: Draw, tolerances: Mapping[str, float], *, resampling: Resampling, slowdown: float = 0.0) -> Outcomes:
    """Returns how drawn gates end.

    Args:
        draw: Gives the log ratios.
        tolerances: Of latency, by cell id.
        resampling: How many, and how they are judged.
        slowdown: What the candidate is slower by besides, as a share.
    """
    generator = np.random.default_rng(resampling.seed)
    drawn = draw(generator, resampling.gates, resampling.processes)
    looked_at = {
        cell: _look(drawn[cell] + np.log1p(slowdown), tolerance=tolerance) for cell, tolerance in tolerances.items()
    }
    units = _taken(looked_at, resampling)
    weighed = {cell: _stopped(looks, units[cell]) for cell, looks in looked_at.items()}
    verdicts = [_verdicts(weighed, gate, resampling.rates) for gate in range(resampling.gates)]
    return _outcomes(verdicts, units)


def smallest_tolerances(
    draw: Draw, *, draws: int, seed: int, rates: Rates, share: float, processes: int
) -> dict[str, float]:
    """Returns for each cell the smallest tolerance at which few gates of identical files do not end `unchanged`.

    A look calls a cell within a tolerance where mean - t * error is at or below its logarithm, t being the quantile of
    what that look may spend of the miss rate; the least over the looks is the tolerance that a drawn cell needs.

    Args:
        draw: Gives the log ratios.
        draws: How many gates.
        seed: Of them.
        rates: Of the gate.
        share: Of the gates in which a cell may need more.
        processes: Within how many it has to end.

    Returns:
        Shares, rounded up to 0.1 %.
    """
    drawn = draw(np.random.default_rng(seed), draws, processes)
    return {cell: _rounded_up(np.quantile(_needed(ratios, rates), 1 - share)) for cell, ratios in drawn.items()}


def learn_noise(gates: Sequence[AAGate], *, error_rate: float, rates: Rates, seed: int = 0) -> Noise:
    """Returns the noise of a machine and the tolerances that it allows.

    Args:
        gates: True ones, of the same cells, each of which had its first look; at least one.
        error_rate: The wanted rate of false alarms of the whole matrix, and of gates that end unclear.
        rates: Of the gates.
        seed: Of the draws.
    """
    cells = list(gates[0].cells)
    share = error_rate / len(cells)
    tolerances = _replay_tolerances(gates, share=share, rates=rates, seed=seed)
    return Noise(
        machine=gates[0].machine,
        cells={
            cell: _cell_noise(gates, cell, error_rate=error_rate, replay_tolerance=tolerances[cell]) for cell in cells
        },
    )


def clusterings(gates: Sequence[AAGate]) -> dict[str, Clustering | None]:
    """Returns by cell whether the ratios of one gate's processes are more alike than those of different gates."""
    return {cell: clustering([gate.cells[cell].log_ratios for gate in gates]) for cell in gates[0].cells}


def run_scatter(gates: Sequence[AAGate], cell: str) -> tuple[float, int]:
    """Returns the standard deviation of a run's log median, and from how many runs it is known; see above."""
    logarithms = [[math.log(seconds) for seconds in gate.cells[cell].baseline_seconds] for gate in gates]
    if len(gates) < 2:
        return 0.0, len(gates)
    return math.sqrt(fmean(variance([one[k] for one in logarithms]) for k in range(FIRST_LOOK))), len(gates)


def stored_tolerance(scatter: float, runs: int, *, share: float) -> float | None:
    """Returns what two runs' medians differ by at most, but for a share of pairs of runs; None for a thousandfold.

    The difference of two log medians scatters by sqrt(2) of one; Student's t, as the scatter is known from few runs.
    """
    if runs < 2:
        return None
    reach = scatter * math.sqrt(2) * -float(stdtrit(runs - 1, share))
    return math.expm1(reach) if reach < _LARGEST else None


def _look(ratios: Array, *, tolerance: float) -> _Looks:
    looks = _looks(ratios)
    mean, error, spent = _moments(ratios, looks)
    bound = np.log1p(tolerance)

    def least(distance: Array) -> Array:
        probability = np.minimum(1.0, spent * _below(distance, error, looks - 1))
        return np.minimum.accumulate(probability, axis=1)

    return _Looks(units=looks, p_worse=least(bound - mean), p_within=least(mean - bound), p_better=least(mean + bound))


def _taken(looked_at: Mapping[str, _Looks], resampling: Resampling) -> dict[str, Counts]:
    """Returns how many processes each cell takes in each gate: in turns, until clear or until none can be afforded."""
    rates = resampling.rates
    clear = {
        cell: (looks.p_worse <= rates.each) | (looks.p_within <= rates.miss_rate) for cell, looks in looked_at.items()
    }
    is_open = {cell: np.ones(resampling.gates, bool) for cell in looked_at}
    units = {cell: np.zeros(resampling.gates, int) for cell in looked_at}
    for turn in range(1, resampling.processes + 1):
        for cell, looks in looked_at.items():
            is_open[cell] &= sum(units.values()) < resampling.affordable
            units[cell] += is_open[cell]
            if is_look(turn):
                is_open[cell] &= ~clear[cell][:, int(np.searchsorted(looks.units, turn))]
    return units


def _stopped(looks: _Looks, units: Counts) -> Array:
    """Returns p_worse, p_within and p_better [gates, 3] of the last look that each gate had; 1 where it had none."""
    last = np.searchsorted(looks.units, units, side="right") - 1
    found = np.stack([looks.p_worse, looks.p_within, looks.p_better], axis=2)[np.arange(len(units)), last]
    return np.where((last < 0)[:, np.newaxis], 1.0, found)


def _looks(ratios: Array) -> Counts:
    return np.array([units for units in range(ratios.shape[1] + 1) if is_look(units)])


def _moments(ratios: Array, looks: Counts) -> tuple[Array, Array, Array]:
    """Returns mean and standard error of each gate at each look, and what p values there are multiplied by."""
    mean = np.stack([ratios[:, :units].mean(axis=1) for units in looks], axis=1)
    scatter = np.stack([ratios[:, :units].std(axis=1, ddof=1) for units in looks], axis=1)
    numbers = np.arange(1.0, len(looks) + 1)
    return mean, scatter / np.sqrt(looks), numbers * (numbers + 1)


def _below(distance: Array, error: Array, freedom: Counts) -> Array:
    """See `sequential._below`: units that do not scatter leave no doubt."""
    none = error == 0
    told = stdtr(freedom, distance / np.where(none, 1.0, error))
    return np.where(none, np.where(distance < 0, 0.0, 1.0), told)


def _needed(ratios: Array, rates: Rates) -> Array:
    looks = _looks(ratios)
    mean, error, spent = _moments(ratios, looks)
    bounds = mean - error * stdtrit(looks - 1, rates.miss_rate / spent)
    needed: Array = np.expm1(bounds.min(axis=1))
    return needed


def _rounded_up(tolerance: float) -> float:
    steps = math.ceil(max(tolerance, 0.0) / _SMALLEST_STEP)
    return round(max(steps, 1) * _SMALLEST_STEP, 3)


def _verdicts(weighed: Mapping[str, Array], gate: int, rates: Rates) -> dict[str, Verdict | None]:
    """Returns one gate's verdicts by cell; its tests of other metrics are there and say nothing."""
    silent = unmeasured_test("", tolerance=0.0, why="stands for a test of another metric")
    tests = [
        Test(finding=silent.finding, p_worse=p_worse, p_within=p_within, p_better=p_better)
        for p_worse, p_within, p_better in (one[gate].tolist() for one in weighed.values())
    ]
    findings = decide([*tests, *[silent] * (rates.tests - len(tests))], rates)
    return dict(zip(weighed, (finding.verdict for finding in findings), strict=False))


def _outcomes(verdicts: Sequence[Mapping[str, Verdict | None]], units: Mapping[str, Counts]) -> Outcomes:
    found = [set(one.values()) for one in verdicts]
    calm = [one for one in found if Verdict.REGRESSED not in one]
    return Outcomes(
        gates=len(found),
        regressed=len(found) - len(calm),
        caught=len(found) - len(calm),
        caught_everywhere=sum(one == {Verdict.REGRESSED} for one in found),
        improved=sum(Verdict.IMPROVED in one for one in calm),
        inconclusive=sum(Verdict.INCONCLUSIVE in one for one in calm),
        failed=0,
        caught_by_cell={cell: sum(one[cell] == Verdict.REGRESSED for one in verdicts) for cell in units},
        processes=float(np.mean(list(units.values()))),
    )


def _cell_noise(gates: Sequence[AAGate], cell: str, *, error_rate: float, replay_tolerance: float) -> CellNoise:
    scatter, runs = run_scatter(gates, cell)
    ratios = [ratio for gate in gates for ratio in gate.cells[cell].log_ratios]
    return CellNoise(
        run_scatter=scatter,
        runs=runs,
        process_scatter=stdev(ratios),
        processes=len(ratios),
        error_rate=error_rate,
        replay_tolerance=replay_tolerance,
        stored_tolerance=stored_tolerance(scatter, runs, share=error_rate / len(gates[0].cells)),
    )


def _replay_tolerances(gates: Sequence[AAGate], *, share: float, rates: Rates, seed: int) -> Mapping[str, float]:
    """Returns the larger of what processes drawn one by one need, and what they need drawn with their gate."""
    found = [
        smallest_tolerances(draw(gates), draws=_DRAWS, seed=seed, rates=rates, share=share, processes=WITHIN_PROCESSES)
        for draw in (of_processes, of_whole_gates)
    ]
    return {cell: max(one[cell] for one in found) for cell in found[0]}
