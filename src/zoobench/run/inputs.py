"""What is measured, on what? One value, whether files are made from a store's data or came in a kit."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobench.errors import ModelError
from zoobench.kit.contents import KitModel
from zoobench.kit.reader import KeptKit
from zoobench.matrix import runtimes, variants
from zoobench.matrix.cell import Cell
from zoobench.matrix.runtimes import REFERENCE, find_runtime
from zoobench.measure.target import ModelFile, Samples, Target, no_file
from zoobench.results.checked import brief
from zoobench.results.schema import MOST_EPOCHS, RecordedDataset, RecordedNumerics, RecordedTraining, Refusal
from zoobench.run import extensions
from zoobench.run.plan import Plan
from zoobench.store.product import Stored
from zoobench.system.files import sha256_of_json
from zoobench.tflite.contract import Contract, read_contract

# A device, which measures what a kit holds, has no Pillow.
if TYPE_CHECKING:
    from zoobench.data.dataset import Dataset

_DIGITS = 5
"""Significant ones of each number: more than a picture or a reader tells apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The test samples at one image size.

    Attributes:
        samples: In the order of measuring.
        identity: All that determines them and their order, as plain JSON.
        dataset: What to record of the data set.
    """

    samples: Samples
    identity: Mapping[str, Any]
    dataset: RecordedDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a run measures.

    Attributes:
        cells: Those that will run.
        splits: The test samples, by image size.
        weights: Identity of the weights that each backbone started from.
        find: Returns a cell's file, made now if need be, or why its quantizer refuses to make it.
        description: What a reader of the results should know of data and weights.
        provenance: What a later rebuild or replay needs to know, as plain JSON.
        kit: SHA-256 of the kit that all of it came in, if it came in one.
        unknown: Which package adds the variant or runtime of a cell and is not installed here, by cell id.
    """

    cells: tuple[Cell, ...]
    splits: Mapping[int, Split]
    weights: Mapping[str, str]
    find: Callable[[Cell], ModelFile | Refusal]
    description: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    kit: str | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)

    def split(self, cell: Cell) -> Split:
        """Returns the test samples of a cell."""
        return self.splits[cell.image_size]

    def target(self, cell: Cell) -> Target:
        """Returns a cell ready to be measured; makes its file if need be.

        Raises:
            ModelError: If there is no file.
        """
        found = self.find(cell)
        if isinstance(found, Refusal):
            raise no_file(cell, found)
        return Target(cell=cell, file=found, samples=self.split(cell).samples)

    def refusal(self, cell: Cell) -> Refusal | None:
        """Returns why a cell's quantizer does not make it or its runtime did not take it, or None if they do."""
        found = self.find(cell)
        return found if isinstance(found, Refusal) else found.refusal

    def unavailable_reason(self, cell: Cell) -> str:
        """Returns what of a cell's variant and runtime is not installed here and how it is had, '' if all is."""
        if reason := self.unknown.get(cell.id):
            return reason
        return find_runtime(cell.runtime).unavailable_reason

    def described(self) -> tuple[str, ...]:
        """Returns what a reader of the results should know, with what packages add and what is not installed."""
        reasons = dict.fromkeys(filter(None, map(self.unavailable_reason, self.cells)))
        return (*self.description, *extensions.described(self.cells), *(f"skipped: {one}" for one in reasons))


def open_inputs(plan: Plan, cells: Sequence[Cell]) -> Inputs:
    """Opens what these cells are made from and measured on.

    Raises:
        DataError: If samples cannot be used.
        ModelError: If weights cannot be had.
    """
    return from_kit(plan.source, cells) if isinstance(plan.source, KeptKit) else from_store(plan, cells)


def from_store(plan: Plan, cells: Sequence[Cell]) -> Inputs:
    """Returns what a store's data and weights give; files are made when they are first asked for.

    Raises:
        DataError: If images cannot be used.
        ModelError: If weights cannot be had.
    """
    from zoobench.run.workshop import open_workshop

    workshop = open_workshop(plan, cells)
    splits = {size: _split(dataset) for size, dataset in workshop.datasets.items()}
    pixels = {
        str(size): {"product": split.samples.path.parent.name, "rows": split.samples.rows.tolist()}
        for size, split in splits.items()
    }
    read = cache(_contract)

    def find(cell: Cell) -> ModelFile | Refusal:
        stored = workshop.find(cell)
        return stored if isinstance(stored, Refusal) else _made(stored, workshop.refusal(cell), read)

    return Inputs(
        cells=workshop.cells,
        splits=splits,
        weights={name: weights.identity for name, weights in workshop.weights.items()},
        find=cache(find),
        description=workshop.described(),
        provenance={"cells": [cell.id for cell in cells], "pixels": pixels},
    )


def from_kit(kit: KeptKit, cells: Sequence[Cell]) -> Inputs:
    """Returns what a kit holds of these cells: its files as they came, and nothing that would have to be built."""
    manifest = kit.manifest
    data, contents = manifest.dataset, [(sample.sha256, sample.label) for sample in manifest.samples]
    dataset = RecordedDataset(
        name=data.name, sha256=data.sha256, classes=data.classes, samples=len(contents), left_out=data.left_out
    )
    samples_in_order = sha256_of_json(contents)
    splits = {
        images.image_size: Split(
            samples=Samples(
                path=kit.folder / images.file,
                rows=np.arange(len(contents), dtype=np.int64),
                labels=np.array([label for _, label in contents], np.int64),
            ),
            identity={
                "dataset": data.sha256,
                "samples_in_order": samples_in_order,
                "image_size": images.image_size,
                "pixels": manifest.files[images.file].sha256,
            },
            dataset=dataset,
        )
        for images in manifest.images
    }
    weights = {cell.backbone: cell.weights for cell in manifest.cells}
    read = cache(_contract)
    return Inputs(
        cells=tuple(cells),
        splits=splits,
        weights=weights,
        find=cache(lambda cell: _of_kit(kit, cell, read)),
        description=(
            f"kit: {kit.path}, {kit.sha256[:12]}, written by zoobench {manifest.zoobench}",
            f"data: {data.name}, {len(contents)} test samples, {len(data.classes)} classes",
            *(f"weights: {name}: {identity[:21]}" for name, identity in weights.items()),
        ),
        provenance={"cells": [cell.id for cell in cells], "kit": {"sha256": kit.sha256, "file": kit.path.name}},
        kit=kit.sha256,
        unknown={cell.id: reason for cell in cells if (reason := _unknown(kit, cell))},
    )


def recorded_training(facts: Mapping[str, Any]) -> RecordedTraining | None:
    """Returns what to record of a training, or None where the classifier came trained.

    Args:
        facts: Of a model file in the store; those that were made before a fact was written down lack it.
    """
    history = facts.get("history")
    if not history:
        return None
    run = range(len(history["loss"]))
    kept = history.get("kept_epoch")
    shown = _spread(run, kept)
    validated = _spread([epoch for epoch in run if history["validation_loss"][epoch] is not None], kept)
    seconds = history.get("seconds")
    return RecordedTraining(
        epochs=len(run),
        kept_epoch=kept,
        shown=_from_one(shown),
        loss=_at(history["loss"], shown),
        accuracy=_at(history["accuracy"], shown),
        learning_rate=_at(history["learning_rate"], shown),
        validated=_from_one(validated),
        validation_loss=_at(history["validation_loss"], validated),
        validation_accuracy=_at(history["validation_accuracy"], validated),
        seconds=None if seconds is None else _rounded(seconds),
    )


def _split(dataset: "Dataset") -> Split:
    from zoobench.data.images import DECODER_VERSION
    from zoobench.run.workshop import samples_of

    samples = samples_of(dataset)
    in_order = [dataset.samples[row] for row in samples.rows.tolist()]
    identity = {
        "dataset": dataset.sha256,
        "samples_in_order": sha256_of_json([(sample.sha256, sample.label) for sample in in_order]),
        "image_size": dataset.image_size,
        "decoder": DECODER_VERSION,  # decoders may differ in pixels
        "pillow": version("pillow"),
    }
    recorded = RecordedDataset(
        name=dataset.name,
        sha256=dataset.sha256,
        classes=dataset.classes,
        samples=len(in_order),
        left_out=len(dataset.left_out),
    )
    return Split(samples=samples, identity=identity, dataset=recorded)


def _made(stored: Stored, refusal: Refusal | None, read: Callable[..., Contract | None]) -> ModelFile:
    numerics = stored.facts.get("numerics")
    return ModelFile(
        path=stored.path,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        contract=read(stored.path),
        numerics=RecordedNumerics(**numerics) if numerics else None,
        training=recorded_training(stored.facts),
        refusal=refusal,
        product=stored.path.parent.name,
    )


def _contract(path: Path) -> Contract | None:
    return read_contract(path.read_bytes()) if path.suffix == ".tflite" else None


def _of_kit(kit: KeptKit, cell: Cell, read: Callable[..., Contract | None]) -> ModelFile | Refusal:
    """Returns a cell's file; what stands in it is read here, not believed."""
    manifest = kit.manifest
    model = manifest.model(backbone=cell.backbone, variant=cell.variant, image_size=cell.image_size)
    listed = next((one for one in manifest.cells if one.id == cell.id), None)
    if model is None:
        if listed and listed.refusal:
            return listed.refusal
        raise ModelError(f"the kit has no {cell.variant} of {cell.backbone}; export one with {cell.id}")
    known, path = manifest.files[model.file], kit.folder / model.file
    contract = read(path)
    _check_ports(contract, path, side=cell.image_size, classes=len(manifest.dataset.classes))
    return ModelFile(
        path=path,
        sha256=known.sha256,
        size_bytes=known.size_bytes,
        contract=contract,
        numerics=model.numerics,
        training=model.training,
        refusal=listed.refusal if listed else _unlisted_refusal(cell, model),
    )


def _unlisted_refusal(cell: Cell, model: KitModel) -> Refusal | None:
    """Returns why the reference did not take a file: what a listed cell is compared with need not be listed."""
    if model.numerics is None and cell.runtime == REFERENCE:
        return Refusal(by=REFERENCE, reason="it did not run the file where the kit was made")
    return None


def _check_ports(contract: Contract | None, path: Path, *, side: int, classes: int) -> None:
    """Refuses what is no classifier of the kit's samples, before a runtime is given it."""
    endpoints = (*contract.inputs, *contract.outputs) if contract else ()
    received = tuple(tuple(one.shape) for one in endpoints)
    if received not in [((one, side, side, 3), (one, classes)) for one in (1, -1)]:
        raise ModelError(
            f"{path} takes and gives tensors of the shapes {brief(received)}; expected images of "
            f"(1, {side}, {side}, 3) and (1, {classes}) probabilities, as the kit's samples have"
        )


def _unknown(kit: KeptKit, cell: Cell) -> str:
    """Returns which package, that added a cell's variant or runtime, is not installed here; '' if none."""
    for table, name in ((variants.TABLE, cell.variant), (runtimes.TABLE, cell.runtime)):
        added = kit.manifest.addition(table.what, name)
        if added and name not in table.names():
            return (
                f"the {table.what} {name} was added by {added.package} {added.version} where the kit was made, and "
                "is not known here: install that package, if you trust it, on this machine"
            )
    return ""


def _spread(epochs: Sequence[int], kept: int | None) -> list[int]:
    """Returns all epochs or, of many, the first, the last, that whose weights were kept, and others evenly between.

    Args:
        epochs: From 0, ascending.
        kept: From 1; None where that is not known.
    """
    if len(epochs) <= MOST_EPOCHS:
        return list(epochs)
    places = MOST_EPOCHS - 1  # one is left for that which was kept
    even = {epochs[round(place * (len(epochs) - 1) / (places - 1))] for place in range(places)}
    return sorted(even | {kept - 1} & set(epochs) if kept else even)


def _from_one(epochs: Iterable[int]) -> tuple[int, ...]:
    return tuple(epoch + 1 for epoch in epochs)


def _at(values: Sequence[float], epochs: Iterable[int]) -> tuple[float, ...]:
    return tuple(_rounded(values[epoch]) for epoch in epochs)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
