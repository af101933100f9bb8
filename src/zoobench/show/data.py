"""How is a result written for programs? As JSON with all that is known, or as the rows of one CSV table."""

import csv
import io
import json
import re
from typing import Any

from zoobench.errors import sanitize
from zoobench.show.document import View

_FORMULA = re.compile(
    r"\s*[=+\-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}]"
)
"""Also behind spaces, which some programs pass over."""


def write_json(view: View) -> str:
    """Returns all that is known of a result as JSON in ASCII, whatever signs foreign names hold; undefined is null.

    Raises:
        ValueError: If a number is not finite, which JSON cannot hold.
    """
    text = json.dumps(view.plain(), indent=2, allow_nan=False) + "\n"
    return text.replace("##[", r"##\u005b")  # a log of GitHub takes it for a command, wherever it stands


def write_csv(view: View) -> str:
    """Returns a result's rows under a line of names; undefined is empty, and a sequence is separated by spaces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    rows = view.rows()
    if rows:
        writer.writerow(map(_field, rows[0]))
    for row in rows:
        writer.writerow(map(_field, row.values()))
    return buffer.getvalue()


def _field(value: Any) -> Any:
    """Returns a value that a spreadsheet shows and does not compute: what would be a formula begins with an apostrophe.

    So OWASP has it ("CSV Injection").
    """
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    if not isinstance(value, str):
        return value
    text = sanitize(value)
    return f"'{text}" if _FORMULA.match(text) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
