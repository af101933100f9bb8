"""How probable is it that a cell really holds a limit? By what its results, and no others, say.

Each probability is the posterior one of the cell's true value under Jeffreys' prior: of a latency percentile that of
this machine's typical process, of top-1 that of all images of which the test split is a sample, of memory that of a
typical fresh process. Where the results cannot say, it is None, with the reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zoobench.judge.recommend.accuracyodds import drop_probability, top1_probability
from zoobench.judge.recommend.cells import (
    MOST_SLOWED,
    KnownCell,
    find_best_float_file,
    find_float_file,
    newly_wrong_and_right,
)
from zoobench.judge.recommend.latencyodds import latency_probability
from zoobench.judge.recommend.limits import DROP, MEMORY, P50, P90, QUANTIZATION_DROP, SIZE, TOP1, Limit
from zoobench.judge.recommend.memoryodds import memory_probability
from zoobench.judge.recommend.scatter import NODES, Scatter

NOT_CERTAIN = 1 / (2 * NODES)
"""What a probability is away from 0 and 1 at the least, but for what is exact: less than half of one of the scatters
over which is averaged cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """What is known of a cell and a limit.

    Attributes:
        limit: What is to be held.
        value: What was found; None where it was not measured.
        probability: That the limit holds; None where that cannot be told.
        why: How that is known, or what is lacking.
        is_disturbed: Whether it rests on disturbed rounds, by which alone the cell may be beyond the limit.
    """

    limit: Limit
    value: float | None
    probability: float | None
    why: str
    is_disturbed: bool = False

    @property
    def is_beyond(self) -> bool:
        """Whether the value found does not hold the limit."""
        if self.value is None:
            return False
        return self.value > self.limit.bound if self.limit.quantity.lower_is_better else self.value < self.limit.bound

    @property
    def excess(self) -> float | None:
        """By how much the value is beyond the limit, below 0 within it: as a share of it, of accuracy in shares."""
        if self.value is None:
            return None
        difference = self.value - self.limit.bound
        if self.limit.quantity.of_accuracy:
            return difference if self.limit.quantity.lower_is_better else -difference
        return difference / self.limit.bound

    @property
    def distance(self) -> float:
        """The same so that excesses of different limits can be ordered: a point of accuracy counts as much as 1 %."""
        return max(self.excess or 0.0, 0.0)


def odds_of(cell: KnownCell, limit: Limit, *, cells: Mapping[str, KnownCell], scatter: Scatter) -> Odds:
    """Returns how probable it is that a cell holds a limit.

    Args:
        cell: Which, with all that its machine's results say of it.
        limit: What is to be held.
        cells: All cells of the machine, among which are the float32 files.
        scatter: How much processes scatter on the machine.
    """
    if limit.metric in (P50, P90):
        return _latency(cell, limit, scatter)
    if limit.metric in _REFERENCES:
        return _drop(cell, limit, _REFERENCES[limit.metric](cell, cells))
    return _ODDS[limit.metric](cell, limit)


def _latency(cell: KnownCell, limit: Limit, scatter: Scatter) -> Odds:
    share, value = (0.50, cell.timing.p50_seconds) if limit.metric == P50 else (0.90, cell.timing.p90_seconds)
    found, why = latency_probability(cell.timing.runs, limit.bound, share=share, scatter=scatter)
    probability = _never_certain(found)
    is_disturbed = bool(cell.timing.disturbances) and value is not None and value <= MOST_SLOWED * limit.bound
    return Odds(limit=limit, value=value, probability=probability, why=why, is_disturbed=is_disturbed)


def _drop(cell: KnownCell, limit: Limit, reference: KnownCell | None) -> Odds:
    if cell.answered is None:
        return _untested(limit)
    if reference is None or reference.answered is None:
        whose = f" of {cell.cell.backbone}" if limit.metric == QUANTIZATION_DROP else ""
        lacking = f"no float32 file{whose} answered the samples; add the results that hold it"
        return Odds(limit=limit, value=None, probability=None, why=lacking)
    if reference is cell:
        return Odds(limit=limit, value=0.0, probability=1.0, why="it is the reference itself")
    lost, won = newly_wrong_and_right(reference.answered, cell.answered)
    total = cell.answered.total
    return Odds(
        limit=limit,
        value=(lost - won) / total,
        probability=_never_certain(drop_probability(lost, won, total=total, limit=limit.bound)),
        why=f"{lost} lost and {won} won of {total} against {reference.cell.id}",
    )


def _top1(cell: KnownCell, limit: Limit) -> Odds:
    if cell.answered is None:
        return _untested(limit)
    correct, total = cell.answered.correct, cell.answered.total
    probability = _never_certain(top1_probability(correct, total, limit=limit.bound))
    return Odds(limit=limit, value=correct / total, probability=probability, why=f"{correct} right of {total}")


def _size(cell: KnownCell, limit: Limit) -> Odds:
    if cell.size_bytes is None:
        return Odds(limit=limit, value=None, probability=None, why="there is no file")
    holds = cell.size_bytes <= limit.bound
    return Odds(limit=limit, value=float(cell.size_bytes), probability=float(holds), why="exact")


def _memory(cell: KnownCell, limit: Limit) -> Odds:
    found, why = memory_probability(cell.peaks, cell.memory_runs, limit=limit.bound)
    return Odds(limit=limit, value=cell.peak_bytes, probability=_never_certain(found), why=why)


def _never_certain(probability: float | None) -> float | None:
    return None if probability is None else min(max(probability, NOT_CERTAIN), 1 - NOT_CERTAIN)


def _untested(limit: Limit) -> Odds:
    return Odds(
        limit=limit, value=None, probability=None, why="its accuracy was not tested; run bench/test_accuracy.py"
    )


_REFERENCES = {DROP: find_best_float_file, QUANTIZATION_DROP: find_float_file}
_ODDS: Mapping[str, Callable[[KnownCell, Limit], Odds]] = {TOP1: _top1, SIZE: _size, MEMORY: _memory}
