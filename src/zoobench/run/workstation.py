"""What does a workstation's store give to measure? Files that are made, or found, from its own images and weights."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from zoobench.data.images import DECODER_VERSION
from zoobench.matrix.cell import Cell
from zoobench.measure.samples import Samples
from zoobench.results.schema import RecordedDataset, RecordedModel, RecordedNumerics, RecordedTraining, Refusal
from zoobench.run.models import Models
from zoobench.run.prepared import Prepared
from zoobench.run.trained import recorded_training
from zoobench.store.product import Stored
from zoobench.system.files import sha256_of_json
from zoobench.tflite.contract import plain


class Workstation:
    """The source of cells that are built here."""

    kit = None

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._models = Models(prepared)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Those that will run."""
        return self.prepared.cells

    def described(self) -> tuple[str, ...]:
        """Returns what a reader of the results should know of data and weights."""
        return self.prepared.described()

    def provenance(self, measured: Sequence[Cell]) -> dict[str, Any]:
        """Returns what a later rebuild or replay needs to know, with the store's folder of each file."""
        files = [self.file(cell) for cell in measured]
        products = {stored.sha256: stored.path.parent.name for stored in files}
        return {**self.prepared.provenance(), "products": products}

    def samples(self, cell: Cell) -> Samples:
        """Returns the test split in the order of measuring."""
        return self.prepared.samples(cell)

    def sample_inputs(self, cell: Cell) -> Mapping[str, Any]:
        """Returns all that determines the samples of a cell and their order; decoders may differ in pixels."""
        dataset = self.prepared.dataset(cell)
        samples = [dataset.samples[row] for row in self.samples(cell).rows.tolist()]
        return {
            "dataset": dataset.sha256,
            "samples_in_order": sha256_of_json([(sample.sha256, sample.label) for sample in samples]),
            "image_size": dataset.image_size,
            "decoder": DECODER_VERSION,
            "pillow": version("pillow"),
        }

    def dataset(self, cell: Cell) -> RecordedDataset:
        """Returns what to record of the data set."""
        dataset = self.prepared.dataset(cell)
        return RecordedDataset(
            name=dataset.name,
            sha256=dataset.sha256,
            classes=dataset.classes,
            samples=len(dataset.indices("test")),
            left_out=len(dataset.left_out),
        )

    def weights(self, cell: Cell) -> str:
        """Returns the identity of the weights that a cell's backbone started from."""
        return self.prepared.weights[cell.backbone].identity

    def file(self, cell: Cell) -> Stored:
        """Returns a cell's file; makes it, and the other variants of its backbone, in a process of its own if need be.

        Raises:
            ModelError: If it cannot be made.
        """
        return self._models.file(cell)

    def recorded(self, cell: Cell) -> RecordedModel:
        """Returns what to record of a cell's file.

        Raises:
            ModelError: If it cannot be made.
        """
        model, contract = self.file(cell), self._models.contract(cell)
        numerics = model.facts.get("numerics")
        return RecordedModel(
            sha256=model.sha256,
            size_bytes=model.size_bytes,
            float_twin_size_bytes=self.file(cell.float_twin).size_bytes,
            contract=plain(contract) if contract else None,
            numerics=RecordedNumerics(**numerics) if numerics else None,
        )

    def lacking(self, cell: Cell) -> str:
        """Returns '': what is not known here is refused as an option."""
        del cell
        return ""

    def training(self, cell: Cell) -> RecordedTraining | None:
        """Returns how the classifier of a cell that has a file was trained; None where it came trained.

        Raises:
            ModelError: If it cannot be made.
        """
        return recorded_training(self.file(cell).facts)

    def is_made(self, cell: Cell) -> bool:
        """Tells whether there is a file, whatever its runtime thinks of it."""
        return self._models.is_made(cell)

    def refusal(self, cell: Cell) -> Refusal | None:
        """Returns why a cell's quantizer does not make it or its runtime does not take it, or None if they do."""
        return self._models.refusal(cell)

    def violations(self, cell: Cell) -> str:
        """Returns where a cell's file is not what its variant promises, both sides shown; nothing where it is."""
        return self._models.violations(cell)
