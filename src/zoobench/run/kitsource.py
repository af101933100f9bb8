"""What does a kit give to measure? Its files as they came, and nothing that would have to be built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zoobench.errors import ModelError
from zoobench.kit.contents import KitModel, cell_of
from zoobench.kit.reader import KeptKit, keep_kit
from zoobench.matrix import runtimes, variants
from zoobench.matrix.cell import Cell
from zoobench.matrix.runtimes import REFERENCE
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.samples import Samples
from zoobench.results.schema import RecordedDataset, RecordedModel, RecordedTraining, Refusal
from zoobench.results.shape import brief
from zoobench.run.kitargs import check_options
from zoobench.run.options import defaults
from zoobench.run.plan import machine_asked, processes_asked, rounds_asked, whole, workers_asked
from zoobench.system.files import sha256_of_json
from zoobench.tflite.contract import Contract, plain, read_contract
from zoobench.tflite.spec import describe_violations, violations

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KitFileOnDisk:
    """A model file that came in a kit, its hash checked."""

    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KitPlan:
    """What a kit and the options of measuring ask for.

    Attributes:
        kit: Unpacked and checked.
        cells: The kit's, in its order.
        rounds: How many rounds are timed, by runtime.
        workers: Sessions that share the test samples for accuracy.
        processes: Fresh processes that tell a cell's memory and start-up; None for its runtime's usual number.
        artifacts: Folder of kits and results.
        machine: Name of this machine, or '' to make one.
        options: Empty, as no option decides what is made.
    """

    kit: KeptKit
    cells: tuple[Cell, ...]
    rounds: Mapping[str, RoundsConfig]
    workers: int
    processes: int | None
    artifacts: Path
    machine: str
    options: Mapping[str, str] = field(default_factory=dict)

    def open_source(self, cells: Sequence[Cell]) -> "KitSource":
        """Returns what the kit holds of these cells."""
        return KitSource(self.kit, cells)


def make_kit_plan(given: Mapping[str, str]) -> KitPlan:
    """Unpacks a kit and returns what is to be measured.

    Args:
        given: Texts by option name without the prefix; missing ones have their defaults.

    Raises:
        UsageError: If an option makes no sense or has been decided by the kit.
        DataError: If the kit is refused.
    """
    texts = {**defaults(), **given}
    check_options(texts)
    workers, machine = workers_asked(texts), machine_asked(texts["machine"])
    rounds_asked(texts)  # an option that makes no sense is refused before a kit is unpacked
    artifacts = Path(texts["artifacts"])
    limit_bytes = whole(texts, "kit-limit") * _MEGABYTE
    kit = keep_kit(Path(texts["kit"]), artifacts=artifacts, limit_bytes=limit_bytes)
    cells, known = tuple(cell_of(cell) for cell in kit.manifest.cells), runtimes.TABLE.names()
    return KitPlan(
        kit=kit,
        cells=cells,
        rounds=rounds_asked(texts, [cell.runtime for cell in cells if cell.runtime in known]),
        workers=workers,
        processes=processes_asked(texts),
        artifacts=artifacts,
        machine=machine,
    )


class KitSource:
    """The source of cells that were built elsewhere."""

    def __init__(self, kit: KeptKit, cells: Sequence[Cell]) -> None:
        self.cells = tuple(cells)
        self.kit = kit.sha256
        self._kit = kit
        self._contracts: dict[str, Contract] = {}

    def described(self) -> tuple[str, ...]:
        """Returns what a reader of the results should know of the kit, its data and its weights."""
        manifest, data = self._kit.manifest, self._kit.manifest.dataset
        weights = {cell.backbone: cell.weights for cell in manifest.cells}
        return (
            f"kit: {self._kit.path}, {self.kit[:12]}, written by zoobench {manifest.zoobench}",
            f"data: {data.name}, {len(manifest.samples)} test samples, {len(data.classes)} classes",
            *(f"weights: {name}: {identity[:21]}" for name, identity in weights.items()),
        )

    def provenance(self, measured: Sequence[Cell]) -> dict[str, Any]:
        """Returns which cells of which kit were to be measured."""
        del measured  # a kit's files are in no store that could make them again
        return {"cells": [cell.id for cell in self.cells], "kit": {"sha256": self.kit, "file": self._kit.path.name}}

    def samples(self, cell: Cell) -> Samples:
        """Returns the test split in the order of measuring, which is that of the kit."""
        labels = [sample.label for sample in self._kit.manifest.samples]
        rows = np.arange(len(labels), dtype=np.int64)
        return Samples(path=self._kit.folder / self._images(cell), rows=rows, labels=np.array(labels, np.int64))

    def sample_inputs(self, cell: Cell) -> Mapping[str, Any]:
        """Returns all that determines the samples: their pixels and their labels."""
        manifest = self._kit.manifest
        return {
            "dataset": manifest.dataset.sha256,
            "samples_in_order": sha256_of_json([(sample.sha256, sample.label) for sample in manifest.samples]),
            "image_size": cell.image_size,
            "pixels": manifest.files[self._images(cell)].sha256,
        }

    def dataset(self, cell: Cell) -> RecordedDataset:
        """Returns what to record of the data set, which is the same for every cell."""
        del cell
        data = self._kit.manifest.dataset
        return RecordedDataset(
            name=data.name,
            sha256=data.sha256,
            classes=data.classes,
            samples=len(self._kit.manifest.samples),
            left_out=data.left_out,
        )

    def weights(self, cell: Cell) -> str:
        """Returns the identity of the weights that a cell's backbone started from."""
        return next(one.weights for one in self._kit.manifest.cells if one.backbone == cell.backbone)

    def file(self, cell: Cell) -> KitFileOnDisk:
        """Returns a cell's file.

        Raises:
            ModelError: If the kit has none, as its making was refused, or one that does not fit its samples.
        """
        model = self._model(cell)
        if model is None:
            raise ModelError(f"the kit has no {cell.variant} of {cell.backbone}; export one with {cell.id}")
        known = self._kit.manifest.files[model.file]
        file = KitFileOnDisk(path=self._kit.folder / model.file, sha256=known.sha256, size_bytes=known.size_bytes)
        self._check_ports(file, cell)
        return file

    def recorded(self, cell: Cell) -> RecordedModel:
        """Returns what to record of a cell's file; what stands in it is read here, not believed.

        Raises:
            ModelError: If there is none or it is damaged.
        """
        file, model = self.file(cell), self._model(cell)
        return RecordedModel(
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            float_twin_size_bytes=self.file(cell.float_twin).size_bytes,
            contract=plain(self._contract(file)),
            numerics=model.numerics if model else None,
        )

    def lacking(self, cell: Cell) -> str:
        """Returns which package, that added a cell's variant or runtime, is not installed here; '' if none."""
        for table, name in ((variants.TABLE, cell.variant), (runtimes.TABLE, cell.runtime)):
            added = self._kit.manifest.addition(table.what, name)
            if added and name not in table.names():
                return (
                    f"the {table.what} {name} was added by {added.package} {added.version} where the kit was made, and "
                    "is not known here: install that package, if you trust it, on this machine"
                )
        return ""

    def training(self, cell: Cell) -> RecordedTraining | None:
        """Returns how the classifier of a cell was trained, as the kit has it; None where it came trained."""
        model = self._model(cell)
        return model.training if model else None

    def is_made(self, cell: Cell) -> bool:
        """Tells whether the kit has a file."""
        return self._model(cell) is not None

    def refusal(self, cell: Cell) -> Refusal | None:
        """Returns why there is no file, or why the workstation's runtime did not take it, as the kit has it."""
        listed = next((one for one in self._kit.manifest.cells if one.id == cell.id), None)
        if listed:
            return listed.refusal
        model = self._model(cell)  # what a listed cell is held against need not be listed
        if model and model.numerics is None and cell.runtime == REFERENCE:
            return Refusal(by=REFERENCE, reason="it did not run the file where the kit was made")
        return None

    def violations(self, cell: Cell) -> str:
        """Returns where a cell's file is not what its variant promises, both sides shown; nothing where it is.

        Raises:
            ModelError: If the file cannot be understood.
        """
        file, spec = self.file(cell), variants.spec_of(cell.variant)
        if spec is None:
            raise ModelError(f"{cell.variant} promises nothing of a TFLite file; export a kit of TFLite variants")
        return describe_violations(violations(self._contract(file), spec), label=cell.variant, file=file.path)

    def _model(self, cell: Cell) -> KitModel | None:
        return self._kit.manifest.model(backbone=cell.backbone, variant=cell.variant, image_size=cell.image_size)

    def _images(self, cell: Cell) -> str:
        return next(one.file for one in self._kit.manifest.images if one.image_size == cell.image_size)

    def _check_ports(self, file: KitFileOnDisk, cell: Cell) -> None:
        """Refuses what is no classifier of the kit's samples, before a runtime is given it."""
        contract = self._contract(file)
        received = tuple(tuple(one.shape) for one in (*contract.inputs, *contract.outputs))
        side, classes = cell.image_size, len(self._kit.manifest.dataset.classes)
        allowed: list[tuple[tuple[int, ...], ...]] = [((one, side, side, 3), (one, classes)) for one in (1, -1)]
        if received not in allowed:
            raise ModelError(
                f"{file.path} takes and gives tensors of the shapes {brief(received)}; expected images of "
                f"(1, {side}, {side}, 3) and (1, {classes}) probabilities, as the kit's samples have"
            )

    def _contract(self, file: KitFileOnDisk) -> Contract:
        if file.sha256 not in self._contracts:
            self._contracts[file.sha256] = read_contract(file.path.read_bytes())
        return self._contracts[file.sha256]
