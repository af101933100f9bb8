"""Which cells does no other one dominate in time, top-1 and size at once, and of two cells, which one is better?

A cell dominates another if it is significantly better in at least one of these, and significantly better or equal in
the others. Significantly means: by bytes, which are exact; by the interval of the paired difference of top-1, where
equal is to have the very same samples right; by the interval of the ratio of times, or of speed-ups over one float
twin, beyond what two processes differ by, so that times are never equal. Three things may therefore be said of a cell:
it is on the front, as no other one's values are at least as good in all; it is dominated, and by whom; or it is open:
others' values are better, but not significantly in all of them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np

from zoobench.judge.readings import significantly_below
from zoobench.judge.recommend.cells import MOST_SLOWED, KnownCell, paired_answers
from zoobench.judge.recommend.limits import P50, P90, SIZE, SPEEDUP, TOP1
from zoobench.stats.paired import paired_difference
from zoobench.system.units import percent, three_digits

Relation = Literal["better", "worse", "equal", "unclear"]
Standing = Literal["front", "open", "dominated"]
_MOST_NAMED = 20
"""Cells that a place is compared with significantly, or a thousand cells would be compared a million times."""
_AXES = {P50: "latency", TOP1: "top-1", SIZE: "size"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a cell stands.

    Attributes:
        cell: Its id.
        standing: On the front, dominated, or open.
        dominated_by: Those of `beaten_by` that are significantly better in one and at least as good in all.
        beaten_by: The cells whose values are, significantly or not; of very many the fastest alone.
        axes: In what it was compared with others: without top-1 among random weights.
    """

    cell: str
    standing: Standing
    dominated_by: tuple[str, ...]
    beaten_by: tuple[str, ...]
    axes: tuple[str, ...]


def front_of(cells: Iterable[KnownCell]) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    """Returns where each cell of a machine stands that knows all axes, and what is to be said of the others.

    Trained weights have a front over all axes, random ones another without top-1.
    """
    places: list[Place] = []
    notes: list[str] = []
    by_weights = sorted(cells, key=lambda one: one.has_random_weights)
    for is_random, group in groupby(by_weights, key=lambda one: one.has_random_weights):
        axes = (P50, SIZE) if is_random else tuple(_AXES)
        known: list[KnownCell] = []
        for one in (cell for cell in group if not cell.refusal):
            unknown = [_AXES[axis] for axis in axes if axis not in one.values]
            if unknown:
                notes.append(f"{one.id} has no place: its {', '.join(unknown)} is not known.")
            else:
                known.append(one)
        places += _places(known, axes)
        if is_random and known:
            notes.append("Random weights: top-1 means nothing, so that their front is over latency and size alone.")
    return tuple(places), tuple(notes)


def _places(cells: Sequence[KnownCell], axes: tuple[str, ...]) -> Iterator[Place]:
    values = np.array([[cell.values[axis] for axis in axes] for cell in cells]).reshape(-1, len(axes))
    fastest_first = np.argsort(values[:, 0], kind="stable")
    sorted_values = values[fastest_first]
    costly_last = sorted(axes, key=lambda axis: axis == TOP1)
    for cell, own in zip(cells, values, strict=True):
        beating = (sorted_values <= own).all(axis=1) & (sorted_values < own).any(axis=1)
        taken = sorted(int(fastest_first[place]) for place in np.flatnonzero(beating)[:_MOST_NAMED])
        beaten_by = [cells[place] for place in taken]
        dominated_by = [
            one for one in beaten_by if all(relation(axis, one, cell) in ("better", "equal") for axis in costly_last)
        ]
        yield Place(
            cell=cell.id,
            standing="dominated" if dominated_by else "open" if beaten_by else "front",
            dominated_by=tuple(one.id for one in dominated_by),
            beaten_by=tuple(one.id for one in beaten_by),
            axes=axes,
        )


def ordered(cells: Iterable[KnownCell], preference: Sequence[str]) -> list[KnownCell]:
    """Returns cells, the best first.

    Two whose values read the same, three digits of a time or a size, a tenth of a point of top-1, are a tie that the
    next metric breaks; the id breaks the last one. What is not known comes last.
    """
    return sorted(cells, key=lambda cell: (*(_rounded(cell, metric) for metric in preference), cell.id))


def _rounded(cell: KnownCell, metric: str) -> float:
    value = cell.values.get(metric, math.inf)
    if metric == TOP1:
        return -float(percent(-value))
    return float(three_digits(value if metric == SIZE else math.exp(value)))


def relation(metric: str, one: KnownCell, other: KnownCell) -> Relation:
    """Returns whether a cell is significantly better or worse than another, exactly equal, or neither.

    It is `unclear` too where one of the two does not know the metric, one of `limits.PREFERENCES`.
    """
    if one is other:
        return "equal"
    if metric == SIZE:
        return _of_sizes(one, other)
    if metric == TOP1:
        return _of_answers(one, other)
    found = _of_times(one, other) if metric == P50 else _of_readings(metric, one, other)
    faster, slower = (one, other) if found == "better" else (other, one)
    is_time = metric in (P50, P90)
    return "unclear" if is_time and found != "unclear" and _may_be_faster(metric, slower, faster) else found


def _of_sizes(one: KnownCell, other: KnownCell) -> Relation:
    if one.size_bytes is None or other.size_bytes is None:
        return "unclear"
    if one.size_bytes == other.size_bytes:
        return "equal"
    return "better" if one.size_bytes < other.size_bytes else "worse"


def _of_answers(one: KnownCell, other: KnownCell) -> Relation:
    """Returns what Newcombe's paired interval says; equal are those that have the very same samples right."""
    answers = paired_answers(other, one)
    if answers is None or one.has_random_weights or other.has_random_weights:
        return "unclear"
    if answers.newly_wrong == answers.newly_right == 0:
        return "equal"
    interval = paired_difference(answers)
    return "better" if interval.low > 0 else "worse" if interval.high < 0 else "unclear"


def _of_times(one: KnownCell, other: KnownCell) -> Relation:
    """Returns what speed-ups over one twin say, from which the machine's drift is taken out, else what times say."""
    have_one_twin = SPEEDUP in one.readings and SPEEDUP in other.readings and one.timing.twin == other.timing.twin
    if not have_one_twin:
        return _of_readings(P50, one, other)
    found, difference = _of_readings(SPEEDUP, one, other), one.values[P50] - other.values[P50]
    # A twin that was slow by itself, as on two threads that others disturb, raises a speed-up: the times must agree.
    agrees = difference < 0 if found == "better" else difference > 0
    return found if agrees else "unclear"


def _of_readings(metric: str, one: KnownCell, other: KnownCell) -> Relation:
    ours, theirs = one.readings.get(metric), other.readings.get(metric)
    if ours is None or theirs is None:
        return "unclear"
    if significantly_below(ours, theirs):
        return "better"
    return "worse" if significantly_below(theirs, ours) else "unclear"


def _may_be_faster(metric: str, slower: KnownCell, faster: KnownCell) -> bool:
    difference = slower.values[metric] - faster.values[metric]
    return bool(slower.timing.disturbances) and difference <= math.log(MOST_SLOWED)
