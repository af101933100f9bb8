"""Where do cells come from? From a workstation's store or from a kit; whoever measures does not care."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from zoobench.matrix.cell import Cell
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.samples import Samples
from zoobench.results.schema import RecordedDataset, RecordedModel, RecordedTraining, Refusal


class ModelFile(Protocol):
    """A model file on disk, its hash checked."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def sha256(self) -> str:
        """Of its content."""

    @property
    def size_bytes(self) -> int:
        """Of its content."""


class Source(Protocol):
    """What is measured, on what; files are made when they are first asked for, where they can be made."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Those that will run."""

    @property
    def kit(self) -> str | None:
        """SHA-256 of the kit that all of it came in, if it came in one."""

    def described(self) -> tuple[str, ...]:
        """Returns what a reader of the results should know of data and weights."""

    def provenance(self, measured: Sequence[Cell]) -> dict[str, Any]:
        """Returns what a later rebuild or replay needs to know of cells that have files, as plain JSON."""

    def samples(self, cell: Cell) -> Samples:
        """Returns the test split in the order of measuring."""

    def sample_inputs(self, cell: Cell) -> Mapping[str, Any]:
        """Returns all that determines the samples of a cell and their order, as plain JSON."""

    def dataset(self, cell: Cell) -> RecordedDataset:
        """Returns what to record of the data set."""

    def weights(self, cell: Cell) -> str:
        """Returns the identity of the weights that a cell's backbone started from."""

    def file(self, cell: Cell) -> ModelFile:
        """Returns a cell's file.

        Raises:
            ModelError: If there is none.
        """

    def recorded(self, cell: Cell) -> RecordedModel:
        """Returns what to record of a cell's file.

        Raises:
            ModelError: If there is none or it cannot be understood.
        """

    def lacking(self, cell: Cell) -> str:
        """Returns which package, that adds a cell's variant or runtime, is not installed here; '' if none."""

    def training(self, cell: Cell) -> RecordedTraining | None:
        """Returns how the classifier of a cell that has a file was trained; None where it came trained.

        Raises:
            ModelError: If there is no file.
        """

    def is_made(self, cell: Cell) -> bool:
        """Tells whether there is a file, whatever its runtime thinks of it."""

    def refusal(self, cell: Cell) -> Refusal | None:
        """Returns why a cell's quantizer does not make it or its runtime does not take it, or None if they do."""

    def violations(self, cell: Cell) -> str:
        """Returns where a cell's file is not what its variant promises, both sides shown; nothing where it is."""


class Request(Protocol):
    """What has been asked for, as far as measuring is concerned; `Plan` and `KitPlan` are."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The matrix."""

    @property
    def rounds(self) -> Mapping[str, RoundsConfig]:
        """How many rounds are timed, by runtime."""

    @property
    def workers(self) -> int:
        """Sessions that share the test samples for accuracy."""

    @property
    def processes(self) -> int | None:
        """Fresh processes that tell a cell's memory and start-up; None for its runtime's usual number."""

    @property
    def artifacts(self) -> Path:
        """Folder of data sets, models and results."""

    @property
    def machine(self) -> str:
        """Name of this machine, or '' to make one."""

    @property
    def options(self) -> Mapping[str, str]:
        """Texts of the options that decide what is made and are not at their defaults."""

    def open_source(self, cells: Sequence[Cell]) -> Source:
        """Opens what these cells are made from and measured on.

        Raises:
            DataError: If samples cannot be used.
            ModelError: If weights cannot be had.
        """
