"""What does each variant get right and wrong: which classes, and which samples otherwise than its float twin?"""

import math
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import get_args

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from zoobench.matrix.variants import PREQUANTIZED
from zoobench.results.answers import answers_of, both_answers, float_twin
from zoobench.results.schema import Record
from zoobench.show.charts.confusion import Counts, mistakes, shade
from zoobench.show.document import Grid
from zoobench.show.report.contents import (
    ConfusionTable,
    FlippedSample,
    Kind,
    Pictures,
    VariantAnswers,
    named,
    table,
    without_empty,
)
from zoobench.stats.intervals import CONFIDENCE, wilson
from zoobench.stats.paired import holm
from zoobench.system.units import ABSENT, exactly, percent

MOST_SHOWN, LEAST_SHOWN, MOST_IN_ALL = 24, 6, 600
"""Samples that are shown of a set of answers, at most; of each of very many sets; and of all sets together."""
MOST_CLASSES = 20
"""That are shown; of more, those with the most mistakes."""
OTHERS = "others"
"""Head of the column of all classes that have none of their own."""
_MOST_WORST, _MOST_MIXUPS = 10, 6
"""Rows of the tables."""
_KINDS: tuple[Kind, ...] = get_args(Kind)
_Flipped = tuple[FlippedSample, ...]


def right_and_wrong(
    records: Sequence[Record], *, pictured: Callable[[Sequence[int]], Pictures]
) -> tuple[tuple[VariantAnswers, ...], Pictures]:
    """Returns each distinct set of answers, and the pictures of samples that are shown.

    Cells that answered every sample alike, such as one file on several numbers of threads, are one set. Where there are
    pictures, of the most telling samples those are shown that have one.

    Args:
        records: Of a run, in the order in which sets are to stand.
        pictured: Returns pictures of samples, the most important of which come first.
    """
    known = {record.cell.id: record for record in records}
    sets = _distinct(records)
    firsts = [next((record for record in one if float_twin(record, known)), one[0]) for one in sets]
    twins = [float_twin(record, known) for record in firsts]
    flips = [flipped_samples(twin, first) if twin else None for twin, first in zip(twins, firsts, strict=True)]
    most = shown_of(len(sets))
    pictures = pictured(wanted_samples([found[:most] for found in flips if found]))
    answered = []
    parts = zip(sets, firsts, twins, flips, _titles(sets), strict=True)
    for number, (one, first, twin, found, title) in enumerate(parts, start=1):
        shown = [each for each in (found or ())[:most] if not pictures.shown or each.sample in pictures.shown]
        counts, classes = confusion_of(first), first.dataset.classes
        answered.append(
            VariantAnswers(
                name=f"answers-{number}",
                title=title,
                cells=tuple(record.cell.id for record in one),
                summary=_summary(one),
                confusion=confusion_table(counts, classes),
                worst=_worst(counts, classes, confusion_of(twin) if twin and found is not None else None),
                mixups=_mixups(counts, classes),
                flipped=tuple(shown),
                flips=_describe_flips(one, twin, found, shown=len(shown)),
            )
        )
    return tuple(answered), pictures


def _distinct(records: Sequence[Record]) -> list[list[Record]]:
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        if record.accuracy:
            given = record.accuracy.predictions
            key = (record.cell.backbone, record.cell.weights, record.dataset.sha256, given.truth, given.classes)
            groups.setdefault(key, []).append(record)
    return list(groups.values())


def flipped_samples(base: Record, new: Record) -> _Flipped | None:
    """Returns the samples that two cells answered otherwise, or None where they did not answer the same ones.

    The most telling stand first: newly wrong ones, the surer the base was the sooner; then newly right ones, the surer
    the new one is the sooner; then the others in the order of the newly wrong ones.

    Args:
        base: The float twin's record, or the baseline's.
        new: The variant's, or the candidate's.
    """
    both = both_answers(base, new)
    if both is None:
        return None
    before, after = both
    classes = base.dataset.classes
    found = [
        FlippedSample(
            sample=sample,
            kind="newly_wrong" if first == truth else "newly_right" if second == truth else "changed",
            truth=classes[truth],
            before=classes[first],
            before_probability=before.probability[sample],
            after=classes[second],
            after_probability=after.probability[sample],
        )
        for sample, (truth, first, second) in enumerate(
            zip(before.truth, before.predicted, after.predicted, strict=True)
        )
        if first != second
    ]
    return tuple(sorted(found, key=_telling))


def _telling(flipped: FlippedSample) -> tuple[int, float, float, int]:
    first, second = flipped.before_probability, flipped.after_probability
    sure, other = (second, first) if flipped.kind == "newly_right" else (first, second)
    return _KINDS.index(flipped.kind), -sure, -other, flipped.sample


def wanted_samples(flips: Sequence[_Flipped]) -> list[int]:
    """Returns the samples of which the page would show an image: the most telling of every set of answers first."""
    return list(dict.fromkeys(one.sample for rank in zip_longest(*flips) for one in rank if one))


def shown_of(sets: int) -> int:
    """Returns how many samples of each of so many sets of answers are shown."""
    return min(max(MOST_IN_ALL // max(sets, 1), LEAST_SHOWN), MOST_SHOWN)


def _titles(sets: Sequence[Sequence[Record]]) -> list[str]:
    """Returns names that tell each set from all others: variants, with runtimes, or the first cell's id."""
    counted = [(name, Counter(map(name, sets))) for name in (_by_variants, _by_runtimes)]
    return [next((name(one) for name, found in counted if found[name(one)] == 1), one[0].cell.id) for one in sets]


def _by_variants(one: Sequence[Record]) -> str:
    return f"{one[0].cell.backbone} {', '.join(dict.fromkeys(record.cell.variant for record in one))}"


def _by_runtimes(one: Sequence[Record]) -> str:
    return f"{_by_variants(one)} on {', '.join(dict.fromkeys(record.cell.runtime for record in one))}"


def _summary(one: Sequence[Record]) -> str:
    accuracy = one[0].accuracy
    assert accuracy, "a set of answers has some"
    low, high = map(percent, accuracy.interval)
    right = f"{exactly(accuracy.correct)} of {exactly(accuracy.total)} samples right"
    summary = f"{right}: {percent(accuracy.top1)} % (95 %: {low} to {high})."
    if one[0].cell.has_random_weights:
        summary += " Its weights are random: none of this means anything."
    if len(one) > 1:
        summary += f" The same answers in {named([each.cell.id for each in one])}."
    return summary


def _describe_flips(one: Sequence[Record], twin: Record | None, flipped: _Flipped | None, *, shown: int) -> str:
    """Returns how many samples flipped and how many of them are shown, or why it is not known."""
    if twin is None:
        variants = {record.cell.variant for record in one}
        if PREQUANTIZED in variants:
            return "It was quantized elsewhere: there is no float32 file that it could be compared with."
        return "" if "float32" in variants else "Its float twin is not in this file, so it cannot be compared with it."
    name = twin.cell.id
    if flipped is None:
        return f"Its float twin, {name}, did not answer the same samples, so it cannot be compared with it."
    if not flipped:
        total = twin.accuracy.total if twin.accuracy else 0
        return f"None: it says of all {exactly(total)} samples what its float twin, {name}, says."
    counts = Counter(sample.kind for sample in flipped)
    wrong, right, changed = (exactly(counts[kind]) for kind in _KINDS)
    return (
        f"Against its float twin, {name}: {wrong} newly wrong, {right} newly right, {changed} wrong in another way; "
        f"showing {exactly(shown)} of {exactly(len(flipped))}, the most telling first."
    )


def confusion_of(record: Record) -> Counts:
    """Returns for each true class how often each class was predicted; none at all where nothing was answered."""
    answers = answers_of(record)
    nothing = bytes(array("I").itemsize * len(record.dataset.classes))
    rows = [array("I", nothing) for _ in record.dataset.classes]  # of 5,000 classes a tenth of what numbers take
    for truth, taken in zip(answers.truth, answers.predicted, strict=True) if answers else ():
        rows[truth][taken] += 1
    return rows


def _worst(counts: Counts, classes: Sequence[str], base: Counts | None) -> Grid | None:
    """Returns the classes with the least share of right answers, with what each lost against the float twin's."""
    p_below = below_the_rest(counts)
    rows = []
    for index in worst_classes(counts)[:_MOST_WORST]:
        right, samples = counts[index][index], sum(counts[index])
        interval = wilson(right, samples)
        rows.append(
            (
                classes[index],
                exactly(right),
                exactly(samples),
                percent(right / samples),
                f"{percent(interval.low)}–{percent(interval.high)}",
                exactly(max(base[index][index] - right, 0)) if base else ABSENT,
                "significantly worse than the rest" if p_below[index] <= 1 - CONFIDENCE else "",
            )
        )
    heads = ("class", "right", "of", "recall %", "95 %", "lost to float", "")
    return without_empty(table("Worst classes", heads, rows, words={6}))


def worst_classes(counts: Counts) -> list[int]:
    """Returns the classes that are not always right, the lowest recall first; of equal ones that with more samples."""
    failing = [index for index, row in enumerate(counts) if row[index] < sum(row)]
    return sorted(failing, key=lambda index: (counts[index][index] / sum(counts[index]), -sum(counts[index])))


def below_the_rest(counts: Counts) -> Mapping[int, float]:
    """Returns how probable so few right ones of each class are if it is as easy as the others, adjusted by Holm.

    A class is compared with all others by Fisher's exact test, one-sided: R. A. Fisher, "The logic of inductive
    inference", Journal of the Royal Statistical Society 98 (1935). It is right less often than the cell is on the whole
    just where it is right less often than the others. Classes without samples have no p-value.
    """
    sizes = {index: sum(row) for index, row in enumerate(counts) if sum(row)}
    total, correct = sum(sizes.values()), sum(counts[index][index] for index in sizes)
    p_values = [_fewer(counts[index][index], drawn=size, marked=correct, total=total) for index, size in sizes.items()]
    return dict(zip(sizes, holm(p_values), strict=True))


def _fewer(right: int, *, drawn: int, marked: int, total: int) -> float:
    """Returns the probability of at most `right` marked ones among `drawn` of `total`: the hypergeometric tail."""
    counts = np.arange(max(0, drawn - (total - marked)), right + 1)
    logarithms = (
        _combinations(marked, counts)
        + _combinations(total - marked, drawn - counts)
        - _combinations(total, np.array([drawn]))
    )
    return min(math.fsum(np.exp(logarithms)), 1.0)


def _combinations(total: int, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Returns the logarithm of the binomial coefficients."""
    found: npt.NDArray[np.float64] = gammaln(total + 1) - gammaln(chosen + 1) - gammaln(total - chosen + 1)
    return found


def _mixups(counts: Counts, classes: Sequence[str]) -> Grid | None:
    rows = [
        (
            classes[truth],
            classes[taken],
            exactly(counts[truth][taken]),
            percent(counts[truth][taken] / sum(counts[truth])),
        )
        for truth, taken in mistakes(counts)[:_MOST_MIXUPS]
    ]
    return table("Most frequent confusions", ("class", "taken for", "samples", "% of the class"), rows, words={1})


def confusion_table(counts: Counts, classes: Sequence[str]) -> ConfusionTable:
    """Returns a confusion matrix as the page shows it: all classes, or those with the most mistakes of either kind."""
    shown: Sequence[int] = range(len(classes))
    note, is_cut = "", len(classes) > MOST_CLASSES
    if is_cut:
        columns = [sum(column) for column in zip(*counts, strict=True)]
        wrong = [sum(row) + columns[place] - 2 * row[place] for place, row in enumerate(counts)]
        shown = sorted(sorted(shown, key=lambda place: (-wrong[place], place))[:MOST_CLASSES])
        note = f"The {exactly(len(shown))} classes with the most mistakes, of {exactly(len(classes))}."
    rows = []
    for truth in shown:
        row, name = counts[truth], classes[truth]
        fields = [
            _field(row[taken], sum(row), f"{name}, right" if taken == truth else f"{name} taken for {classes[taken]}")
            for taken in shown
        ]
        if is_cut:
            rest = sum(row) - sum(row[taken] for taken in shown)
            fields.append(_field(rest, sum(row), f"{name} taken for another class"))
        rows.append((name, tuple(fields)))
    heads = (*(classes[place] for place in shown), *([OTHERS] if is_cut else []))
    return ConfusionTable(heads=heads, rows=tuple(rows), note=note)


def _field(count: int, of: int, words: str) -> tuple[str, int, str]:
    if not count:
        return "", 0, ""
    return exactly(count), shade(count / of), f"{words}: {exactly(count)} of {exactly(of)} ({percent(count / of)} %)"
