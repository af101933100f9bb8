"""What does `zoobench compare` need: which files are read, which text comes out, and where does it go?"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from zoobench.errors import ResultsError
from zoobench.files import write_bytes
from zoobench.judge.comparison import Comparison, compare
from zoobench.judge.comparisontable import as_csv, as_json, as_markdown, render
from zoobench.judge.timings import read_side
from zoobench.progress import progress

_WIDTH_OF_FILES = 120
_FEW_CELLS = 20
"""Cells up to which no bar is shown: they are compared in a blink."""


def compare_files(base: Path, others: Sequence[Path], *, seed: int = 0) -> tuple[Comparison, ...]:
    """Returns the comparison of each other file or folder with the base.

    Raises:
        ResultsError: If one cannot be read or understood.
    """
    side = read_side(base)
    sides = [read_side(other) for other in others]
    total = sum(len(set(side.ids) & set(other.ids)) for other in sides)
    if total <= _FEW_CELLS:
        return tuple(compare(side, other, seed=seed) for other in sides)
    with progress("Comparing cells", total=total) as advance:
        return tuple(compare(side, other, seed=seed, advance=advance) for other in sides)


def shown(comparisons: Sequence[Comparison], *, form: str, to_file: bool) -> str:
    """Returns comparisons as `terminal`, `markdown`, `csv` or `json`; colours are for a terminal only."""
    written = {"markdown": as_markdown, "csv": as_csv, "json": as_json}
    if form in written:
        return written[form](comparisons)
    terminal = Console()
    on_terminal = terminal.is_terminal and not to_file
    return render(comparisons, width=terminal.width if on_terminal else _WIDTH_OF_FILES, colours=on_terminal)


def save(text: str, path: Path) -> None:
    """Writes a report atomically.

    Raises:
        ResultsError: If it cannot be written.
    """
    try:
        write_bytes(path, text.encode())
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error.strerror}; name another file with -o") from error
