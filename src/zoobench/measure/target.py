"""What is measured, and on what? A cell with its file and its labelled images, ready to be run."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zoobench.errors import ModelError
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import Interface
from zoobench.matrix.variants import PREQUANTIZED, VARIANTS, spec_of
from zoobench.results.schema import RecordedModel, RecordedNumerics, RecordedTraining, Refusal
from zoobench.tflite.contract import Contract, describe_violations, plain, violations


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Rows of a `.npy` file of images, with their labels.

    The file is mapped for each access and unmapped after it, so resident memory does not grow with the file.

    Attributes:
        path: uint8 array [n, height, width, 3].
        rows: Which of its rows, in the order of measuring.
        labels: Class index of each of these rows.
        contents: SHA-256 of the image that each was decoded from; () where that is not known.
    """

    path: Path
    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    contents: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def images(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        """Returns a copy of samples start to stop - 1, [stop - start, height, width, 3]."""
        mapped: npt.NDArray[np.uint8] = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return mapped[self.rows[start:stop]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A cell's file on disk, its hash checked, and what is known of it.

    Attributes:
        contract: What was read from it; None where it is no TFLite file.
        numerics: How far its answers are from Keras's, where that was compared as it was made.
        training: How its classifier was trained; None where it came trained.
        refusal: Why the cell's runtime did not take it where it was made; None if it did, or was not tried.
        product: The store's folder of it; '' where it came in a kit.
        quantizer: Which one made it; None where none of ours did, or that is not known.
        others: In what the files of other quantizers fall short of its variant, a sentence each.
        interface: What a model of one's own is taken as; None for other networks.
    """

    path: Path
    sha256: str
    size_bytes: int
    contract: Contract | None = None
    numerics: RecordedNumerics | None = None
    training: RecordedTraining | None = None
    refusal: Refusal | None = None
    product: str = ""
    quantizer: str | None = None
    others: tuple[str, ...] = ()
    interface: Interface | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A cell, its file, and the samples that it is run on, in the order of measuring."""

    cell: Cell
    file: ModelFile
    samples: Samples


def no_file(cell: Cell, refusal: Refusal) -> ModelError:
    """Returns the error that there is no file of a cell, as its quantizer refuses to make it."""
    return ModelError(f"there is no {cell.variant} of {cell.backbone}: {refusal.by} refuses it: {refusal.reason}")


def measure_size(target: Target, *, twin: Target | None) -> RecordedModel:
    """Returns the size of a file beside its float twin's, if it has one, and what stands in it."""
    file = target.file
    return RecordedModel(
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        float_twin_size_bytes=twin.file.size_bytes if twin else None,
        contract=plain(file.contract) if file.contract else None,
        numerics=file.numerics,
        quantizer=file.quantizer,
        interface=file.interface,
    )


def violations_of(target: Target) -> str:
    """Returns where a file violates its variant's spec, both sides shown; nothing where it does not.

    Raises:
        ModelError: If it is a TFLite file though its variant is none.
    """
    variant, contract = target.cell.variant, target.file.contract
    if contract is None or variant == PREQUANTIZED:
        return ""
    spec = spec_of(variant)
    if spec is None:
        raise ModelError(f"{variant} has no spec of a TFLite file; export a kit of TFLite variants")
    found = describe_violations(violations(contract, spec), label=variant, file=target.file.path)
    return "\n".join((found, *_next_steps(target.file, variant))) if found else ""


def _next_steps(file: ModelFile, variant: str) -> Iterator[str]:
    """Yields what else there is: of the other quantizers' files, or of the variants."""
    own = VARIANTS.get(variant)
    others = [one for one in own.quantizers if one != file.quantizer] if own and file.quantizer else []
    if file.others:
        yield f"It was made by {file.quantizer}. The others do no better here:"
        yield from (f"  {one}" for one in file.others)
        yield f"Leave {variant} out (--zoo-variants), or replace the operators that are named in the network."
    elif others:
        yield f"It was made by {file.quantizer}, as asked for. Try --zoo-quantizer auto, which takes the better one."
