"""`zoobench data preview | fetch`: the drawn data set looked at, photos downloaded."""

from pathlib import Path

import click

from zoobench.commands.options import PATH
from zoobench.system.files import writing


@click.group()
def data() -> None:
    """Look at the drawn data set, or get real photos."""


@data.command(short_help="Write a contact sheet of the drawn animals.")
@click.option("-o", "--output", type=PATH, default=Path("drawn.png"), show_default=True)
@click.option("--seed", default=0, show_default=True, help="Seed of the drawings.")
def preview(output: Path, seed: int) -> None:
    """Write a contact sheet of the drawn animals, a row for each class."""
    from zoobench.data.drawn import contact_sheet  # needs Pillow, which a device lacks

    with writing(output) as handle:
        contact_sheet(seed=seed).save(handle, format="png")
    click.echo(f"wrote {output}")


@data.command(short_help="Download a data set of photos.")
@click.argument("name", type=click.Choice(["animals10"]))
def fetch(name: str) -> None:
    """Download a data set of photos (needs the network and `pip install 'zoobench[fetch]'`)."""
    from zoobench.data.fetch import fetch as download

    click.echo(f"use it with: pytest bench/ --zoo-data {download(name)}")
