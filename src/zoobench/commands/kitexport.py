"""What of a workstation's run goes into a kit? Its TFLite cells, what is not made yet made, and its test samples."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from zoobench.commands.options import matching
from zoobench.data.dataset import Dataset
from zoobench.errors import DataError, UsageError
from zoobench.kit.contents import (
    SCHEMA,
    SUFFIX,
    KitAddition,
    KitCell,
    KitDataset,
    KitImages,
    KitManifest,
    KitModel,
    KitSample,
)
from zoobench.kit.writer import Chunks, Written, check_free, of_file, of_samples, write_kit
from zoobench.matrix import runtimes, variants
from zoobench.matrix.cell import Cell
from zoobench.matrix.registry import Package
from zoobench.matrix.variants import find_variant
from zoobench.results.schema import RecordedNumerics, Refusal
from zoobench.run.inputs import recorded_training
from zoobench.run.plan import make_plan
from zoobench.run.workshop import Workshop, open_workshop, samples_of
from zoobench.store.product import Stored
from zoobench.system.terminal import sanitize


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A kit that was just written, and what a reader should know of it."""

    written: Written
    lines: tuple[str, ...]


def export_kit(
    path: Path, given: Mapping[str, str], *, patterns: Sequence[str] = (), overwriting: bool = False
) -> Exported:
    """Writes a kit of the cells that options ask for.

    Args:
        path: Where it goes.
        given: Texts of options by name, as `make_plan` takes them.
        patterns: Only cells whose ids fit one of these; all if there is none.
        overwriting: Whether a file of that name may be replaced.

    Raises:
        UsageError: If an option or a pattern makes no sense, no cell is left, or there is such a file.
        DataError: If images cannot be used, or the kit cannot be written.
        ModelError: If a file cannot be made.
    """
    check_free(path, overwriting=overwriting)
    plan = make_plan(given)
    ids = matching((cell.id for cell in plan.cells), patterns)
    asked = [cell for cell in plan.cells if cell.id in ids]
    cells, left_out = [one for one in asked if is_tflite(one)], [one for one in asked if not is_tflite(one)]
    if not cells:
        raise UsageError(
            f"received only cells that a device cannot run without TensorFlow: {_listed(left_out)}; choose TFLite ones"
        )
    workshop = open_workshop(plan, list(dict.fromkeys((*cells, *(cell.float_twin for cell in cells)))))
    written = write_kit(path, *contents(workshop, cells), overwriting=overwriting)
    return Exported(written=written, lines=(*workshop.described(), *_remarks(workshop, cells, left_out)))


def is_tflite(cell: Cell) -> bool:
    """Tells whether a device can run a cell without TensorFlow."""
    return find_variant(cell.variant).suffix == SUFFIX


def contents(workshop: Workshop, cells: Sequence[Cell]) -> tuple[KitManifest, Mapping[str, Chunks]]:
    """Returns what a kit of these cells says of itself, and its files' content; files that are not made yet are made.

    Raises:
        DataError: If the test samples differ between image sizes.
        ModelError: If a file cannot be made.
    """
    dataset, samples = workshop.dataset(cells[0]), _samples(workshop, cells)
    sized = {cell.image_size: cell for cell in cells}
    images = {size: f"images-{size}.npy" for size in sized}
    files = dict(_files(workshop, cells))
    pixels = {
        images[size]: of_samples(samples_of(workshop.dataset(cell)), image_size=size) for size, cell in sized.items()
    }
    manifest = KitManifest(
        schema=SCHEMA,
        zoobench=version("zoobench"),
        dataset=_dataset(dataset),
        samples=tuple(samples),
        images=tuple(KitImages(image_size=size, file=name) for size, name in images.items()),
        models=tuple(files),
        cells=tuple(_cell(workshop, cell) for cell in cells),
        files={},
        added=tuple(_added(cells)) or None,
    )
    return manifest, pixels | {model.file: chunks for model, chunks in files.items()}


def _samples(workshop: Workshop, cells: Sequence[Cell]) -> list[KitSample]:
    """Returns the test samples in the order of measuring: at every image size the same, or a kit cannot hold them."""
    found: list[list[KitSample]] = []
    for cell in {cell.image_size: cell for cell in cells}.values():
        dataset = workshop.dataset(cell)
        ours = (dataset.samples[row] for row in samples_of(dataset).rows.tolist())
        found.append([KitSample(sha256=one.sha256, label=one.label) for one in ours])
    if any(one != found[0] for one in found):
        raise DataError("the test samples are not the same at every image size; export a kit for each size")
    return found[0]


def _dataset(dataset: Dataset) -> KitDataset:
    return KitDataset(name=dataset.name, sha256=dataset.sha256, classes=dataset.classes, left_out=len(dataset.left_out))


def _added(cells: Sequence[Cell]) -> Iterable[KitAddition]:
    """Yields the variants and runtimes that packages add, so that a device that lacks one can say which."""
    for name in dict.fromkeys(one.variant for one in cells):
        yield from _addition("variant", name, variants.TABLE.package(name))
    for name in dict.fromkeys(one.runtime for one in cells):
        yield from _addition("runtime", name, runtimes.TABLE.package(name))


def _addition(what: str, name: str, package: Package | None) -> Iterable[KitAddition]:
    if package:
        yield KitAddition(what=what, name=name, package=package.name, version=package.version)


def _files(workshop: Workshop, cells: Sequence[Cell]) -> Iterable[tuple[KitModel, Chunks]]:
    """Yields each file that a cell or its float twin needs, once; cells whose making was refused have none."""
    with_twins = dict.fromkeys(
        one for cell in cells if isinstance(workshop.find(cell), Stored) for one in (cell, cell.float_twin)
    )
    for cell in {(one.backbone, one.variant, one.image_size): one for one in with_twins}.values():
        stored = workshop.file(cell)
        numerics, training = stored.facts.get("numerics"), recorded_training(stored.facts)
        model = KitModel(
            backbone=cell.backbone,
            variant=cell.variant,
            image_size=cell.image_size,
            file=f"{cell.backbone.lstrip('._') or 'model'}-{cell.image_size}-{cell.variant}{SUFFIX}",
            numerics=RecordedNumerics(**numerics) if numerics else None,
            training=replace(training, seconds=None) if training else None,  # or no kit could be made twice
        )
        yield model, of_file(stored.path)


def _cell(workshop: Workshop, cell: Cell) -> KitCell:
    refusal = workshop.refusal(cell)
    return KitCell(
        id=cell.id,
        backbone=cell.backbone,
        variant=cell.variant,
        runtime=cell.runtime,
        threads=cell.threads,
        image_size=cell.image_size,
        weights=workshop.weights[cell.backbone].identity,
        refusal=Refusal(by=refusal.by, reason=sanitize(refusal.reason)) if refusal else None,
    )


def _remarks(workshop: Workshop, cells: Sequence[Cell], left_out: Sequence[Cell]) -> Iterable[str]:
    if left_out:
        yield f"left out, as a device would need TensorFlow for them: {_listed(left_out)}"
    for cell in cells:
        if refusal := workshop.refusal(cell):
            yield f"{cell.id}: {refusal.by} refuses it, which the kit says: {refusal.reason}"


def _listed(cells: Sequence[Cell]) -> str:
    return ", ".join(cell.id for cell in cells)
