"""Does a cell hold all limits, or surely not, or is that open? And by how much do those miss that do not?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zoobench.judge.gate.noise import Noise
from zoobench.judge.recommend.cells import KnownCell, KnownMachine
from zoobench.judge.recommend.limits import Limit
from zoobench.judge.recommend.odds import Odds, odds_of
from zoobench.judge.recommend.scatter import scatter_of

State = Literal["holds", "open", "misses"]
_SURELY_NOT = 0.05
"""Probability of a limit from which down a cell misses it, however little confidence is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A cell and what is known of it and the limits.

    Attributes:
        cell: Its id.
        state: `holds` if it holds all limits with at least the confidence asked for, `misses` if it surely breaks one,
            otherwise `open`.
        odds: Of each limit, in the order of the limits.
        at_least: The least probability that it holds all of them at once, by Bonferroni's inequality, so that nothing
            is assumed of how they hang together: 1 - the sum of (1 - each). None where one cannot be told.
        p50_seconds: Median of its runs' medians; this and the following are None where they were not measured.
        p90_seconds: The same of their 90th percentiles.
        speedup: Over the float twin.
        top1: Share of right answers.
        size_bytes: Of the file.
        peak_bytes: Of resident memory, median of fresh processes.
        has_random_weights: Whether its top-1 means nothing.
        disturbances: What disturbed its rounds, a line for each run that was.
    """

    cell: str
    state: State
    odds: tuple[Odds, ...]
    at_least: float | None
    p50_seconds: float | None = None
    p90_seconds: float | None = None
    speedup: float | None = None
    top1: float | None = None
    size_bytes: int | None = None
    peak_bytes: float | None = None
    has_random_weights: bool = False
    disturbances: tuple[str, ...] = ()

    @property
    def beyond(self) -> tuple[Odds, ...]:
        """The limits that its values break, the worst first."""
        return tuple(sorted((one for one in self.odds if one.is_beyond), key=lambda one: -one.distance))

    @property
    def lacking(self) -> tuple[Odds, ...]:
        """The limits of which nothing can be told."""
        return tuple(one for one in self.odds if one.probability is None)

    @property
    def distance(self) -> float:
        """The largest excess over a limit; 0 where the values hold all that are known."""
        return max((one.distance for one in self.odds), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A cell that is no candidate, and why."""

    cell: str
    why: str


def candidates_of(
    machine: KnownMachine, limits: Sequence[Limit], *, confidence: float, noise: Noise | None
) -> tuple[tuple[Candidate, ...], tuple[Excluded, ...]]:
    """Returns the candidates of a machine in the order of its cells, and the cells that are none.

    Args:
        machine: All that is known of its cells.
        limits: What is to be held.
        confidence: The probability that is asked for.
        noise: What was learned of the machine.
    """
    reasons = {name: _reason(cell, limits) for name, cell in machine.cells.items()}
    excluded = tuple(Excluded(cell=name, why=why) for name, why in reasons.items() if why)
    included = [cell for name, cell in machine.cells.items() if not reasons[name]]
    return tuple(_candidate(cell, machine, limits, confidence, noise) for cell in included), excluded


def all_at_least(odds: Sequence[Odds]) -> float | None:
    """Returns the least probability that all limits hold at once, None where one cannot be told."""
    missing = 0.0
    for one in odds:
        if one.probability is None:
            return None
        missing += 1 - one.probability
    return max(0.0, 1 - missing)


def state_of(odds: Sequence[Odds], *, confidence: float) -> State:
    """Returns what the odds of all limits come to; what disturbed rounds found too slow is open."""
    known = [one.probability for one in odds if one.probability is not None and not one.is_disturbed]
    if any(probability <= min(1 - confidence, _SURELY_NOT) for probability in known):
        return "misses"
    at_least = all_at_least(odds)
    return "holds" if at_least is not None and at_least >= confidence else "open"


def _reason(cell: KnownCell, limits: Sequence[Limit]) -> str:
    """Returns why a cell is no candidate, '' if it is one."""
    if cell.refusal:
        return f"refused by {cell.refusal.by}: {cell.refusal.reason}"
    of_accuracy = [limit.told for limit in limits if limit.quantity.of_accuracy]
    if cell.cell.has_random_weights and of_accuracy:
        return f"random weights: their accuracy means nothing, so that it cannot hold {' and '.join(of_accuracy)}"
    return ""


def _candidate(
    cell: KnownCell, machine: KnownMachine, limits: Sequence[Limit], confidence: float, noise: Noise | None
) -> Candidate:
    scatter = scatter_of(cell.cell, noise)
    odds = tuple(odds_of(cell, limit, cells=machine.cells, scatter=scatter) for limit in limits)
    return Candidate(
        cell=cell.cell.id,
        state=state_of(odds, confidence=confidence),
        odds=odds,
        at_least=all_at_least(odds),
        p50_seconds=cell.timing.p50_seconds,
        p90_seconds=cell.timing.p90_seconds,
        speedup=cell.timing.speedup,
        top1=cell.top1,
        size_bytes=cell.size_bytes,
        peak_bytes=cell.peak_bytes,
        has_random_weights=cell.cell.has_random_weights,
        disturbances=cell.timing.disturbances,
    )
