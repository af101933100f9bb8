"""Which image files stand in a folder of class folders, and what is wrong with them?"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import PIL

from zoobench.data.images import EXTENSIONS, check_file, load
from zoobench.data.pixels import LeftOut, Picture, PictureSource, workers
from zoobench.data.rows import Row
from zoobench.errors import DataError
from zoobench.system.files import sha256_of_file, sha256_of_json

_ONE_FOLDER_PER_CLASS = "give a folder that holds one folder of images for each class, such as cat/ and dog/"
_LISTED = 20  # bad images that a message names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """What stands below one class folder: image files, other kinds of files, and folders that cannot be read."""

    images: tuple[Path, ...]
    other: tuple[str, ...]
    closed: tuple[tuple[Path, str], ...]


def photos(folder: Path) -> PictureSource:
    """Returns the images of a folder of class folders, none of them decoded yet.

    Raises:
        DataError: The folder does not hold two or more class folders with images.
    """
    entries = _entries(folder)
    classes = _class_folders(folder, entries)
    listings = [_listed(folder / name) for name in classes]
    _check_filled(folder, classes, listings)
    files = [(path, label) for label, listing in enumerate(listings) for path in listing.images]
    with workers() as pool:
        outcomes = list(pool.map(partial(_identified, folder), files))
    pictures = tuple(outcome for outcome in outcomes if isinstance(outcome, Picture))
    closed = [
        LeftOut(name=_shown(path, folder), reason=reason) for listing in listings for path, reason in listing.closed
    ]
    return PictureSource(
        name=_text(folder.resolve().name) or "data",
        classes=tuple(_text(name) for name in classes),
        key=sha256_of_json([PIL.__version__, *((item.name, item.label, item.sha256) for item in pictures)]),
        pictures=pictures,
        left_out=(*closed, *(outcome for outcome in outcomes if isinstance(outcome, LeftOut))),
        ignored=_ignored(entries, listings),
    )


def refuse(left_out: Sequence[LeftOut], *, source: PictureSource) -> None:
    """Stops at bad images, if there are any.

    Raises:
        DataError: There are; the message lists them and says what to do.
    """
    if not left_out:
        return
    lines = [f"  {bad.name}: {bad.reason}" for bad in left_out[:_LISTED]]
    if len(left_out) > _LISTED:
        lines.append(f"  and {len(left_out) - _LISTED} more")
    raise DataError(
        f"{counted(left_out, 'image')} of {source.name} cannot be used:\n" + "\n".join(lines) + "\n"
        "Mend or remove them, or leave them out with --zoo-skip-bad-images "
        "(they are then counted in the header and in every record)."
    )


def duplicates(rows: Sequence[Row]) -> tuple[tuple[str, ...], ...]:
    """Returns the groups of names that stand for the same content."""
    names: dict[str, list[str]] = {}
    for name, _, sha256 in rows:
        names.setdefault(sha256, []).append(name)
    return tuple(tuple(group) for group in names.values() if len(group) > 1)


def counted(things: Sequence[object], noun: str) -> str:
    """Returns how many things there are, such as `1 image` or `4 images`."""
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"


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
        return f"no class folders but {counted(images, 'image')} directly in it; put them in one folder per class"
    return "no class folders"


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


def _identified(folder: Path, file: tuple[Path, int]) -> Picture | LeftOut:
    path, label = file
    name = _shown(path, folder)
    try:
        check_file(path)
        return Picture(name=name, label=label, sha256=sha256_of_file(path), pixels=partial(load, path))
    except OSError as error:
        return LeftOut(name=name, reason=f"cannot be read ({error.strerror})")
    except DataError as error:
        return LeftOut(name=name, reason=str(error))


def _shown(path: Path, folder: Path) -> str:
    return _text(path.relative_to(folder).as_posix())


def _text(path: str | Path) -> str:
    """Returns a file name as text that can be written anywhere, whatever its bytes are."""
    return os.fsencode(path).decode(errors="backslashreplace")
