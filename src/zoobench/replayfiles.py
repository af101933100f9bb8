"""Where are the model files and the images of a run that is replayed, and how are files made again that are gone?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoobench.judge.provenance import Provenance, RecordedProduct
from zoobench.judge.record import Record, RecordedCell
from zoobench.measure.samples import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedModel:
    """A file that a run measured.

    Attributes:
        sha256: Of its content.
        size_bytes: Of its content.
        cell: A cell that it is the file of.
        made_from: How the store kept it; None where that was not written down.
    """

    sha256: str
    size_bytes: int
    cell: RecordedCell
    made_from: RecordedProduct | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModels:
    """Which files are there.

    Attributes:
        paths: By SHA-256; each file's hash was checked.
        missing: The others.
    """

    paths: Mapping[str, Path]
    missing: tuple[WantedModel, ...]


def wanted_models(records: Sequence[Record], provenance: Provenance) -> tuple[WantedModel, ...]:
    """Returns each file of these records once, in their order; refused cells may have none."""
    wanted = {
        record.model.sha256: WantedModel(
            sha256=record.model.sha256,
            size_bytes=record.model.size_bytes,
            cell=record.cell,
            made_from=provenance.manifests.get(record.model.sha256),
        )
        for record in reversed(records)
        if record.model
    }
    return tuple(reversed(wanted.values()))


def find_models(wanted: Sequence[WantedModel], *, artifacts: Path, folder: Path | None = None) -> FoundModels:
    """Returns where these files are: in the store, or below a folder of copies.

    A damaged product is named on standard error and not used.

    Args:
        wanted: From `wanted_models`.
        artifacts: The folder of the store; there may be none.
        folder: Where else to look, at any depth and under any name.

    Raises:
        UsageError: If `folder` is none.
    """
    raise NotImplementedError


def rebuild(missing: Sequence[WantedModel], *, options: Mapping[str, str], artifacts: Path) -> Mapping[str, Path]:
    """Makes files again from what their manifests say, and returns where they are by SHA-256.

    Args:
        missing: From `find_models`.
        options: `Provenance.options` of the run that had them.
        artifacts: The folder of the store.

    Raises:
        ModelError: If one would be made from anything else than it was, which is named, or comes out otherwise.
        ModuleNotFoundError: Where the libraries that build are not installed.
    """
    raise NotImplementedError


def find_pixels(provenance: Provenance, *, image_size: int, artifacts: Path) -> Samples | None:
    """Returns the images that a run was timed on if the store has them; labels are zeros.

    Raises:
        ResultsError: If the run's rows are not those of the data set that it names.
    """
    raise NotImplementedError


def given_pixels(path: Path, *, image_size: int, count: int, folder: Path) -> Samples:
    """Returns a user's own images as samples; labels are zeros.

    Args:
        path: A folder of photos, or a `.npy` file of uint8 images [n, image_size, image_size, 3].
        image_size: Side in pixels.
        count: The most to take, evenly spread.
        folder: Where the pixels are written, as `images-<image_size>.npy`.

    Raises:
        UsageError: If there are none or they do not fit.
        DataError: If one cannot be read.
    """
    raise NotImplementedError
