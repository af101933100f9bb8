"""Which images does a run train and test on, and where are their pixels?"""

import hashlib
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import PIL
from filelock import FileLock

from zoobench.build import drawn
from zoobench.build.images import DECODER_VERSION, EXTENSIONS, Pixels, check_file, load, resize
from zoobench.build.split import MIN_CONTENTS, SPLITS, Split, SplitShares, homes, split_contents, stratified
from zoobench.errors import DataError, UsageError
from zoobench.files import sha256_of_file, sha256_of_json, write_json, writing
from zoobench.progress import Advance, progress

MIN_IMAGE_SIZE = 32
MAX_IMAGE_SIZE = 1024
MIN_DRAWN_IMAGES = MIN_CONTENTS * len(drawn.CLASSES)

Indices = npt.NDArray[np.int64]
_Row = tuple[str, int, str]  # name, label, SHA-256

_SCHEMA = 1
_PIXELS = "pixels.npy"
_MANIFEST = "manifest.json"
_CHUNK = 64  # images in memory at a time
_LISTED = 20  # bad images that a message names
_ONE_FOLDER_PER_CLASS = "give a folder that holds one folder of images for each class, such as cat/ and dog/"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetConfig:
    """What data set a user asks for.

    Attributes:
        folder: One folder of images per class; None for the drawn data set.
        drawn_images: How many images are drawn, over all classes together.
        shares: How much of each class trains, validates and tests.
        seed: Which split, and which drawn images.
        skip_bad_images: Leave out what cannot be used instead of stopping at it.
    """

    folder: Path | None = None
    drawn_images: int = 400
    shares: SplitShares = field(default_factory=SplitShares)
    seed: int = 0
    skip_bad_images: bool = False

    def __post_init__(self) -> None:
        if self.drawn_images < MIN_DRAWN_IMAGES:
            raise UsageError(
                f"{self.drawn_images} drawn images were asked for; ask for at least {MIN_DRAWN_IMAGES}, "
                f"{MIN_CONTENTS} for each of the {len(drawn.CLASSES)} classes"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One image with its label.

    Attributes:
        name: Path below the data set's folder, or `drawn/dog/00012`.
        label: Index into the data set's classes.
        sha256: Of the file's content; of the pixels where the image is drawn.
        split: What the image is for.
    """

    name: str
    label: int
    sha256: str
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that looks like an image but cannot be used, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A split data set at one image size; the pixels stay on disk.

    Attributes:
        name: Base name of the folder, or `drawn`.
        classes: Names of the classes, sorted; labels point into it.
        samples: The usable images in file order.
        left_out: The images that cannot be used.
        duplicates: Groups of names of samples that have the same content.
        ignored: Kinds of files that are no images, with their number.
        image_size: Side of the images in pixels.
        pixels_path: A .npy file, uint8 [samples, image_size, image_size, 3] RGB; row i belongs to `samples[i]`.
    """

    name: str
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    left_out: tuple[LeftOut, ...]
    duplicates: tuple[tuple[str, ...], ...]
    ignored: tuple[tuple[str, int], ...]
    image_size: int
    pixels_path: Path

    @property
    def sha256(self) -> str:
        """Identity of classes, contents, labels and splits; image size, file names and place play no part."""
        return sha256_of_json([self.classes, sorted((item.sha256, item.label, item.split) for item in self.samples)])

    def indices(self, split: Split) -> Indices:
        """Returns the positions of a split's samples, ascending."""
        return np.array([i for i, item in enumerate(self.samples) if item.split == split], dtype=np.int64)

    def labels(self, split: Split) -> npt.NDArray[np.int64]:
        """Returns the labels of a split's samples, in the order of `indices`."""
        return np.array([item.label for item in self.samples if item.split == split], dtype=np.int64)

    def images(self, indices: Sequence[int] | Indices) -> Pixels:
        """Copies images out of a memory map that is open only meanwhile, so that resident memory stays flat.

        Args:
            indices: Positions in `samples`.

        Returns:
            A new array, [len(indices), image_size, image_size, 3] RGB.

        Raises:
            DataError: The file of pixels is gone or damaged.
        """
        try:
            pixels = np.load(self.pixels_path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self.pixels_path} cannot be read ({error}); run again, and the images are decoded anew"
            ) from error
        return np.asarray(pixels)[np.asarray(indices, dtype=np.int64)]

    def calibration_indices(self, count: int, *, seed: int) -> Indices:
        """Chooses images to calibrate with: from the training split, the classes evenly, no content twice.

        Args:
            count: How many; fewer are always the beginning of more.
            seed: Which of the many choices.

        Returns:
            Positions in `samples`.

        Raises:
            UsageError: There are not so many.
        """
        position: dict[str, int] = {}
        for index in self.indices("train").tolist():
            position.setdefault(self.samples[index].sha256, index)
        if not 1 <= count <= len(position):
            raise UsageError(
                f"{count} calibration images were asked for; the training split of {self.name} holds "
                f"{len(position)} different ones, so ask for 1 to {len(position)}"
            )
        contents = [(self.samples[index].label, sha256) for sha256, index in position.items()]
        return np.array([position[sha256] for sha256 in stratified(contents, seed=seed)[:count]], dtype=np.int64)


def open_dataset(config: DatasetConfig, *, image_size: int, folder: Path) -> Dataset:
    """Opens a data set at one image size; its images are decoded unless that was done before.

    Args:
        config: What data set.
        image_size: Side of the images in pixels.
        folder: Where decoded data sets are kept, each in a folder of its own named by its content.

    Returns:
        The data set, split.

    Raises:
        DataError: The images are missing, bad, too few, or cannot be kept.
        UsageError: The image size makes no sense.
    """
    if not MIN_IMAGE_SIZE <= image_size <= MAX_IMAGE_SIZE:
        allowed = f"give a size from {MIN_IMAGE_SIZE} to {MAX_IMAGE_SIZE} pixels, such as 224"
        raise UsageError(f"the image size {image_size} is not possible; {allowed}")
    source = _drawings(config) if config.folder is None else _photos(config.folder)
    key = sha256_of_json([_SCHEMA, source.key, image_size, DECODER_VERSION])
    store = folder / f"{source.name}-{image_size}-{key[:12]}"
    decoded = _decoded_before(store) or _decoded_now(source, store=store, image_size=image_size)
    left_out = tuple(sorted((*source.left_out, *decoded.left_out), key=lambda bad: bad.name))
    if not config.skip_bad_images:
        _refuse(left_out, source=source)
    return Dataset(
        name=source.name,
        classes=source.classes,
        samples=_split(decoded.rows, classes=source.classes, config=config),
        left_out=left_out,
        duplicates=_duplicates(decoded.rows),
        ignored=source.ignored,
        image_size=image_size,
        pixels_path=store / _PIXELS,
    )


def describe(dataset: Dataset) -> tuple[str, ...]:
    """Returns what a reader of results should know about the data: a line of sizes and one for each oddity."""
    sizes = Counter(item.split for item in dataset.samples)
    splits = " / ".join(f"{split} {sizes[split]}" for split in SPLITS)
    head = f"data: {dataset.name}, {len(dataset.samples)} images, {len(dataset.classes)} classes, {splits}"
    return (head, *_left_out_line(dataset), *_duplicates_lines(dataset), *_ignored_line(dataset))


def _left_out_line(dataset: Dataset) -> Iterator[str]:
    if dataset.left_out:
        first = dataset.left_out[0]
        yield f"data: left out {_counted(dataset.left_out, 'bad image')}, first {first.name}: {first.reason}"


def _duplicates_lines(dataset: Dataset) -> Iterator[str]:
    if dataset.duplicates:
        example = " = ".join(dataset.duplicates[0])
        groups = _counted(dataset.duplicates, "group")
        yield f"data: {groups} of identical images, each within one split, first {example}"
    labels = {item.name: item.label for item in dataset.samples}
    contradictory = [group for group in dataset.duplicates if len({labels[name] for name in group}) > 1]
    if contradictory:
        example = " = ".join(contradictory[0])
        yield f"data: {_counted(contradictory, 'image')} in two classes, so one label is wrong, first {example}"


def _ignored_line(dataset: Dataset) -> Iterator[str]:
    if dataset.ignored:
        yield f"data: ignored other files: {', '.join(f'{count} {kind}' for kind, count in dataset.ignored)}"


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """One image before it is decoded; `sha256` is None where it follows from the pixels."""

    name: str
    label: int
    sha256: str | None
    pixels: Callable[[], Pixels]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What there is to decode; `key` tells it from every other source."""

    name: str
    classes: tuple[str, ...]
    key: str
    pictures: tuple[_Picture, ...]
    left_out: tuple[LeftOut, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    """What the decoding of a source came to; row i of the file of pixels shows `rows[i]`."""

    rows: tuple[_Row, ...]
    left_out: tuple[LeftOut, ...]


def _drawings(config: DatasetConfig) -> _Source:
    each, more = divmod(config.drawn_images, len(drawn.CLASSES))
    pictures = tuple(
        _Picture(
            name=f"drawn/{animal}/{index:05}",
            label=label,
            sha256=None,
            pixels=partial(drawn.draw, animal, seed=config.seed, index=index),
        )
        for label, animal in enumerate(drawn.CLASSES)
        for index in range(each + (label < more))
    )
    key = sha256_of_json(["drawn", drawn.VERSION, config.seed, config.drawn_images])
    return _Source(name="drawn", classes=drawn.CLASSES, key=key, pictures=pictures)


def _photos(folder: Path) -> _Source:
    entries = _entries(folder)
    classes = _class_folders(folder, entries)
    listings = [_listed(folder / name) for name in classes]
    _check_filled(folder, classes, listings)
    files = [(path, label) for label, listing in enumerate(listings) for path in listing.images]
    with _workers() as pool:
        outcomes = list(pool.map(partial(_identified, folder), files))
    pictures = tuple(outcome for outcome in outcomes if isinstance(outcome, _Picture))
    closed = [
        LeftOut(name=_shown(path, folder), reason=reason) for listing in listings for path, reason in listing.closed
    ]
    return _Source(
        name=_text(folder.resolve().name) or "data",
        classes=tuple(_text(name) for name in classes),
        key=sha256_of_json([PIL.__version__, *((item.name, item.label, item.sha256) for item in pictures)]),
        pictures=pictures,
        left_out=(*closed, *(outcome for outcome in outcomes if isinstance(outcome, LeftOut))),
        ignored=_ignored(entries, listings),
    )


def _entries(folder: Path) -> dict[str, bool]:
    """Returns the names in a folder, sorted, and whether each is a folder itself."""
    try:
        return {path.name: path.is_dir() for path in sorted(folder.iterdir())}
    except OSError as error:
        raise DataError(f"{_text(folder)} {_unlisted(error)}; {_ONE_FOLDER_PER_CLASS}") from error


def _class_folders(folder: Path, entries: Mapping[str, bool]) -> list[str]:
    """Returns the names of the class folders, as `keras.utils.image_dataset_from_directory` finds them."""
    classes = [name for name, is_folder in entries.items() if is_folder and not name.startswith(".")]
    if len(classes) < 2:
        images = [name for name, is_folder in entries.items() if _is_image(name) and not is_folder]
        raise DataError(f"{_text(folder)} holds {_too_few_classes(classes, images)}; {_ONE_FOLDER_PER_CLASS}")
    return classes


def _unlisted(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, NotADirectoryError):
        return "is a file, not a folder"
    return f"cannot be read ({error.strerror})"


def _too_few_classes(classes: Sequence[str], images: Sequence[str]) -> str:
    if classes:
        return f"one class folder only, {_text(classes[0])}, and a classifier needs two or more"
    if images:
        return f"no class folders but {_counted(images, 'image')} directly in it; put them in one folder per class"
    return "no class folders"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """What stands below one class folder: image files, other kinds of files, and folders that cannot be read."""

    images: tuple[Path, ...]
    other: tuple[str, ...]
    closed: tuple[tuple[Path, str], ...]


def _listed(class_folder: Path) -> _Listing:
    """Lists a class folder and the folders in it, as Keras does: sorted by folder, then by name, links not followed."""
    closed: list[OSError] = []
    images: list[tuple[str, str]] = []
    other: list[str] = []
    for parent, folders, files in os.walk(class_folder, onerror=closed.append):
        # A folder that is named like an image is not looked into: it is reported as an image that cannot be read.
        images.extend((parent, name) for name in (*files, *folders) if _is_image(name))
        folders[:] = [name for name in folders if not _is_image(name)]
        other.extend(_kind(name) for name in files if not _is_image(name))
        other.extend("linked folder" for name in folders if Path(parent, name).is_symlink())
    return _Listing(
        images=tuple(Path(parent, name) for parent, name in sorted(images)),
        other=tuple(other),
        closed=tuple((Path(error.filename), f"cannot be read ({error.strerror})") for error in closed),
    )


def _check_filled(folder: Path, classes: Sequence[str], listings: Sequence[_Listing]) -> None:
    empty = [
        _text(name) for name, listing in zip(classes, listings, strict=True) if not (listing.images or listing.closed)
    ]
    if empty:
        kinds = ", ".join(EXTENSIONS)
        raise DataError(
            f"{_text(folder)} has class folders without images ({kinds}): {', '.join(empty)}; "
            "put images into them or take the folders away"
        )


def _ignored(entries: Mapping[str, bool], listings: Sequence[_Listing]) -> tuple[tuple[str, int], ...]:
    beside = [name for name, is_folder in entries.items() if not is_folder]
    kinds = Counter(f"{_kind(name)} beside the class folders" if _is_image(name) else _kind(name) for name in beside)
    for listing in listings:
        kinds.update(listing.other)
    return tuple(sorted(kinds.items()))


def _is_image(name: str) -> bool:
    return name.lower().endswith(EXTENSIONS)


def _kind(name: str) -> str:
    return _text(PurePosixPath(name).suffix.lower()) or "without extension"


def _identified(folder: Path, file: tuple[Path, int]) -> _Picture | LeftOut:
    path, label = file
    name = _shown(path, folder)
    try:
        check_file(path)
        return _Picture(name=name, label=label, sha256=sha256_of_file(path), pixels=partial(load, path))
    except OSError as error:
        return LeftOut(name=name, reason=f"cannot be read ({error.strerror})")
    except DataError as error:
        return LeftOut(name=name, reason=str(error))


def _shown(path: Path, folder: Path) -> str:
    return _text(path.relative_to(folder).as_posix())


def _text(path: str | Path) -> str:
    """Returns a file name as text that can be written anywhere, whatever its bytes are."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _refuse(left_out: Sequence[LeftOut], *, source: _Source) -> None:
    """Stops at bad images, with the list of them and what to do."""
    if not left_out:
        return
    lines = [f"  {bad.name}: {bad.reason}" for bad in left_out[:_LISTED]]
    if len(left_out) > _LISTED:
        lines.append(f"  and {len(left_out) - _LISTED} more")
    raise DataError(
        f"{_counted(left_out, 'image')} of {source.name} cannot be used:\n" + "\n".join(lines) + "\n"
        "Mend or remove them, or leave them out with --zoo-skip-bad-images "
        "(they are then counted in the header and in every record)."
    )


def _split(rows: Sequence[_Row], *, classes: Sequence[str], config: DatasetConfig) -> tuple[Sample, ...]:
    contents = [(label, sha256) for _, label, sha256 in rows]
    different = Counter(homes(contents).values())
    short = [f"{name} has {different[label]}" for label, name in enumerate(classes) if different[label] < MIN_CONTENTS]
    if short:
        raise DataError(
            f"each class needs {MIN_CONTENTS} different usable images, one for each of {', '.join(SPLITS)}; "
            f"{', '.join(short)} (copies of another class's images do not count); add images or take the folder away"
        )
    split = split_contents(contents, shares=config.shares, seed=config.seed)
    return tuple(Sample(name=name, label=label, sha256=sha256, split=split[sha256]) for name, label, sha256 in rows)


def _duplicates(rows: Sequence[_Row]) -> tuple[tuple[str, ...], ...]:
    names: dict[str, list[str]] = {}
    for name, _, sha256 in rows:
        names.setdefault(sha256, []).append(name)
    return tuple(tuple(group) for group in names.values() if len(group) > 1)


def _decoded_before(store: Path) -> _Decoded | None:
    """Returns what a folder of decoded images holds; None if it is not there, damaged or unfinished."""
    try:
        manifest = json.loads((store / _MANIFEST).read_bytes())
        if manifest["pixels_bytes"] != (store / _PIXELS).stat().st_size:
            return None
        return _Decoded(
            rows=tuple((str(name), int(label), str(sha256)) for name, label, sha256 in manifest["rows"]),
            left_out=tuple(LeftOut(name=str(name), reason=str(reason)) for name, reason in manifest["left_out"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _decoded_now(source: _Source, *, store: Path, image_size: int) -> _Decoded:
    """Decodes a source into a folder; a second process waits for the first and takes what it made."""
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{store}.lock"):
            return _decoded_before(store) or _decode(source, store=store, image_size=image_size)
    except OSError as error:
        raise DataError(
            f"the decoded images cannot be written to {store} ({error.strerror or error}); "
            "make room there or allow writing, then run again"
        ) from error


def _decode(source: _Source, *, store: Path, image_size: int) -> _Decoded:
    shutil.rmtree(store, ignore_errors=True)  # what a killed run or a damaged disk left
    title = f"Decoding {source.name} at {image_size} px"
    try:
        with writing(store / _PIXELS) as handle, progress(title, total=len(source.pictures)) as advance:
            decoded, digest = _write_rows(handle, source.pictures, image_size=image_size, advance=advance)
        write_json(
            store / _MANIFEST, _manifest(source, decoded, pixels_sha256=digest, store=store, image_size=image_size)
        )
    except BaseException:
        shutil.rmtree(store, ignore_errors=True)
        raise
    return decoded


def _write_rows(
    handle: IO[bytes], pictures: Sequence[_Picture], *, image_size: int, advance: Advance
) -> tuple[_Decoded, str]:
    """Writes a .npy file image by image: mapped pages that wait to be written would count as resident memory."""
    rows: list[_Row] = []
    left_out: list[LeftOut] = []
    digest = hashlib.sha256()
    handle.write(_npy_header(len(pictures), image_size))
    for outcome in _prepared(pictures, image_size=image_size):
        if isinstance(outcome, LeftOut):
            left_out.append(outcome)
        else:
            row, pixels = outcome
            rows.append(row)
            handle.write(pixels)
            digest.update(pixels)
        advance(1, f"{len(left_out)} cannot be used" if left_out else "")
    handle.seek(0)
    handle.write(_npy_header(len(rows), image_size))
    return _Decoded(rows=tuple(rows), left_out=tuple(left_out)), digest.hexdigest()


def _npy_header(count: int, image_size: int) -> bytes:
    """Returns the beginning of a .npy file; NumPy pads it so that it is equally long for every `count`."""
    shape = (count, image_size, image_size, 3)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


def _prepared(pictures: Sequence[_Picture], *, image_size: int) -> Iterator[tuple[_Row, bytes] | LeftOut]:
    with _workers() as pool:
        for start in range(0, len(pictures), _CHUNK):
            yield from pool.map(partial(_prepare, image_size=image_size), pictures[start : start + _CHUNK])


def _prepare(picture: _Picture, *, image_size: int) -> tuple[_Row, bytes] | LeftOut:
    try:
        pixels = picture.pixels()
    except DataError as error:
        return LeftOut(name=picture.name, reason=str(error))
    sha256 = picture.sha256 or hashlib.sha256(pixels.tobytes()).hexdigest()
    return (picture.name, picture.label, sha256), resize(pixels, size=image_size).tobytes()


def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1)


def _manifest(
    source: _Source, decoded: _Decoded, *, pixels_sha256: str, store: Path, image_size: int
) -> dict[str, Any]:
    return {
        "schema": _SCHEMA,
        "name": source.name,
        "classes": source.classes,
        "image_size": image_size,
        "decoder_version": DECODER_VERSION,
        "pillow_version": PIL.__version__,
        "pixels_bytes": (store / _PIXELS).stat().st_size,
        "pixels_sha256": pixels_sha256,
        "left_out": [[bad.name, bad.reason] for bad in decoded.left_out],
        "rows": decoded.rows,
    }
