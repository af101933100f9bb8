"""Which image files stand in a data set, what is wrong with them, and where are their pixels kept?"""

import hashlib
import io
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, cast

import numpy as np
import PIL

from zoobench.data.images import DECODER_VERSION, EXTENSIONS, Pixels, Resizing, check_file, glance, load, resize, turned
from zoobench.data.layout import (
    conversion_of,
    entries_of,
    find_layout,
    is_image,
    is_set_aside,
    kind_of,
    kind_of_folder,
    text_of,
)
from zoobench.data.split import ROWS, SPLITS, Row, Split, read_rows
from zoobench.errors import DataError
from zoobench.matrix.interface import ImageSize, height_and_width
from zoobench.store.product import Facts, Product, obtain
from zoobench.system.files import sha256_of_file, sha256_of_json, write_json, writing
from zoobench.system.terminal import Advance, progress

_LISTED = 20  # bad images that a message names
_SCHEMA = 2
_PIXELS = "pixels.npy"
_CHUNK = 64  # images in memory at a time
LeftOut = tuple[str, str]
"""Name of a file that looks like an image but cannot be used, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One image before it is decoded.

    Attributes:
        name: As `Sample` has it.
        label: Index into the classes.
        sha256: Of the file's content; None where it follows from the pixels.
        pixels: Decodes it.
        split: None where none is given.
        orientation: As EXIF numbers it, 1 for upright.
        kind: Of the file, '' for one that Keras reads too.
    """

    name: str
    label: int
    sha256: str | None
    pixels: Callable[[], Pixels]
    split: Split | None = None
    orientation: int = 1
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSource:
    """What there is to decode; `key` tells it from every other source.

    Attributes:
        unseen: Classes that it has no images of, as its user says.
    """

    name: str
    classes: tuple[str, ...]
    key: str
    pictures: tuple[Picture, ...]
    left_out: tuple[LeftOut, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()
    remarks: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One image file of a data set, not yet looked at."""

    path: Path
    name: str
    label: int
    split: Split | None


def photos(folder: Path, asked: Sequence[str] = ()) -> PictureSource:
    """Returns the images of a folder of class folders, none of them decoded yet.

    Args:
        folder: May hold folders of splits with class folders inside.
        asked: The classes as the user names them, which tells what the folders are; none where it is not said.

    Raises:
        DataError: The folder does not hold two or more class folders with images.
    """
    layout = find_layout(folder, asked)
    files: list[File] = []
    left_out: list[LeftOut] = []
    ignored = Counter(layout.ignored)
    empty = []
    for one in layout.folders:
        images, other, closed = _listed(one.path)
        files += [File(path=path, name=_shown(path, folder), label=one.label, split=one.split) for path in images]
        left_out += [(_shown(Path(error.filename), folder), _unread(error)) for error in closed]
        ignored.update(other)
        empty += [] if images or closed else [_shown(one.path, folder) + _with_others(other)]
    if empty:
        raise DataError(
            f"{text_of(folder)} has class folders without images ({', '.join(EXTENSIONS)}): {', '.join(empty)}; "
            f"{conversion_of(sorted(ignored)) or 'put images into them or take the folders away'}"
        )
    return source_of(
        files,
        name=folder,
        classes=layout.classes,
        left_out=left_out,
        ignored=tuple(sorted(ignored.items())),
        remarks=layout.remarks,
    )


def unlabelled_photos(folder: Path) -> PictureSource:
    """Returns all images below a folder, whatever folders they are in, as of one class.

    Raises:
        DataError: There are none.
    """
    entries_of(folder)
    images, other, closed = _listed(folder)
    if not images:
        raise DataError(f"{text_of(folder)} has no images ({', '.join(EXTENSIONS)}) in it; give a folder that has")
    return source_of(
        [File(path=path, name=_shown(path, folder), label=0, split=None) for path in images],
        name=folder,
        classes=("",),
        left_out=[(_shown(Path(error.filename), folder), _unread(error)) for error in closed],
        ignored=tuple(sorted(Counter(other).items())),
    )


def source_of(
    files: Sequence[File],
    *,
    name: Path,
    classes: tuple[str, ...],
    left_out: Sequence[LeftOut] = (),
    ignored: tuple[tuple[str, int], ...] = (),
    remarks: tuple[str, ...] = (),
) -> PictureSource:
    """Returns the images of files, none of them decoded yet; what cannot be read or stands in two splits is left out.

    Args:
        files: In the order of the samples.
        name: What the data set is called after.
        classes: In the order of the labels.
        left_out: What was left out before.
        ignored: Kinds of files that are no images, with their number.
        remarks: What else is unusual.
    """
    with _workers() as pool:
        outcomes = list(pool.map(_identified, files))
    unread = [outcome for outcome in outcomes if not isinstance(outcome, Picture)]
    pictures, copies = _without_copies([outcome for outcome in outcomes if isinstance(outcome, Picture)])
    return PictureSource(
        name=text_of(name.resolve().name) or "data",
        classes=classes,
        key=_key(pictures),
        pictures=pictures,
        left_out=(*left_out, *unread, *copies),
        ignored=ignored,
        remarks=remarks,
    )


def with_pictures(source: PictureSource, pictures: tuple[Picture, ...], remark: str) -> PictureSource:
    """Returns a source of some of its pictures alone; `remark` says which were left out."""
    return replace(source, pictures=pictures, key=_key(pictures), remarks=(*source.remarks, remark))


def relabelled(source: PictureSource, classes: tuple[str, ...]) -> PictureSource:
    """Returns a source whose classes are in another order, and perhaps more of them."""
    label = [classes.index(name) for name in source.classes]
    pictures = tuple(replace(picture, label=label[picture.label]) for picture in source.pictures)
    key = sha256_of_json([source.key, label])
    unseen = tuple(name for name in classes if name not in source.classes)
    return replace(source, classes=classes, pictures=pictures, key=key, unseen=unseen)


def given_splits(source: PictureSource) -> dict[str, Split]:
    """Returns the split of each picture by its name; nothing where none is given."""
    return {picture.name: picture.split for picture in source.pictures if picture.split}


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
        f"{counted(left_out, 'image')} of {source.name} cannot be used:",
        *lines,
        "Mend or remove them, or leave them out with --zoo-skip-bad-images "
        "(they are then counted in the header and in every record).",
    )


def counted(things: Sequence[object], noun: str) -> str:
    """Returns how many things there are, such as `1 image` or `4 images`."""
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"


def decode_once(
    source: PictureSource, *, image_size: ImageSize, folder: Path, preparation: Mapping[str, str]
) -> tuple[tuple[Row, ...], tuple[LeftOut, ...], Path]:
    """Decodes a source unless that was done before; `folder` keeps what was, each in a folder named by its content.

    Args:
        source: What to decode.
        image_size: Of what is decoded.
        folder: Of the store.
        preparation: `resize` and `exif`, as the options name them, where they are not the defaults.

    Returns:
        What could be decoded, what could not, and the `.npy` file whose row i shows the i-th that could. Beside it
        `read_rows` finds the same, and `splits` where they are given.

    Raises:
        DataError: The pixels cannot be kept.
    """
    inputs = {
        "schema": _SCHEMA,
        "source": source.key,
        "image_size": image_size,
        "decoder": DECODER_VERSION,
        "pillow": PIL.__version__,
        **preparation,
    }
    product = Product(name=f"{source.name}-{image_size}", file_name=_PIXELS, inputs=inputs)
    path = obtain(
        folder, product, partial(_decode, source, image_size=image_size, preparation=preparation), error=DataError
    ).path
    content = read_rows(path)
    rows = tuple((name, label, sha256) for name, label, sha256 in content["rows"])
    return rows, tuple((name, reason) for name, reason in content["left_out"]), path


def _listed(class_folder: Path) -> tuple[list[Path], list[str], list[OSError]]:
    """Returns the images, the kinds of other files and the folders that cannot be read below a class folder.

    In the order of Keras: by folder, then by name, links not followed. Unlike Keras, folders are passed over that are
    hidden or that systems add: they hold copies.
    """
    closed: list[OSError] = []
    images: list[tuple[str, str]] = []
    other: list[str] = []
    for parent, folders, files in os.walk(class_folder, onerror=closed.append):
        other += [kind_of_folder(name) for name in folders if is_set_aside(name)]
        folders[:] = [name for name in folders if not is_set_aside(name)]
        # A folder that is named like an image is not looked into: it is reported as an image that cannot be read.
        images += [(parent, name) for name in (*files, *folders) if is_image(name)]
        folders[:] = [name for name in folders if not is_image(name)]
        other += [kind_of(name) for name in files if not is_image(name)]
        other += ["linked folder" for name in folders if Path(parent, name).is_symlink()]
    return [Path(parent, name) for parent, name in sorted(images)], other, closed


def _identified(file: File) -> Picture | LeftOut:
    try:
        check_file(file.path)
        kind, orientation = glance(file.path)
        return Picture(
            name=file.name,
            label=file.label,
            sha256=sha256_of_file(file.path),
            pixels=partial(load, file.path),
            split=file.split,
            orientation=orientation,
            kind=kind,
        )
    except OSError as error:
        return file.name, _unread(error)
    except DataError as error:
        return file.name, str(error)


def _without_copies(pictures: Sequence[Picture]) -> tuple[tuple[Picture, ...], list[LeftOut]]:
    """Leaves out what a later given split holds too: what is tested must not be trained on."""
    last: dict[str | None, Picture] = {}
    for picture in pictures:
        if picture.split and _rank(picture) >= _rank(last.get(picture.sha256, picture)):
            last[picture.sha256] = picture
    copies = [
        (one.name, f"the same image as {other.name}, which is {other.split}: not for {one.split} too")
        for one in pictures
        if one.split and (other := last[one.sha256]).split != one.split
    ]
    names = {name for name, _ in copies}
    return tuple(picture for picture in pictures if picture.name not in names), copies


def _rank(picture: Picture) -> int:
    return SPLITS.index(picture.split) if picture.split else -1


def _key(pictures: Sequence[Picture]) -> str:
    return sha256_of_json([PIL.__version__, *(_identity(item) for item in pictures)])


def _identity(picture: Picture) -> tuple[str | int | None, ...]:
    """Returns what tells a picture from others; what is usual adds nothing, so that earlier keys stay valid."""
    return (picture.name, picture.label, picture.sha256, *filter(None, (picture.split, picture.kind)))


def _unread(error: OSError) -> str:
    return f"cannot be read ({error.strerror})"


def _with_others(kinds: Sequence[str]) -> str:
    return f" ({', '.join(f'{count} {kind}' for kind, count in sorted(Counter(kinds).items()))})" if kinds else ""


def _shown(path: Path, folder: Path) -> str:
    return text_of(path.relative_to(folder).as_posix())


def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1)


def _decode(source: PictureSource, folder: Path, *, image_size: ImageSize, preparation: Mapping[str, str]) -> Facts:
    title = f"Decoding {source.name} at {image_size} px"
    with writing(folder / _PIXELS) as handle, progress(title, total=len(source.pictures)) as advance:
        prepare = partial(_prepared, image_size=image_size, preparation=preparation)
        rows, left_out = _write_rows(handle, source.pictures, image_size=image_size, prepare=prepare, advance=advance)
    given = given_splits(source)
    splits = {"splits": [given[name] for name, *_ in rows]} if given else {}
    write_json(folder / ROWS, {"rows": rows, "left_out": left_out, **splits})
    return {"name": source.name, "classes": source.classes, "images": len(rows), "left_out": len(left_out)}


def _write_rows(
    handle: IO[bytes],
    pictures: Sequence[Picture],
    *,
    image_size: ImageSize,
    prepare: Callable[[Picture], tuple[str, bytes]],
    advance: Advance,
) -> tuple[list[Row], list[LeftOut]]:
    """Writes a .npy file image by image: mapped pages that wait to be written would count as resident memory."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    handle.write(_npy_header(len(pictures), image_size))
    with _workers() as pool:
        for start in range(0, len(pictures), _CHUNK):
            chunk = pictures[start : start + _CHUNK]
            outcomes = pool.map(prepare, chunk)
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


def _npy_header(count: int, image_size: ImageSize) -> bytes:
    """Returns the beginning of a .npy file; NumPy pads it so that it is equally long for every `count`."""
    shape = (count, *height_and_width(image_size), 3)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


def _prepared(picture: Picture, *, image_size: ImageSize, preparation: Mapping[str, str]) -> tuple[str, bytes]:
    try:
        pixels = picture.pixels()
    except DataError as error:
        return str(error), b""
    sha256 = picture.sha256 or hashlib.sha256(pixels.tobytes()).hexdigest()
    if preparation.get("exif") == "apply":
        pixels = turned(pixels, picture.orientation)
    return sha256, resize(pixels, size=image_size, how=cast(Resizing, preparation.get("resize", "stretch"))).tobytes()
