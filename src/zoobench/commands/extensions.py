"""`zoobench extensions`: what do packages add to the tables, and can it be used?"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from zoobench.commands.output import output_options, present
from zoobench.errors import Status
from zoobench.run.extensions import Extension, find_extensions
from zoobench.show.document import Document, Grid, Lines, View


@click.command()
@output_options
def extensions(*, form: str, output: Path | None) -> None:
    """List what other packages add to backbones, variants and runtimes; status 1 if one of them cannot be used.

    Each is imported to find out, and so are the functions and modules that it names.
    """
    found = find_extensions()
    rows = [{"what": one.what, "name": one.name, "package": str(one.package), "problem": one.problem} for one in found]
    present(View(document=lambda: document(found), plain=lambda: rows, rows=lambda: rows), form=form, output=output)
    sys.exit(Status.FAILED if any(one.problem for one in found) else Status.PASSED)


def document(found: Sequence[Extension]) -> Document:
    """Returns a row for each extension."""
    none = () if found else ("no package adds anything; docs/extending.md says how one does",)
    rows = tuple((one.name, one.what, str(one.package), one.problem or "can be used") for one in found)
    grid = Grid(heads=("name", "what", "package", "state"), rows=rows, words=frozenset({1, 2, 3}))
    return Document(title="What packages add", blocks=(Lines(lines=none), grid))
