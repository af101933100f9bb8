"""Is a cell right more often than before? Paired by sample where both sides answered the same ones."""

import math
from dataclasses import replace

from zoobench.errors import ResultsError
from zoobench.judge.changes import TOP1, Change
from zoobench.judge.packing import decode
from zoobench.judge.paired import Answers, mcnemar_mid_p, paired_difference
from zoobench.judge.record import Record

_RANDOM = "random"


def top1_change(base: Record | None, new: Record | None) -> Change:
    """Returns the change of top-1, paired by sample where both sides answered the same ones."""
    ours, theirs = (record.accuracy if record else None for record in (base, new))
    if ours is None or theirs is None or base is None or new is None:
        return Change(metric=TOP1, base=ours.top1 if ours else None, new=theirs.top1 if theirs else None)
    answers = paired_answers(base, new)
    bare = Change(metric=TOP1, base=ours.top1, new=theirs.top1, change=theirs.top1 - ours.top1, judgement="unclear")
    if answers is None:
        return bare
    interval, p_value = paired_difference(answers), mcnemar_mid_p(answers.lost, answers.won)
    if _RANDOM in (base.cell.weights, new.cell.weights):  # what it says of such weights means nothing
        return replace(bare, interval=interval, basis="samples")
    unchanged = answers.lost == answers.won == 0
    return replace(
        bare, interval=interval, basis="samples", p_value=p_value, judgement="same" if unchanged else "unclear"
    )


def paired_answers(base: Record, new: Record) -> Answers | None:
    """Returns how both answered, or None where they did not answer the same samples."""
    (ours, truth), (theirs, other_truth) = _right(base), _right(new)
    if base.dataset.sha256 != new.dataset.sha256 or truth != other_truth or not truth:
        return None
    counts = dict.fromkeys(((True, True), (True, False), (False, True), (False, False)), 0)
    for pair in zip(ours, theirs, strict=True):
        counts[pair] += 1
    return Answers(
        both=counts[True, True], lost=counts[True, False], won=counts[False, True], neither=counts[False, False]
    )


def _right(record: Record) -> tuple[list[bool], tuple[int, ...]]:
    """Returns which samples are right, and the truth."""
    accuracy, cell = record.accuracy, record.cell.id
    if accuracy is None:
        return [], ()
    try:
        predicted, truth = decode(accuracy.predictions.classes), decode(accuracy.predictions.truth)
    except ResultsError as error:
        raise ResultsError(f"{cell}: accuracy.predictions: {error}; measure this cell again") from error
    right = [one == other for one, other in zip(predicted, truth, strict=False)]
    told = (len(predicted), len(truth), sum(right), sum(right) / max(len(truth), 1))
    if told[:3] != (accuracy.total, accuracy.total, accuracy.correct) or not math.isclose(told[3], accuracy.top1):
        raise ResultsError(
            f"{cell}: accuracy says {accuracy.correct} right of {accuracy.total}, top1 {accuracy.top1:g}, but its "
            f"predictions are {len(predicted)} answers to {len(truth)} samples, {sum(right)} of them right; the file "
            "was changed after measuring. Measure it again"
        )
    return right, truth
