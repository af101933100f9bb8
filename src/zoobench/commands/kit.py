"""`zoobench kit export | show | run`: how do models and samples get to a device, and how are they measured there?

Into a kit go the TFLite cells of a workstation's run, what is not made yet made, and the test samples.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from glob import escape
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from types import MappingProxyType

import click
from click.core import ParameterSource

from zoobench.commands.baseline import find_run
from zoobench.commands.options import PATH, build_options, cells_option, matching, output_options, present
from zoobench.errors import DataError, ModelError, UsageError, sanitize
from zoobench.kit.contents import (
    LONGEST_REMARK,
    SCHEMAS,
    SUFFIX,
    KitAddition,
    KitCell,
    KitDataset,
    KitImages,
    KitManifest,
    KitModel,
    KitSample,
)
from zoobench.kit.reader import open_kit, verify
from zoobench.kit.writer import Chunks, check_free, of_file, of_samples, write_kit
from zoobench.matrix.cell import TABLES, Cell, added_to
from zoobench.matrix.interface import Interface
from zoobench.results.run import read_recorded
from zoobench.run.inputs import Inputs, open_inputs
from zoobench.run.options import DECIDING, PREFIX, become_pytest, defaults
from zoobench.run.plan import make_plan
from zoobench.show.inventory import kit_view
from zoobench.system.terminal import say
from zoobench.system.units import short_hash, size

_MEGABYTE = 1_000_000
_RANDOM = "random"


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
@click.option("--from", "source", metavar="RUN", help="Take options, cells and files of a run; it decides all of them.")
@build_options
def export(*, file: Path, cells: tuple[str, ...], force: bool, source: str | None, options: Mapping[str, str]) -> None:
    """Write the TFLite files and the decoded test samples of a run into KIT.zip.

    With --from RUN (a number, a name, a file, @latest), or with the options of the run whose results are to be
    compared; what is not made yet is made. Keras cells are left out, as they need TensorFlow. Random weights are
    exported only where they were asked for.
    """
    files: dict[str, str] = {}
    if source:
        options, files = of_run(source, options)
        cells = tuple(map(escape, matching(files, cells, of=source)))
    sha256, unpacked, lines = export_kit(file, options, patterns=cells, overwriting=force, files=files)
    for line in lines:
        say(line, error=True)
    say(f"wrote {file}: {size(file.stat().st_size)}, unpacked {size(unpacked)}, kit {sha256}")
    say(f"copy it to a device where zoobench is installed, and run there: zoobench kit run {quote(file.name)}")


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
    """Measure the cells of KIT.zip on this machine.

    It is `pytest --zoo-kit KIT.zip` without what the working folder has of tests, conftest.py, modules and settings of
    pytest. What follows goes to pytest: -k 'integer_only and latency', --zoo-rounds 100, --zoo-machine pi5.
    """
    if not file.is_file():
        raise UsageError(f"there is no kit {file}; name a file that `zoobench kit export` wrote")
    become_pytest(f"{PREFIX}kit={file}", *options)


def of_run(source: str, options: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the options that a run was made with, in the artifacts folder of others, and its TFLite files' hashes.

    Raises:
        UsageError: If another option was given beside it, or it came of a kit.
    """
    context = click.get_current_context()
    beside = [
        f"--{name}"
        for name in DECIDING
        if context.get_parameter_source(name.replace("-", "_")) is ParameterSource.COMMANDLINE
    ]
    if beside:
        raise UsageError(f"received {', '.join(beside)} together with --from, whose run decided that; leave it out")
    run = read_recorded(find_run(source, artifacts=Path(options["artifacts"])))
    if any(record.kit for record in run.records.values()):
        raise UsageError(f"{run.name} was measured from a kit; take that kit to the device, or name another run")
    files = {
        name: record.model.sha256 for name, record in run.records.items() if record.model and record.model.contract
    }
    return {**options, **DECIDING, **run.provenance.options}, files


def export_kit(
    path: Path,
    given: Mapping[str, str],
    *,
    patterns: Sequence[str] = (),
    overwriting: bool = False,
    files: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, int, list[str]]:
    """Writes a kit of the cells that options ask for and that match a pattern, if there is one.

    `files` are the SHA-256 of those that it must hold, by cell; what is made again otherwise is refused.
    Returns its SHA-256, the bytes of all its members, and what a reader should know of it.
    """
    check_free(path, overwriting=overwriting)
    plan = make_plan(given)
    ids = matching((cell.id for cell in plan.cells), patterns)
    asked = [cell for cell in plan.cells if cell.id in ids]
    cells, listed = [one for one in asked if is_tflite(one)], ", ".join(one.id for one in asked if not is_tflite(one))
    if not cells:
        raise UsageError(
            f"received only cells that a device cannot run without TensorFlow: {listed}; choose TFLite ones"
        )
    inputs = open_inputs(plan, list(dict.fromkeys((*cells, *(cell.float_twin for cell in cells)))))
    check_weights(inputs, {**defaults(), **given}["weights"])
    for cell in cells:
        if cell.id in files and inputs.is_made(cell) and (made := inputs.target(cell).file.sha256) != files[cell.id]:
            raise ModelError(
                f"{cell.id} is another file now, {short_hash(made)}, than the run measured, "
                f"{short_hash(files[cell.id])}; measure again, and export the kit from that run"
            )
    sha256, unpacked = write_kit(path, *contents(inputs, cells), overwriting=overwriting)
    refused = ((cell.id, refusal) for cell in cells if (refusal := inputs.refusal(cell)))
    return (
        sha256,
        unpacked,
        [
            *inputs.description,
            *([f"left out, as a device would need TensorFlow for them: {listed}"] if listed else []),
            *(f"{cell}: {refusal.by} refuses it, which the kit says: {refusal.reason}" for cell, refusal in refused),
        ],
    )


def check_weights(inputs: Inputs, asked: str) -> None:
    """Refuses random weights that nobody asked for."""
    random = [name for name, identity in inputs.weights.items() if identity == _RANDOM]
    if random and asked != _RANDOM:
        raise UsageError(
            f"the weights of {', '.join(random)} are random, as ImageNet's could neither be found nor fetched; name "
            "trained ones with --weights, or ask for a kit of random ones with --weights random"
        )


def is_tflite(cell: Cell) -> bool:
    """Tells whether a device can run a cell without TensorFlow."""
    return bool(TABLES["variant"].find(cell.variant).suffix == SUFFIX)


def contents(inputs: Inputs, cells: Sequence[Cell]) -> tuple[KitManifest, Mapping[str, Chunks]]:
    """Returns what a kit of these cells says of itself, and its files' content; makes what is missing."""
    splits = {cell.image_size: inputs.split(cell) for cell in cells}
    first, *others = splits.values()
    if any(one.identity["samples_in_order"] != first.identity["samples_in_order"] for one in others):
        raise DataError("the test samples are not the same at every image size; export a kit for each size")
    data, samples = first.dataset, zip(first.samples.contents, first.samples.labels.tolist(), strict=True)
    images = {size: f"images-{size}.npy" for size in splits}
    pixels = {images[size]: of_samples(split.samples, image_size=size) for size, split in splits.items()}
    files = dict(_files(inputs, cells))
    manifest = KitManifest(
        schema=schema_of(files),
        zoobench=version("zoobench"),
        dataset=KitDataset(name=data.name, sha256=data.sha256, classes=data.classes, left_out=data.left_out),
        samples=tuple(KitSample(sha256=sha256, label=label) for sha256, label in samples),
        images=tuple(KitImages(image_size=size, file=name) for size, name in images.items()),
        models=tuple(files),
        cells=tuple(_cell(inputs, cell) for cell in cells),
        files={},
        added=tuple(_added(cells)) or None,
    )
    return manifest, pixels | {model.file: chunks for model, chunks in files.items()}


def schema_of(models: Iterable[KitModel]) -> int:
    """Returns the lowest that says all: a version that reads only 1 would feed all models raw square images."""
    plain, other = SCHEMAS
    is_plain = all(
        isinstance(one.image_size, int) and (one.interface is None or one.interface.changes_nothing) for one in models
    )
    return plain if is_plain else other


def _files(inputs: Inputs, cells: Sequence[Cell]) -> Iterator[tuple[KitModel, Chunks]]:
    with_twins = (one for cell in cells if inputs.is_made(cell) for one in (cell, cell.float_twin))
    for cell in {(one.backbone, one.variant, one.image_size): one for one in with_twins}.values():
        file = inputs.target(cell).file
        model = KitModel(
            backbone=cell.backbone,
            variant=cell.variant,
            image_size=cell.image_size,
            file=f"{cell.backbone.lstrip('._') or 'model'}-{cell.image_size}-{cell.variant}{SUFFIX}",
            numerics=file.numerics,
            quantizer=file.quantizer,
            training=replace(file.training, seconds=None) if file.training else None,  # or no kit could be made twice
            interface=_printable(file.interface),
        )
        yield model, of_file(file.path)


def _printable(interface: Interface | None) -> Interface | None:
    """Returns what a model is taken as, with remarks that a kit may hold."""
    remarks = tuple(sanitize(one)[:LONGEST_REMARK] for one in interface.remarks) if interface else ()
    return replace(interface, remarks=remarks) if interface else None


def _cell(inputs: Inputs, cell: Cell) -> KitCell:
    refusal = inputs.refusal(cell)
    return KitCell(
        id=cell.id,
        **asdict(cell),
        weights=inputs.weights[cell.backbone],
        refusal=replace(refusal, reason=sanitize(refusal.reason)) if refusal else None,
    )


def _added(cells: Sequence[Cell]) -> Iterator[KitAddition]:
    for what in ("variant", "runtime"):
        for (kind, name), package in added_to(cells).items():
            if kind == what:
                yield KitAddition(what=what, name=name, package=package.name, version=package.version)
