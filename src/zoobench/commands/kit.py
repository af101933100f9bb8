"""`zoobench kit export | show | run`: how do models and samples get to a device, and how are they measured there?"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from zoobench.commands.options import PATH, build_options, cells_option, output_options, present
from zoobench.errors import UsageError
from zoobench.kit.reader import open_kit, verify
from zoobench.run.options import PREFIX, defaults
from zoobench.show.inventory import kit_view
from zoobench.system.units import size

_MEGABYTE = 1_000_000


@click.group()
def kit() -> None:
    """Carry models and test samples to a device and measure them there.

    \b
    zoobench kit export KIT.zip --backbones mobilenet          # on the workstation
    zoobench kit run KIT.zip                                   # on the device, which needs no TensorFlow
    zoobench compare --across-machines HERE.json THERE.json    # on either
    """  # noqa: D301 - click keeps the lines after a backspace as they are


@kit.command(short_help="Write models and test samples into KIT.zip.")
@click.argument("file", metavar="KIT.zip", type=PATH)
@cells_option
@click.option("--force", is_flag=True, help="Replace a file of that name.")
@build_options
def export(*, file: Path, cells: tuple[str, ...], force: bool, options: Mapping[str, str]) -> None:
    """Write the TFLite files and the decoded test samples of a run into KIT.zip.

    With the options of the run whose results are to be compared; what is not made yet is made. Keras cells are left
    out, as they need TensorFlow.
    """
    from zoobench.commands.kitexport import export_kit  # needs what builds, which a device lacks

    written, lines = export_kit(file, options, patterns=cells, overwriting=force)
    for line in lines:
        click.echo(line, err=True)
    click.echo(
        f"wrote {file}: {size(written.size_bytes)}, unpacked {size(written.unpacked_bytes)}, kit {written.sha256}"
    )
    click.echo(f"copy it to the device; there: pip install zoobench, then: zoobench kit run {file.name}")


@kit.command(short_help="Check all of KIT.zip and print what is in it.")
@click.argument("file", metavar="KIT.zip", type=PATH)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=int(defaults()["kit-limit"]),
    show_default=True,
    metavar="MB",
    help="Most megabytes of a kit when it is unpacked.",
)
@output_options
def show(*, file: Path, limit: int, form: str, output: Path | None) -> None:
    """Check all of KIT.zip and print what is in it; nothing is unpacked or run."""
    with open_kit(file, limit_bytes=limit * _MEGABYTE) as opened:
        verify(opened)
        present(kit_view(opened, size_bytes=file.stat().st_size), form=form, output=output)


@kit.command(
    short_help="Measure the cells of KIT.zip on this machine.", context_settings={"ignore_unknown_options": True}
)
@click.argument("file", metavar="KIT.zip", type=PATH)
@click.argument("options", metavar="[PYTEST OPTIONS]", nargs=-1, type=click.UNPROCESSED)
def run(file: Path, options: tuple[str, ...]) -> None:
    """Measure the cells of KIT.zip on this machine; the same as `pytest --zoo-kit KIT.zip`.

    What follows goes to pytest: -k 'integer_only and latency', --zoo-rounds 100, --zoo-machine pi5.
    """
    if not file.is_file():
        raise UsageError(f"there is no kit {file}; name a file that `zoobench kit export` wrote")
    command = [sys.executable, "-m", "pytest", f"{PREFIX}kit={file}", *options]
    os.execv(command[0], command)  # pytest takes this process's place, and with it Ctrl-C and the status
