"""What do gates of identical files teach about a machine, and how would a thousand more of them have ended?

More gates are drawn from what the processes of real ones saw, judged as those were. Looking, stopping and the p values
are those of `stats.sequential`, for all gates at once in arrays: one by one a power curve would take minutes.
Tests compare the two. Verdicts are `gate.decide`'s own.

A run, to the stored method, is one process: that is what `pytest bench/` has of a cell. Processes of one gate are
seconds apart and those of two gates are as far apart as runs are, so the scatter is taken across gates: the k-th
process of each, for every k that all gates have, and the mean of these variances. Their number counts as the number of
gates, since processes of one gate may be alike.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev, variance

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from zoobench.judge.evidence import Verdict
from zoobench.judge.gate.decide import verdicts_of
from zoobench.judge.gate.noise import CellNoise, Noise, RepeatedGate
from zoobench.stats.intervals import Interval, wilson
from zoobench.stats.sequential import FIRST_LOOK, MOST_UNITS, Rates, is_look

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
class Outcomes:
    """How a number of gates, or of runs, ended; every count but `caught_by_cell` is of gates.

    Attributes:
        gates: All of them.
        regressed: Some metric of some cell was called regressed: exit status 1. Of identical files a false alarm.
        caught: Latency of some cell was; what an injected slow-down is meant to bring about.
        caught_everywhere: Latency of every cell was.
        improved: Something was called improved, and nothing regressed.
        inconclusive: Something was inconclusive, and nothing was called regressed: exit status 3.
        failed: A cell could not be replayed: exit status 2.
        caught_by_cell: Gates in which a cell's latency was called regressed, by its id.
        processes: How many of a cell's counted, on average.
        disturbed: How many more of it did not, as their rounds disagreed; None of drawn gates.
    """

    gates: int
    regressed: int
    caught: int
    caught_everywhere: int
    improved: int
    inconclusive: int
    failed: int
    caught_by_cell: Mapping[str, int]
    processes: float
    disturbed: float | None = None

    def interval(self, count: int) -> Interval:
        """Returns the interval of the share that one of the counts is."""
        return wilson(count, self.gates)


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
    processes: int = MOST_UNITS


def count_real(gates: Sequence[RepeatedGate]) -> Outcomes | None:
    """Returns how real gates ended, or None where there are none."""
    if not gates:
        return None
    seen = [list(gate.cells.values()) for gate in gates]
    return outcomes_of(
        [{cell: one.latency for cell, one in gate.cells.items()} for gate in gates],
        besides=[{verdict for cell in cells for verdict in cell.verdicts.values()} for cells in seen],
        failed=sum(any(cell.failure for cell in cells) for cells in seen),
        processes=fmean(len(cell.log_ratios) for cells in seen for cell in cells),
        disturbed=fmean(cell.disturbed or 0 for cells in seen for cell in cells),
    )


def outcomes_of(
    latency: Sequence[Mapping[str, str | None]],
    *,
    processes: float,
    besides: Sequence[Iterable[str]] = (),
    failed: int = 0,
    disturbed: float | None = None,
) -> Outcomes:
    """Returns how gates, at least one, ended: by each one's verdicts on latency by cell, and those on other metrics."""
    found = [{*one.values(), *others} for one, others in zip(latency, besides or [()] * len(latency), strict=True)]
    calm = [verdicts for verdicts in found if Verdict.REGRESSED not in verdicts]
    caught = [[verdict == Verdict.REGRESSED for verdict in one.values()] for one in latency]
    return Outcomes(
        gates=len(found),
        regressed=len(found) - len(calm),
        caught=sum(map(any, caught)),
        caught_everywhere=sum(map(all, caught)),
        improved=sum(Verdict.IMPROVED in verdicts for verdicts in calm),
        inconclusive=sum(Verdict.INCONCLUSIVE in verdicts for verdicts in calm),
        failed=failed,
        caught_by_cell={cell: sum(one[cell] == Verdict.REGRESSED for one in latency) for cell in latency[0]},
        processes=processes,
        disturbed=disturbed,
    )


def of_processes(gates: Sequence[RepeatedGate]) -> Draw:
    """Draws each process on its own from all processes of its cell: right where nothing ties a gate's together."""
    pools = {cell: np.concatenate([gate.cells[cell].log_ratios for gate in gates]) for cell in gates[0].cells}

    def draw(generator: np.random.Generator, count: int, processes: int) -> Mapping[str, Array]:
        return {cell: generator.choice(pool, (count, processes)) for cell, pool in pools.items()}

    return draw


def of_whole_gates(gates: Sequence[RepeatedGate]) -> Draw:
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
    """Returns how drawn gates end at tolerances of latency, by cell id, the candidate slower by a share besides."""
    drawn = draw(np.random.default_rng(resampling.seed), resampling.gates, resampling.processes)
    looks = _looks(resampling.processes)
    weighed = {
        cell: _weighed(drawn[cell] + np.log1p(slowdown), looks, tolerance=tolerance)
        for cell, tolerance in tolerances.items()
    }
    units = _taken(weighed, looks, resampling)
    ends = np.stack([_at_the_end(weighed[cell], looks, units[cell]) for cell in tolerances], axis=1)
    rates = resampling.rates
    decided = [verdicts_of(gate, rates, asked=rates.tests) for gate in ends.tolist()]
    latency = [dict(zip(tolerances, (verdict for verdict, _ in gate), strict=True)) for gate in decided]
    return outcomes_of(latency, processes=float(np.mean(list(units.values()))))


def smallest_tolerances(
    draw: Draw, *, draws: int, seed: int, rates: Rates, share: float, processes: int
) -> dict[str, float]:
    """Returns for each cell the smallest tolerance at which few gates of identical files do not end `unchanged`.

    A look calls a cell within a tolerance where mean - t * error is at or below its logarithm, t being the quantile of
    what that look may spend of the miss rate; the least over the looks is the tolerance that a drawn cell needs. In a
    share of the gates a cell may need more; tolerances are rounded up to 0.1 %.
    """
    looks = _looks(processes)
    found = {}
    for cell, ratios in draw(np.random.default_rng(seed), draws, processes).items():
        mean, error, spent = _moments(ratios, looks)
        needed = np.expm1((mean - error * stdtrit(looks - 1, rates.miss_rate / spent)).min(axis=1))
        steps = math.ceil(float(np.quantile(needed, 1 - share)) / _SMALLEST_STEP)
        found[cell] = round(max(steps, 1) * _SMALLEST_STEP, 3)
    return found


def learn_noise(gates: Sequence[RepeatedGate], *, error_rate: float, rates: Rates, seed: int = 0) -> Noise:
    """Returns the noise of a machine and the tolerances that it allows.

    The tolerance of a replay is the larger of what processes drawn one by one need, and drawn with their gate.

    Args:
        gates: True ones, of the same cells, each of which had its first look; at least one.
        error_rate: The wanted rate of false alarms of the whole matrix, and of gates that end unclear.
        rates: Of the gates.
        seed: Of the draws.
    """
    share = error_rate / len(gates[0].cells)
    one_by_one, with_their_gate = (
        smallest_tolerances(draw(gates), draws=_DRAWS, seed=seed, rates=rates, share=share, processes=WITHIN_PROCESSES)
        for draw in (of_processes, of_whole_gates)
    )
    cells = {}
    for cell in gates[0].cells:
        ratios = [ratio for gate in gates for ratio in gate.cells[cell].log_ratios]
        scatter = run_scatter(gates, cell)
        cells[cell] = CellNoise(
            run_scatter=scatter,
            runs=len(gates),
            process_scatter=stdev(ratios),
            processes=len(ratios),
            error_rate=error_rate,
            replay_tolerance=max(one_by_one[cell], with_their_gate[cell]),
            stored_tolerance=stored_tolerance(scatter, len(gates), share=share),
        )
    return Noise(machine=gates[0].machine, cells=cells)


def run_scatter(gates: Sequence[RepeatedGate], cell: str) -> float:
    """Returns the standard deviation of a run's log median, 0 of a single gate; see above."""
    if len(gates) < 2:
        return 0.0
    turns = zip(*(gate.cells[cell].baseline_seconds[:FIRST_LOOK] for gate in gates), strict=True)
    return math.sqrt(fmean(variance(map(math.log, seconds)) for seconds in turns))


def stored_tolerance(scatter: float, runs: int, *, share: float) -> float | None:
    """Returns what two runs' medians differ by at most, but for a share of pairs of runs; None for a thousandfold.

    The difference of two log medians scatters by sqrt(2) of one; Student's t, as the scatter is known from few runs.
    """
    if runs < 2:
        return None
    reach = scatter * math.sqrt(2) * -float(stdtrit(runs - 1, share))
    return math.expm1(reach) if reach < _LARGEST else None


def _weighed(ratios: Array, looks: Counts, *, tolerance: float) -> Array:
    """Returns p_worse, p_within and p_better [gates, looks, 3] as `sequential.RatioEvidence` has them at each look."""
    mean, error, spent = _moments(ratios, looks)
    bound = np.log1p(tolerance)
    distances = np.stack([bound - mean, mean - bound, mean + bound], axis=2)
    error, spent, freedom = error[:, :, np.newaxis], spent[:, np.newaxis], (looks - 1)[:, np.newaxis]
    # Units that do not scatter leave no doubt.
    below = stdtr(freedom, distances / np.where(error == 0, 1.0, error))
    below = np.where(error == 0, np.where(distances < 0, 0.0, 1.0), below)
    return np.minimum.accumulate(np.minimum(1.0, spent * below), axis=1)


def _taken(weighed: Mapping[str, Array], looks: Counts, resampling: Resampling) -> dict[str, Counts]:
    """Returns how many processes each cell takes in each gate: in turns, until clear or until none can be afforded."""
    rates = resampling.rates
    clear = {cell: (p[:, :, 0] <= rates.each) | (p[:, :, 1] <= rates.miss_rate) for cell, p in weighed.items()}
    is_open = {cell: np.ones(resampling.gates, bool) for cell in weighed}
    units = {cell: np.zeros(resampling.gates, int) for cell in weighed}
    for turn in range(1, resampling.processes + 1):
        for cell in weighed:
            is_open[cell] &= sum(units.values()) < resampling.affordable
            units[cell] += is_open[cell]
            if is_look(turn):
                is_open[cell] &= ~clear[cell][:, int(np.searchsorted(looks, turn))]
    return units


def _at_the_end(weighed: Array, looks: Counts, units: Counts) -> Array:
    """Returns the p values [gates, 3] of the last look that each gate had; 1 where it had none."""
    last = np.searchsorted(looks, units, side="right") - 1
    return np.where((last < 0)[:, np.newaxis], 1.0, weighed[np.arange(len(units)), last])


def _looks(processes: int) -> Counts:
    return np.array([units for units in range(processes + 1) if is_look(units)])


def _moments(ratios: Array, looks: Counts) -> tuple[Array, Array, Array]:
    mean = np.stack([ratios[:, :units].mean(axis=1) for units in looks], axis=1)
    scatter = np.stack([ratios[:, :units].std(axis=1, ddof=1) for units in looks], axis=1)
    numbers = np.arange(1.0, len(looks) + 1)
    return mean, scatter / np.sqrt(looks), numbers * (numbers + 1)
