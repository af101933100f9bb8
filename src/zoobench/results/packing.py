"""How are thousands of small numbers kept in JSON? As base64 of little-endian unsigned 16-bit."""

import base64
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from zoobench.errors import ResultsError
from zoobench.results.schema import Predictions

_LARGEST = 65535


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
