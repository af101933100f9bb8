"""`zoobench show`: the table of a results file again."""

from pathlib import Path

import click
from rich.console import Console

from zoobench.commands.options import PATH
from zoobench.results.run import read_recorded
from zoobench.show.table import render


@click.command()
@click.argument("file", type=PATH)
def show(file: Path) -> None:
    """Print the table of a results file again."""
    terminal = Console()
    click.echo(
        render(list(read_recorded(file).records.values()), width=terminal.width, colours=terminal.is_terminal), nl=False
    )
