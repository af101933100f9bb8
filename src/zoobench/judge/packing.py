"""How are thousands of small numbers kept in JSON? As base64 of little-endian unsigned 16-bit."""

import base64
from collections.abc import Sequence

from zoobench.errors import ResultsError

_LARGEST = 65535


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
    return tuple(int.from_bytes(content[i : i + 2], "little") for i in range(0, len(content), 2))
