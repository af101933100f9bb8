"""Where does what a command has to say go? To the terminal or to a file."""

from pathlib import Path

import click
from rich.console import Console

from zoobench.errors import ResultsError
from zoobench.system.files import write_bytes

_WIDTH_OF_FILES = 120


def screen(*, to_file: bool) -> tuple[int, bool]:
    """Returns the columns to fill and whether colours are known there."""
    terminal = Console()
    on_terminal = terminal.is_terminal and not to_file
    return (terminal.width if on_terminal else _WIDTH_OF_FILES, on_terminal)


def deliver(text: str, output: Path | None) -> None:
    """Prints a text, or writes it to a file and says so.

    Raises:
        ResultsError: If the file cannot be written.
    """
    if output is None:
        click.echo(text, nl=False)
        return
    save(text, output)
    click.echo(f"wrote {output}", err=True)


def save(text: str, path: Path) -> None:
    """Writes a text atomically.

    Raises:
        ResultsError: If it cannot be written.
    """
    try:
        write_bytes(path, text.encode())
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error.strerror}; name another file with -o") from error
