"""What did a cell answer to each test sample, and does the rest of its record agree with that and with itself?

Thousands of small numbers are kept in JSON as base64 of little-endian unsigned 16-bit.
"""

import base64
import math
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import eq
from statistics import median, median_low

from zoobench.errors import ResultsError
from zoobench.matrix.runtimes import REFERENCE
from zoobench.matrix.variants import PREQUANTIZED
from zoobench.results.checked import brief, unexpected
from zoobench.results.schema import (
    Interval,
    Predictions,
    Record,
    RecordedAccuracy,
    RecordedDataset,
    RecordedLatency,
    RecordedMemory,
    RecordedPhase,
    RecordedTraining,
)

_LARGEST = 65535
_FLOAT = "float32"
_ROUNDING = 1e-9
Disagreement = tuple[str, object, str]
"""Key, what was received, what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A model's answers to the test samples, in the order of the test split.

    Attributes:
        predicted: [n] class index of the most probable class.
        probability: [n] that probability, to 1/65535.
        truth: [n] class index of the label.
    """

    predicted: tuple[int, ...]
    probability: tuple[float, ...]
    truth: tuple[int, ...]


def encode(values: Sequence[int]) -> str:
    """Returns numbers from 0 to 65535 as base64 of little-endian unsigned 16-bit."""
    return base64.b64encode(_little_endian(array("H", map(int, values)))).decode()


def encode_shares(values: Sequence[float]) -> str:
    """Returns numbers from 0 to 1 in units of 1/65535, encoded; what rounding put outside is clipped."""
    return encode([round(min(max(float(value), 0.0), 1.0) * _LARGEST) for value in values])


def decode(text: str) -> tuple[int, ...]:
    """Returns the numbers that `encode` was given.

    Raises:
        ResultsError: If the text is not base64 of whole 16-bit numbers.
    """
    return tuple(_decoded(text))


def unpack(predictions: Predictions, *, classes: int) -> Answers:
    """Returns predictions as numbers.

    Raises:
        ResultsError: If they cannot be decoded, are not of equally many samples, or name a class that is not among so
            many; the message begins with the key.
    """
    found = _numbers(predictions, classes=classes)
    probability = tuple(units / _LARGEST for units in found["probabilities"])
    return Answers(predicted=tuple(found["classes"]), probability=probability, truth=tuple(found["truth"]))


def answers_of(record: Record) -> Answers | None:
    """Returns what a cell answered, which was decoded as the record was read; None where that was not measured."""
    if record.accuracy is None:
        return None
    return unpack(record.accuracy.predictions, classes=len(record.dataset.classes))


def both_answers(base: Record, new: Record) -> tuple[Answers, Answers] | None:
    """Returns what both answered, sample by sample, or None where they did not answer the same ones."""
    if base.dataset.sha256 != new.dataset.sha256 or base.dataset.classes != new.dataset.classes:
        return None
    ours, theirs = answers_of(base), answers_of(new)
    if ours is None or theirs is None or ours.truth != theirs.truth or not ours.truth:
        return None
    return ours, theirs


def float_twin(record: Record, records: Mapping[str, Record]) -> Record | None:
    """Returns the record of a cell's float twin; None where it is that one itself, has none, or none in the run.

    It is the cell that the speed-up was measured against; where no time was measured, `float32` on the cell's own
    runtime, or on the one that all others are held against.
    """
    cell, latency = record.cell, record.latency
    if cell.variant in (_FLOAT, PREQUANTIZED):
        return None
    measured = latency.speedup_over_float.twin if latency and latency.speedup_over_float else ""
    usual = (f"{cell.backbone}-{_FLOAT}-{runtime}-t{cell.threads}" for runtime in (cell.runtime, REFERENCE))
    return next((records[one] for one in (measured, *usual) if one in records), None)


def check_agreement(record: Record, where: str) -> None:
    """Refuses a record whose values, each within its bounds, contradict one another.

    Raises:
        ResultsError: If two do not agree; the message names the place, what was received and what was expected.
    """
    for key, received, expected in _disagreements(record):
        raise unexpected(f"{where}.{key}", received, expected)
    if record.accuracy is not None:
        _check_predictions(record.accuracy, record.dataset, f"{where}.accuracy.predictions")


def disagreements_of_training(training: RecordedTraining) -> Iterator[Disagreement]:
    """Yields what of a training contradicts itself: by key, what was received and what was expected."""
    rates = ("learning_rate",) if training.learning_rate else ()
    curves = {"shown": ("loss", "accuracy", *rates), "validated": ("validation_loss", "validation_accuracy")}
    for key, names in curves.items():
        epochs = getattr(training, key)
        if any(one >= following for one, following in pairwise(epochs)):
            yield key, list(epochs), "each epoch once, ascending"
        for name in names:
            if len(getattr(training, name)) != len(epochs):
                yield name, len(getattr(training, name)), f"{len(epochs)} values, one for each epoch of {key}"
        if epochs and epochs[-1] > training.epochs:
            yield key, epochs[-1], f"at most the {training.epochs} of epochs"
    if (training.kept_epoch or 0) > training.epochs:
        yield "kept_epoch", training.kept_epoch, f"at most the {training.epochs} of epochs"


def _decoded(text: str) -> "array[int]":
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ResultsError(f"predictions are not base64: {error}") from error
    if len(content) % 2:
        raise ResultsError(f"predictions hold {len(content)} bytes; expected an even number")
    return _little_endian(array("H", content))


def _little_endian(numbers: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _numbers(predictions: Predictions, *, classes: int) -> "dict[str, array[int]]":
    found: dict[str, array[int]] = {}
    for name in ("truth", "classes", "probabilities"):
        try:
            numbers = found[name] = _decoded(getattr(predictions, name))
        except ResultsError as error:
            raise ResultsError(f"{name}: {error}") from error
        if len(numbers) != len(found["truth"]):
            raise ResultsError(f"{name}: received {len(numbers)} values; expected {len(found['truth'])}, as in truth")
        if name != "probabilities" and max(numbers, default=0) >= classes:
            raise ResultsError(f"{name}: received class {max(numbers)}; expected 0 to {classes - 1}")
    return found


def _disagreements(record: Record) -> Iterator[Disagreement]:
    cell = record.cell
    cell_id = f"{cell.backbone}-{cell.variant}-{cell.runtime}-t{cell.threads}"
    if cell.id != cell_id:
        yield "cell.id", cell.id, f"{brief(cell_id)} from backbone, variant, runtime and threads"
    if record.accuracy is not None:
        yield from _of_accuracy(record.accuracy, record.dataset)
    if record.latency is not None:
        yield from _of_latency(record.latency)
    if record.startup is not None:
        yield from _of_phase("startup.initialization", record.startup.initialization)
        yield from _of_phase("startup.first_inference", record.startup.first_inference)
    if record.memory is not None:
        yield from _of_memory(record.memory)
    if record.training is not None:
        for key, received, expected in disagreements_of_training(record.training):
            yield f"training.{key}", received, expected


def _of_accuracy(accuracy: RecordedAccuracy, dataset: RecordedDataset) -> Iterator[Disagreement]:
    if accuracy.total != dataset.samples:
        yield "accuracy.total", accuracy.total, f"the {dataset.samples} of dataset.samples"
    if accuracy.correct > accuracy.total:
        yield "accuracy.correct", accuracy.correct, f"at most the {accuracy.total} of accuracy.total"
    if not math.isclose(accuracy.top1, accuracy.correct / accuracy.total, abs_tol=_ROUNDING):
        yield "accuracy.top1", accuracy.top1, f"{accuracy.correct} / {accuracy.total} of accuracy.correct and .total"
    yield from _of_interval("accuracy", accuracy.interval)


def _of_latency(latency: RecordedLatency) -> Iterator[Disagreement]:
    yield from _of_interval("latency", latency.p50_interval, name="p50_interval")
    for name in ("speedup_over_float", "speedup_over_reference"):
        if speedup := getattr(latency, name):
            yield from _of_interval(f"latency.{name}", speedup.interval)


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


def _of_interval(
    key: str, interval: Interval | None, observed: Sequence[float] | None = None, *, name: str = "interval"
) -> Iterator[Disagreement]:
    if interval is None:
        return
    if interval[0] > interval[1]:
        yield f"{key}.{name}", list(interval), "the lower end first"
    if observed and not set(interval) <= set(observed):
        yield f"{key}.{name}", list(interval), "two of what was observed"


def _check_predictions(accuracy: RecordedAccuracy, dataset: RecordedDataset, where: str) -> None:
    """Refuses predictions that cannot be decoded, or are not of the samples and classes that were counted."""
    try:
        found = _numbers(accuracy.predictions, classes=len(dataset.classes))
    except ResultsError as error:
        raise ResultsError(f"{where}.{error}") from error
    if len(found["truth"]) != accuracy.total:
        total = f"one for each of the {accuracy.total} of accuracy.total"
        raise unexpected(f"{where}.truth", len(found["truth"]), total)
    right = sum(map(eq, found["classes"], found["truth"]))
    if right != accuracy.correct:
        raise unexpected(where, right, f"as many right ones as accuracy.correct, {accuracy.correct}")
