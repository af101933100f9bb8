"""Which samples does a cell answer otherwise than another one, how sure was each, and which tell most?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zoobench.judge.compare.flipped_samples import find_flips
from zoobench.results.answers import Answers, both_answers
from zoobench.results.schema import Record

Kind = Literal["lost", "won", "changed"]
"""Right before alone, right now alone, or wrong both times in another way."""
_ORDER: tuple[Kind, ...] = ("lost", "won", "changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A class that was predicted, and its probability (to 1/65535)."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlippedSample:
    """A sample that two cells answered otherwise.

    Attributes:
        sample: Its place in the test split, from 0.
        kind: What became of it.
        truth: The right class.
        before: What the base answered: the float twin, or the baseline.
        after: What the new side answered.
    """

    sample: int
    kind: Kind
    truth: str
    before: Answer
    after: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class FlippedSamples:
    """All samples that two cells answered otherwise.

    Attributes:
        base: Id of the cell that the other one is held against.
        new: Id of the other one.
        total: Test samples.
        lost: How many only the base has right.
        won: How many only the new one has right.
        changed: How many both have wrong, in different ways.
        samples: They, the most telling first: lost ones, the surer the base was the sooner; then won ones, the surer
            the new one is the sooner; then the others in the order of the lost ones.
    """

    base: str
    new: str
    total: int
    lost: int
    won: int
    changed: int
    samples: tuple[FlippedSample, ...]


def flipped_samples(base: Record, new: Record) -> FlippedSamples | None:
    """Returns the samples on which two cells differ, or None where they did not answer the same ones.

    Args:
        base: The float twin's record (`answers.float_twin`), or the baseline's.
        new: The variant's, or the candidate's.
    """
    both = both_answers(base, new)
    if both is None:
        return None
    before, after = both
    classes = base.dataset.classes
    flips = find_flips(before.predicted, after.predicted, truth=before.truth, classes=classes)
    kinds: dict[int, Kind] = {flip.sample: "lost" for flip in flips.newly_wrong}
    kinds |= {flip.sample: "won" for flip in flips.newly_right}
    found = _differing(before, after, kinds, classes=classes)
    return FlippedSamples(
        base=base.cell.id,
        new=new.cell.id,
        total=flips.answers.total,
        lost=flips.answers.lost,
        won=flips.answers.won,
        changed=len(found) - flips.answers.lost - flips.answers.won,
        samples=tuple(sorted(found, key=_telling)),
    )


def _differing(
    before: Answers, after: Answers, kinds: dict[int, Kind], *, classes: Sequence[str]
) -> list[FlippedSample]:
    return [
        FlippedSample(
            sample=sample,
            kind=kinds.get(sample, "changed"),
            truth=classes[truth],
            before=Answer(name=classes[first], probability=before.probability[sample]),
            after=Answer(name=classes[second], probability=after.probability[sample]),
        )
        for sample, (truth, first, second) in enumerate(
            zip(before.truth, before.predicted, after.predicted, strict=True)
        )
        if first != second
    ]


def _telling(flipped: FlippedSample) -> tuple[int, float, float, int]:
    first, second = flipped.before.probability, flipped.after.probability
    sure, other = (second, first) if flipped.kind == "won" else (first, second)
    return _ORDER.index(flipped.kind), -sure, -other, flipped.sample
