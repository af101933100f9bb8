"""Which image is which row of a decoded data set? No image library here: devices ask too."""

import json
from pathlib import Path
from typing import Any

from zoobench.errors import DataError

ROWS = "rows.json"
"""Stands beside the pixels."""
Row = tuple[str, int, str]
"""Name, label and SHA-256 of one decoded image."""


def read_rows(pixels_path: Path) -> dict[str, Any]:
    """Returns the rows of a file of pixels (`rows`) and what was left out (`left_out`, each with its reason).

    Raises:
        DataError: If they cannot be read.
    """
    path = pixels_path.with_name(ROWS)
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}); run again, and the images are decoded anew") from error
    return content
