"""Which image is which row of a data set, and in which order do rows test? No image library: devices ask too."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from zoobench.data.split import Content, Split
from zoobench.errors import DataError
from zoobench.system.files import sha256_of_json

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


def dataset_sha256(classes: Sequence[str], samples: Iterable[tuple[str, int, Split]]) -> str:
    """Returns the identity of classes, contents, labels and splits; image size, file names and place play no part.

    Args:
        classes: Names in the order of the labels.
        samples: SHA-256, label and split of each image, in any order.
    """
    return sha256_of_json([classes, sorted(samples)])


def measuring_order(contents: Sequence[Content], rows: Iterable[int]) -> list[int]:
    """Returns rows in the order of contents' hashes: mixed, and the same whatever files are called.

    Args:
        contents: Label and SHA-256 of every image of a data set.
        rows: Those of them that test.
    """

    def content(row: int) -> tuple[str, int, int]:
        label, sha256 = contents[row]
        return sha256, label, row

    return sorted(rows, key=content)
