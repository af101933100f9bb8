"""Which samples does the candidate get wrong that the baseline had right, and which class suffers?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from zoobench.results.answers import both_answers
from zoobench.results.schema import Record
from zoobench.stats.paired import PairedAnswers


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A sample whose answer became right or wrong, with the names of classes.

    Attributes:
        sample: Its place in the test split, from 0.
        name: Of its image, '' where that is not known.
        truth: The right answer.
        before: The baseline's.
        after: The candidate's.
    """

    sample: int
    name: str
    truth: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLoss:
    """A class that has fewer of its samples right than before.

    Attributes:
        name: The class.
        before: Share of its samples that was right.
        after: Share of them that is right now.
        newly_wrong: Its samples that only the baseline has right.
        newly_right: Its samples that only the candidate has right.
    """

    name: str
    before: float
    after: float
    newly_wrong: int
    newly_right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """All that changed between two models' answers to the same samples.

    Attributes:
        answers: The counts.
        newly_wrong: Samples that only the baseline has right.
        newly_right: Samples that only the candidate has right.
        worst_class: The class that lost the largest share of its samples, on balance; None where none lost any.
    """

    answers: PairedAnswers
    newly_wrong: tuple[Flip, ...]
    newly_right: tuple[Flip, ...]
    worst_class: ClassLoss | None


def paired_flips(baseline: Record, candidate: Record, *, names: Sequence[str] = ()) -> Flips | None:
    """Returns what changed in the answers of one cell, or None where both sides did not answer the same samples.

    Args:
        baseline: One side's record.
        candidate: The other side's.
        names: Of the samples' images, as far as they are known.
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
    """Returns what changed.

    Args:
        before: Index of the class that the baseline predicted for each sample.
        after: The candidate's.
        truth: The right one.
        classes: Their names.
        names: Of the samples' images, as far as they are known.
    """
    rows = list(zip(range(len(truth)), truth, before, after, strict=True))
    flipped = [
        (
            first == right,
            Flip(
                sample=sample,
                name=names[sample] if sample < len(names) else "",
                truth=classes[right],
                before=classes[first],
                after=classes[second],
            ),
        )
        for sample, right, first, second in rows
        if (first == right) != (second == right)
    ]
    wrong = tuple(flip for was_right, flip in flipped if was_right)
    right = tuple(flip for was_right, flip in flipped if not was_right)
    right_before = sum(first == right for _, right, first, _ in rows)
    both = right_before - len(wrong)
    return Flips(
        answers=PairedAnswers(
            both=both,
            newly_wrong=len(wrong),
            newly_right=len(right),
            neither=len(rows) - both - len(wrong) - len(right),
        ),
        newly_wrong=wrong,
        newly_right=right,
        worst_class=next(iter(class_losses(before, after, truth=truth, classes=classes)), None),
    )


def class_losses(
    before: Sequence[int], after: Sequence[int], *, truth: Sequence[int], classes: Sequence[str]
) -> tuple[ClassLoss, ...]:
    """Returns the classes that lost samples, on balance, that which lost the largest share of its own first.

    Args:
        before: Index of the class that the baseline predicted for each sample.
        after: The candidate's.
        truth: The right one.
        classes: Their names.
    """
    rows = list(zip(truth, before, after, strict=True))
    total = Counter(right for right, _, _ in rows)
    lost = Counter(right for right, first, second in rows if first == right != second)
    won = Counter(right for right, first, second in rows if second == right != first)
    both = Counter(right for right, first, second in rows if first == second == right)
    losing = [one for one in total if lost[one] > won[one]]
    losing.sort(key=lambda one: ((won[one] - lost[one]) / total[one], one))
    return tuple(
        ClassLoss(
            name=classes[one],
            before=(both[one] + lost[one]) / total[one],
            after=(both[one] + won[one]) / total[one],
            newly_wrong=lost[one],
            newly_right=won[one],
        )
        for one in losing
    )
