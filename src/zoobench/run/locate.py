"""Where are the model files and the images of an earlier run? Told by their hashes, so that no others are taken."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoobench.data.photos import given_images
from zoobench.data.split import (
    ROWS,
    assign,
    dataset_sha256,
    measuring_order,
    parse_shares,
    read_rows,
)
from zoobench.errors import DataError, ModelError, ResultsError, UsageError, ZoobenchError, sanitize
from zoobench.kit.reader import extract, find_kept, open_kit
from zoobench.matrix.interface import ImageSize, Interface, height_and_width
from zoobench.measure.target import Samples
from zoobench.results.answers import answers_of
from zoobench.results.checked import typed
from zoobench.results.run import Provenance, RecordedProduct, Run
from zoobench.results.schema import Record
from zoobench.run.options import defaults
from zoobench.store.inventory import Entry, main_sha256, products_in
from zoobench.store.product import MANIFEST, Manifest, Product, Stored, find, read_manifest
from zoobench.system.files import sha256_of_file
from zoobench.system.units import parse_number, short_hash

_FLOAT32 = "float32"
_CALIBRATION_FILE = "images.npy"
_OF_THE_VARIANT = frozenset({"variant", "io", "quantizer"})
"""What differs between the manifests of a float32 file and of a variant of the same classifier; the rest agrees."""
_OF_THE_CLASSIFIER = frozenset({"backbone", "image_size", "dataset", "training"})
"""What at least must stand in both."""


def find_models(records: Iterable[Record], *, artifacts: Path, folder: Path | None = None) -> dict[str, Path]:
    """Returns where the records' files are, by SHA-256, as far as they are in the store or below a folder of copies.

    A damaged product is named on standard error and not used.

    Args:
        records: Of a run; refused cells may have no file.
        artifacts: The folder of the store; there may be none.
        folder: Where else to look, at any depth and under any name.

    Raises:
        UsageError: If `folder` is none, or a file in it cannot be read.
    """
    sizes = {record.model.sha256: record.model.size_bytes for record in records if record.model}
    found: dict[str, Path] = {}
    for entry in products_in(artifacts / "models", kind="model"):
        sha256 = main_sha256(entry)
        if sha256 in sizes and sha256 not in found and (stored := _whole(entry)):
            found[stored.sha256] = stored.path
    if folder is None:
        return found
    return _in_folder({sha256: size for sha256, size in sizes.items() if sha256 not in found}, folder) | found


def find_manifests(run: Run, *, artifacts: Path) -> Mapping[str, RecordedProduct]:
    """Returns what the store knows of a run's model files, by their SHA-256.

    Of products with the same file, as settings give that do not change it, the one that the run used is taken, or the
    last used where the run does not say.
    """
    wanted = {record.model.sha256 for record in run.records.values() if record.model}
    used = set(run.provenance.products.values())
    entries = (one for one in products_in(artifacts / "models", kind="model") if main_sha256(one) in wanted)
    return {
        entry.manifest.files[entry.manifest.file].sha256: RecordedProduct(
            product=entry.name, file=entry.manifest.file, inputs=entry.manifest.inputs
        )
        for entry in sorted(entries, key=lambda one: (one.name in used, one.used))
        if entry.manifest
    }


def manifest_beside(model: Path) -> Manifest | None:
    """Returns what the store wrote down of a file that stands in it, None of any other file.

    Raises:
        ModelError: If that is damaged.
    """
    if not (model.parent / MANIFEST).is_file():
        return None
    try:
        manifest = read_manifest(model.parent)
    except ValueError as error:
        raise ModelError(f"{model.parent}: {error}; remove that folder and run zoobench build again") from error
    return manifest if manifest.file == model.name else None


def find_interface(model: Path) -> Interface | None:
    """Returns what a stored file of a user's own is fed and how its outputs are read; None for all other files.

    Raises:
        ModelError: If its manifest is damaged.
    """
    own = manifest_beside(model)
    known = own.inputs.get("interface") if own else None
    return typed(Interface, known, str(model.parent / MANIFEST)) if known else None


def find_float_twin(model: Path) -> Path:
    """Returns the float32 file of the same classifier from the store that a file stands in.

    Raises:
        UsageError: If the file stands in none, is itself that file, or the store does not have it.
        ModelError: If its manifest is damaged.
    """
    own = manifest_beside(model)
    if own is None:
        raise UsageError(
            f"{model} has no {MANIFEST} beside it that names it, so it is not known which float32 file it was "
            "quantized from; give that file with --float"
        )
    if own.inputs.get("variant") == _FLOAT32:
        raise UsageError(
            f"{model} is the float32 file itself; give a quantized one, or another float file with --float"
        )
    for entry in _other_variants(model, own):
        if entry.manifest and entry.manifest.inputs["variant"] == _FLOAT32 and (stored := _whole(entry)):
            return stored.path
    raise UsageError(
        f"there is no float32 file of the same classifier in {model.parent.parent}; make it with zoobench build "
        "and the same options, or give it with --float"
    )


def find_calibration(model: Path) -> Path | None:
    """Returns the images that a stored file, or else another variant of the same classifier, was calibrated on.

    Raises:
        ModelError: If its manifest is damaged.
    """
    own = manifest_beside(model)
    others = _other_variants(model, own) if own else ()
    for manifest in (own, *(entry.manifest for entry in others)):
        if manifest and (name := manifest.facts.get("calibration")):
            path = model.parent.parent / str(name) / _CALIBRATION_FILE
            if path.is_file():
                return path
    return None


def find_pixels(provenance: Provenance, *, image_size: ImageSize, artifacts: Path) -> Samples | None:
    """Returns the images that a run was timed on if the store has them whole; labels are zeros.

    Damaged ones are named on standard error and not used.

    Raises:
        ResultsError: If the run's rows are not those of the data set that it names.
    """
    recorded = provenance.pixels.get(str(image_size))
    entries = products_in(artifacts / "datasets", kind="data set") if recorded else ()
    stored = next((_whole(entry) for entry in entries if recorded and entry.name == recorded.product), None)
    if recorded is None or stored is None:
        return None
    shape = np.load(stored.path, mmap_mode="r", allow_pickle=False).shape
    rows = recorded.rows
    if shape[1:] != (*height_and_width(image_size), 3) or not rows or min(rows) < 0 or max(rows) >= shape[0]:
        span = f"{len(rows)} rows from {min(rows)} to {max(rows)}" if rows else "no rows"
        raise ResultsError(
            f"the results name {span} of {recorded.product} as {image_size} px images; it holds {list(shape)}, "
            "so the results file or the store was altered"
        )
    return _samples(stored.path, rows)


def image_names(samples: Samples) -> tuple[str, ...]:
    """Returns what the images of samples are called, or nothing for a user's own.

    Raises:
        DataError: If the store's names cannot be read.
    """
    if not samples.path.with_name(ROWS).is_file():
        return ()
    rows = read_rows(samples.path)["rows"]
    return tuple(str(rows[row][0]) for row in samples.rows.tolist())


def given_pixels(path: Path, *, image_size: ImageSize, count: int, folder: Path) -> Samples:
    """Returns a user's own images as samples; labels are zeros.

    Args:
        path: A folder of photos, or a `.npy` file of uint8 images [n, height, width, 3].
        image_size: That a model takes.
        count: The most to take, evenly spread.
        folder: Where the pixels are written, as `images-<image_size>.npy`.

    Raises:
        UsageError: If there are none or they do not fit.
        DataError: If one cannot be read.
    """
    images = np.concatenate(list(given_images(path, size=image_size).spread(count)))
    written = folder / f"images-{image_size}.npy"
    np.save(written, images)
    return _samples(written, range(len(images)))


def find_images(run: Run, *, artifacts: Path, kit: Path | None, least_side: int, workplace: Path) -> Samples | str:
    """Returns the images that a run was measured on, in the order of the records' predictions, or why there are none.

    They are in the store, or in the kit that the results came of, of which they are unpacked into `workplace`. Of the
    sizes that there are, the smallest is taken that is not below `least_side` pixels.
    """
    if len({record.dataset.sha256 for record in run.records.values()}) > 1:
        return f"{run.name} holds results of several data sets, so it is not known which image is which"
    try:
        found = _of_kit(run, artifacts, kit, least_side, workplace) or _of_store(run, artifacts, least_side)
    except ZoobenchError as error:
        return str(error)
    except OSError as error:
        return f"the images cannot be read: {error}"
    if found is None:
        return _nowhere(run, artifacts)
    labels, answers = tuple(found.labels.tolist()), map(answers_of, run.records.values())
    if any(one.truth != labels for one in answers if one):
        return (
            f"the right answers in {run.name} are not the labels of the data set whose hash it names, so the file was "
            "altered; no image of it is shown"
        )
    return found


def _samples(
    path: Path, rows: Sequence[int], *, labels: Sequence[int] | None = None, contents: Sequence[str] = ()
) -> Samples:
    labels = [0] * len(rows) if labels is None else labels
    return Samples(
        path=path, rows=np.array(rows, np.int64), labels=np.array(labels, np.int64), contents=tuple(contents)
    )


def _whole(entry: Entry) -> Stored | None:
    if entry.manifest is None:
        return None
    product = Product(name=entry.name.rpartition("-")[0], file_name=entry.manifest.file, inputs=entry.manifest.inputs)
    return find(entry.folder.parent, product)


def _in_folder(sizes: Mapping[str, int], folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; give one that holds the baseline's model files, under any names")
    try:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        likely = (path for path in files if path.stat().st_size in sizes.values())
        return {sha256: path for path in likely if (sha256 := sha256_of_file(path)) in sizes}
    except OSError as error:
        raise UsageError(f"cannot look for models in {folder}: {error}; mend it or name another folder") from error


def _other_variants(model: Path, own: Manifest) -> Iterator[Entry]:
    """Yields the other variants of a stored file's classifier.

    They agree in all that both manifests know but for the variant's own: variants add keys to what they share.
    """
    folder = model.absolute().parent
    for entry in products_in(folder.parent, kind="model"):
        inputs = entry.manifest.inputs if entry.manifest and entry.name != folder.name else {}
        shared = (own.inputs.keys() & inputs.keys()) - _OF_THE_VARIANT
        is_same = shared >= _OF_THE_CLASSIFIER and all(own.inputs[key] == inputs[key] for key in shared)
        if "variant" in inputs and is_same:
            yield entry


def _of_store(run: Run, artifacts: Path, least_side: int) -> Samples | None:
    """Returns the images from a decoded data set of the run's classes: one that it names first, then by size."""
    named = {pixels.product for pixels in run.provenance.pixels.values()}
    classes = list(next(iter(run.records.values())).dataset.classes)
    likely = [
        (entry.name not in named, _rank(entry.manifest.inputs["image_size"], least_side), entry)
        for entry in products_in(artifacts / "datasets", kind="data set")
        if entry.manifest and entry.manifest.facts.get("classes") == classes
    ]
    for *_, entry in sorted(likely, key=lambda one: one[:2]):
        if stored := _whole(entry):
            content = read_rows(stored.path)
            rows = [(int(label), str(sha256)) for _, label, sha256 in content["rows"]]
            if order := _test_rows(rows, content.get("splits", ()), run):
                labels, contents = zip(*(rows[row] for row in order), strict=True)
                return _samples(stored.path, order, labels=labels, contents=contents)
    return None


def _rank(size: ImageSize, least_side: int) -> tuple[bool, int]:
    """Returns where a size stands among others: the smallest that is large enough, then the largest of the others."""
    side = max(height_and_width(size))
    return side < least_side, side if side >= least_side else -side


def _test_rows(contents: Sequence[tuple[int, str]], given: Sequence[Any], run: Run) -> list[int]:
    """Returns the rows that test, in the order of measuring; none where it is not the data set of the run.

    It is split again as the run's options say: with that, and only with the same contents and labels, it has the hash.
    """
    texts, dataset = {**defaults(), **run.provenance.options}, next(iter(run.records.values())).dataset
    seed = parse_number(texts["seed"], int, where="the run's seed", least=0)
    splits = assign(contents, given, shares=parse_shares(texts["split"]), seed=seed)
    samples = ((sha256, label, split) for (label, sha256), split in zip(contents, splits, strict=True))
    if dataset_sha256(dataset.classes, samples) != dataset.sha256:
        return []
    return measuring_order(contents, [row for row, split in enumerate(splits) if split == "test"])


def _of_kit(run: Run, artifacts: Path, path: Path | None, least_side: int, workplace: Path) -> Samples | None:
    sha256 = next(iter(run.records.values())).kit
    kept = sha256 and find_kept(sha256, artifacts=artifacts)
    if kept:
        manifest, folder = kept.manifest, kept.folder
        pixels = folder / min(manifest.images, key=lambda one: _rank(one.image_size, least_side)).file
    elif sha256 and path:
        with open_kit(path, limit_bytes=int(defaults()["kit-limit"]) * 1_000_000) as kit:
            if kit.sha256 != sha256:
                raise DataError(
                    f"the results were measured from the kit {short_hash(sha256)}; {path} is another one, "
                    f"{short_hash(kit.sha256)}"
                )
            manifest = kit.manifest
            images = min(manifest.images, key=lambda one: _rank(one.image_size, least_side))
            pixels = extract(kit, images.file, workplace)
    else:
        return None
    labels, contents = zip(*((sample.label, sample.sha256) for sample in manifest.samples), strict=True)
    return _samples(pixels, range(len(labels)), labels=labels, contents=contents)


def _nowhere(run: Run, artifacts: Path) -> str:
    record = next(iter(run.records.values()))
    sought = f"the test images of {sanitize(record.dataset.name)} (data set {short_hash(record.dataset.sha256)})"
    if record.kit:
        return (
            f"{sought} are not in {artifacts}, neither as the kit {short_hash(record.kit)}, which the results were "
            "measured from, nor as a data set: name the kit's file with --kit KIT.zip, or the folder of the store with "
            "--artifacts DIR"
        )
    return (
        f"{sought} are not in {artifacts / 'datasets'}: name the folder of the store that the run used with "
        "--artifacts DIR"
    )
