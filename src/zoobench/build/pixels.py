"""Where are the decoded, resized pixels of a data set kept?"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import PIL
from filelock import FileLock

from zoobench.build.images import DECODER_VERSION, Pixels, resize
from zoobench.errors import DataError
from zoobench.files import sha256_of_json, write_json, writing
from zoobench.progress import Advance, progress

Row = tuple[str, int, str]
"""Name, label and SHA-256 of one decoded image."""

_SCHEMA = 1
_PIXELS = "pixels.npy"
_MANIFEST = "manifest.json"
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
class Source:
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


def decode_once(source: Source, *, image_size: int, folder: Path) -> Decoded:
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
    key = sha256_of_json([_SCHEMA, source.key, image_size, DECODER_VERSION])
    store = folder / f"{source.name}-{image_size}-{key[:12]}"
    return _decoded_before(store) or _decoded_now(source, store=store, image_size=image_size)


def workers() -> ThreadPoolExecutor:
    """Returns threads to read and decode with, one for each processor."""
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1)


def _decoded_before(store: Path) -> Decoded | None:
    """Returns what a folder of decoded images holds; None if it is not there, damaged or unfinished."""
    try:
        manifest = json.loads((store / _MANIFEST).read_bytes())
        if manifest["pixels_bytes"] != (store / _PIXELS).stat().st_size:
            return None
        return Decoded(
            rows=tuple((str(name), int(label), str(sha256)) for name, label, sha256 in manifest["rows"]),
            left_out=tuple(LeftOut(name=str(name), reason=str(reason)) for name, reason in manifest["left_out"]),
            pixels_path=store / _PIXELS,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _decoded_now(source: Source, *, store: Path, image_size: int) -> Decoded:
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


def _decode(source: Source, *, store: Path, image_size: int) -> Decoded:
    shutil.rmtree(store, ignore_errors=True)  # what a killed run or a damaged disk left
    title = f"Decoding {source.name} at {image_size} px"
    with ExitStack() as undoing:
        undoing.callback(shutil.rmtree, store, ignore_errors=True)
        with writing(store / _PIXELS) as handle, progress(title, total=len(source.pictures)) as advance:
            rows, left_out, digest = _write_rows(handle, source.pictures, image_size=image_size, advance=advance)
        decoded = Decoded(rows=tuple(rows), left_out=tuple(left_out), pixels_path=store / _PIXELS)
        write_json(store / _MANIFEST, _manifest(source, decoded, pixels_sha256=digest, image_size=image_size))
        undoing.pop_all()  # it is whole: there is nothing to undo
    return decoded


def _write_rows(
    handle: IO[bytes], pictures: Sequence[Picture], *, image_size: int, advance: Advance
) -> tuple[list[Row], list[LeftOut], str]:
    """Writes a .npy file image by image: mapped pages that wait to be written would count as resident memory."""
    rows: list[Row] = []
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
    return rows, left_out, digest.hexdigest()


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


def _manifest(source: Source, decoded: Decoded, *, pixels_sha256: str, image_size: int) -> dict[str, Any]:
    return {
        "schema": _SCHEMA,
        "name": source.name,
        "classes": source.classes,
        "image_size": image_size,
        "decoder_version": DECODER_VERSION,
        "pillow_version": PIL.__version__,
        "pixels_bytes": decoded.pixels_path.stat().st_size,
        "pixels_sha256": pixels_sha256,
        "left_out": [[bad.name, bad.reason] for bad in decoded.left_out],
        "rows": decoded.rows,
    }
