"""Is a cell right more often than before? Paired by sample where both sides answered the same ones."""

from dataclasses import replace

from zoobench.judge.compare.changes import Change
from zoobench.judge.compare.compared import TOP1
from zoobench.judge.compare.flipped import find_flips
from zoobench.results.answers import both_answers
from zoobench.results.record import Record
from zoobench.stats.paired import Answers, mcnemar_mid_p, paired_difference


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
    if base.cell.has_random_weights or new.cell.has_random_weights:  # what it says of such weights means nothing
        return replace(bare, interval=interval, basis="samples")
    unchanged = answers.lost == answers.won == 0
    return replace(
        bare, interval=interval, basis="samples", p_value=p_value, judgement="same" if unchanged else "unclear"
    )


def paired_answers(base: Record, new: Record) -> Answers | None:
    """Returns how both answered, or None where they did not answer the same samples."""
    both = both_answers(base, new)
    if both is None:
        return None
    before, after = both
    return find_flips(before.predicted, after.predicted, truth=before.truth, classes=base.dataset.classes).answers
