"""What does a whole results file hold, ours or not? For those who need more of it than the records."""

import json
import math
from pathlib import Path
from typing import Any

from zoobench.errors import ResultsError
from zoobench.judge.resultsblocks import file_content
from zoobench.judge.shape import expect, typed_value, unexpected

__all__ = ["expect", "load_content", "typed_value", "unexpected"]


def load_content(path: Path) -> dict[str, Any]:
    """Returns the content of a file in pytest-benchmark's format.

    Raises:
        ResultsError: If it cannot be read or is not such a file.
    """
    try:
        content = json.loads(file_content(path), parse_float=_finite, parse_constant=_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"cannot read {path}: {error}. Expected a JSON file written by `pytest bench/`") from error
    if not isinstance(content, dict) or not isinstance(content.get("benchmarks"), list):
        raise ResultsError(f"{path} is not in pytest-benchmark's format: it has no list under the key 'benchmarks'")
    return content


def _finite(text: str) -> float:
    """Returns a JSON number, and refuses what Python's reader takes for one: NaN, Infinity and 1e999."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number
