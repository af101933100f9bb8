"""Where are the model files and the images of a run that is to be replayed?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoobench.commands.gating.rebuilding import WantedModel
from zoobench.data.givenimages import given_images
from zoobench.data.rows import ROWS, read_rows
from zoobench.errors import ResultsError, UsageError
from zoobench.measure.samples import Samples
from zoobench.results.provenance import Provenance
from zoobench.results.record import Record
from zoobench.store.inventory import Entry, main_sha256, products
from zoobench.store.store import Product, Stored, find
from zoobench.system.files import sha256_of_file


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
        UsageError: If `folder` is none, or a file in it cannot be read.
    """
    paths = _in_store(wanted, artifacts)
    if folder is not None:
        paths = _in_folder([one for one in wanted if one.sha256 not in paths], folder) | paths
    return FoundModels(paths=paths, missing=tuple(one for one in wanted if one.sha256 not in paths))


def find_pixels(provenance: Provenance, *, image_size: int, artifacts: Path) -> Samples | None:
    """Returns the images that a run was timed on if the store has them whole; labels are zeros.

    Damaged ones are named on standard error and not used.

    Raises:
        ResultsError: If the run's rows are not those of the data set that it names.
    """
    recorded = provenance.pixels.get(image_size)
    entries = stored_entries(artifacts, kind="data set") if recorded else ()
    stored = next((whole_product(entry) for entry in entries if recorded and entry.name == recorded.product), None)
    if recorded is None or stored is None:
        return None
    shape = np.load(stored.path, mmap_mode="r", allow_pickle=False).shape
    rows = recorded.rows
    if shape[1:] != (image_size, image_size, 3) or not rows or min(rows) < 0 or max(rows) >= shape[0]:
        raise ResultsError(
            f"the results name {_span(rows)} of {recorded.product} as {image_size} px images; it holds {list(shape)}, "
            "so the results file or the store was altered"
        )
    return _unlabelled(stored.path, rows)


def _span(rows: Sequence[int]) -> str:
    return f"{len(rows)} rows from {min(rows)} to {max(rows)}" if rows else "no rows"


def image_names(samples: Samples) -> tuple[str, ...]:
    """Returns what the images of samples are called, or nothing for a user's own.

    Raises:
        DataError: If the store's names cannot be read.
    """
    if not samples.path.with_name(ROWS).is_file():
        return ()
    rows = read_rows(samples.path)["rows"]
    return tuple(str(rows[row][0]) for row in samples.rows.tolist())


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
    images = np.concatenate(list(given_images(path, side=image_size).spread(count)))
    written = folder / f"images-{image_size}.npy"
    np.save(written, images)
    return _unlabelled(written, range(len(images)))


def _unlabelled(path: Path, rows: Sequence[int]) -> Samples:
    return Samples(path=path, rows=np.array(rows, np.int64), labels=np.zeros(len(rows), np.int64))


def _in_store(wanted: Sequence[WantedModel], artifacts: Path) -> dict[str, Path]:
    hashes = {one.sha256 for one in wanted}
    found: dict[str, Path] = {}
    for entry in stored_entries(artifacts, kind="model"):
        sha256 = main_sha256(entry)
        if sha256 in hashes and sha256 not in found and (stored := whole_product(entry)):
            found[stored.sha256] = stored.path
    return found


def stored_entries(artifacts: Path, *, kind: str) -> Iterator[Entry]:
    """Yields the products of a kind, from `KINDS`; none where there is no store."""
    if artifacts.is_dir():
        yield from (entry for entry in products(artifacts) if entry.kind == kind)


def whole_product(entry: Entry) -> Stored | None:
    """Returns a product if all its hashes are right, and notes that it was used."""
    if entry.manifest is None:
        return None
    product = Product(name=entry.name.rpartition("-")[0], file_name=entry.manifest.file, inputs=entry.manifest.inputs)
    return find(entry.folder.parent, product)


def _in_folder(wanted: Iterable[WantedModel], folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; give one that holds the baseline's model files, under any names")
    sizes = {one.size_bytes for one in wanted}
    hashes = {one.sha256 for one in wanted}
    try:
        likely = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size in sizes)
        return {sha256: path for path in likely if (sha256 := sha256_of_file(path)) in hashes}
    except OSError as error:
        raise UsageError(f"cannot look for models in {folder}: {error}; mend it or name another folder") from error
