"""`zoobench show`: the table of a results file again."""

from pathlib import Path

import click

from zoobench.commands.options import PATH, output_options, present
from zoobench.results.run import read_recorded
from zoobench.show.records import view


@click.command()
@click.argument("file", type=PATH)
@output_options
def show(*, file: Path, form: str, output: Path | None) -> None:
    """Print the table of a results file again."""
    present(view(list(read_recorded(file).records.values())), form=form, output=output)
