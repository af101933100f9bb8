"""How is a result written for programs? As JSON with all that is known, or as the rows of one CSV table."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from zoobench.show.document import Screen, View
from zoobench.system.terminal import sanitize


def write_json(view: View, screen: Screen) -> str:
    """Returns all that is known of a result; undefined is null."""
    del screen
    return to_json(view.plain())


def write_csv(view: View, screen: Screen) -> str:
    """Returns a result's rows under a line of names; undefined is empty."""
    del screen
    return to_csv(view.rows())


def to_json(plain: Any) -> str:
    """Returns plain values as JSON in ASCII, whatever signs foreign names hold.

    Raises:
        ValueError: If a number is not finite, which JSON cannot hold.
    """
    return json.dumps(plain, indent=2, allow_nan=False) + "\n"


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns rows of the same keys under a line of names; what is a sequence is separated by spaces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    for row in rows:
        writer.writerow(map(_field, row.values()))
    return buffer.getvalue()


def _field(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return sanitize(value) if isinstance(value, str) else value
