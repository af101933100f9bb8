"""What is a model of one's own: a classifier of the data's classes or a backbone, and how are its outputs read?

Its graph says it, and its answers to labelled images. Where they leave it open, the user has to say it.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from shlex import quote

import numpy as np
import numpy.typing as npt

from zoobench.build import recipe
from zoobench.build.misfit import guessing, misfits
from zoobench.build.recipe import BuildRequest
from zoobench.build.subject import Floats, Subject, beginning, stored, subject_of
from zoobench.errors import MeasurementError, ModelError
from zoobench.matrix.interface import PIXEL_EXTENTS, WARNING, Interface, PixelRange, RequestedInterface, Scores
from zoobench.measure.runtimes import presented, probabilities
from zoobench.store.product import Facts, obtain
from zoobench.system.files import write_json
from zoobench.system.terminal import progress
from zoobench.tflite.labels import plain
from zoobench.tflite.ports import closest_range

_MUCH_CUT = 0.15
"""Share of a range of pixels that a quantized input need not store."""
_SUM_TOLERANCE = 1e-3
_SHOWN_CLASSES = 5


def interface_of(request: BuildRequest, requested: RequestedInterface) -> Interface:
    """Returns what a model of one's own is taken as, from the store or found out now.

    Raises:
        ModelError: If that cannot be known, or does not fit the data.
    """
    product = recipe.examination(request, requested)

    def make(folder: Path) -> Facts:
        dataset = request.dataset
        rows = recipe.examined_rows(dataset)
        with progress(f"Examining {request.backbone.name}", total=1) as advance:
            found = examine(
                subject_of(request),
                dataset.images(rows),
                np.array([dataset.samples[row].label for row in rows], np.int64),
                classes=dataset.classes,
                requested=requested,
            )
            advance(1, f"{found.taken_as}")
        write_json(folder / product.file_name, asdict(found))
        return {}

    return recipe.read_examination(obtain(request.root, product, make))


def examine(
    subject: Subject,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    *,
    classes: Sequence[str],
    requested: RequestedInterface,
) -> Interface:
    """Returns what a model is taken as, what it is fed and how its outputs are read.

    Args:
        subject: The model.
        images: RGB, [n, height, width, 3], the classes evenly.
        labels: Class of each.
        classes: Names, in the order of the labels.
        requested: What the user says; it is checked, not guessed at.

    Raises:
        ModelError: If that cannot be told or does not fit the classes, or its numbers are not finite; it names the
            option that says what is meant.
    """
    base = Interface(
        taken_as="classifier",
        pixels=requested.pixels or _pixels(subject),
        order=subject.order,
        layout=subject.layout,
        channels=1 if subject.channels == 1 else 3,
    )
    seen = _Seen(subject, _outputs(subject, images, base), classes)
    if not np.isfinite(seen.outputs).all():
        raise ModelError(
            f"{subject.name} gives numbers that are not finite for images with pixels {base.pixels}; check its "
            f"weights, or say what pixels it takes: --zoo-pixels {subject.name}=0..1"
        )
    if subject.labels and seen.rows is not None and requested.taken_as != "backbone":
        _refuse_other_labels(seen)
    decided = _decided(seen, requested)
    if decided is None:
        return replace(
            base, taken_as="backbone", order=(), remarks=_remarks(seen, [*_cut(subject, base.pixels), *_dead(seen)])
        )
    found = replace(base, scores=decided)

    return replace(found, remarks=_remarks(seen, _warnings(seen, found, images, labels)))


def _pixels(subject: Subject) -> PixelRange:
    """Returns the range that a model is fed where the user names none: Keras's own, or what its input was made for."""
    if subject.held is None:
        return "0..255"
    if found := closest_range(subject.held):
        return found
    raise ModelError(
        f"{subject.name}: {stored(subject.held)}, which is no range of pixels that is known here; name the one that "
        f"it takes: --zoo-pixels {subject.name}=RANGE, where RANGE is {', '.join(PIXEL_EXTENTS)}; if it takes "
        "another, make it anew from a model that has its preprocessing inside"
    )


def _cut(subject: Subject, pixels: PixelRange) -> list[str]:
    """Returns a sentence where a quantized input does not store much of the pixels that the user names."""
    if subject.held is None:
        return []
    low, high = PIXEL_EXTENTS[pixels]
    if max(subject.held[0] - low, high - subject.held[1]) <= _MUCH_CUT * (high - low):
        return []
    return [f"{stored(subject.held)}, so that of pixels {pixels} what is beyond them is cut off"]


def _warnings(
    seen: "_Seen", found: Interface, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]
) -> Sequence[str]:
    """Returns what speaks against the numbers of a classifier that is fed and read as was found, a sentence each."""
    subject, classes = seen.subject, seen.classes

    def ask(pixels: PixelRange) -> Floats | None:
        interface = replace(found, pixels=pixels)
        try:
            outputs = seen.outputs if pixels == found.pixels else _outputs(subject, images, interface)
            given = probabilities(outputs, interface, count=len(images))
        except MeasurementError:  # a grey model has no range of ImageNet
            return None
        return given if np.isfinite(given).all() else None

    speaking = misfits(
        ask, labels, model=subject.name, pixels=found.pixels, classes=classes, are_labelled=bool(subject.order)
    )
    warnings = [*_cut(subject, found.pixels), *(speaking or _dead(seen))]
    own = ask(found.pixels)
    if warnings or own is None:
        return warnings
    return guessing(own, labels, classes=classes)


def _remarks(seen: "_Seen", warnings: Sequence[str]) -> tuple[str, ...]:
    return (f"{seen.words}.", *seen.subject.remarks, *(f"{WARNING}{one}." for one in warnings))


def _outputs(subject: Subject, images: npt.NDArray[np.uint8], interface: Interface) -> Floats:
    shown = presented(images, interface).astype(np.float32)
    return np.asarray(subject.answer(shown)).astype(np.float32)


class _Seen:
    """What is seen of a model's outputs [n, ...]; `rows` are they as [n, numbers], None where each image has a map."""

    def __init__(self, subject: Subject, outputs: Floats, classes: Sequence[str]) -> None:
        self.subject = subject
        self.outputs = outputs
        self.classes = classes
        self.ending = subject.ending
        self.shape = outputs.shape[1:]
        is_vector = max(self.shape, default=1) == np.prod(self.shape)
        self.rows = outputs.reshape(len(outputs), -1) if is_vector else None
        self.numbers = int(np.prod(self.shape))

    @cached_property
    def is_in_unit(self) -> bool:
        """Whether all numbers are from 0 to 1."""
        return bool(self.outputs.min() >= -_SUM_TOLERANCE and self.outputs.max() <= 1 + _SUM_TOLERANCE)

    @cached_property
    def sums_to_one(self) -> bool:
        """Whether the numbers of each image are not negative and sum to one, up to the steps of quantized ones."""
        if self.numbers == 1 or self.rows is None:
            return False
        return self.is_in_unit and bool((np.abs(self.rows.sum(axis=1) - 1) <= self._tolerance).all())

    @cached_property
    def are_logarithms(self) -> bool:
        """Whether they are logarithms of numbers that sum to one."""
        if self.numbers == 1 or self.rows is None or self.rows.max() > _SUM_TOLERANCE:
            return False
        return bool((np.abs(np.exp(self.rows.astype(np.float64)).sum(axis=1) - 1) <= self._tolerance).all())

    @property
    def words(self) -> str:
        """A sentence of what they are and what makes them."""
        what = f"its {self.numbers} outputs end" if self.numbers > 1 else "its one output ends"
        if self.rows is None:
            what = f"its maps {'x'.join(map(str, self.shape))} end"
        sums = ", they sum to one" if self.sums_to_one and self.ending.kind != "softmax" else ""
        return f"{what} in {self.ending.words}{sums}"

    @property
    def _tolerance(self) -> float:
        looser = 10 if self.ending.kind == "softmax" else 1  # float16 rounds each of them
        return _SUM_TOLERANCE * looser + self.numbers * self.ending.step / 2


def _dead(seen: _Seen) -> list[str]:
    """Returns a sentence where every image has the same answer."""
    if len(seen.outputs) < 2 or np.ptp(seen.outputs, axis=0).max() > 1e-6 * max(1e-6, np.abs(seen.outputs).max()):
        return []
    return [f"it gives the same numbers for all {len(seen.outputs)} images that it was asked about"]


def _decided(seen: _Seen, requested: RequestedInterface) -> Scores | None:
    """Returns how the outputs of a classifier are read, None of a backbone."""
    if seen.rows is None and len(seen.shape) != 3:
        raise _refusal(seen, "that is neither a vector nor a feature map", "give a model that ends in one of these")
    if requested.taken_as == "backbone":
        return None
    count = len(seen.classes)
    fits = seen.rows is not None and (seen.numbers == count or (seen.numbers == 1 and count == 2))
    if requested.taken_as == "classifier" and not fits:
        raise _refusal(
            seen,
            "that fits no classifier of them",
            f"give the data that it was trained for, or train a head on it: {_option(seen, 'backbone')}",
        )
    if requested.scores:
        return _checked(seen, requested.scores)
    if fits:
        return _scores_of_one(seen) if seen.numbers == 1 else _scores(seen)
    _check_backbone(seen)
    return None


def _scores(seen: _Seen) -> Scores:
    """Returns how as many numbers as there are classes are read."""
    kind = seen.ending.kind
    if kind == "sigmoid" and seen.is_in_unit:
        _refuse_multi_label(seen)
        return "sigmoid"
    if seen.sums_to_one:
        return "probabilities"
    if kind == "softmax":
        raise _refusal(
            seen,
            "but the numbers of an image do not sum to one: the softmax is over others, or its result is changed",
            f"mend the model, or say how they are read: {_option(seen, 'classifier:logits')}",
        )
    if seen.are_logarithms or kind in ("linear", "pooled linear", "log-softmax"):
        return "logits"
    raise _unclear(seen)


def _scores_of_one(seen: _Seen) -> Scores:
    """Returns how one number for two classes is read."""
    kind = seen.ending.kind
    if kind == "sigmoid" and seen.is_in_unit:
        return "sigmoid"
    if kind in ("linear", "pooled linear"):
        return "logits"
    raise _unclear(seen)


def _refuse_multi_label(seen: _Seen) -> None:
    several = int(((seen.outputs.reshape(len(seen.outputs), -1) > 0.5).sum(axis=1) > 1).sum())
    if 2 * several > len(seen.outputs):
        raise _refusal(
            seen,
            f"and for {several} of {len(seen.outputs)} images more than one of them is above 0.5, as of a model that "
            "says yes or no to each class by itself",
            f"if it takes other pixels, name them, such as --zoo-pixels {seen.subject.name}=0..1; if the largest one "
            f"is meant all the same, {_option(seen, 'classifier:sigmoid')}",
        )


def _refuse_other_labels(seen: _Seen) -> None:
    """Refuses labels in the file that leave open which output is which class, if there is an output for each."""
    labels, classes = seen.subject.labels, seen.classes
    named = set(map(plain, labels))
    shared = [name for name in classes if plain(name) in named]
    if len(labels) == seen.numbers > len(classes) == len(shared):
        raise _refusal(
            seen,
            f"which are some of the {len(labels)} that are named in its file ({beginning(labels)})",
            f"to have the others count as wrong answers, name all in the order of its outputs: {_named(labels, seen)}",
        )
    if seen.numbers in (1, len(classes)):
        raise _refusal(
            seen,
            f"and the labels in its file are others ({beginning(labels)}; "
            f"{', '.join(shared[:_SHOWN_CLASSES]) or 'none'} in both), so it is not known which output is which class",
            f"name the classes of the data in the order of its outputs: {_named(classes, seen)}",
        )


def _named(names: Sequence[str], seen: _Seen) -> str:
    is_short = len(names) <= _SHOWN_CLASSES and not any("," in name for name in names)
    first = f"--zoo-classes {quote(','.join(names))}" if is_short else "--zoo-classes FILE, one name a line"
    return f"{first} (labels can be taken out of a TFLite file by unzip)" if names is seen.subject.labels else first


def _check_backbone(seen: _Seen) -> None:
    """Refuses what may be a classifier of other classes."""
    kind = seen.ending.kind
    if seen.rows is None:
        of_classes = kind == "maps" and len(seen.classes) in (seen.shape[0], seen.shape[-1])
        scores = kind in ("softmax", "log-softmax", "sigmoid") or _sum_to_one_over_channels(seen)
        if of_classes or scores:
            raise _unclear(seen, "as a model gives that has an answer for each place of an image")
        return
    saturated = seen.is_in_unit and bool((seen.outputs == 1).any())
    if seen.numbers > 1 and not seen.sums_to_one and (kind == "maps" or (kind == "features" and not saturated)):
        return
    raise _refusal(
        seen,
        "so it may be a classifier of other classes",
        f"give the data that it was trained for, or train a head on these numbers: {_option(seen, 'backbone')}",
    )


def _sum_to_one_over_channels(seen: _Seen) -> bool:
    return seen.is_in_unit and any(
        bool((np.abs(seen.outputs.sum(axis=axis) - 1) <= _SUM_TOLERANCE).all()) for axis in (1, -1)
    )


def _checked(seen: _Seen, scores: Scores) -> Scores:
    """Returns the scores that were asked for, if they can be these."""
    if scores == "logits" or (seen.is_in_unit and (scores == "sigmoid" or seen.numbers == 1 or seen.sums_to_one)):
        return scores
    low, high = float(seen.outputs.min()), float(seen.outputs.max())
    raise _refusal(
        seen,
        f"and they are from {low:.3g} to {high:.3g}{'' if seen.sums_to_one else ' and do not sum to one'}, "
        f"which are no {scores}",
        f"say what they are: {_option(seen, 'classifier:logits')}",
    )


def _unclear(seen: _Seen, why: str = "which leaves open whether they are the classes, and in which form") -> ModelError:
    forms = ", ".join(f"classifier:{one}" for one in ("logits", "sigmoid", "probabilities"))
    if seen.rows is None:
        return _refusal(seen, why, f"if a head is to be trained on them: {_option(seen, 'backbone')}")
    return _refusal(seen, why, f"say it: {_option(seen, 'FORM')}, where FORM is {forms} or backbone (trains a head)")


def _refusal(seen: _Seen, why: str, what_next: str) -> ModelError:
    return ModelError(
        f"{seen.subject.name}: {seen.words}; the data has {len(seen.classes)} classes ({beginning(seen.classes)}), "
        f"{why}; {what_next}"
    )


def _option(seen: _Seen, value: str) -> str:
    return f"--zoo-model {seen.subject.name}={value}"
