"""`zoobench backbones`: which backbones are there?"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from zoobench.commands.output import output_options, present
from zoobench.errors import UsageError
from zoobench.matrix.backbones import TABLE, Backbone
from zoobench.show.document import Document, Grid, View


@click.command()
@output_options
def backbones(*, form: str, output: Path | None) -> None:
    """List the backbones with the image size and the file of their published weights."""
    found = tuple(_usable())
    rows = [
        {"backbone": one.name, "image_size": one.default_size, "weights": one.weights_name(one.default_size)}
        for one in found
    ]
    present(View(document=lambda: document(found), plain=lambda: rows, rows=lambda: rows), form=form, output=output)


def document(found: Sequence[Backbone]) -> Document:
    """Returns a row for each backbone."""
    rows = tuple((one.name, str(one.default_size), one.weights_name(one.default_size)) for one in found)
    return Document(
        title="Backbones", blocks=(Grid(heads=("backbone", "pixels", "weights"), rows=rows, words=frozenset({2})),)
    )


def _usable() -> Iterator[Backbone]:
    for name in TABLE.names():
        with _problem_printed():
            yield TABLE.find(name)


@contextmanager
def _problem_printed() -> Iterator[None]:
    """Says on stderr why a backbone cannot be used: the others can be all the same."""
    try:
        yield
    except UsageError as error:
        click.echo(str(error), err=True)
