"""What of a classifier's training goes into a record? Its curves, short enough to stand in every cell."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zoobench.results.schema import MOST_EPOCHS, RecordedTraining

_DIGITS = 5
"""Significant ones of each number: more than a picture or a reader tells apart."""


def recorded_training(facts: Mapping[str, Any]) -> RecordedTraining | None:
    """Returns what to record of a training, or None where the classifier came trained.

    Args:
        facts: Of a model file in the store; those that were made before a fact was written down lack it.
    """
    history = facts.get("history")
    if not history:
        return None
    run = range(len(history["loss"]))
    kept = history.get("kept_epoch")
    shown = _spread(run, kept)
    validated = _spread([epoch for epoch in run if history["validation_loss"][epoch] is not None], kept)
    seconds = history.get("seconds")
    return RecordedTraining(
        epochs=len(run),
        kept_epoch=kept,
        shown=_from_one(shown),
        loss=_at(history["loss"], shown),
        accuracy=_at(history["accuracy"], shown),
        learning_rate=_at(history["learning_rate"], shown),
        validated=_from_one(validated),
        validation_loss=_at(history["validation_loss"], validated),
        validation_accuracy=_at(history["validation_accuracy"], validated),
        seconds=None if seconds is None else _rounded(seconds),
    )


def _spread(epochs: Sequence[int], kept: int | None) -> list[int]:
    """Returns all epochs or, of many, the first, the last, that whose weights were kept, and others evenly between.

    Args:
        epochs: From 0, ascending.
        kept: From 1; None where that is not known.
    """
    if len(epochs) <= MOST_EPOCHS:
        return list(epochs)
    places = MOST_EPOCHS - 1  # one is left for that which was kept
    even = {epochs[round(place * (len(epochs) - 1) / (places - 1))] for place in range(places)}
    return sorted(even | {kept - 1} & set(epochs) if kept else even)


def _from_one(epochs: Iterable[int]) -> tuple[int, ...]:
    return tuple(epoch + 1 for epoch in epochs)


def _at(values: Sequence[float], epochs: Iterable[int]) -> tuple[float, ...]:
    return tuple(_rounded(values[epoch]) for epoch in epochs)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
