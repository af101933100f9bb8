"""What became of one metric of one cell from a baseline to a candidate, with what confidence? The verdicts of all.

Here runs are compared as they were measured. What a gate weighs besides (replays, tolerances) stands in `gate.decide`,
and comes to the same `Finding`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from statistics import median
from typing import Literal

from zoobench.judge.metrics import SPEEDUP_NOISE, Metric
from zoobench.results.answers import both_answers
from zoobench.results.run import Run, Timing
from zoobench.results.schema import Record
from zoobench.stats.intervals import (
    LEAST_PROCESSES,
    Estimate,
    Interval,
    median_ratio_interval,
    percentile,
    percentile_interval,
    ratio_interval,
    summarized_median_interval,
)
from zoobench.stats.paired import PairedAnswers, mcnemar_mid_p, paired_difference

UNCHANGED_WITHIN = 0.03
"""A change whose whole interval is below this is called none."""
_LARGEST = 1e300
"""Beyond it sums overflow."""

Basis = Literal["rounds", "processes", "samples", "exact", "replay", "stored"]
"""What an interval and a verdict rest on."""


class Verdict(str, Enum):
    """What became of a metric."""

    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A sample whose answer became right or wrong, with the names of classes."""

    sample: int
    name: str
    truth: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """All that changed between two models' answers to the same samples.

    Attributes:
        newly_wrong: Samples that only the baseline has right.
        newly_right: Samples that only the candidate has right.
        worst_class: From `worse_classes`, the first; None where there is none.
    """

    answers: PairedAnswers
    newly_wrong: tuple[Flip, ...]
    newly_right: tuple[Flip, ...]
    worst_class: tuple[str, PairedAnswers] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One metric of one cell on both sides.

    Attributes:
        cell: Its id.
        metric: Key of the metric.
        baseline: The value in the unit of data; of several runs their median. None where it was not measured.
        candidate: The same of the candidate.
        change: candidate / baseline - 1, or candidate - baseline of a share. None where it is not defined.
        interval: Of the change, 95 %; None where nothing is known of it.
        basis: What the interval and the verdict rest on; None where there is neither.
        units: How many of these; 0 where that does not matter.
        verdict: None unless both sides have the metric, under conditions that let it be judged.
        p: Of the test, adjusted by Holm for all that was tested with it; None where nothing is tested.
        tolerance: In a gate, the largest change for the worse that is still none.
        smallest_change: In a gate, the smallest change for the worse that would have been called so; None where none
            would.
        remark: What a reader should know besides.
        newly_wrong: Samples that only the baseline has right, where a gate names them.
        newly_right: Samples that only the candidate has right.
    """

    cell: str
    metric: str
    baseline: float | None = None
    candidate: float | None = None
    change: float | None = None
    interval: Interval | None = None
    basis: Basis | None = None
    units: int = 0
    verdict: Verdict | None = None
    p: float | None = None
    tolerance: float | None = None
    smallest_change: float | None = None
    remark: str = ""
    newly_wrong: tuple[Flip, ...] = ()
    newly_right: tuple[Flip, ...] = ()


def paired_flips(baseline: Record, candidate: Record, *, names: Sequence[str] = ()) -> Flips | None:
    """Returns what changed in the answers of one cell, or None where both sides did not answer the same samples.

    Names are those of the samples' images, as far as they are known.
    """
    both = both_answers(baseline, candidate)
    if both is None:
        return None
    before, after = both
    classes = baseline.dataset.classes
    return find_flips(before.predicted, after.predicted, truth=before.truth, classes=classes, names=names)


def find_flips(
    before: Sequence[int],
    after: Sequence[int],
    *,
    truth: Sequence[int],
    classes: Sequence[str],
    names: Sequence[str] = (),
) -> Flips:
    """Returns what changed, from the index of the class of each sample that the two sides predicted."""
    kinds: dict[tuple[bool, bool], list[Flip]] = defaultdict(list)
    counts = Counter[tuple[bool, bool]]()
    for sample, (right, first, second) in enumerate(zip(truth, before, after, strict=True)):
        kind = (first == right, second == right)
        counts[kind] += 1
        if kind[0] != kind[1]:
            name = names[sample] if sample < len(names) else ""
            flip = Flip(sample=sample, name=name, truth=classes[right], before=classes[first], after=classes[second])
            kinds[kind].append(flip)
    worse = worse_classes(before, after, truth=truth, classes=classes)
    return Flips(
        answers=_paired_answers(counts),
        newly_wrong=tuple(kinds[True, False]),
        newly_right=tuple(kinds[False, True]),
        worst_class=worse[0] if worse else None,
    )


def worse_classes(
    before: Sequence[int], after: Sequence[int], *, truth: Sequence[int], classes: Sequence[str]
) -> list[tuple[str, PairedAnswers]]:
    """Returns the classes with more samples newly wrong than newly right, that with the largest share of them first."""
    by_class: dict[int, Counter[tuple[bool, bool]]] = defaultdict(Counter)
    for right, first, second in zip(truth, before, after, strict=True):
        by_class[right][first == right, second == right] += 1
    found = {one: _paired_answers(counts) for one, counts in by_class.items()}
    worse = [one for one, answers in found.items() if answers.newly_wrong > answers.newly_right]
    worse.sort(key=lambda one: ((found[one].newly_right - found[one].newly_wrong) / found[one].total, one))
    return [(classes[one], found[one]) for one in worse]


def _paired_answers(counts: Counter[tuple[bool, bool]]) -> PairedAnswers:
    return PairedAnswers(
        both=counts[True, True],
        newly_wrong=counts[True, False],
        newly_right=counts[False, True],
        neither=counts[False, False],
    )


def observed(run: Run, cell: str, metric: Metric) -> Sequence[float]:
    """Returns what each process of a run observed of a cell; of a file without records what its rounds say."""
    if cell in run.records:
        return metric.read(run.records[cell])
    timing = run.rounds.get(cell)
    if timing is None or metric.percentile is None:
        return ()
    known = timing.median_seconds if metric.percentile == 0.50 else percentile(timing.rounds, metric.percentile)
    return () if known is None else (known,)


def value_of(run: Run, cell: str, metric: Metric) -> float | None:
    """Returns a run's value of a metric: the median of its processes, None where there is none that can be summed."""
    values = observed(run, cell, metric)
    found = median(values) if values else None
    return found if found is not None and abs(found) < _LARGEST else None


def different_files(runs: Iterable[Run]) -> dict[str, int]:
    """Returns how many model files runs measured of each cell, of which they measured several."""
    models: dict[str, set[str]] = {}
    for run in runs:
        for cell, record in run.records.items():
            if record.model:
                models.setdefault(cell, set()).add(record.model.sha256)
    return {cell: len(found) for cell, found in models.items() if len(found) > 1}


def relative(baseline: float | None, candidate: float | None) -> float | None:
    """Returns candidate / baseline - 1, or None where that is no finite number or a side is missing or negative."""
    if baseline is None or candidate is None or baseline <= 0 or candidate < 0:
        return None
    # Rounded once: candidate / baseline - 1 puts 1 % of 100 above 1 %.
    change = (candidate - baseline) / baseline
    return change if math.isfinite(change) else None


def find(metric: Metric, baseline: Sequence[Run], candidate: Sequence[Run], *, cell: str, seed: int) -> Finding:
    """Returns what became of a metric of a cell between the runs of two sides that have it; `seed` is the bootstrap's.

    Numbers that the same model gives every run alike are those of the first run that has them.
    """
    bare = Finding(cell=cell, metric=metric.key)
    if metric.test == "rounds" or metric.test == "processes":
        return _ratio(bare, metric, baseline, candidate, seed=seed)
    ours, theirs = (
        next((run.records[cell] for run in side if cell in run.records and metric.read(run.records[cell])), None)
        for side in (baseline, candidate)
    )
    before, after = (metric.read(one)[0] if one else None for one in (ours, theirs))
    bare = replace(bare, baseline=before, candidate=after)
    if metric.test == "samples":
        return _paired(bare, ours, theirs) if ours and theirs else bare
    change = relative(before, after)
    if change is None:
        return bare
    bare = replace(bare, change=change, verdict=Verdict.UNCHANGED if change == 0 else Verdict.INCONCLUSIVE)
    if metric.test == "none":
        return bare
    verdict = direction(metric, up=change > 0) if change else Verdict.UNCHANGED
    return replace(bare, interval=Interval(low=change, high=change), basis="exact", verdict=verdict)


def direction(metric: Metric, *, up: bool) -> Verdict:
    """Returns what a change is that is one."""
    return Verdict.REGRESSED if up == metric.lower_is_better else Verdict.IMPROVED


def _ratio(bare: Finding, metric: Metric, baseline: Sequence[Run], candidate: Sequence[Run], *, seed: int) -> Finding:
    cell = bare.cell
    before, after = (
        [one for run in side if (one := value_of(run, cell, metric)) is not None] for side in (baseline, candidate)
    )
    bare = replace(bare, baseline=median(before) if before else None, candidate=median(after) if after else None)
    change = relative(bare.baseline, bare.candidate)
    if change is None:
        return bare
    bare = replace(bare, change=change, verdict=Verdict.INCONCLUSIVE)
    if min(len(before), len(after)) >= LEAST_PROCESSES:
        return _weighed(bare, metric, median_ratio_interval(after, before, seed=seed), basis="processes", noise=0.0)
    if not len(baseline) == len(candidate) == 1:
        return bare
    first, second = baseline[0], candidate[0]
    noise = metric.noise_on(second.records[cell].cell.runtime if cell in second.records else "")
    basis: Basis = "processes" if metric.test == "processes" else "rounds"
    found = _weighed(bare, metric, _within_runs(metric, first, second, cell, seed=seed), basis=basis, noise=noise)
    return replace(found, verdict=Verdict.UNCHANGED) if _are_copies(first, second, cell) else found


def _are_copies(first: Run, second: Run, cell: str) -> bool:
    """Tells whether two files hold the same timing, not two that agree in their medians."""
    one, other = first.rounds.get(cell), second.rounds.get(cell)
    return one == other and one is not None and bool(one.rounds or one.spread)


def _within_runs(metric: Metric, baseline: Run, candidate: Run, cell: str, *, seed: int) -> Interval | None:
    if metric.test == "processes":
        before, after = observed(baseline, cell, metric), observed(candidate, cell, metric)
        enough = min(len(before), len(after)) >= LEAST_PROCESSES
        return median_ratio_interval(after, before, seed=seed) if enough else None
    if metric.percentile == 0.50 and _rounds(candidate, cell) and _rounds(baseline, cell):
        return median_ratio_interval(_rounds(candidate, cell), _rounds(baseline, cell), seed=seed)
    above, below = _estimate(metric, candidate, cell), _estimate(metric, baseline, cell)
    return ratio_interval(above=above, below=below) if above and below else None


def _estimate(metric: Metric, run: Run, cell: str) -> Estimate | None:
    point: float | None
    if metric.percentile == 0.50 and cell in run.rounds:
        point, interval = run.rounds[cell].median_seconds, median_interval(run.rounds[cell])
    elif metric.percentile is not None:
        rounds = _rounds(run, cell)
        point = percentile(rounds, metric.percentile)
        interval = percentile_interval(rounds, metric.percentile) if point is not None else None
    else:
        point, ends = value_of(run, cell, metric), metric.interval(run.records[cell]) if cell in run.records else None
        interval = Interval(low=ends[0], high=ends[1]) if ends else None
    return Estimate(point=point, interval=interval) if point is not None and interval is not None else None


def median_interval(timing: Timing) -> Interval | None:
    """Returns the interval of a timing's median, from its rounds or from what a file says of them."""
    if timing.rounds or timing.spread is None:
        return percentile_interval(timing.rounds, 0.50) if timing.rounds else None
    iqr, count = timing.spread
    return summarized_median_interval(timing.median_seconds, iqr=iqr, count=count)


def _rounds(run: Run, cell: str) -> Sequence[float]:
    return run.rounds[cell].rounds if cell in run.rounds else ()


def _weighed(bare: Finding, metric: Metric, ratio: Interval | None, *, basis: Basis, noise: float) -> Finding:
    """Returns a finding with what an interval of candidate / baseline comes to, beyond what two processes differ by."""
    if ratio is None or not math.isfinite(ratio.low + ratio.high):
        return bare
    verdict = Verdict.INCONCLUSIVE
    if ratio.low > 1 + noise:
        verdict = direction(metric, up=True)
    elif ratio.high < 1 / (1 + noise):
        verdict = direction(metric, up=False)
    elif noise <= SPEEDUP_NOISE and ratio.low > 1 / (1 + UNCHANGED_WITHIN) and ratio.high < 1 + UNCHANGED_WITHIN:
        verdict = Verdict.UNCHANGED
    return replace(bare, interval=Interval(low=ratio.low - 1, high=ratio.high - 1), basis=basis, verdict=verdict)


def _paired(bare: Finding, baseline: Record, candidate: Record) -> Finding:
    """Returns the change of a share of right answers, paired by sample where both answered the same ones.

    Whether it is more than chance is decided when the p values of all cells are known.
    """
    before, after = bare.baseline, bare.candidate
    change = None if before is None or after is None else after - before
    bare = replace(bare, change=change, verdict=Verdict.INCONCLUSIVE)
    flips = paired_flips(baseline, candidate)
    if flips is None:
        return bare
    bare = replace(bare, interval=paired_difference(flips.answers), basis="samples")
    if baseline.cell.has_random_weights or candidate.cell.has_random_weights:  # of these it means nothing
        return bare
    wrong, right = flips.answers.newly_wrong, flips.answers.newly_right
    verdict = Verdict.UNCHANGED if wrong == right == 0 else Verdict.INCONCLUSIVE
    return replace(bare, p=mcnemar_mid_p(wrong, right), verdict=verdict)
