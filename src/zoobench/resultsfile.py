"""Where do a run's results go?"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from zoobench.errors import ResultsError
from zoobench.files import write_bytes

_NUMBERED = re.compile(r"(\d{4,})_.*\.json")


def next_results_path(folder: Path, *, now: datetime) -> Path:
    """Returns a new file in a folder, numbered as pytest-benchmark numbers its own: `0007_20261123-203300.json`."""
    names = [path.name for path in folder.glob("*.json")] if folder.is_dir() else []
    numbers = [int(match.group(1)) for match in map(_NUMBERED.fullmatch, names) if match]
    return folder / f"{max(numbers, default=0) + 1:04}_{now:%Y%m%d-%H%M%S}.json"


def write_results(path: Path, content: Mapping[str, Any]) -> None:
    """Writes results in pytest-benchmark's format atomically.

    Raises:
        ResultsError: If they cannot be written.
    """
    try:
        write_bytes(path, json.dumps(content, default=str, allow_nan=False, indent=1).encode())
    except (OSError, ValueError) as error:
        raise ResultsError(f"cannot write results to {path}: {error}; see to space or --zoo-artifacts") from error
