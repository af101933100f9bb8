"""Do the values of a record agree with one another? What no annotation of a single value can say."""

import math
from collections.abc import Iterator
from operator import eq

from zoobench.errors import ResultsError
from zoobench.judge.packing import unpack
from zoobench.judge.schema import Record, RecordedAccuracy, RecordedCell, RecordedDataset
from zoobench.judge.shape import brief, unexpected

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
    accuracy = record.accuracy
    if accuracy is None:
        return
    if accuracy.total != record.dataset.samples:
        yield "accuracy.total", accuracy.total, f"the {record.dataset.samples} of dataset.samples"
    if accuracy.correct > accuracy.total:
        yield "accuracy.correct", accuracy.correct, f"at most the {accuracy.total} of accuracy.total"
    if not math.isclose(accuracy.top1, accuracy.correct / accuracy.total, abs_tol=_ROUNDING):
        yield "accuracy.top1", accuracy.top1, f"{accuracy.correct} / {accuracy.total} of accuracy.correct and .total"


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
