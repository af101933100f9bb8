"""`zoobench build`: the models that `pytest bench/` would measure, made before it."""

from collections.abc import Mapping

import click

from zoobench.commands.options import build_options
from zoobench.run.plan import make_plan
from zoobench.run.session import BenchSession


@click.command()
@build_options
def build(*, options: Mapping[str, str]) -> None:
    """Make the models that `pytest bench/` would measure, with the same options, and list them."""
    session = BenchSession(make_plan(options))
    for line in session.prepare(session.plan.cells):
        click.echo(line, err=True)
    for cell in session.plan.cells:
        if session.is_made(cell):
            click.echo(f"{cell.id}\t{session.model(cell).path}")
        elif refusal := session.refusal(cell):
            click.echo(f"{cell.id} is not made: {refusal.by} refuses it: {refusal.reason}", err=True)
