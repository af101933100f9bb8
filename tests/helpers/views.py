"""Results as every writer writes them, for tests that read what people read."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from zoobench.commands.options import FORMATS
from zoobench.show import terminal
from zoobench.show.document import View


def text(view: View, *, width: int | None = None, colours: bool = False) -> str:
    """Returns a result as text for a terminal."""
    return terminal.write(view, width=width, colours=colours)


def lines(view: View, start: str = "", *, width: int | None = None) -> Sequence[str]:
    """Returns the lines of a result's text that begin with `start`, without spaces at their ends."""
    return [line.rstrip() for line in text(view, width=width).splitlines() if line.startswith(start)]


def written(view: View, form: str) -> str:
    """Returns a result in a format."""
    return FORMATS[form](view)


def content(view: View) -> Any:
    """Returns what a program reads of a result's JSON."""
    return json.loads(written(view, "json"))


def table(view: View) -> list[dict[str, str]]:
    """Returns what a program reads of a result's CSV."""
    return list(csv.DictReader(io.StringIO(written(view, "csv"))))
