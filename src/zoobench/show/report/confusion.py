"""Which classes does a cell get wrong, and what does it take them for?"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from zoobench.judge.compare.flipped_samples import ClassLoss, class_losses
from zoobench.results.answers import Answers, answers_of, both_answers
from zoobench.results.schema import Record
from zoobench.stats.multiple import holm
from zoobench.stats.paired import mcnemar_mid_p_of_loss
from zoobench.stats.statistics import CONFIDENCE, Estimate, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """What a cell took the test samples for.

    Attributes:
        classes: Names, in the order of the model's outputs.
        counts: [classes, classes]: row i holds the samples of class i by what was predicted; all samples stand in it.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def total(self) -> int:
        """All samples."""
        return sum(map(sum, self.counts))

    @property
    def correct(self) -> int:
        """Samples that were right: the diagonal."""
        return sum(row[index] for index, row in enumerate(self.counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """How a cell does on one class.

    Attributes:
        name: The class.
        samples: How many test samples are of it.
        predicted: How many samples were taken for it.
        right: How many of its samples were.
        recall: right / samples with its Wilson interval, 95 %; None where there is no sample of it.
        precision: right / predicted with its Wilson interval, 95 %; None where nothing was taken for it.
        p_below: How probable so few right ones are if the class is as easy as the others, adjusted by Holm for all
            classes that have samples; None where it has none.
    """

    name: str
    samples: int
    predicted: int
    right: int
    recall: Estimate | None
    precision: Estimate | None
    p_below: float | None

    @property
    def is_surely_below(self) -> bool:
        """Whether it is surely right less often than the cell is on the whole."""
        return self.p_below is not None and self.p_below <= 1 - CONFIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixup:
    """A class whose samples were taken for another one.

    Attributes:
        truth: The class.
        predicted: What they were taken for.
        count: How many.
        share: Of all samples of the class.
    """

    truth: str
    predicted: str
    count: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LosingClass:
    """A class that lost samples between two cells, on balance.

    Attributes:
        loss: How many, and the shares that were right.
        p: How probable so large a loss is if losing a sample is no likelier than winning one: the mid-p of McNemar's
            test, adjusted by Holm for all classes that have samples.
    """

    loss: ClassLoss
    p: float

    @property
    def is_sure(self) -> bool:
        """Whether the class surely lost."""
        return self.p <= 1 - CONFIDENCE


def confusion_of(record: Record) -> Confusion | None:
    """Returns the confusion matrix of a record's predictions, or None where its accuracy was not measured."""
    answers = answers_of(record)
    return None if answers is None else confusion(answers, classes=record.dataset.classes)


def confusion(answers: Answers, *, classes: Sequence[str]) -> Confusion:
    """Returns the confusion matrix of answers.

    Args:
        answers: Of a model, decoded.
        classes: Their names.
    """
    count = len(classes)
    places = np.array(answers.truth, np.int64) * count + np.array(answers.predicted, np.int64)
    counts = np.bincount(places, minlength=count * count).reshape(count, count)
    return Confusion(classes=tuple(classes), counts=tuple(map(tuple, counts.tolist())))


def class_scores(found: Confusion) -> tuple[ClassScore, ...]:
    """Returns how the cell does on each class, in the order of the classes.

    A class is held against all others by Fisher's exact test, one-sided: R. A. Fisher, "The logic of inductive
    inference", Journal of the Royal Statistical Society 98 (1935). It is right less often than the cell is on the whole
    just where it is right less often than the others.
    """
    columns = [sum(column) for column in zip(*found.counts, strict=True)]
    below = _below(found)
    return tuple(
        ClassScore(
            name=name,
            samples=sum(row),
            predicted=columns[index],
            right=row[index],
            recall=_share(row[index], sum(row)),
            precision=_share(row[index], columns[index]),
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


def frequent_mixups(found: Confusion, *, most: int) -> tuple[Mixup, ...]:
    """Returns the pairs of classes that were mixed up most often, the most frequent first.

    Args:
        found: From `confusion_of`.
        most: How many to return at most.
    """
    return tuple(sorted(_mixups(found), key=lambda mixup: (-mixup.count, -mixup.share))[:most])


def losing_classes(base: Record, new: Record) -> tuple[LosingClass, ...] | None:
    """Returns the classes that lost most from one cell to another, paired by sample, the largest share first.

    Args:
        base: Such as the float twin's record.
        new: Such as the variant's.

    Returns:
        None where they did not answer the same samples.
    """
    both = both_answers(base, new)
    if both is None:
        return None
    before, after = both
    losses = class_losses(before.predicted, after.predicted, truth=before.truth, classes=base.dataset.classes)
    p_values = [mcnemar_mid_p_of_loss(loss.newly_wrong, loss.newly_right) for loss in losses]
    adjusted = holm(p_values, asked=len(set(before.truth)))
    return tuple(LosingClass(loss=loss, p=p) for loss, p in zip(losses, adjusted, strict=True))


def _mixups(found: Confusion) -> Iterator[Mixup]:
    for truth, row in enumerate(found.counts):
        for predicted, count in enumerate(row):
            if count and predicted != truth:
                name, other = found.classes[truth], found.classes[predicted]
                yield Mixup(truth=name, predicted=other, count=count, share=count / sum(row))


def _share(right: int, total: int) -> Estimate | None:
    return Estimate(point=right / total, interval=wilson(right, total)) if total else None


def _below(found: Confusion) -> dict[int, float]:
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
