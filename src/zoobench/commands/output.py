"""How is what a command has to say printed, and where does it go? `--format` and `-o`, the same for all commands."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from zoobench.commands.options import PATH
from zoobench.errors import ResultsError
from zoobench.show import data, html, markdown, terminal
from zoobench.show.document import Screen, View
from zoobench.system.files import write_bytes

FORMATS: Mapping[str, Callable[[View, Screen], str]] = {
    "text": terminal.write,
    "markdown": markdown.write,
    "html": html.write,
    "json": data.write_json,
    "csv": data.write_csv,
}
"""Every format that a result can be written in."""
_WIDTH_OF_FILES = 120


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command `form`, a name of `FORMATS`, and `output`, a path or None."""
    return format_option(*FORMATS)(output_option(command))


def format_option(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Returns an option for the form of what is printed, the first being the default."""
    return click.option("--format", "form", type=click.Choice(formats), default=formats[0], show_default=True)


output_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "-o", "--output", type=PATH, metavar="FILE", help="Write to this file instead of the terminal."
)


def present(view: View, *, form: str, output: Path | None) -> None:
    """Writes a result in a format of `FORMATS`, to the terminal or a file.

    Raises:
        ResultsError: If the file cannot be written.
    """
    width, colours = screen(to_file=output is not None)
    deliver(FORMATS[form](view, Screen(width=width, colours=colours)), output)


def screen(*, to_file: bool) -> tuple[int, bool]:
    """Returns the columns to fill and whether colours are known there."""
    console = Console()
    on_terminal = console.is_terminal and not to_file
    return (console.width if on_terminal else _WIDTH_OF_FILES, on_terminal)


def deliver(text: str, output: Path | None) -> None:
    """Prints a text, or writes it to a file and says so.

    Raises:
        ResultsError: If the file cannot be written.
    """
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        write_bytes(output, text.encode())
    except OSError as error:
        raise ResultsError(f"cannot write {output}: {error.strerror}; name another file with -o") from error
    click.echo(f"wrote {output}", err=True)
