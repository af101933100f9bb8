"""What can be done outside pytest? `build`, `show`, `compare`, `gate`, `kit` and others; each command only calls."""

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from zoobench.commands.cli_aa import aa
from zoobench.commands.cli_baseline import baseline
from zoobench.commands.cli_compare import compare
from zoobench.commands.cli_gate import gate
from zoobench.commands.cli_parity import parity
from zoobench.commands.cli_recommend import recommend
from zoobench.commands.cli_report import report
from zoobench.commands.extensions import extensions
from zoobench.commands.kit import kit
from zoobench.commands.options import build_options
from zoobench.commands.store import store
from zoobench.errors import UsageError, ZoobenchError
from zoobench.run.options import PREFIX

_VIOLATED = 1
_UNUSABLE_INPUT = 2
_INTERRUPTED = 130


class _Group(click.Group):
    """A group whose commands end with a message and a status, never a traceback, on our own errors."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ZoobenchError as error:
            _stop(str(error), _UNUSABLE_INPUT)
        except ModuleNotFoundError as error:
            _stop(f"this needs {error.name}, which is not installed: pip install 'zoobench[build]'", _UNUSABLE_INPUT)
        except KeyboardInterrupt:
            _stop("interrupted; what was finished is kept", _INTERRUPTED)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zoobench")
def main() -> None:
    """Which backbone, quantized how, run by what, should I ship?

    The measuring itself is `pytest bench/`; these commands do what goes before and after it.
    """


@main.command()
@build_options
def build(**given: str) -> None:
    """Make the models that `pytest bench/` would measure, with the same options, and list them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from zoobench.run.plan import make_plan
    from zoobench.run.session import BenchSession

    session = BenchSession(make_plan({name.replace("_", "-"): text or "" for name, text in given.items()}))
    for line in session.prepare(session.plan.cells):
        click.echo(line, err=True)
    for cell in session.plan.cells:
        if session.source.is_made(cell):
            click.echo(f"{cell.id}\t{session.model(cell).path}")
        elif refusal := session.refusal(cell):
            click.echo(f"{cell.id} is not made: {refusal.by} refuses it: {refusal.reason}", err=True)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Print the table of a results file again."""
    from rich.console import Console

    from zoobench.results.record import read_results
    from zoobench.show.table import render

    terminal = Console()
    click.echo(render(read_results(file), width=terminal.width, colours=terminal.is_terminal), nl=False)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--as", "label", metavar="LABEL", help="Hold the file to this variant's promise; status 1 if it breaks it."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def inspect(file: Path, label: str | None, form: str) -> None:
    """Print what a TFLite file takes, stores and computes in, and which variant it is."""
    from zoobench.commands.inspect import inspect_file, to_json, to_text

    found = inspect_file(file, label=label)
    click.echo(to_json(found) if form == "json" else to_text(found, colours=sys.stdout.isatty()), nl=False)
    sys.exit(_VIOLATED if found.violations else 0)


@main.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--float", "float_model", metavar="FILE", type=click.Path(path_type=Path), help="The float32 file.")
@click.option("--images", metavar="PATH", type=click.Path(path_type=Path), help="Folder of photos, or uint8 .npy file.")
@click.option("--samples", type=click.IntRange(1), default=32, show_default=True, help="Most images to compare on.")
@click.option("--worst", type=click.IntRange(0), default=5, show_default=True, help="How many layers are marked.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("errors.png"), show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
def errors(
    *, model: Path, float_model: Path | None, images: Path | None, samples: int, worst: int, output: Path, form: str
) -> None:
    """Show how far each layer of a quantized TFLite file is from the float32 file, as a table and a picture.

    For a file in artifacts/models the float32 file and the calibration images are found there.
    """
    from zoobench.commands.errors import find_errors, save_picture, shown

    report = find_errors(model, float_model=float_model, images=images, samples=samples)
    click.echo(shown(report, form=form, worst_count=worst), nl=False)
    save_picture(report, output, worst_count=worst)
    click.echo(f"wrote {output}", err=True)


@main.command()
def backbones() -> None:
    """List the backbones with the image size and the file of their published weights."""
    from zoobench.build.backbones import TABLE

    for name in TABLE.names():
        try:
            one = TABLE.find(name)
        except UsageError as error:  # the others can be used all the same
            click.echo(str(error), err=True)
            continue
        click.echo(f"{one.name:22}{one.default_size:5} px  {one.weights_name(one.default_size)}".rstrip())


@main.group()
def data() -> None:
    """Look at the drawn data set, or get real photos."""


@data.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("drawn.png"), show_default=True)
@click.option(f"{PREFIX}seed", "seed", default=0, show_default=True, help="Seed of the drawings.")
def preview(output: Path, seed: int) -> None:
    """Write a contact sheet of the drawn animals, a row for each class."""
    from zoobench.data.drawn import contact_sheet
    from zoobench.system.files import writing

    with writing(output) as handle:
        contact_sheet(seed=seed).save(handle, format="png")
    click.echo(f"wrote {output}")


@data.command()
@click.argument("name", type=click.Choice(["animals10"]))
def fetch(name: str) -> None:
    """Download a data set of photos (needs the network and `pip install 'zoobench[fetch]'`)."""
    from zoobench.data.fetch import fetch as download

    click.echo(f"use it with: pytest bench/ --zoo-data {download(name)}")


main.add_command(baseline)
main.add_command(gate)
main.add_command(kit)
main.add_command(compare)
main.add_command(store)
main.add_command(aa)
main.add_command(parity)
main.add_command(recommend)
main.add_command(extensions)
main.add_command(report)


def _stop(message: str, status: int) -> NoReturn:
    click.echo(f"zoobench: {message}", err=True)
    sys.exit(status)
