"""`zoobench extensions`: what do packages add to the tables, and can it be used?"""

import sys

import click

from zoobench.errors import Status
from zoobench.run.extensions import find_extensions


@click.command()
def extensions() -> None:
    """List what other packages add to backbones, variants and runtimes; status 1 if one of them cannot be used.

    Each is imported to find out, and so are the functions and modules that it names.
    """
    found = find_extensions()
    for one in found:
        click.echo(f"{one.what:9} {one.name:24} {one.package}: {one.problem or 'can be used'}")
    if not found:
        click.echo("no package adds anything; docs/extending.md says how one does")
    sys.exit(Status.FAILED if any(one.problem for one in found) else Status.PASSED)
