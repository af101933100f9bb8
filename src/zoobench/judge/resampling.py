"""How would a thousand more gates have ended? Drawn from what the processes of real ones saw, judged as those were.

Looking, stopping and the p values are those of `sequential` and `schedule`, for all gates at once in arrays: one by one
a power curve would take minutes. Tests hold the two against each other. Verdicts are `gate.decide`'s own.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from zoobench.judge.aagates import Outcomes
from zoobench.judge.aarecord import AAGate
from zoobench.judge.gate import Test, decide, unmeasured_latency_test
from zoobench.judge.schedule import Budget, Rates
from zoobench.judge.sequential import is_look
from zoobench.judge.verdict import Verdict

Array = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, int], Mapping[str, Array]]
"""Given numbers of gates and of processes, returns log ratios [gates, processes] of each cell."""
_SMALLEST_STEP = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How gates are drawn and judged.

    Attributes:
        gates: How many.
        seed: Of the draws; the same for every slow-down, so that a power curve does not jitter.
        rates: Of the real gates.
        processes: The most that a cell may take.
    """

    gates: int
    seed: int = 0
    rates: Rates
    processes: int = Budget(seconds=0).processes


def of_processes(gates: Sequence[AAGate]) -> Draw:
    """Draws each process on its own from all processes of its cell: right where nothing ties a gate's together."""
    pools = {cell: np.concatenate([np.array(gate.cells[cell].log_ratios) for gate in gates]) for cell in gates[0].cells}

    def draw(generator: np.random.Generator, count: int, processes: int) -> Mapping[str, Array]:
        return {cell: generator.choice(pool, (count, processes)) for cell, pool in pools.items()}

    return draw


def of_whole_gates(gates: Sequence[AAGate]) -> Draw:
    """Draws a real gate for each, and all processes of all cells from that one: keeps whatever ties them together."""

    def draw(generator: np.random.Generator, count: int, processes: int) -> Mapping[str, Array]:
        sources = generator.integers(len(gates), size=count)
        return {
            cell: np.array([generator.choice(gates[one].cells[cell].log_ratios, processes) for one in sources])
            for cell in gates[0].cells
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
    weighed = {
        cell: _weigh(drawn[cell] + np.log1p(slowdown), tolerance=tolerance, rates=resampling.rates)
        for cell, tolerance in tolerances.items()
    }
    verdicts = [_verdicts(weighed, gate, resampling.rates) for gate in range(resampling.gates)]
    return _outcomes(verdicts, weighed)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """What one cell's processes say when it stops, an element for each gate; see `sequential.RatioEvidence`."""

    units: npt.NDArray[np.int64]
    p_worse: Array
    p_within: Array
    p_better: Array


def _weigh(ratios: Array, *, tolerance: float, rates: Rates) -> _Weighed:
    looks = np.array([units for units in range(ratios.shape[1] + 1) if is_look(units)])
    mean, error, spent = _moments(ratios, looks)
    bound = np.log1p(tolerance)

    def least(distance: Array) -> Array:
        probability = np.minimum(1.0, spent * _below(distance, error, looks - 1))
        return np.minimum.accumulate(probability, axis=1)

    worse, within, better = least(bound - mean), least(mean - bound), least(mean + bound)
    clear = (worse <= rates.each) | (within <= rates.miss_rate)
    stop = np.where(clear.any(axis=1), clear.argmax(axis=1), len(looks) - 1)
    everyone = np.arange(len(ratios))
    return _Weighed(
        units=looks[stop],
        p_worse=worse[everyone, stop],
        p_within=within[everyone, stop],
        p_better=better[everyone, stop],
    )


def _moments(ratios: Array, looks: npt.NDArray[np.int64]) -> tuple[Array, Array, Array]:
    """Returns mean and standard error of each gate at each look, and what p values there are multiplied by."""
    mean = np.stack([ratios[:, :units].mean(axis=1) for units in looks], axis=1)
    scatter = np.stack([ratios[:, :units].std(axis=1, ddof=1) for units in looks], axis=1)
    numbers = np.arange(1.0, len(looks) + 1)
    return mean, scatter / np.sqrt(looks), numbers * (numbers + 1)


def _below(distance: Array, error: Array, freedom: npt.NDArray[np.int64]) -> Array:
    """See `sequential._below`: units that do not scatter leave no doubt."""
    none = error == 0
    told = stdtr(freedom, distance / np.where(none, 1.0, error))
    return np.where(none, np.where(distance < 0, 0.0, 1.0), told)


def _needed(ratios: Array, rates: Rates) -> Array:
    looks = np.array([units for units in range(ratios.shape[1] + 1) if is_look(units)])
    mean, error, spent = _moments(ratios, looks)
    bounds = mean - error * stdtrit(looks - 1, rates.miss_rate / spent)
    needed: Array = np.expm1(bounds.min(axis=1))
    return needed


def _rounded_up(tolerance: float) -> float:
    steps = math.ceil(max(tolerance, 0.0) / _SMALLEST_STEP)
    return round(max(steps, 1) * _SMALLEST_STEP, 3)


def _verdicts(weighed: Mapping[str, _Weighed], gate: int, rates: Rates) -> dict[str, Verdict]:
    """Returns one gate's verdicts by cell; its tests of other metrics are there and say nothing."""
    silent = unmeasured_latency_test("", tolerance=0.0, why="stands for a test of another metric")
    tests = [
        Test(finding=silent.finding, p_worse=float(p_worse), p_within=float(p_within), p_better=float(p_better))
        for p_worse, p_within, p_better in (
            (one.p_worse[gate], one.p_within[gate], one.p_better[gate]) for one in weighed.values()
        )
    ]
    findings = decide([*tests, *[silent] * (rates.tests - len(tests))], rates)
    return dict(zip(weighed, (finding.verdict for finding in findings), strict=False))


def _outcomes(verdicts: Sequence[Mapping[str, Verdict]], weighed: Mapping[str, _Weighed]) -> Outcomes:
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
        caught_by_cell={cell: sum(one[cell] == Verdict.REGRESSED for one in verdicts) for cell in weighed},
        processes=float(np.mean([one.units for one in weighed.values()])),
    )
