"""What do gates of identical files teach about a machine? How much its runs and processes scatter, what that allows.

A run, to the stored method, is one process: that is what `pytest bench/` has of a cell. Processes of one gate are
seconds apart and those of two gates are as far apart as runs are, so the scatter is taken across gates: the k-th
process of each, for every k that all gates have, and the mean of these variances. Their number counts as the number of
gates, since processes of one gate may be alike.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev, variance

from scipy.special import stdtrit

from zoobench.judge.gate.noise import CellNoise, Noise
from zoobench.judge.gate.schedule import Rates
from zoobench.judge.noise.gates import AAGate
from zoobench.judge.noise.resample import of_processes, of_whole_gates, smallest_tolerances
from zoobench.stats.intervals import Clustering, clustering
from zoobench.stats.sequential import FIRST_LOOK

WITHIN_PROCESSES = 12
"""Processes within which a cell has to be clear at the tolerance that is proposed."""
_DRAWS = 20_000
_LARGEST = math.log(1000)


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
