"""What does each variant get right and wrong, and which samples does it answer otherwise than its float twin?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import get_args

from zoobench.judge.compare.flipped_samples import class_losses
from zoobench.results.answers import both_answers, float_twin
from zoobench.results.schema import Record
from zoobench.show.charts.confusion import ConfusionMatrix, mistakes
from zoobench.show.document import Grid
from zoobench.show.report.confusion import ClassScore, class_scores, confusion_of, confusion_table, worst_classes
from zoobench.show.report.contents import FlippedSample, Kind, Pictures, Sheet, VariantAnswers, named, without_empty
from zoobench.show.table import by_backbone
from zoobench.system.units import ABSENT, exactly, percent

MOST_SHOWN, LEAST_SHOWN, MOST_IN_ALL = 24, 6, 600
"""Samples that are shown of a set of answers, at most; of each of very many sets; and of all sets together."""
_MOST_CLASSES, _MOST_MIXUPS = 10, 6
"""That the tables hold."""
_KINDS: tuple[Kind, ...] = get_args(Kind)


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
        recall = percent(score.recall.point)
        interval = f"{percent(score.recall.interval.low)}–{percent(score.recall.interval.high)}"
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
