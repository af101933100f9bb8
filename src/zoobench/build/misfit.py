"""Would a classifier be right far more often if it were fed other pixels, or its outputs were other classes?

Labelled images say it. Nothing is changed by what they say: the run goes on as it was asked for, with a warning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import get_args

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.special import bdtrc

from zoobench.matrix.interface import PixelRange
from zoobench.stats.paired import mcnemar_mid_p

_FEWEST = 10
"""Images on which a comparison means something."""
_MANY = 40
"""Images from which on what matters is unlikely by chance."""
_MUCH, _UNLIKELY = 0.1, 0.005
"""Top-1 that other pixels must add, and how unlikely by chance."""
_VERY_MUCH, _VERY_UNLIKELY = 0.2, 0.001
"""The same of another order, which is chosen among many."""
_GUESSING = 0.05
"""An answer that is right more often than guesses are by this chance is none."""
_SURE_OF_GUESSING = 20
"""Images from which on it is said of a few too many right answers, too."""
_SHOWN_CLASSES = 30
_TOO_FEW = "too few images to tell chance from"
_SHOWN_PAIRS = 4
Labels = npt.NDArray[np.int64]
Right = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Ask = Callable[[PixelRange], Floats | None]
"""Gives probabilities [images, classes] for pixels in a range; None where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """Which images a classifier is right about with these pixels, its outputs in their order or in another."""

    pixels: PixelRange
    answers: npt.NDArray[np.int64]
    right: Right

    @property
    def top1(self) -> float:
        return float(self.right.mean())

    def is_better(self, other: "_Trial", *, by: float, at: float) -> bool:
        """Whether it is right more often than another on the same images, by how much and how unlikely by chance."""
        wrong, right = int((other.right & ~self.right).sum()), int((self.right & ~other.right).sum())
        return self.top1 - other.top1 >= by and mcnemar_mid_p(wrong, right) < at

    @property
    def score(self) -> str:
        return f"right for {int(self.right.sum())} of {len(self.right)} images"


def misfits(
    ask: Ask, labels: Labels, *, model: str, pixels: PixelRange, classes: Sequence[str], are_labelled: bool = False
) -> list[str]:
    """Returns what speaks against the pixels that a classifier is fed and the order of its outputs, a sentence each.

    An order is found on one half of the images and tried on the other, and the other way round, so that many classes
    and few images do not make one out of chance.

    Args:
        ask: Asked for the range that the classifier is fed, and for others where it is often wrong.
        labels: Class of each image.
        model: What the user calls it in options.
        pixels: The range that it is fed.
        classes: Names, in the order of the labels.
        are_labelled: Whether names in the model's file say which output is which class.
    """
    own = _trial(ask, labels, pixels)
    if own is None or own.top1 > 1 - _MUCH:
        return []
    if len(labels) < _FEWEST:
        return [f"it is {own.score}, {_TOO_FEW} other pixels or another order of its outputs; give more"]
    trials = [own, *filter(None, (_trial(ask, labels, one) for one in get_args(PixelRange) if one != pixels))]
    highest = max(trials, key=lambda one: one.top1)
    best = highest if highest.is_better(own, by=_MUCH, at=_UNLIKELY) else own
    orders = (_reordered(one, labels, classes) for one in trials)
    other = max(orders, key=lambda one: (one.top1, one.pixels == best.pixels))
    is_other = other.is_better(best, by=_VERY_MUCH, at=_VERY_UNLIKELY)
    found = other if is_other else best
    said = [_other_pixels(own, found, model)] if found.pixels != pixels else []
    fed = next(one for one in trials if one.pixels == found.pixels)
    if not is_other:
        return said or _perhaps(own, highest)
    return [*said, _other_order(fed, found, labels, classes, are_labelled=are_labelled)]


def guessing(probabilities: Floats, labels: Labels, *, classes: Sequence[str]) -> list[str]:
    """Returns a sentence if a classifier is right about images [n, classes] no more often than by guessing."""
    right, total, chance = int((probabilities.argmax(axis=1) == labels).sum()), len(labels), 1 / len(classes)
    by_chance = float(bdtrc(right - 1, total, chance)) if right else 1.0
    if right > total * chance and (total < _SURE_OF_GUESSING or by_chance <= _GUESSING):
        return []
    return [
        f"it is right for {right} of {total} images, no more often than by guessing among {len(classes)} classes; it "
        "may have been trained on others, or on other pixels"
    ]


def _trial(ask: Ask, labels: Labels, pixels: PixelRange) -> _Trial | None:
    probabilities = ask(pixels)
    if probabilities is None:
        return None
    answers = probabilities.argmax(axis=1)
    return _Trial(pixels=pixels, answers=answers, right=answers == labels)


def _perhaps(own: _Trial, highest: _Trial) -> list[str]:
    """Returns a sentence where a range of pixels makes nearly all right, and there are too few images to be sure."""
    if len(own.right) >= _MANY or highest.top1 <= 1 - _MUCH or highest.top1 - own.top1 < _MUCH:
        return []
    return [
        f"it is {own.score} with pixels {own.pixels}, as it is fed here, and {highest.score} with pixels "
        f"{highest.pixels}, {_TOO_FEW} a model that was trained on these; check it, or give more"
    ]


def _reordered(trial: _Trial, labels: Labels, classes: Sequence[str]) -> _Trial:
    """Returns the same with the outputs in the order that fits best, judged on images that it was not found on."""
    earlier = np.array([np.sum(labels[:place] == label) for place, label in enumerate(labels)])
    right = np.zeros(len(labels), bool)
    for half in (0, 1):
        judged = earlier % 2 == half
        meant = _meant(trial.answers[~judged], labels[~judged], len(classes))
        right[judged] = meant[trial.answers[judged]] == labels[judged]
    return _Trial(pixels=trial.pixels, answers=trial.answers, right=right)


def _meant(answers: Labels, labels: Labels, classes: int) -> Labels:
    """Returns the class that each output means if the most images are to be right; itself where nothing says more."""
    counts = np.eye(classes) / 2
    np.add.at(counts, (answers, labels), 1)
    meant: Labels = linear_sum_assignment(counts, maximize=True)[1]
    return meant


def _other_pixels(own: _Trial, other: _Trial, model: str) -> str:
    return (
        f"it is {own.score} with pixels {own.pixels}, as it is fed here, and {other.score} with pixels {other.pixels}; "
        f"if it was trained on these, run again with --zoo-pixels {model}={other.pixels}"
    )


def _other_order(fed: _Trial, found: _Trial, labels: Labels, classes: Sequence[str], *, are_labelled: bool) -> str:
    meant = _meant(fed.answers, labels, len(classes)).tolist()
    moved = [(classes[output], classes[label]) for output, label in enumerate(meant) if output != label]
    pairs = ", ".join(f"{answered!r} is {true!r}" for answered, true in moved[:_SHOWN_PAIRS])
    more = f" and {len(moved) - _SHOWN_PAIRS} more" if len(moved) > _SHOWN_PAIRS else ""
    order = [classes[label] for label in meant]
    listed = len(order) <= _SHOWN_CLASSES and not any("," in name for name in order)
    option = ",".join(order) if listed else "FILE, which has the name of each output on a line of its own"
    mend = f"if its outputs are in that order, run again with --zoo-classes {quote(option) if listed else option}"
    return (
        f"with pixels {found.pixels} its answers fit the classes far better in another order: {found.score} instead of "
        f"{int(fed.right.sum())}, where what it answers as {pairs}{more}; "
        f"{'the labels in its file may be wrong' if are_labelled else mend}"
    )
