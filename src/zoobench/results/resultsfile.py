"""Where do a run's results go?"""

import itertools
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from zoobench.errors import ResultsError
from zoobench.system.files import write_bytes

_NUMBERED = re.compile(r"(\d{4,})_(.*)\.json")


def reserve_results_path(folder: Path, *, now: datetime) -> Path:
    """Returns a new, empty file in a folder, numbered as pytest-benchmark numbers its own: `0007_20261123-203300.json`.

    Two runs that ask at once get two files.

    Raises:
        ResultsError: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(match.group(1)) for path in folder.iterdir() if (match := _NUMBERED.fullmatch(path.name))]
        for number in itertools.count(max(numbers, default=0) + 1):
            path = folder / f"{number:04}_{now:%Y%m%d-%H%M%S}.json"
            with suppress(FileExistsError):
                path.touch(exist_ok=False)
                break
    except OSError as error:
        raise ResultsError(
            f"cannot make a results file in {folder}: {error}; see to space or --zoo-artifacts"
        ) from error
    return path


def newest_first(folder: Path) -> list[Path]:
    """Returns the results files of all machines below `artifacts/results` by time, without those not yet written."""
    numbered = ((path, match) for path in folder.glob("*/*.json") if (match := _NUMBERED.fullmatch(path.name)))
    by_time = [(match.group(2), int(match.group(1)), path) for path, match in numbered if path.stat().st_size]
    return [path for _, _, path in sorted(by_time, reverse=True)]


def write_results(path: Path, content: Mapping[str, Any]) -> None:
    """Writes results in pytest-benchmark's format atomically.

    Raises:
        ResultsError: If they cannot be written.
    """
    try:
        write_bytes(path, json.dumps(content, default=str, allow_nan=False, indent=1).encode())
    except (OSError, ValueError) as error:
        _remove_empty(path)
        raise ResultsError(f"cannot write results to {path}: {error}; see to space or --zoo-artifacts") from error


def _remove_empty(path: Path) -> None:
    """Removes a file that was reserved and never filled: it would be taken for a run's results."""
    with suppress(OSError):
        if path.stat().st_size == 0:
            path.unlink()
