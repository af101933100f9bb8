"""`zoobench extensions`: what do packages add to the tables, and can it be used?"""

import os
import sys

import click

_BROKEN = 1


@click.command()
def extensions() -> None:
    """List what other packages add to backbones, variants and runtimes; status 1 if one of them cannot be used.

    Each is imported to find out, and so are the functions and modules that it names.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from zoobench.run.extensions import find_extensions

    found = find_extensions()
    for one in found:
        click.echo(f"{one.what:9} {one.name:24} {one.package}: {one.problem or 'can be used'}")
    if not found:
        click.echo("no package adds anything; docs/extending.md says how one does")
    sys.exit(_BROKEN if any(one.problem for one in found) else 0)
