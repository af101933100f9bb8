"""By how much did one metric of one cell change, how surely, and for the better?"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from zoobench.judge.compare.compared import (
    FIRST_INFERENCE,
    INITIALIZATION,
    MEMORY,
    P50,
    P90,
    SPEEDUP,
    SPEEDUP_NOISE,
    Metric,
    noise_of,
)
from zoobench.judge.compare.seen import (
    Read,
    ReadAll,
    Seen,
    first_inference,
    initialization,
    known_values,
    p50_seconds,
    p90_seconds,
    peak_rss,
    speedup,
    speedup_interval,
)
from zoobench.stats.bootstrap import LEAST_PROCESSES, median_ratio_interval
from zoobench.stats.statistics import Estimate, Interval, percentile, percentile_interval, ratio_interval

Judgement = Literal["better", "worse", "same", "unclear"]
Basis = Literal["rounds", "processes", "samples", "exact"]

SAME_WITHIN = 0.03
"""A change that is surely below this is called none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One metric of one cell on both sides.

    Attributes:
        metric: Which.
        base: In SI units; of several runs the median. None where it was not measured, as is `new`.
        new: The other side's.
        change: new / base - 1, or new - base for a share. None where it is not defined.
        interval: Of `change`, 95 %; None where nothing is known of it.
        basis: What the interval and the judgement rest on; None where there is neither.
        judgement: Whether it is better. None unless both sides have it, under conditions that let it be judged.
        p_value: Of no change, adjusted for all cells that were compared; only top-1 has one.
    """

    metric: Metric
    base: float | None
    new: float | None
    change: float | None = None
    interval: Interval | None = None
    basis: Basis | None = None
    judgement: Judgement | None = None
    p_value: float | None = None


def p50_change(base: Sequence[Seen], new: Sequence[Seen], *, seed: int) -> Change:
    """Returns the change of the median time; of single runs the interval is that of their rounds."""
    return _timed(P50, p50_seconds, base, new, of_rounds=lambda one, other: _of_medians(one, other, seed), seed=seed)


def p90_change(base: Sequence[Seen], new: Sequence[Seen], *, seed: int) -> Change:
    """Returns the change of the 90th percentile; of single runs the interval is that of their rounds."""
    return _timed(P90, p90_seconds, base, new, of_rounds=_of_percentiles, seed=seed)


def speedup_change(base: Sequence[Seen], new: Sequence[Seen], *, seed: int) -> Change:
    """Returns the change of the speed-up over the float twin, from which the machine's drift is taken out."""
    return _timed(SPEEDUP, speedup, base, new, of_rounds=_of_speedups, seed=seed)


def initialization_change(base: Sequence[Seen], new: Sequence[Seen], *, seed: int) -> Change:
    """Returns the change of the time to open the model, which each process does once."""
    return _begun(INITIALIZATION, initialization, base, new, seed=seed)


def first_inference_change(base: Sequence[Seen], new: Sequence[Seen], *, seed: int) -> Change:
    """Returns the change of the time of the first invocation."""
    return _begun(FIRST_INFERENCE, first_inference, base, new, seed=seed)


def memory_change(base: Sequence[Seen], new: Sequence[Seen], *, seed: int) -> Change:
    """Returns the change of the peak of resident memory."""
    return _begun(MEMORY, peak_rss, base, new, seed=seed)


def exact_change(metric: Metric, base: float | None, new: float | None) -> Change:
    """Returns the change of what has no error, such as a file's size."""
    change = relative(base, new)
    if change is None:
        return Change(metric=metric, base=base, new=new)
    judgement = "same" if change == 0 else _direction(metric, up=change > 0)
    interval = Interval(low=change, high=change)
    return Change(
        metric=metric, base=base, new=new, change=change, interval=interval, basis="exact", judgement=judgement
    )


def bare_change(metric: Metric, base: float | None, new: float | None) -> Change:
    """Returns the change of what the files hold no interval for; only no change at all is judged."""
    change = relative(base, new)
    judgement: Judgement | None = None if change is None else "same" if change == 0 else "unclear"
    return Change(metric=metric, base=base, new=new, change=change, judgement=judgement)


def relative(base: float | None, new: float | None) -> float | None:
    """Returns new / base - 1, or None where that is not a finite number or a side is missing or negative."""
    if base is None or new is None or base <= 0 or new < 0:
        return None
    change = new / base - 1
    return change if math.isfinite(change) else None


def _timed(
    metric: Metric,
    read: Read,
    base: Sequence[Seen],
    new: Sequence[Seen],
    *,
    of_rounds: Callable[[Seen, Seen], Interval | None],
    seed: int,
) -> Change:
    """Returns the change with the process as the unit where there are enough, else with the rounds of single ones."""
    ours, theirs = known_values(base, read), known_values(new, read)
    point, other = median(ours) if ours else None, median(theirs) if theirs else None
    change = relative(point, other)
    judgement: Judgement | None = None if change is None else "unclear"
    bare = Change(metric=metric, base=point, new=other, change=change, judgement=judgement)
    if change is None:
        return bare
    if min(len(ours), len(theirs)) >= LEAST_PROCESSES:
        return _judged(bare, median_ratio_interval(theirs, ours, seed=seed), basis="processes", noise=0.0)
    if len(base) == len(new) == 1:
        judged = _judged(bare, of_rounds(base[0], new[0]), basis="rounds", noise=noise_of(metric, new[0]))
        return replace(judged, judgement="same") if _are_copies(base[0], new[0]) else judged
    return bare


def _begun(metric: Metric, read: ReadAll, base: Sequence[Seen], new: Sequence[Seen], *, seed: int) -> Change:
    """Returns the change of what each fresh process of a run observes once, so that single runs have an interval too.

    Of several runs the unit is the run, as what changes between them is not in the processes of one.
    """

    def of_processes(one: Seen, other: Seen) -> Interval | None:
        ours, theirs = read(one), read(other)
        enough = min(len(ours), len(theirs)) >= LEAST_PROCESSES
        return median_ratio_interval(theirs, ours, seed=seed) if enough else None

    def middle(seen: Seen) -> float | None:
        return median(values) if (values := read(seen)) else None

    change = _timed(metric, middle, base, new, of_rounds=of_processes, seed=seed)
    return replace(change, basis="processes") if change.basis else change


def _judged(bare: Change, ratio: Interval | None, *, basis: Basis, noise: float) -> Change:
    if ratio is None or not math.isfinite(ratio.low + ratio.high):
        return bare
    interval = Interval(low=ratio.low - 1, high=ratio.high - 1)
    return replace(bare, interval=interval, basis=basis, judgement=_judgement(bare.metric, ratio, noise=noise))


def _judgement(metric: Metric, ratio: Interval, *, noise: float) -> Judgement:
    """Returns what an interval of new / base comes to, beyond what two processes differ by where there are only two."""
    if ratio.low > 1 + noise:
        return _direction(metric, up=True)
    if ratio.high < 1 / (1 + noise):
        return _direction(metric, up=False)
    can_be_same = noise <= SPEEDUP_NOISE
    return "same" if can_be_same and ratio.low > 1 / (1 + SAME_WITHIN) and ratio.high < 1 + SAME_WITHIN else "unclear"


def _direction(metric: Metric, *, up: bool) -> Judgement:
    return "worse" if up == metric.lower_is_better else "better"


def _are_copies(base: Seen, new: Seen) -> bool:
    """Tells whether both are one measurement, not two that agree."""
    return bool(base.timing and new.timing and base.timing.rounds and base.timing.rounds == new.timing.rounds)


def _of_medians(base: Seen, new: Seen, seed: int) -> Interval | None:
    if base.timing is None or new.timing is None:
        return None
    return median_ratio_interval(new.timing.rounds, base.timing.rounds, seed=seed)


def _of_percentiles(base: Seen, new: Seen) -> Interval | None:
    above, below = _p90_estimate(new), _p90_estimate(base)
    return ratio_interval(above=above, below=below) if above and below else None


def _p90_estimate(seen: Seen) -> Estimate | None:
    rounds = seen.timing.rounds if seen.timing else ()
    point = percentile(rounds, 0.90)
    interval = percentile_interval(rounds, 0.90) if point is not None else None
    return Estimate(point=point, interval=interval) if point is not None and interval is not None else None


def _of_speedups(base: Seen, new: Seen) -> Interval | None:
    above, below = _speedup_estimate(new), _speedup_estimate(base)
    return ratio_interval(above=above, below=below) if above and below else None


def _speedup_estimate(seen: Seen) -> Estimate | None:
    point, interval = speedup(seen), speedup_interval(seen)
    return Estimate(point=point, interval=interval) if point is not None and interval is not None else None
