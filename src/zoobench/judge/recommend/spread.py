"""How far may the next process find a time from what this one found? Learned from this machine, or a measured default.

Rounds of one process are not independent replicates of what the next process finds, so that a limit which 200 rounds
hold by a hair is held by every second process at best. All are standard deviations of natural logarithms of one
process's percentile around the machine's typical process, the one in the middle of many.

The defaults come from the measured bounds `TIME_NOISE` and others. These are of the difference between two processes,
whose spread is sqrt(2) times that of one, and about 1 pair in 100 is beyond them, so that they are 2.576 standard
deviations of it. For LiteRT that is ln(1.2) / (2.576 sqrt(2)) = 0.050. The consecutive runs behind the bound agree:
their medians moved by more than 5 % in 43 % and by more than 10 % in 13 % of pairs, which a normal spread of 0.045
gives.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from zoobench.judge.gate.noise import LEAST_RUNS, Noise
from zoobench.judge.metrics import KERAS, KERAS_NOISE, TIME_NOISE
from zoobench.judge.readings import TAIL
from zoobench.results.schema import RecordedCell
from zoobench.system.units import percent

_BEYOND = 0.01
"""Share of pairs of processes that are beyond the bound."""
_OF_BOUND = -float(ndtri(_BEYOND / 2)) * math.sqrt(2)
NODES = 2001
"""Equally probable deviations over which is averaged: more than enough for three digits of a probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How much processes differ.

    Attributes:
        between_process_sd: Standard deviation of a process's log median.
        source: Where that is known from.
        freedom: Degrees of freedom of the estimate; None where it is taken as exact.
    """

    between_process_sd: float
    source: str
    freedom: int | None = None

    @property
    def summary(self) -> str:
        """For people."""
        return f"processes differ by {percent(self.between_process_sd)} % (standard deviation), {self.source}"

    def of_tail(self) -> "Spread":
        """Returns that of the 90th percentile where this is the median's."""
        return replace(self, between_process_sd=TAIL * self.between_process_sd)

    def shifts(self) -> npt.NDArray[np.float64]:
        """Returns `NODES` equally probable deviations of a process's log percentile, by the midpoints of quantiles.

        Normal ones, or Student's t where the spread is itself an estimate. Midpoints rather than Gauss-Hermite nodes,
        since what is averaged over them is made of steps, one for each round.
        """
        shares = (np.arange(NODES) + 0.5) / NODES
        quantiles = ndtri(shares) if self.freedom is None else stdtrit(self.freedom, shares)
        return np.asarray(self.between_process_sd * quantiles, np.float64)


def default_sd(bound: float) -> float:
    """Returns the standard deviation of one process where two differ by at most `bound`, but for 1 pair in 100."""
    return math.log1p(bound) / _OF_BOUND


def spread_of(cell: RecordedCell, noise: Noise | None) -> Spread:
    """Returns how much processes that time a cell differ.

    Args:
        cell: Which.
        noise: What `zoobench noise` learned of the machine, None where nothing is known.
    """
    learned = noise.cells.get(cell.id) if noise else None
    if noise and learned and learned.runs >= LEAST_RUNS and learned.run_scatter > 0:
        source = f"as {learned.runs} runs of this cell on {noise.machine} did (zoobench noise)"
        return Spread(between_process_sd=learned.run_scatter, freedom=learned.runs - 1, source=source)
    if cell.runtime in KERAS:
        return Spread(between_process_sd=default_sd(KERAS_NOISE), source="the default for Keras")
    return Spread(between_process_sd=default_sd(TIME_NOISE), source="the default")
