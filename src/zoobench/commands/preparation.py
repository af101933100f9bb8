"""`zoobench run | build | backbones | extensions | data`: what is measured, on which photos, and is it made already?"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from shlex import quote
from typing import Any

import click

from zoobench.commands.options import PATH, build_options, output_options, present
from zoobench.errors import DataError, MeasurementError, OutputError, Status, UsageError
from zoobench.matrix.cell import TABLES
from zoobench.matrix.registry import Table, additions, imported
from zoobench.measure.runtimes import import_runtime
from zoobench.run.options import become_pytest, bench_folder
from zoobench.run.plan import make_plan
from zoobench.run.session import BenchSession
from zoobench.show.document import Document, Grid, Lines, View
from zoobench.system.files import writing
from zoobench.system.terminal import capture_native_output, say


@click.command(short_help="Measure, from any folder.", context_settings={"ignore_unknown_options": True})
@click.argument("options", metavar="[PYTEST OPTIONS]", nargs=-1, type=click.UNPROCESSED)
def run(options: tuple[str, ...]) -> None:
    """Measure, from any folder: the same as `pytest bench/` in a checkout of zoobench.

    The options are those of pytest: --zoo-data photos --zoo-backbones mobilenet, -k 'integer_only and latency',
    --zoo-gate main. Results and models come to lie in ./artifacts. The working folder's own tests, conftest.py and
    settings of pytest do not count.
    """
    become_pytest(str(bench_folder()), *options)


@click.command()
@output_options
def backbones(*, form: str, output: Path | None) -> None:
    """List the backbones with the image size and the file of their published weights."""
    sized = ((one, one.default_size) for one in map(_usable, TABLES["backbone"].names()) if one)
    rows = [{"backbone": one.name, "image_size": size, "weights": one.weights_name(size)} for one, size in sized]
    texts = tuple(tuple(map(str, row.values())) for row in rows)
    grid = Grid(heads=("backbone", "pixels", "weights"), rows=texts, words=frozenset({2}))
    present(_view("Backbones", rows, grid), form=form, output=output)


def _usable(name: str) -> Any:
    try:
        return TABLES["backbone"].find(name)
    except UsageError as error:
        say(str(error), error=True)
        return None


@click.command()
@output_options
def extensions(*, form: str, output: Path | None) -> None:
    """List what other packages add to backbones, variants and runtimes; status 1 if one of them cannot be used.

    Each is imported to find out, and so are the functions and modules that it names.
    """
    rows = find_extensions()
    none = () if rows else ("no package adds anything; docs/extending.md says how one does",)
    shown = ((one["name"], one["what"], one["package"], one["problem"] or "can be used") for one in rows)
    grid = Grid(heads=("name", "what", "package", "state"), rows=tuple(shown), words=frozenset({1, 2, 3}))
    present(_view("What packages add", rows, grid, *none), form=form, output=output)
    sys.exit(Status.FAILED if any(one["problem"] for one in rows) else Status.PASSED)


def find_extensions() -> list[dict[str, str]]:
    """Returns everything that packages add; each is imported, with the functions and modules that it names.

    Of each: `what` (backbone, variant or runtime), its `name`, its `package`, and the `problem` that keeps it from
    being used, '' if there is none.
    """
    return [
        {"what": table.what, "name": one.name, "package": str(package), "problem": _problem(table, one.name)}
        for table in TABLES.values()
        for one, package in additions(table.group)
    ]


def _problem(table: Table[Any], name: str) -> str:
    try:
        table.check([name])  # a name of ours would be found without a look at who else gives it
        with capture_native_output():
            _import_all(table.what, table.find(name))
    except (UsageError, MeasurementError) as error:
        return str(error)
    return ""


def _import_all(what: str, row: Any) -> None:
    if what == "runtime":
        if row.missing:
            raise MeasurementError(row.unavailable_reason)
        import_runtime(row.name)
        return
    reference = row.builder if what == "backbone" else row.maker
    if not callable(imported(reference, package=row.package)):
        raise UsageError(f"{row.package}: {reference} is no function; expected one that makes {row.name}")


def _view(title: str, rows: Sequence[Mapping[str, Any]], grid: Grid, *lines: str) -> View:
    document = Document(title=title, blocks=(Lines(lines=lines), grid))
    return View(document=lambda: document, plain=lambda: rows, rows=lambda: rows)


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

    try:
        with writing(output) as handle:
            contact_sheet(seed=seed).save(handle, format="png")
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror}; name another file with -o") from error
    say(f"wrote {output}")


@data.command(short_help="Download a data set of photos.")
@click.argument("name", type=click.Choice(["animals10"]))
def fetch(name: str) -> None:
    """Download a data set of photos (needs the network and `pip install kagglehub`)."""
    say(f"use it with: pytest bench/ --zoo-data {quote(str(fetched(name)))}")


def fetched(name: str) -> Path:
    """Returns the folder of class folders of a data set, downloading it if it is not there yet."""
    handle, inside = _HANDLES[name]
    try:
        kagglehub = import_module("kagglehub")
    except ModuleNotFoundError as error:
        raise DataError(f"{name} is fetched by kagglehub: pip install kagglehub; {_BY_HAND}") from error
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


@click.command()
@build_options
def build(*, options: Mapping[str, str]) -> None:
    """Make the models that `pytest bench/` would measure, with the same options, and list them."""
    session = BenchSession(make_plan(options))
    for line in session.prepare(session.plan.cells):
        say(line, error=True)
    for cell in session.plan.cells:
        if session.is_made(cell):
            say(cell.id, session.model(cell).path)
        elif refusal := session.refusal(cell):
            say(f"{cell.id} is not made: {refusal.by} refuses it: {refusal.reason}", error=True)
