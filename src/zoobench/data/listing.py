"""Which image files stand in a folder of class folders, what is wrong with them, and where are their pixels kept?"""

import hashlib
import io
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
import PIL

from zoobench.data.images import DECODER_VERSION, EXTENSIONS, Pixels, check_file, load, resize
from zoobench.data.split import ROWS, Row, read_rows
from zoobench.errors import DataError
from zoobench.store.product import Facts, Product, obtain
from zoobench.system.files import sha256_of_file, sha256_of_json, write_json, writing
from zoobench.system.terminal import Advance, progress

_ONE_FOLDER_PER_CLASS = "give a folder that holds one folder of images for each class, such as cat/ and dog/"
_LISTED = 20  # bad images that a message names
_SCHEMA = 2
_PIXELS = "pixels.npy"
_CHUNK = 64  # images in memory at a time
LeftOut = tuple[str, str]
"""Name of a file that looks like an image but cannot be used, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One image before it is decoded; `sha256` is None where it follows from the pixels."""

    name: str
    label: int
    sha256: str | None
    pixels: Callable[[], Pixels]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSource:
    """What there is to decode; `key` tells it from every other source."""

    name: str
    classes: tuple[str, ...]
    key: str
    pictures: tuple[Picture, ...]
    left_out: tuple[LeftOut, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()


def photos(folder: Path) -> PictureSource:
    """Returns the images of a folder of class folders, none of them decoded yet.

    Raises:
        DataError: The folder does not hold two or more class folders with images.
    """
    entries = _entries(folder)
    classes = _class_folders(folder, entries)
    files: list[tuple[Path, int]] = []
    left_out: list[LeftOut] = []
    ignored = Counter(_beside(name) for name, is_folder in entries.items() if not is_folder)
    empty = []
    for label, name in enumerate(classes):
        images, other, closed = _listed(folder / name)
        files += [(path, label) for path in images]
        left_out += [(_shown(Path(error.filename), folder), _unread(error)) for error in closed]
        ignored.update(other)
        empty += [] if images or closed else [_text(name)]
    if empty:
        raise DataError(
            f"{_text(folder)} has class folders without images ({', '.join(EXTENSIONS)}): {', '.join(empty)}; "
            "put images into them or take the folders away"
        )
    with _workers() as pool:
        outcomes = list(pool.map(partial(_identified, folder), files))
    pictures = tuple(outcome for outcome in outcomes if isinstance(outcome, Picture))
    return PictureSource(
        name=_text(folder.resolve().name) or "data",
        classes=tuple(map(_text, classes)),
        key=sha256_of_json([PIL.__version__, *((item.name, item.label, item.sha256) for item in pictures)]),
        pictures=pictures,
        left_out=(*left_out, *(outcome for outcome in outcomes if not isinstance(outcome, Picture))),
        ignored=tuple(sorted(ignored.items())),
    )


def refuse(left_out: Sequence[LeftOut], *, source: PictureSource) -> None:
    """Stops at bad images, if there are any.

    Raises:
        DataError: There are; the message lists them and says what to do.
    """
    if not left_out:
        return
    lines = [f"  {name}: {reason}" for name, reason in left_out[:_LISTED]]
    if len(left_out) > _LISTED:
        lines.append(f"  and {len(left_out) - _LISTED} more")
    raise DataError(
        f"{counted(left_out, 'image')} of {source.name} cannot be used:\n" + "\n".join(lines) + "\n"
        "Mend or remove them, or leave them out with --zoo-skip-bad-images "
        "(they are then counted in the header and in every record)."
    )


def counted(things: Sequence[object], noun: str) -> str:
    """Returns how many things there are, such as `1 image` or `4 images`."""
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"


def decode_once(
    source: PictureSource, *, image_size: int, folder: Path
) -> tuple[tuple[Row, ...], tuple[LeftOut, ...], Path]:
    """Decodes a source unless that was done before; `folder` keeps what was, each in a folder named by its content.

    Returns:
        What could be decoded, what could not, and the `.npy` file whose row i shows the i-th that could.

    Raises:
        DataError: The pixels cannot be kept.
    """
    inputs = {
        "schema": _SCHEMA,
        "source": source.key,
        "image_size": image_size,
        "decoder": DECODER_VERSION,
        "pillow": PIL.__version__,
    }
    product = Product(name=f"{source.name}-{image_size}", file_name=_PIXELS, inputs=inputs)
    path = obtain(folder, product, partial(_decode, source, image_size=image_size), error=DataError).path
    content = read_rows(path)
    rows = tuple((name, label, sha256) for name, label, sha256 in content["rows"])
    return rows, tuple((name, reason) for name, reason in content["left_out"]), path


def _entries(folder: Path) -> dict[str, bool]:
    try:
        return {path.name: path.is_dir() for path in sorted(folder.iterdir())}
    except FileNotFoundError:
        wrong = "does not exist"
    except NotADirectoryError:
        wrong = "is a file, not a folder"
    except OSError as error:
        wrong = _unread(error)
    raise DataError(f"{_text(folder)} {wrong}; {_ONE_FOLDER_PER_CLASS}")


def _class_folders(folder: Path, entries: Mapping[str, bool]) -> list[str]:
    classes = [name for name, is_folder in entries.items() if is_folder and not name.startswith(".")]
    if len(classes) >= 2:
        return classes
    found = "no class folders"
    images = [name for name, is_folder in entries.items() if _is_image(name) and not is_folder]
    if classes:
        found = f"one class folder only, {_text(classes[0])}, and a classifier needs two or more"
    elif images:
        found += f" but {counted(images, 'image')} directly in it; put them in one folder per class"
    raise DataError(f"{_text(folder)} holds {found}; {_ONE_FOLDER_PER_CLASS}")


def _listed(class_folder: Path) -> tuple[list[Path], list[str], list[OSError]]:
    """Returns the images, the kinds of other files and the folders that cannot be read below a class folder.

    In the order of Keras: by folder, then by name, links not followed.
    """
    closed: list[OSError] = []
    images: list[tuple[str, str]] = []
    other: list[str] = []
    for parent, folders, files in os.walk(class_folder, onerror=closed.append):
        # A folder that is named like an image is not looked into: it is reported as an image that cannot be read.
        images += [(parent, name) for name in (*files, *folders) if _is_image(name)]
        folders[:] = [name for name in folders if not _is_image(name)]
        other += [_kind(name) for name in files if not _is_image(name)]
        other += ["linked folder" for name in folders if Path(parent, name).is_symlink()]
    return [Path(parent, name) for parent, name in sorted(images)], other, closed


def _identified(folder: Path, file: tuple[Path, int]) -> Picture | LeftOut:
    path, label = file
    name = _shown(path, folder)
    try:
        check_file(path)
        return Picture(name=name, label=label, sha256=sha256_of_file(path), pixels=partial(load, path))
    except OSError as error:
        return name, _unread(error)
    except DataError as error:
        return name, str(error)


def _unread(error: OSError) -> str:
    return f"cannot be read ({error.strerror})"


def _is_image(name: str) -> bool:
    return name.lower().endswith(EXTENSIONS)


def _kind(name: str) -> str:
    return _text(PurePosixPath(name).suffix.lower()) or "without extension"


def _beside(name: str) -> str:
    return f"{_kind(name)} beside the class folders" if _is_image(name) else _kind(name)


def _shown(path: Path, folder: Path) -> str:
    return _text(path.relative_to(folder).as_posix())


def _text(path: str | Path) -> str:
    return os.fsencode(path).decode(errors="backslashreplace")


def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1)


def _decode(source: PictureSource, folder: Path, *, image_size: int) -> Facts:
    title = f"Decoding {source.name} at {image_size} px"
    with writing(folder / _PIXELS) as handle, progress(title, total=len(source.pictures)) as advance:
        rows, left_out = _write_rows(handle, source.pictures, image_size=image_size, advance=advance)
    write_json(folder / ROWS, {"rows": rows, "left_out": left_out})
    return {"name": source.name, "classes": source.classes, "images": len(rows), "left_out": len(left_out)}


def _write_rows(
    handle: IO[bytes], pictures: Sequence[Picture], *, image_size: int, advance: Advance
) -> tuple[list[Row], list[LeftOut]]:
    """Writes a .npy file image by image: mapped pages that wait to be written would count as resident memory."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    handle.write(_npy_header(len(pictures), image_size))
    with _workers() as pool:
        for start in range(0, len(pictures), _CHUNK):
            chunk = pictures[start : start + _CHUNK]
            outcomes = pool.map(partial(_prepared, image_size=image_size), chunk)
            for picture, (outcome, pixels) in zip(chunk, outcomes, strict=True):
                if pixels:
                    rows.append((picture.name, picture.label, outcome))
                    handle.write(pixels)
                else:
                    left_out.append((picture.name, outcome))
                advance(1, f"{len(left_out)} cannot be used" if left_out else "")
    handle.seek(0)
    handle.write(_npy_header(len(rows), image_size))
    return rows, left_out


def _npy_header(count: int, image_size: int) -> bytes:
    """Returns the beginning of a .npy file; NumPy pads it so that it is equally long for every `count`."""
    shape = (count, image_size, image_size, 3)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


def _prepared(picture: Picture, *, image_size: int) -> tuple[str, bytes]:
    try:
        pixels = picture.pixels()
    except DataError as error:
        return str(error), b""
    sha256 = picture.sha256 or hashlib.sha256(pixels.tobytes()).hexdigest()
    return sha256, resize(pixels, size=image_size).tobytes()
