"""What did a cell answer to each test sample, and what did two cells to the same ones?

Thousands of small numbers are kept in JSON as base64 of little-endian unsigned 16-bit.
"""

import base64
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zoobench.errors import ResultsError
from zoobench.matrix.runtimes import REFERENCE
from zoobench.results.schema import Predictions, Record

_LARGEST = 65535
_FLOAT = "float32"


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
    return base64.b64encode(b"".join(int(value).to_bytes(2, "little") for value in values)).decode()


def encode_shares(values: Sequence[float]) -> str:
    """Returns numbers from 0 to 1 in units of 1/65535, encoded; what rounding put outside is clipped."""
    return encode([round(min(max(float(value), 0.0), 1.0) * _LARGEST) for value in values])


def decode(text: str) -> tuple[int, ...]:
    """Returns the numbers that `encode` was given.

    Raises:
        ResultsError: If the text is not base64 of whole 16-bit numbers.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ResultsError(f"predictions are not base64: {error}") from error
    if len(content) % 2:
        raise ResultsError(f"predictions hold {len(content)} bytes; expected an even number")
    numbers = array("H", content)
    if sys.byteorder == "big":
        numbers.byteswap()
    return tuple(numbers)


def unpack(predictions: Predictions, *, classes: int) -> Answers:
    """Returns predictions as numbers.

    Args:
        predictions: From a record's accuracy.
        classes: How many there are.

    Raises:
        ResultsError: If they cannot be decoded, are not of equally many samples, or name a class that there is not;
            the message begins with the key.
    """
    decoded = {name: _decoded(getattr(predictions, name), name) for name in ("classes", "probabilities", "truth")}
    for name, numbers in decoded.items():
        if len(numbers) != len(decoded["truth"]):
            raise ResultsError(f"{name}: received {len(numbers)} values; expected {len(decoded['truth'])}, as in truth")
        if name != "probabilities" and max(numbers, default=0) >= classes:
            raise ResultsError(f"{name}: received class {max(numbers)}; expected 0 to {classes - 1}")
    return Answers(
        predicted=decoded["classes"],
        probability=tuple(units / _LARGEST for units in decoded["probabilities"]),
        truth=decoded["truth"],
    )


def _decoded(text: str, name: str) -> tuple[int, ...]:
    try:
        return decode(text)
    except ResultsError as error:
        raise ResultsError(f"{name}: {error}") from error


def answers_of(record: Record) -> Answers | None:
    """Returns what a cell answered, or None where its accuracy was not measured.

    Whoever read the record has seen to it that its predictions can be decoded.
    """
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
    """Returns the record of a cell's float twin; None where it is that one itself, or was no cell of the run.

    It is the cell that the speed-up was measured against; where no time was measured, `float32` on the cell's own
    runtime, or on the one that all others are held against.

    Args:
        record: Of a cell.
        records: All of the run, by the cell's id.
    """
    cell, latency = record.cell, record.latency
    if cell.variant == _FLOAT:
        return None
    measured = latency.speedup_over_float.twin if latency and latency.speedup_over_float else ""
    usual = (f"{cell.backbone}-{_FLOAT}-{runtime}-t{cell.threads}" for runtime in (cell.runtime, REFERENCE))
    return next((records[one] for one in (measured, *usual) if one in records), None)
