"""What does each variant get right and wrong, and which samples does it answer otherwise than its float twin?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from zoobench.results.answers import float_twin
from zoobench.results.schema import Record
from zoobench.show.document import Grid
from zoobench.show.report.answerparts import Answered, Pictures, ShownSample
from zoobench.show.report.confusion import (
    ClassScore,
    Confusion,
    class_scores,
    confusion_of,
    frequent_mixups,
    losing_classes,
    worst_classes,
)
from zoobench.show.report.confusions import confusion_table
from zoobench.show.report.contents import Sheet
from zoobench.show.report.flippedsamples import Answer, FlippedSample, FlippedSamples, flipped_samples
from zoobench.show.report.grids import without_empty
from zoobench.show.report.phrases import named
from zoobench.show.table import by_backbone
from zoobench.stats.statistics import Estimate
from zoobench.system.units import ABSENT, exactly, percent

MOST_SHOWN, LEAST_SHOWN, MOST_IN_ALL = 24, 6, 600
"""Samples that are shown of a set of answers, at most; of each of very many sets; and of all sets together."""
_MOST_CLASSES, _MOST_MIXUPS = 10, 6
"""That the tables hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Cells that answered every sample alike, such as one file on several numbers of threads.

    Attributes:
        records: Of the cells.
        twin: Of the float twin of the first that has one; None for float files alone.
        flipped: What became of the twin's answers; None without a twin that answered the same samples.
    """

    records: tuple[Record, ...]
    twin: Record | None
    flipped: FlippedSamples | None


def distinct_answers(records: Sequence[Record]) -> tuple[Answers, ...]:
    """Returns the cells that have answers, by what they answered, in the order of the table."""
    known = {record.cell.id: record for record in records}
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record in by_backbone(records):
        if record.accuracy:
            given = record.accuracy.predictions
            key = (record.cell.backbone, record.cell.weights, record.dataset.sha256, given.truth, given.classes)
            groups.setdefault(key, []).append(record)
    return tuple(_answers(tuple(group), known) for group in groups.values())


def _answers(group: tuple[Record, ...], known: Mapping[str, Record]) -> Answers:
    held = next((record for record in group if float_twin(record, known)), group[0])
    twin = float_twin(held, known)
    return Answers(records=group, twin=twin, flipped=flipped_samples(twin, held) if twin else None)


def wanted_samples(found: Sequence[Answers]) -> tuple[int, ...]:
    """Returns the samples of which the page would show an image: the most telling of every set of answers first."""
    ranked = zip_longest(*(one.flipped.samples[: shown_of(found)] for one in found if one.flipped))
    return tuple(dict.fromkeys(one.sample for rank in ranked for one in rank if one))


def shown_of(found: Sequence[Answers]) -> int:
    """Returns how many samples of each set of answers are shown."""
    return min(max(MOST_IN_ALL // max(len(found), 1), LEAST_SHOWN), MOST_SHOWN)


def answered_of(found: Sequence[Answers], pictures: Pictures) -> tuple[Answered, ...]:
    """Returns the sets of answers as the page shows them."""
    titles = _titles(found)
    return tuple(
        _answered(one, name=f"answers-{number}", title=title, pictures=pictures, most=shown_of(found))
        for number, (one, title) in enumerate(zip(found, titles, strict=True), start=1)
    )


def _titles(found: Sequence[Answers]) -> list[str]:
    """Returns a name that tells each set from all others: variants, with runtimes, or the first cell's id."""
    names: dict[int, str] = {}
    for name in (_by_variants, _by_runtimes, lambda one: one.records[0].cell.id):
        told = [names.get(place) or name(one) for place, one in enumerate(found)]
        names |= {place: title for place, title in enumerate(told) if told.count(title) == 1}
    return [names[place] for place in range(len(found))]


def _by_variants(one: Answers) -> str:
    return f"{one.records[0].cell.backbone} {_each(record.cell.variant for record in one.records)}"


def _by_runtimes(one: Answers) -> str:
    return f"{_by_variants(one)} on {_each(record.cell.runtime for record in one.records)}"


def _each(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _answered(one: Answers, *, name: str, title: str, pictures: Pictures, most: int) -> Answered:
    confusion = confusion_of(one.records[0])
    shown = _shown(one.flipped, pictures, most)
    return Answered(
        name=name,
        title=title,
        cells=tuple(record.cell.id for record in one.records),
        summary=_summary(one),
        confusion=confusion_table(confusion) if confusion else None,
        worst=_worst(confusion, one) if confusion else None,
        mixups=_mixups(confusion) if confusion else None,
        flipped=shown,
        flipped_told=_told(one, len(shown)),
    )


def _summary(one: Answers) -> str:
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


def _told(one: Answers, shown: int) -> str:
    if one.twin is None:
        is_float = any(record.cell.variant == "float32" for record in one.records)
        return "" if is_float else "Its float twin is not in this file, so that nothing can be held against it."
    flipped, twin = one.flipped, one.twin.cell.id
    if flipped is None:
        return f"Its float twin, {twin}, did not answer the same samples, so nothing can be held against it."
    if not flipped.samples:
        return f"None: it says of all {exactly(flipped.total)} samples what its float twin, {twin}, says."
    counts = (
        f"{exactly(flipped.lost)} lost, {exactly(flipped.won)} won, {exactly(flipped.changed)} wrong in another way"
    )
    some = f"showing {exactly(shown)} of {exactly(len(flipped.samples))}, the most telling first"
    return f"Against its float twin, {twin}: {counts}; {some}."


def _shown(flipped: FlippedSamples | None, pictures: Pictures, most: int) -> tuple[ShownSample, ...]:
    """Returns the most telling samples; where there are images, those that have one."""
    if flipped is None:
        return ()
    some = [one for one in flipped.samples[:most] if not pictures.shown or one.sample in pictures.shown]
    return tuple(_sample(one, pictures) for one in some)


def _sample(one: FlippedSample, pictures: Pictures) -> ShownSample:
    return ShownSample(
        sample=one.sample + 1,
        photo=pictures.shown.get(one.sample, ""),
        kind=one.kind,
        truth=one.truth,
        before=one.before.name,
        before_sure=_sure(one.before),
        after=one.after.name,
        after_sure=_sure(one.after),
    )


def _sure(answer: Answer) -> str:
    return f"{percent(answer.probability)} %"


def _worst(confusion: Confusion, one: Answers) -> Sheet | None:
    """Returns the classes with the least share of right answers, with what each lost against the float twin."""
    worst = worst_classes(class_scores(confusion), most=_MOST_CLASSES)
    losing = (losing_classes(one.twin, one.records[0]) if one.twin else None) or ()
    lost = {each.loss.name: each.loss.newly_wrong - each.loss.newly_right for each in losing}
    rows = tuple(_score(score, exactly(lost.get(score.name, 0)) if one.twin else ABSENT) for score in worst)
    heads = ("class", "right", "of", "recall %", "95 %", "lost to float", "")
    grid = without_empty(Grid(heads=heads, rows=rows, words=frozenset({6})))
    return Sheet(caption="Worst classes", grid=grid) if rows else None


def _score(score: ClassScore, lost: str) -> tuple[str, ...]:
    surely = "surely worse than the rest" if score.is_surely_below else ""
    return (score.name, exactly(score.right), exactly(score.samples), *_share(score.recall), lost, surely)


def _share(estimate: Estimate | None) -> tuple[str, str]:
    if estimate is None:
        return (ABSENT, ABSENT)
    low, high = estimate.interval.low, estimate.interval.high
    return (percent(estimate.point), f"{percent(low)}–{percent(high)}")


def _mixups(confusion: Confusion) -> Sheet | None:
    rows = tuple(
        (one.truth, one.predicted, exactly(one.count), percent(one.share))
        for one in frequent_mixups(confusion, most=_MOST_MIXUPS)
    )
    heads = ("class", "taken for", "samples", "% of the class")
    caption = "Most frequent confusions"
    return Sheet(caption=caption, grid=Grid(heads=heads, rows=rows, words=frozenset({1}))) if rows else None
