"""Where are the model files and the images of an earlier run? Told by their hashes, so that no others are taken."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoobench.data.photos import given_images
from zoobench.data.split import (
    MIN_CONTENTS,
    ROWS,
    Row,
    dataset_sha256,
    homes,
    measuring_order,
    parse_shares,
    read_rows,
    split_contents,
)
from zoobench.errors import DataError, ResultsError, UsageError, ZoobenchError
from zoobench.kit.contents import KitImages, KitManifest
from zoobench.kit.reader import extract, find_kept, open_kit
from zoobench.measure.target import Samples
from zoobench.results.answers import answers_of
from zoobench.results.run import Provenance, RecordedProduct, Run
from zoobench.results.schema import Record, RecordedCell
from zoobench.run.options import defaults
from zoobench.run.plan import whole
from zoobench.store.inventory import Entry, main_sha256, products
from zoobench.store.product import Product, Stored, find
from zoobench.system.files import sha256_of_file
from zoobench.system.terminal import sanitize
from zoobench.system.units import short_hash


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
class Places:
    """Where images may be looked for.

    Attributes:
        artifacts: Folder of the store.
        kit: The kit that the results came of, if it is named.
    """

    artifacts: Path
    kit: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredImages:
    """The test split that results are about.

    Attributes:
        samples: Their pixels and labels, in the order of the records' predictions.
        contents: SHA-256 of the image that each was decoded from.
    """

    samples: Samples
    contents: tuple[str, ...]


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


def find_models(wanted: Sequence[WantedModel], *, artifacts: Path, folder: Path | None = None) -> dict[str, Path]:
    """Returns where these files are, by SHA-256, as far as they are in the store or below a folder of copies.

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
    return paths


def find_manifests(run: Run, *, artifacts: Path) -> Mapping[str, RecordedProduct]:
    """Returns what the store knows of a run's model files, by their SHA-256.

    Of products with the same file, as settings give that do not change it, the one that the run used is taken, or the
    last used where the run does not say.
    """
    wanted = {record.model.sha256 for record in run.records.values() if record.model}
    entries = [one for one in (products(artifacts) if artifacts.is_dir() else ()) if main_sha256(one) in wanted]
    used = set(run.provenance.products.values())
    return {
        entry.manifest.files[entry.manifest.file].sha256: RecordedProduct(
            product=entry.name, file=entry.manifest.file, inputs=entry.manifest.inputs
        )
        for entry in sorted(entries, key=lambda one: (one.name in used, one.used))
        if entry.manifest
    }


def find_pixels(provenance: Provenance, *, image_size: int, artifacts: Path) -> Samples | None:
    """Returns the images that a run was timed on if the store has them whole; labels are zeros.

    Damaged ones are named on standard error and not used.

    Raises:
        ResultsError: If the run's rows are not those of the data set that it names.
    """
    recorded = provenance.pixels.get(image_size)
    entries = _entries(artifacts, kind="data set") if recorded else ()
    stored = next((_whole(entry) for entry in entries if recorded and entry.name == recorded.product), None)
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


def find_images(run: Run, places: Places, *, least_side: int, workplace: Path) -> MeasuredImages | str:
    """Returns the images that a run was measured on, or why they cannot be had.

    Args:
        run: Results or a baseline.
        places: Where to look.
        least_side: In pixels; of the sizes that there are, the smallest that is not below it is taken.
        workplace: Folder for what is unpacked meanwhile.
    """
    if len({record.dataset.sha256 for record in run.records.values()}) > 1:
        return f"{run.name} holds results of several data sets, so it is not known which image is which"
    try:
        found = _of_kit(run, places, least_side, workplace) or _of_store(run, places, least_side)
    except ZoobenchError as error:
        return str(error)
    except OSError as error:
        return f"the images cannot be read: {error}"
    if found is None:
        return _nowhere(run, places)
    return found if _is_the_truth(found, list(run.records.values())) else _altered(run)


def _unlabelled(path: Path, rows: Sequence[int]) -> Samples:
    return Samples(path=path, rows=np.array(rows, np.int64), labels=np.zeros(len(rows), np.int64))


def _in_store(wanted: Sequence[WantedModel], artifacts: Path) -> dict[str, Path]:
    hashes = {one.sha256 for one in wanted}
    found: dict[str, Path] = {}
    for entry in _entries(artifacts, kind="model"):
        sha256 = main_sha256(entry)
        if sha256 in hashes and sha256 not in found and (stored := _whole(entry)):
            found[stored.sha256] = stored.path
    return found


def _entries(artifacts: Path, *, kind: str) -> Iterator[Entry]:
    """Yields the products of a kind, from `KINDS`; none where there is no store."""
    if artifacts.is_dir():
        yield from (entry for entry in products(artifacts) if entry.kind == kind)


def _whole(entry: Entry) -> Stored | None:
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


def _of_store(run: Run, places: Places, least_side: int) -> MeasuredImages | None:
    for entry in _likely(run, places, least_side):
        if (stored := _whole(entry)) is None:
            continue
        rows = [(str(name), int(label), str(sha256)) for name, label, sha256 in read_rows(stored.path)["rows"]]
        if order := _test_rows(rows, run):
            labels = np.array([rows[row][1] for row in order], np.int64)
            samples = Samples(path=stored.path, rows=np.array(order, np.int64), labels=labels)
            return MeasuredImages(samples=samples, contents=tuple(rows[row][2] for row in order))
    return None


def _likely(run: Run, places: Places, least_side: int) -> list[Entry]:
    """Returns the decoded data sets of the run's classes: those that it names first, then by size."""
    named = {pixels.product for pixels in run.provenance.pixels.values()}
    classes = list(next(iter(run.records.values())).dataset.classes)
    found = [
        (entry, int(entry.manifest.inputs["image_size"]))
        for entry in _entries(places.artifacts, kind="data set")
        if entry.manifest and entry.manifest.facts.get("classes") == classes
    ]
    found.sort(key=lambda one: (one[0].name not in named, *_by_side(one[1], least_side)))
    return [entry for entry, _ in found]


def _by_side(side: int, least_side: int) -> tuple[bool, int]:
    """Returns where a size stands among others: the smallest that is large enough, then the largest of the others."""
    return side < least_side, side if side >= least_side else -side


def _test_rows(rows: Sequence[Row], run: Run) -> list[int]:
    """Returns the rows that test, in the order of measuring; none where it is not the data set of the run.

    It is split again as the run's options say: with that, and only with the same contents and labels, it has the hash.
    """
    texts, dataset = {**defaults(), **run.provenance.options}, next(iter(run.records.values())).dataset
    contents = [(label, sha256) for _, label, sha256 in rows]
    if min(Counter(homes(contents).values()).values(), default=0) < MIN_CONTENTS:
        return []  # it was decoded, and then refused
    split = split_contents(contents, shares=parse_shares(texts["split"]), seed=whole(texts, "seed", least=0))
    samples = ((sha256, label, split[sha256]) for label, sha256 in contents)
    if dataset_sha256(dataset.classes, samples) != dataset.sha256:
        return []
    return measuring_order(contents, [row for row, (_, sha256) in enumerate(contents) if split[sha256] == "test"])


def _of_kit(run: Run, places: Places, least_side: int, workplace: Path) -> MeasuredImages | None:
    kit = next(iter(run.records.values())).kit
    if kit is None:
        return None
    if kept := find_kept(kit, artifacts=places.artifacts):
        images = _sized(kept.manifest, least_side)
        return _of_member(kept.manifest, kept.folder / images.file)
    if places.kit is None:
        return None
    with open_kit(places.kit, limit_bytes=whole(defaults(), "kit-limit") * 1_000_000) as opened:
        if opened.sha256 != kit:
            raise DataError(
                f"the results were measured from the kit {short_hash(kit)}; {places.kit} is another one, "
                f"{short_hash(opened.sha256)}"
            )
        images = _sized(opened.manifest, least_side)
        return _of_member(opened.manifest, extract(opened, images.file, workplace))


def _sized(manifest: KitManifest, least_side: int) -> KitImages:
    return min(manifest.images, key=lambda images: _by_side(images.image_size, least_side))


def _of_member(manifest: KitManifest, path: Path) -> MeasuredImages:
    labels = np.array([sample.label for sample in manifest.samples], np.int64)
    samples = Samples(path=path, rows=np.arange(len(labels), dtype=np.int64), labels=labels)
    return MeasuredImages(samples=samples, contents=tuple(sample.sha256 for sample in manifest.samples))


def _is_the_truth(found: MeasuredImages, records: Sequence[Record]) -> bool:
    """Tells whether the labels of the images are the right answers of the records, sample by sample."""
    labels = tuple(found.samples.labels.tolist())
    answers = (answers_of(record) for record in records)
    return all(one.truth == labels for one in answers if one)


def _altered(run: Run) -> str:
    return (
        f"the right answers in {run.name} are not the labels of the data set whose hash it names, so the file was "
        "altered; no image of it is shown"
    )


def _nowhere(run: Run, places: Places) -> str:
    record = next(iter(run.records.values()))
    sought = f"the test images of {sanitize(record.dataset.name)} (data set {short_hash(record.dataset.sha256)})"
    if record.kit:
        return (
            f"{sought} are not in {places.artifacts}, neither as the kit {short_hash(record.kit)}, which the results "
            "were measured from, nor as a data set: name the kit's file with --kit KIT.zip, or the folder of the store "
            "with --zoo-artifacts DIR"
        )
    return (
        f"{sought} are not in {places.artifacts / 'datasets'}: name the folder of the store that the run used with "
        "--zoo-artifacts DIR"
    )
