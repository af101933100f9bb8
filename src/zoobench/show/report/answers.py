"""What does each variant get right and wrong: which classes, and which samples otherwise than its float twin?"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import get_args

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from zoobench.judge.compare.flipped_samples import class_losses
from zoobench.results.answers import Answers, answers_of, both_answers, float_twin
from zoobench.results.schema import Record
from zoobench.show.charts.confusion import ConfusionMatrix, mistakes, shade
from zoobench.show.document import Grid
from zoobench.show.records import by_backbone
from zoobench.show.report.contents import (
    ConfusionTable,
    FlippedSample,
    Kind,
    Pictures,
    Sheet,
    VariantAnswers,
    named,
    without_empty,
)
from zoobench.stats.intervals import CONFIDENCE, Interval, wilson
from zoobench.stats.paired import holm
from zoobench.system.units import ABSENT, exactly, percent

MOST_SHOWN, LEAST_SHOWN, MOST_IN_ALL = 24, 6, 600
"""Samples that are shown of a set of answers, at most; of each of very many sets; and of all sets together."""
_MOST_CLASSES, _MOST_MIXUPS = 10, 6
"""That the tables hold."""
_KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_CLASSES = 20
"""That are shown; of more, those with the most mistakes."""
OTHERS = "others"
"""Head of the column of all classes that have none of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSet:
    """Cells that answered every sample alike, such as one file on several numbers of threads.

    Attributes:
        records: Of the cells.
        twin: Of the float twin of the first that has one; None for float files alone.
        flipped: From `flipped_samples` against the twin; None without a twin that answered the same samples.
    """

    records: tuple[Record, ...]
    twin: Record | None
    flipped: tuple[FlippedSample, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """How a cell does on one class.

    Attributes:
        name: The class.
        samples: How many test samples are of it.
        right: How many of them were taken for it.
        recall: Wilson interval of right / samples, 95 %; None where there is no sample of it.
        p_below: How probable so few right ones are if the class is as easy as the others, adjusted by Holm for all
            classes that have samples; None where it has none.
    """

    name: str
    samples: int
    right: int
    recall: Interval | None
    p_below: float | None

    @property
    def is_surely_below(self) -> bool:
        """Whether it is surely right less often than the cell is on the whole."""
        return self.p_below is not None and self.p_below <= 1 - CONFIDENCE


def distinct_answers(records: Sequence[Record]) -> tuple[AnswerSet, ...]:
    """Returns the cells that have answers, by what they answered, in the order of the table."""
    known = {record.cell.id: record for record in records}
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record in by_backbone(records):
        if record.accuracy:
            given = record.accuracy.predictions
            key = (record.cell.backbone, record.cell.weights, record.dataset.sha256, given.truth, given.classes)
            groups.setdefault(key, []).append(record)
    return tuple(_answer_set(tuple(group), known) for group in groups.values())


def _answer_set(group: tuple[Record, ...], known: Mapping[str, Record]) -> AnswerSet:
    first = next((record for record in group if float_twin(record, known)), group[0])
    twin = float_twin(first, known)
    return AnswerSet(records=group, twin=twin, flipped=flipped_samples(twin, first) if twin else None)


def flipped_samples(base: Record, new: Record) -> tuple[FlippedSample, ...] | None:
    """Returns the samples that two cells answered otherwise, or None where they did not answer the same ones.

    The most telling stand first: newly wrong ones, the surer the base was the sooner; then newly right ones, the surer
    the new one is the sooner; then the others in the order of the newly wrong ones.

    Args:
        base: The float twin's record (`answers.float_twin`), or the baseline's.
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


def wanted_samples(found: Sequence[AnswerSet]) -> tuple[int, ...]:
    """Returns the samples of which the page would show an image: the most telling of every set of answers first."""
    ranked = zip_longest(*(one.flipped[: shown_of(found)] for one in found if one.flipped))
    return tuple(dict.fromkeys(one.sample for rank in ranked for one in rank if one))


def shown_of(found: Sequence[AnswerSet]) -> int:
    """Returns how many samples of each set of answers are shown."""
    return min(max(MOST_IN_ALL // max(len(found), 1), LEAST_SHOWN), MOST_SHOWN)


def answered_of(found: Sequence[AnswerSet], pictures: Pictures) -> tuple[VariantAnswers, ...]:
    """Returns the sets of answers as the page shows them: of their samples the most telling.

    Where there are images, those samples that have one.
    """
    answered = []
    for number, (one, title) in enumerate(zip(found, _titles(found), strict=True), start=1):
        some = (one.flipped or ())[: shown_of(found)]
        shown = tuple(each for each in some if not pictures.shown or each.sample in pictures.shown)
        confusion = confusion_of(one.records[0])
        answered.append(
            VariantAnswers(
                name=f"answers-{number}",
                title=title,
                cells=tuple(record.cell.id for record in one.records),
                summary=_summary(one),
                confusion=confusion_table(confusion) if confusion else None,
                worst=_worst(confusion, one) if confusion else None,
                mixups=_mixups(confusion) if confusion else None,
                flipped=shown,
                flips=_flips(one, len(shown)),
            )
        )
    return tuple(answered)


def _titles(found: Sequence[AnswerSet]) -> list[str]:
    """Returns a name that tells each set from all others: variants, with runtimes, or the first cell's id."""
    names: dict[int, str] = {}
    for name in (_by_variants, _by_runtimes, lambda one: one.records[0].cell.id):
        titles = [names.get(place) or name(one) for place, one in enumerate(found)]
        names |= {place: title for place, title in enumerate(titles) if titles.count(title) == 1}
    return [names[place] for place in range(len(found))]


def _by_variants(one: AnswerSet) -> str:
    return f"{one.records[0].cell.backbone} {_each(record.cell.variant for record in one.records)}"


def _by_runtimes(one: AnswerSet) -> str:
    return f"{_by_variants(one)} on {_each(record.cell.runtime for record in one.records)}"


def _each(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _summary(one: AnswerSet) -> str:
    record = one.records[0]
    if record.accuracy is None:
        return ""
    low, high = record.accuracy.interval
    right = f"{exactly(record.accuracy.correct)} of {exactly(record.accuracy.total)} samples right"
    summary = f"{right}: {percent(record.accuracy.top1)} % (95 %: {percent(low)} to {percent(high)})."
    if record.cell.has_random_weights:
        summary += " Its weights are random: none of this means anything."
    if len(one.records) > 1:
        summary += f" The same answers in {named([each.cell.id for each in one.records])}."
    return summary


def _flips(one: AnswerSet, shown: int) -> str:
    """Returns how many samples flipped and how many of them are shown, or why it is not known."""
    if one.twin is None:
        is_float = any(record.cell.variant == "float32" for record in one.records)
        return "" if is_float else "Its float twin is not in this file, so it cannot be compared with it."
    flipped, twin = one.flipped, one.twin.cell.id
    if flipped is None:
        return f"Its float twin, {twin}, did not answer the same samples, so it cannot be compared with it."
    if not flipped:
        total = one.twin.accuracy.total if one.twin.accuracy else 0
        return f"None: it says of all {exactly(total)} samples what its float twin, {twin}, says."
    counts = Counter(sample.kind for sample in flipped)
    wrong, right, changed = (exactly(counts[kind]) for kind in _KINDS)
    return (
        f"Against its float twin, {twin}: {wrong} newly wrong, {right} newly right, {changed} wrong in another way; "
        f"showing {exactly(shown)} of {exactly(len(flipped))}, the most telling first."
    )


def _worst(confusion: ConfusionMatrix, one: AnswerSet) -> Sheet | None:
    """Returns the classes with the least share of right answers, with what each lost against the float twin."""
    record = one.records[0]
    both = both_answers(one.twin, record) if one.twin else None
    lost: dict[str, int] = {}
    if both:
        before, after = both
        losses = class_losses(before.predicted, after.predicted, truth=before.truth, classes=record.dataset.classes)
        lost = {loss.name: loss.newly_wrong - loss.newly_right for loss in losses}
    rows = tuple(
        _score(score, exactly(lost.get(score.name, 0)) if one.twin else ABSENT)
        for score in worst_classes(class_scores(confusion), most=_MOST_CLASSES)
    )
    heads = ("class", "right", "of", "recall %", "95 %", "lost to float", "")
    grid = without_empty(Grid(heads=heads, rows=rows, words=frozenset({6})))
    return Sheet(caption="Worst classes", grid=grid) if rows else None


def _score(score: ClassScore, lost: str) -> tuple[str, ...]:
    surely = "surely worse than the rest" if score.is_surely_below else ""
    recall, interval = ABSENT, ABSENT
    if score.recall:
        recall = percent(score.right / score.samples)
        interval = f"{percent(score.recall.low)}–{percent(score.recall.high)}"
    return (score.name, exactly(score.right), exactly(score.samples), recall, interval, lost, surely)


def _mixups(confusion: ConfusionMatrix) -> Sheet | None:
    rows = []
    for truth, taken in mistakes(confusion)[:_MOST_MIXUPS]:
        row = confusion.counts[truth]
        names = (confusion.classes[truth], confusion.classes[taken])
        rows.append((*names, exactly(row[taken]), percent(row[taken] / sum(row))))
    heads = ("class", "taken for", "samples", "% of the class")
    grid = Grid(heads=heads, rows=tuple(rows), words=frozenset({1}))
    return Sheet(caption="Most frequent confusions", grid=grid) if rows else None


def confusion_of(record: Record) -> ConfusionMatrix | None:
    """Returns the confusion matrix of a record's predictions, or None where its accuracy was not measured."""
    answers = answers_of(record)
    return counted(answers, cell=record.cell.id, classes=record.dataset.classes) if answers else None


def counted(answers: Answers, *, cell: str, classes: Sequence[str]) -> ConfusionMatrix:
    """Returns the confusion matrix of answers.

    Args:
        answers: Of a model, decoded.
        cell: Its id.
        classes: Their names.
    """
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (np.array(answers.truth, np.int64), np.array(answers.predicted, np.int64)), 1)
    return ConfusionMatrix(cell=cell, classes=tuple(classes), counts=tuple(map(tuple, counts.tolist())))


def class_scores(found: ConfusionMatrix) -> tuple[ClassScore, ...]:
    """Returns how the cell does on each class, in the order of the classes.

    A class is compared with all others by Fisher's exact test, one-sided: R. A. Fisher, "The logic of inductive
    inference", Journal of the Royal Statistical Society 98 (1935). It is right less often than the cell is on the whole
    just where it is right less often than the others.
    """
    below = _below(found)
    return tuple(
        ClassScore(
            name=name,
            samples=sum(row),
            right=row[index],
            recall=wilson(row[index], sum(row)) if sum(row) else None,
            p_below=below.get(index),
        )
        for index, (name, row) in enumerate(zip(found.classes, found.counts, strict=True))
    )


def worst_classes(scores: Sequence[ClassScore], *, most: int) -> tuple[ClassScore, ...]:
    """Returns the classes with the lowest recall, the lowest first; of equal ones that with more samples.

    Args:
        scores: From `class_scores`.
        most: How many to return at most; classes without samples and those that are always right are none of them.
    """
    failing = [score for score in scores if score.recall and score.right < score.samples]
    failing.sort(key=lambda score: (score.right / score.samples, -score.samples))
    return tuple(failing[:most])


def _below(found: ConfusionMatrix) -> dict[int, float]:
    """Returns each class's adjusted p-value, by its index; classes without samples have none."""
    total, correct = found.total, found.correct
    sizes = {index: sum(row) for index, row in enumerate(found.counts) if sum(row)}
    p_values = [
        _fewer(found.counts[index][index], drawn=size, marked=correct, total=total) for index, size in sizes.items()
    ]
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


def confusion_table(found: ConfusionMatrix) -> ConfusionTable:
    """Returns a confusion matrix as the page shows it: all classes, or those with the most mistakes of either kind."""
    shown = range(len(found.classes))
    if len(shown) <= MOST_CLASSES:
        rows = tuple(_row(found, place, shown, rest=False) for place in shown)
        return ConfusionTable(heads=found.classes, rows=rows, note="")
    columns = [sum(column) for column in zip(*found.counts, strict=True)]
    mistakes = [sum(row) + columns[place] - 2 * row[place] for place, row in enumerate(found.counts)]
    some = sorted(sorted(shown, key=lambda place: (-mistakes[place], place))[:MOST_CLASSES])
    return ConfusionTable(
        heads=(*(found.classes[place] for place in some), OTHERS),
        rows=tuple(_row(found, place, some, rest=True) for place in some),
        note=f"The {exactly(len(some))} classes with the most mistakes, of {exactly(len(found.classes))}.",
    )


def _row(
    found: ConfusionMatrix, place: int, shown: Sequence[int], *, rest: bool
) -> tuple[str, tuple[tuple[str, int, str], ...]]:
    counts, name = found.counts[place], found.classes[place]
    fields = [
        (counts[other], f"{name}, right" if other == place else f"{name} taken for {found.classes[other]}")
        for other in shown
    ]
    if rest:
        fields.append((sum(counts) - sum(counts[other] for other in shown), f"{name} taken for another class"))
    return name, tuple(_field(count, sum(counts), words) for count, words in fields)


def _field(count: int, of: int, words: str) -> tuple[str, int, str]:
    if not count:
        return "", 0, ""
    return exactly(count), shade(count / of), f"{words}: {exactly(count)} of {exactly(of)} ({percent(count / of)} %)"
