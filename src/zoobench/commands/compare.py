"""What does `zoobench compare` need: which files are read, which text comes out, and where does it go?"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from zoobench.errors import ResultsError, UsageError
from zoobench.judge.compare.comparison import Comparison, compare
from zoobench.judge.compare.machines import MOST_MACHINES, AcrossMachines, across
from zoobench.results.timings import read_side
from zoobench.show import comparisontable, machinetable
from zoobench.system.files import write_bytes
from zoobench.system.progress import progress

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


def across_files(files: Sequence[Path], *, seed: int = 0) -> AcrossMachines:
    """Returns what the results of several machines say.

    Raises:
        UsageError: If there are more machines than letters.
        ResultsError: If a file cannot be read or understood.
    """
    if len(files) > MOST_MACHINES:
        raise UsageError(f"received {len(files)} machines; at most {MOST_MACHINES} are compared at once")
    return across([read_side(file) for file in files], seed=seed)


def shown(comparisons: Sequence[Comparison], *, form: str, to_file: bool) -> str:
    """Returns comparisons as `terminal`, `markdown`, `csv` or `json`; colours are for a terminal only."""
    written = {
        "markdown": comparisontable.as_markdown,
        "csv": comparisontable.as_csv,
        "json": comparisontable.as_json,
    }
    if form in written:
        return written[form](comparisons)
    width, colours = screen(to_file=to_file)
    return comparisontable.render(comparisons, width=width, colours=colours)


def shown_across(found: AcrossMachines, *, form: str, to_file: bool) -> str:
    """Returns what machines say as `terminal`, `markdown`, `csv` or `json`; colours are for a terminal only."""
    written = {"markdown": machinetable.as_markdown, "csv": machinetable.as_csv, "json": machinetable.as_json}
    if form in written:
        return written[form](found)
    width, colours = screen(to_file=to_file)
    return machinetable.render(found, width=width, colours=colours)


def screen(*, to_file: bool) -> tuple[int, bool]:
    """Returns the columns to fill and whether colours are known there."""
    terminal = Console()
    on_terminal = terminal.is_terminal and not to_file
    return (terminal.width if on_terminal else _WIDTH_OF_FILES, on_terminal)


def save(text: str, path: Path) -> None:
    """Writes a report atomically.

    Raises:
        ResultsError: If it cannot be written.
    """
    try:
        write_bytes(path, text.encode())
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error.strerror}; name another file with -o") from error
