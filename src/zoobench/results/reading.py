"""What does a whole results file hold, ours or not? For those who need more of it than the records."""

import json
import math
from pathlib import Path
from typing import Any

from zoobench.errors import ResultsError
from zoobench.results.resultsblocks import file_content, once, values
from zoobench.results.shape import brief

LARGEST_CONTENT_VALUES = 20_000_000
"""Of a whole file; a file of 200 MB has up to 10 million rounds, each of which takes Python 32 bytes."""


def load_content(path: Path) -> dict[str, Any]:
    """Returns the content of a file in pytest-benchmark's format.

    Raises:
        ResultsError: If it cannot be read, is too large, has a key twice, or is not such a file.
    """
    try:
        text = file_content(path)
        _check_values(text, path)
        content = json.loads(text.decode(), parse_float=finite, parse_constant=finite, object_pairs_hook=once)
    except MemoryError as error:
        raise ResultsError(f"{path} does not fit into this machine's memory; read it on a larger one") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"cannot read {path}: {error}. Expected a JSON file written by `pytest bench/`") from error
    if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
        raise ResultsError(f"{path} is not in pytest-benchmark's format: it has no list under the key 'benchmarks'")
    return content


def _check_values(content: bytes, path: Path) -> None:
    if values(content) > LARGEST_CONTENT_VALUES:
        raise ResultsError(
            f"{path}: received more than {LARGEST_CONTENT_VALUES:,} values, which would not fit into a small device's "
            "memory; measure fewer cells or rounds in one run"
        )


def finite(text: str) -> float:
    """Returns a JSON number, and refuses what Python's reader takes for one: NaN, Infinity and 1e999.

    Raises:
        ValueError: As a JSON reader would.
    """
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{brief(text)} is not a finite number")
    return number
