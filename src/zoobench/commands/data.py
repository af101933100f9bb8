"""`zoobench data preview | fetch`: the drawn data set looked at, photos downloaded."""

from importlib import import_module
from pathlib import Path

import click

from zoobench.commands.options import PATH
from zoobench.errors import DataError
from zoobench.system.files import writing

_HANDLES = {"animals10": ("alessiocorrado99/animals10", "raw-img")}
_BY_HAND = (
    "without it: download https://www.kaggle.com/datasets/alessiocorrado99/animals10 in a browser, unpack it, "
    "and give --zoo-data PATH/raw-img"
)


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
    click.echo(f"use it with: pytest bench/ --zoo-data {fetched(name)}")


def fetched(name: str) -> Path:
    """Returns the folder of class folders of a data set, downloading it if it is not there yet.

    Raises:
        DataError: If kagglehub is not installed, the download fails, or it does not hold what is expected.
    """
    handle, inside = _HANDLES[name]
    try:
        kagglehub = import_module("kagglehub")
    except ModuleNotFoundError as error:
        raise DataError(f"{name} is fetched by kagglehub: pip install 'zoobench[fetch]'; {_BY_HAND}") from error
    own = vars(import_module("kagglehub.exceptions")).values()
    failures: tuple[type[Exception], ...] = (OSError, ValueError, RuntimeError)
    failures += tuple(one for one in own if isinstance(one, type) and issubclass(one, Exception))
    try:
        folder = Path(kagglehub.dataset_download(handle)) / inside
    except failures as error:
        raise DataError(f"{name} could not be downloaded: {error}; {_BY_HAND}") from error
    if not folder.is_dir():
        raise DataError(f"{name} was downloaded but holds no folder {inside}: {folder.parent}; {_BY_HAND}")
    return folder
