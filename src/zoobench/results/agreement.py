"""Do the values of a record agree with one another? What no annotation of a single value can say."""

import math
from collections.abc import Iterator, Sequence
from operator import eq
from statistics import median, median_low

from zoobench.errors import ResultsError
from zoobench.results.answers import unpack
from zoobench.results.schema import (
    Record,
    RecordedAccuracy,
    RecordedCell,
    RecordedDataset,
    RecordedMemory,
    RecordedPhase,
    RecordedTraining,
)
from zoobench.results.shape import brief, unexpected

_ROUNDING = 1e-9


def check_agreement(record: Record, where: str) -> None:
    """Refuses a record whose values contradict one another.

    Args:
        record: Whose values are each within their bounds.
        where: Its place, for messages.

    Raises:
        ResultsError: If two do not agree; the message names the place, what was received and what was expected.
    """
    for key, received, expected in _disagreements(record):
        raise unexpected(f"{where}.{key}", received, expected)
    if record.accuracy is not None:
        _check_predictions(record.accuracy, record.dataset, f"{where}.accuracy.predictions")


Disagreement = tuple[str, object, str]
"""Key, what was received, what was expected."""


def _disagreements(record: Record) -> Iterator[Disagreement]:
    cell_id = _id(record.cell)
    if record.cell.id != cell_id:
        yield "cell.id", record.cell.id, f"{brief(cell_id)} from backbone, variant, runtime and threads"
    if record.accuracy is not None:
        yield from _of_accuracy(record.accuracy, record.dataset)
    if record.startup is not None:
        yield from _of_phase("startup.initialization", record.startup.initialization)
        yield from _of_phase("startup.first_inference", record.startup.first_inference)
    if record.memory is not None:
        yield from _of_memory(record.memory)
    if record.training is not None:
        for key, received, expected in disagreements_of_training(record.training):
            yield f"training.{key}", received, expected


def disagreements_of_training(training: RecordedTraining) -> Iterator[Disagreement]:
    """Yields what of a training contradicts itself: by key, what was received and what was expected."""
    rates = ("learning_rate",) if training.learning_rate else ()
    curves = {"shown": ("loss", "accuracy", *rates), "validated": ("validation_loss", "validation_accuracy")}
    for key, names in curves.items():
        epochs = getattr(training, key)
        for name in names:
            if len(getattr(training, name)) != len(epochs):
                yield name, len(getattr(training, name)), f"{len(epochs)} values, one for each epoch of {key}"
        if epochs and epochs[-1] > training.epochs:
            yield key, epochs[-1], f"at most the {training.epochs} of epochs"
    if (training.kept_epoch or 0) > training.epochs:
        yield "kept_epoch", training.kept_epoch, f"at most the {training.epochs} of epochs"


def _of_accuracy(accuracy: RecordedAccuracy, dataset: RecordedDataset) -> Iterator[Disagreement]:
    if accuracy.total != dataset.samples:
        yield "accuracy.total", accuracy.total, f"the {dataset.samples} of dataset.samples"
    if accuracy.correct > accuracy.total:
        yield "accuracy.correct", accuracy.correct, f"at most the {accuracy.total} of accuracy.total"
    if not math.isclose(accuracy.top1, accuracy.correct / accuracy.total, abs_tol=_ROUNDING):
        yield "accuracy.top1", accuracy.top1, f"{accuracy.correct} / {accuracy.total} of accuracy.correct and .total"


def _of_phase(key: str, phase: RecordedPhase) -> Iterator[Disagreement]:
    middle = median(phase.observed_seconds)
    if not math.isclose(phase.p50_seconds, middle, rel_tol=_ROUNDING):
        yield f"{key}.p50_seconds", phase.p50_seconds, f"{middle:g}, the median of observed_seconds"
    yield from _of_interval(key, phase.interval, phase.observed_seconds)


def _of_memory(memory: RecordedMemory) -> Iterator[Disagreement]:
    for name in ("peak_rss_bytes", "base_rss_bytes", "anonymous_bytes"):
        value, observed = getattr(memory, name), getattr(memory, f"observed_{name}")
        middle = median_low(observed) if observed else None
        if value != middle:
            yield f"memory.{name}", value, f"{middle}, the median of observed_{name}"
    yield from _of_interval("memory", memory.interval, memory.observed_peak_rss_bytes)
    if (memory.base_rss_bytes or 0) > memory.peak_rss_bytes:
        yield "memory.base_rss_bytes", memory.base_rss_bytes, f"at most the peak, {memory.peak_rss_bytes}"


def _of_interval(key: str, interval: tuple[float, float] | None, observed: Sequence[float]) -> Iterator[Disagreement]:
    if interval is not None and not set(interval) <= set(observed):
        yield f"{key}.interval", list(interval), "two of what was observed"


def _id(cell: RecordedCell) -> str:
    return f"{cell.backbone}-{cell.variant}-{cell.runtime}-t{cell.threads}"


def _check_predictions(accuracy: RecordedAccuracy, dataset: RecordedDataset, where: str) -> None:
    """Refuses predictions that cannot be decoded, or are not of the samples and classes that were counted."""
    try:
        answers = unpack(accuracy.predictions, classes=len(dataset.classes))
    except ResultsError as error:
        raise ResultsError(f"{where}.{error}") from error
    if len(answers.truth) != accuracy.total:
        raise unexpected(
            f"{where}.truth", len(answers.truth), f"one for each of the {accuracy.total} of accuracy.total"
        )
    right = sum(map(eq, answers.predicted, answers.truth))
    if right != accuracy.correct:
        raise unexpected(where, right, f"as many right ones as accuracy.correct, {accuracy.correct}")
