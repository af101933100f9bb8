"""Which classes does a cell get wrong, what does it take them for, and how does that look as a table?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from zoobench.results.answers import Answers, answers_of
from zoobench.results.schema import Record
from zoobench.show.charts.confusion import ConfusionMatrix, shade
from zoobench.show.report.contents import ConfusionTable
from zoobench.stats.intervals import CONFIDENCE, Estimate, wilson
from zoobench.stats.paired import holm
from zoobench.system.units import exactly, percent

MOST_CLASSES = 20
"""That are shown; of more, those with the most mistakes."""
OTHERS = "others"
"""Head of the column of all classes that have none of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """How a cell does on one class.

    Attributes:
        name: The class.
        samples: How many test samples are of it.
        right: How many of them were taken for it.
        recall: right / samples with its Wilson interval, 95 %; None where there is no sample of it.
        p_below: How probable so few right ones are if the class is as easy as the others, adjusted by Holm for all
            classes that have samples; None where it has none.
    """

    name: str
    samples: int
    right: int
    recall: Estimate | None
    p_below: float | None

    @property
    def is_surely_below(self) -> bool:
        """Whether it is surely right less often than the cell is on the whole."""
        return self.p_below is not None and self.p_below <= 1 - CONFIDENCE


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
            recall=Estimate(point=row[index] / sum(row), interval=wilson(row[index], sum(row))) if sum(row) else None,
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
