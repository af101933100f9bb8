"""Where are the decoded, resized pixels of a data set kept?"""

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import PIL

from zoobench.data.images import DECODER_VERSION, Pixels, resize
from zoobench.data.rows import ROWS, Row, read_rows
from zoobench.errors import DataError
from zoobench.store.product import Facts, Product, Stored, obtain
from zoobench.system.files import write_json, writing
from zoobench.system.terminal import Advance, progress

_SCHEMA = 2
_PIXELS = "pixels.npy"
_CHUNK = 64  # images in memory at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that looks like an image but cannot be used, and why."""

    name: str
    reason: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What the decoding of a source came to; row i of the .npy file `pixels_path` shows `rows[i]`."""

    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...]
    pixels_path: Path


def decode_once(source: PictureSource, *, image_size: int, folder: Path) -> Decoded:
    """Returns the decoded images of a source, which are made only if they are not kept yet.

    Args:
        source: What to decode.
        image_size: Side of the images in pixels.
        folder: Where decoded sources are kept, each in a folder of its own named by its content.

    Returns:
        What could be decoded, what could not, and where the pixels are.

    Raises:
        DataError: The pixels cannot be kept.
    """
    product = Product(
        name=f"{source.name}-{image_size}",
        file_name=_PIXELS,
        inputs={
            "schema": _SCHEMA,
            "source": source.key,
            "image_size": image_size,
            "decoder": DECODER_VERSION,
            "pillow": PIL.__version__,
        },
    )
    return _read(obtain(folder, product, partial(_decode, source, image_size=image_size), error=DataError))


def workers() -> ThreadPoolExecutor:
    """Returns threads to read and decode with, one for each processor."""
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1)


def _read(stored: Stored) -> Decoded:
    content = read_rows(stored.path)
    return Decoded(
        rows=tuple((name, label, sha256) for name, label, sha256 in content["rows"]),
        left_out=tuple(LeftOut(name=name, reason=reason) for name, reason in content["left_out"]),
        pixels_path=stored.path,
    )


def _decode(source: PictureSource, folder: Path, *, image_size: int) -> Facts:
    title = f"Decoding {source.name} at {image_size} px"
    with writing(folder / _PIXELS) as handle, progress(title, total=len(source.pictures)) as advance:
        rows, left_out = _write_rows(handle, source.pictures, image_size=image_size, advance=advance)
    write_json(folder / ROWS, {"rows": rows, "left_out": [[bad.name, bad.reason] for bad in left_out]})
    return {"name": source.name, "classes": source.classes, "images": len(rows), "left_out": len(left_out)}


def _write_rows(
    handle: IO[bytes], pictures: Sequence[Picture], *, image_size: int, advance: Advance
) -> tuple[list[Row], list[LeftOut]]:
    """Writes a .npy file image by image: mapped pages that wait to be written would count as resident memory."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    handle.write(_npy_header(len(pictures), image_size))
    for outcome in _prepared(pictures, image_size=image_size):
        if isinstance(outcome, LeftOut):
            left_out.append(outcome)
        else:
            row, pixels = outcome
            rows.append(row)
            handle.write(pixels)
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


def _prepared(pictures: Sequence[Picture], *, image_size: int) -> Iterator[tuple[Row, bytes] | LeftOut]:
    with workers() as pool:
        for start in range(0, len(pictures), _CHUNK):
            yield from pool.map(partial(_prepare, image_size=image_size), pictures[start : start + _CHUNK])


def _prepare(picture: Picture, *, image_size: int) -> tuple[Row, bytes] | LeftOut:
    try:
        pixels = picture.pixels()
    except DataError as error:
        return LeftOut(name=picture.name, reason=str(error))
    sha256 = picture.sha256 or hashlib.sha256(pixels.tobytes()).hexdigest()
    return (picture.name, picture.label, sha256), resize(pixels, size=image_size).tobytes()
