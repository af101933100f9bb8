"""Which two cells are in one order on one machine and surely in the other order on another?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from zoobench.judge.readings import QUANTILE, LogReading
from zoobench.stats.paired import holm

SIGNIFICANT = 0.05
MOST_FLIPS = 1000
"""Flips that are kept; the others are counted."""
By = Literal["speedup", "latency_p50"]
"""Keys of metrics."""
_Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A cell on one machine, on logarithmic scales where more is slower.

    Attributes:
        p50: Median seconds.
        slowness: 1 / the speed-up over the float twin.
        twin: Id of that twin; speed-ups over one twin are in the order of the times.
    """

    p50: LogReading | None
    slowness: LogReading | None
    twin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFlip:
    """Two cells whose order differs between two machines.

    Attributes:
        cells: The one that is faster on the first machine, and the other.
        machines: Letters of the two machines.
        times_faster: Of the first cell over the second, on either machine: above 1, and below 1.
        by: What tells it: the speed-ups over one twin, or times where the twins are different ones.
        p: Of there being no flip, adjusted for all pairs.
    """

    cells: tuple[str, str]
    machines: tuple[str, str]
    times_faster: tuple[float, float]
    by: By
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFlips:
    """The strongest flips, how many there are, and of how many pairs."""

    flips: tuple[OrderFlip, ...]
    found: int
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Every cell on one machine, on a logarithmic scale where more is faster; NaN is unknown.

    Attributes:
        point: One for each cell.
        low: Lower end of its interval.
        high: Upper end.
        margin: How far apart two processes may find the same value.
    """

    point: _Values
    low: _Values
    high: _Values
    margin: _Values


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidates:
    """Pairs whose order is another on two machines, before it is known how many there are.

    Attributes:
        first: Position of a cell.
        second: Position of another.
        differences: [2, n] How much faster the first is, as a logarithm, on either machine.
        p_values: Of each.
    """

    first: _Values
    second: _Values
    differences: _Values
    p_values: _Values
    machines: tuple[int, int]
    by: By


def find_order_flips(
    cells: Sequence[str], machines: Sequence[Mapping[str, Placed]], *, letters: Sequence[str]
) -> OrderFlips:
    """Returns the pairs of cells that surely are in one order on one machine and in the other order on another.

    Cells with one float twin are compared by their speed-ups over it, from which the machine's drift is taken out;
    other cells by their times. On each machine the intervals must lie apart, and the difference is tested against the
    larger noise of the two, with the standard error that the intervals' widths on a logarithmic scale stand for. A flip
    needs both machines, so its p-value is the larger of the two (intersection-union test: R. L. Berger, Technometrics
    24 (1982)), doubled, as either order may be the first. All pairs of cells and machines are one family, and Holm
    keeps the probability of any false flip below 5 %: 30 cells on 3 machines are 1,305 questions, of which 65 would
    come out significant by chance.

    Args:
        cells: Those that every machine has.
        machines: What each knows of them.
        letters: Names of the machines.
    """
    scales: dict[By, list[_Scale]] = {
        "speedup": [_scale([one[cell].slowness for cell in cells]) for one in machines],
        "latency_p50": [_scale([one[cell].p50 for cell in cells]) for one in machines],
    }
    twins = [np.array([one[cell].twin or "" for cell in cells], object) for one in machines]
    candidates, pairs = [], 0
    for one, other in combinations(range(len(machines)), 2):
        for index in range(len(cells) - 1):
            of_one_twin = _same_twin(twins[one], index) & _same_twin(twins[other], index)
            asked: dict[By, _Values] = {"speedup": of_one_twin, "latency_p50": ~of_one_twin}
            for by, which in asked.items():
                known, found = _opposite(scales[by], index, which, machines=(one, other), by=by)
                pairs += known
                candidates += [found] if len(found.first) else []
    return _significant(candidates, pairs, cells, letters)


def _scale(readings: Sequence[LogReading | None]) -> _Scale:
    """Returns readings turned over, so that more is faster; unknown are those of which it is not known how sure."""
    rows = np.full((3, len(readings)), np.nan)
    margins = np.zeros(len(readings))
    for position, reading in enumerate(readings):
        if reading and reading.error is not None:
            reach = QUANTILE * reading.error
            rows[:, position] = -reading.point, -reading.point - reach, -reading.point + reach
            margins[position] = reading.margin
    return _Scale(point=rows[0], low=rows[1], high=rows[2], margin=margins)


def _same_twin(twins: _Values, index: int) -> _Values:
    """Tells which of the cells after `index` have its float twin."""
    if not twins[index]:
        return np.zeros(len(twins) - 1 - index, bool)
    same: _Values = twins[index + 1 :] == twins[index]
    return same


def _opposite(
    scales: Sequence[_Scale], index: int, asked: _Values, *, machines: tuple[int, int], by: By
) -> tuple[int, _Candidates]:
    """Returns how many later cells a cell can be compared with, and with which its order is another."""
    ours, theirs = (_against_later(scales[machine], index) for machine in machines)
    known = asked & np.isfinite(ours[0]) & np.isfinite(theirs[0])
    p_values = np.minimum(2 * np.maximum(ours[1], theirs[1]), 1.0)
    # From 0.05 on none is significant after the adjustment, and none changes that of a smaller one.
    opposite = np.flatnonzero(known & (ours[0] * theirs[0] < 0) & (p_values < SIGNIFICANT))
    return int(known.sum()), _Candidates(
        first=np.full(len(opposite), index),
        second=opposite + index + 1,
        differences=np.stack([ours[0][opposite], theirs[0][opposite]]),
        p_values=p_values[opposite],
        machines=machines,
        by=by,
    )


def _against_later(scale: _Scale, index: int) -> tuple[_Values, _Values]:
    """Returns how much faster a cell is than each later one, and the one-sided p-value, 1 where intervals overlap."""
    later = slice(index + 1, None)
    difference = scale.point[index] - scale.point[later]
    errors = (scale.high - scale.low) / (2 * QUANTILE)
    error = np.hypot(errors[index], errors[later])
    beyond = np.abs(difference) - np.maximum(scale.margin[index], scale.margin[later])
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = np.where(beyond > 0, ndtr(-beyond / error), 1.0)
    apart = (scale.low[index] > scale.high[later]) | (scale.low[later] > scale.high[index])
    return difference, np.where(apart, p_values, 1.0)


def _significant(
    candidates: Sequence[_Candidates], pairs: int, cells: Sequence[str], letters: Sequence[str]
) -> OrderFlips:
    """Returns the candidates that are significant among all pairs, the surest first, of these the largest."""
    if not candidates:
        return OrderFlips(flips=(), found=0, pairs=pairs)
    adjusted = np.array(holm(np.concatenate([one.p_values for one in candidates]).tolist(), asked=pairs))
    smaller = np.concatenate([np.abs(one.differences).min(axis=0) for one in candidates])
    order = np.lexsort((-smaller, adjusted))
    found = int((adjusted < SIGNIFICANT).sum())
    ends = np.cumsum([len(one.first) for one in candidates])
    flips = []
    for position in order[: min(found, MOST_FLIPS)].tolist():
        group = int(np.searchsorted(ends, position, side="right"))
        within = position - (int(ends[group - 1]) if group else 0)
        flips.append(_flip(candidates[group], within, float(adjusted[position]), cells, letters))
    return OrderFlips(flips=tuple(flips), found=found, pairs=pairs)


def _flip(
    candidates: _Candidates, position: int, p_value: float, cells: Sequence[str], letters: Sequence[str]
) -> OrderFlip:
    """Returns a flip, the cell that is faster on the first machine first."""
    first, second = cells[candidates.first[position]], cells[candidates.second[position]]
    ours, theirs = candidates.differences[:, position].tolist()
    if ours < 0:
        first, second, ours, theirs = second, first, -ours, -theirs
    one, other = candidates.machines
    return OrderFlip(
        cells=(first, second),
        machines=(letters[one], letters[other]),
        times_faster=(math.exp(ours), math.exp(theirs)),
        by=candidates.by,
        p=p_value,
    )
