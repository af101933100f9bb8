"""What is measured, on what? One value, whether files are made from a store's data or came in a kit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from zoobench.errors import ModelError
from zoobench.kit.reader import KeptKit
from zoobench.matrix.cell import TABLES, Cell, describe_added
from zoobench.matrix.interface import ImageSize, Interface, height_and_width
from zoobench.matrix.runtimes import REFERENCE, find_runtime
from zoobench.measure.target import ModelFile, Samples, Target, no_file
from zoobench.results.checked import brief
from zoobench.results.disturbed import said_of, warnings_of
from zoobench.results.schema import RecordedDataset, Refusal
from zoobench.run.plan import Plan
from zoobench.system.files import sha256_of_json
from zoobench.tflite.contract import Contract, read_contract

# A device, which measures what a kit holds, has no Pillow.
if TYPE_CHECKING:
    from zoobench.data.dataset import Dataset


_BATCHES = (1, -1)
"""Images that a file takes at once: one, or as many as it is given."""


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
    splits: Mapping[ImageSize, Split]
    weights: Mapping[str, str]
    find: Callable[[Cell], ModelFile | Refusal]
    description: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    kit: str | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)

    def split(self, cell: Cell) -> Split:
        """Returns the test samples of a cell."""
        return self.splits[cell.image_size]

    def is_made(self, cell: Cell) -> bool:
        """Tells whether there is a file, whatever its runtime thinks of it."""
        return not isinstance(self.find(cell), Refusal)

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
        return self.unknown.get(cell.id) or find_runtime(cell.runtime).unavailable_reason

    def described(self) -> tuple[str, ...]:
        """Returns what a reader of the results should know, with what packages add and what is not installed."""
        reasons = dict.fromkeys(filter(None, map(self.unavailable_reason, self.cells)))
        return (*self.description, *describe_added(self.cells), *(f"skipped: {one}" for one in reasons))


def open_inputs(plan: Plan, cells: Sequence[Cell]) -> Inputs:
    """Opens what these cells are made from and measured on; files are made when they are first asked for.

    Raises:
        DataError: If samples cannot be used.
        ModelError: If weights cannot be had.
    """
    if isinstance(plan.source, KeptKit):
        return _from_kit(plan.source, cells)
    from zoobench.run.workshop import open_workshop

    workshop = open_workshop(plan, cells)
    splits = {size: split_of(dataset) for size, dataset in workshop.datasets.items()}
    pixels = {
        str(size): {"product": split.samples.path.parent.name, "rows": split.samples.rows.tolist()}
        for size, split in splits.items()
    }
    return Inputs(
        cells=workshop.cells,
        splits=splits,
        weights={name: weights.identity for name, weights in workshop.weights.items()},
        find=workshop.find,
        description=workshop.described(),
        provenance={"cells": [cell.id for cell in cells], "pixels": pixels},
    )


def split_of(dataset: "Dataset") -> Split:
    """Returns the test samples of a store's data set."""
    from zoobench.data.images import DECODER_VERSION
    from zoobench.run.workshop import samples_of

    samples = samples_of(dataset)
    identity = {
        "dataset": dataset.sha256,
        "samples_in_order": _in_order(samples.contents, samples.labels.tolist()),
        "image_size": dataset.image_size,
        "decoder": DECODER_VERSION,  # decoders may differ in pixels
        "pillow": version("pillow"),
        **dataset.preparation,
    }
    recorded = RecordedDataset(
        name=dataset.name,
        sha256=dataset.sha256,
        classes=dataset.classes,
        samples=len(samples),
        left_out=len(dataset.left_out),
    )
    return Split(samples=samples, identity=identity, dataset=recorded)


def _in_order(contents: Sequence[str], labels: Sequence[int]) -> str:
    return sha256_of_json(list(zip(contents, labels, strict=True)))


def _from_kit(kit: KeptKit, cells: Sequence[Cell]) -> Inputs:
    manifest, data = kit.manifest, kit.manifest.dataset
    contents = tuple(sample.sha256 for sample in manifest.samples)
    labels = [sample.label for sample in manifest.samples]
    samples_in_order = _in_order(contents, labels)
    splits = {
        images.image_size: Split(
            samples=Samples(
                path=kit.folder / images.file,
                rows=np.arange(len(labels), dtype=np.int64),
                labels=np.array(labels, np.int64),
                contents=contents,
            ),
            identity={
                "dataset": data.sha256,
                "samples_in_order": samples_in_order,
                "image_size": images.image_size,
                "pixels": manifest.files[images.file].sha256,
            },
            dataset=RecordedDataset(
                name=data.name, sha256=data.sha256, classes=data.classes, samples=len(labels), left_out=data.left_out
            ),
        )
        for images in manifest.images
    }
    weights = {cell.backbone: cell.weights for cell in manifest.cells}
    return Inputs(
        cells=tuple(cells),
        splits=splits,
        weights=weights,
        find=cache(lambda cell: _of_kit(kit, cell)),
        description=(
            f"kit: {kit.path}, {kit.sha256[:12]}, written by zoobench {manifest.zoobench}",
            f"data: {data.name}, {len(labels)} test samples, {len(data.classes)} classes",
            *(f"weights: {name}: {identity[:21]}" for name, identity in weights.items()),
            *(f"model: {one}" for one in said_of(manifest.interfaces)),
            *warnings_of(manifest.interfaces),
        ),
        provenance={"cells": [cell.id for cell in cells], "kit": {"sha256": kit.sha256, "file": kit.path.name}},
        kit=kit.sha256,
        unknown={cell.id: reason for cell in cells if (reason := _unknown(kit, cell))},
    )


def _of_kit(kit: KeptKit, cell: Cell) -> ModelFile | Refusal:
    manifest = kit.manifest
    model = manifest.model(backbone=cell.backbone, variant=cell.variant, image_size=cell.image_size)
    listed = next((one for one in manifest.cells if one.id == cell.id), None)
    if model is None:
        if listed and listed.refusal:
            return listed.refusal
        raise ModelError(f"the kit has no {cell.variant} of {cell.backbone}; export one with {cell.id}")
    known, path = manifest.files[model.file], kit.folder / model.file
    contract = read_contract(path.read_bytes())
    classes = len(manifest.dataset.classes)
    _check_ports(contract, str(path), size=cell.image_size, classes=classes, interface=model.interface)
    refusal = listed.refusal if listed else None
    if not listed and model.numerics is None and cell.runtime == REFERENCE and cell.has_float_twin:
        # what a listed cell is compared with need not be listed itself
        refusal = Refusal(by=REFERENCE, reason="it did not run the file where the kit was made")
    return ModelFile(
        path=path,
        sha256=known.sha256,
        size_bytes=known.size_bytes,
        contract=contract,
        numerics=model.numerics,
        quantizer=model.quantizer,
        training=model.training,
        refusal=refusal,
        interface=model.interface,
    )


def _check_ports(contract: Contract, where: str, *, size: ImageSize, classes: int, interface: Interface | None) -> None:
    """Refuses what is no classifier of the kit's samples, before a runtime is given it."""
    taken, given = (tuple(tuple(one.shape) for one in ports) for ports in (contract.inputs, contract.outputs))
    channels = interface.channels if interface else 3
    sides = height_and_width(size)
    image = (channels, *sides) if interface and interface.layout == "NCHW" else (*sides, channels)
    is_taken, is_given = (
        ports in [((one, *shape),) for one in _BATCHES] for ports, shape in ((taken, image), (given, (classes,)))
    )
    if not is_taken or not (is_given or (interface and _is_answer(given, classes, interface))):
        raise ModelError(
            f"{where} takes and gives tensors of the shapes {brief((*taken, *given))}; expected images of "
            f"{(1, *image)} and (1, {classes}) probabilities, as the kit's samples have"
        )


def _is_answer(given: Sequence[tuple[int, ...]], classes: int, interface: Interface) -> bool:
    """Tells whether a file gives one number for each class, in any shape, or a single one for the second of two."""
    lengths = [[length for length in shape if length not in _BATCHES] for shape in given]
    is_single = classes == 2 and interface.scores != "probabilities"
    return lengths == [[classes]] or (is_single and lengths == [[]])


def _unknown(kit: KeptKit, cell: Cell) -> str:
    for what, name in (("variant", cell.variant), ("runtime", cell.runtime)):
        added = kit.manifest.addition(what, name)
        if added and name not in TABLES[what].names():
            return (
                f"the {what} {name} was added by {added.package} {added.version} where the kit was made, and "
                "is not known here: install that package, if you trust it, on this machine"
            )
    return ""
