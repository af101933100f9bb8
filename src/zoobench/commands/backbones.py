"""`zoobench backbones`: which ones are there?"""

import click

from zoobench.build.backbones import TABLE
from zoobench.errors import UsageError


@click.command()
def backbones() -> None:
    """List the backbones with the image size and the file of their published weights."""
    for name in TABLE.names():
        try:
            one = TABLE.find(name)
        except UsageError as error:  # the others can be used all the same
            click.echo(str(error), err=True)
            continue
        click.echo(f"{one.name:22}{one.default_size:5} px  {one.weights_name(one.default_size)}".rstrip())
