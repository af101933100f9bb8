"""How is a result written for programs? As JSON with all that is known, or as the rows of one CSV table."""

import csv
import io
import json
from typing import Any

from zoobench.show.document import View
from zoobench.system.terminal import sanitize


def write_json(view: View) -> str:
    """Returns all that is known of a result as JSON in ASCII, whatever signs foreign names hold; undefined is null.

    Raises:
        ValueError: If a number is not finite, which JSON cannot hold.
    """
    return json.dumps(view.plain(), indent=2, allow_nan=False) + "\n"


def write_csv(view: View) -> str:
    """Returns a result's rows under a line of names; undefined is empty, and a sequence is separated by spaces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    rows = view.rows()
    if rows:
        writer.writerow(rows[0])
    for row in rows:
        writer.writerow(map(_field, row.values()))
    return buffer.getvalue()


def _field(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return sanitize(value) if isinstance(value, str) else value
