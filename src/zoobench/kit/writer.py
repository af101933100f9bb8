"""How does a kit come to be? The same content gives the same bytes, and a file of its name is whole or not there."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from zoobench.errors import DataError, UsageError
from zoobench.kit.container import CHUNK_BYTES, OnBytes, shown
from zoobench.kit.contents import MANIFEST, KitManifest, pixels_header
from zoobench.kit.reader import read_manifest
from zoobench.matrix.interface import ImageSize
from zoobench.measure.target import Samples
from zoobench.store.product import FileState
from zoobench.system.files import writing

Chunks = Callable[[], Iterator[bytes]]
"""Yields a member's content; called twice, for its hash and to write it."""
_THE_SAME_DAY = (1980, 1, 1, 0, 0, 0)
"""The first that ZIP knows: when a kit was made is no part of it."""
_RIGHTS = 0o100644
_LEVEL = 6
_IMAGES_AT_A_TIME = 64


def write_kit(
    path: Path, manifest: KitManifest, chunks: Mapping[str, Chunks], *, overwriting: bool = False
) -> tuple[str, int]:
    """Writes a kit atomically; returns its SHA-256, which is that of its manifest, and the bytes of all its members.

    Args:
        path: Where it goes.
        manifest: What the kit says of itself; its `files` are found out here.
        chunks: The content of every file that its images and models name.
        overwriting: Whether a file of that name may be replaced.

    Raises:
        UsageError: If there is one and it may not.
        DataError: If what goes in breaks a kit's own rules (as class names do that cannot be printed), is too large,
            or cannot be written.
    """
    check_free(path, overwriting=overwriting)
    files = {name: _state(chunks[name]) for name in sorted(chunks)}
    content = _manifest_bytes(replace(manifest, files=files))
    known = read_manifest(content, where=f"{path}: {MANIFEST}")
    try:
        with (
            writing(path) as handle,
            zipfile.ZipFile(handle, "w", allowZip64=False) as archive,
            shown(f"Packing {path.name}", size_bytes=known.size_bytes) as on_bytes,
        ):
            _write_members(archive, content, chunks, files, on_bytes)
    except zipfile.LargeZipFile as error:
        raise DataError(f"{path} would have more than 4 GB; export fewer cells by --cells") from error
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}; free some space or name another") from error
    return hashlib.sha256(content).hexdigest(), known.size_bytes


def check_free(path: Path, *, overwriting: bool) -> None:
    """Refuses a name that is taken, for those who have hours of work before they write.

    Raises:
        UsageError: If there is such a file and it may not be replaced.
    """
    if path.exists() and not overwriting:
        raise UsageError(f"there is a {path} already; name another file, or replace it with --force")


def of_file(path: Path) -> Chunks:
    """Returns a file as a member's content."""

    def chunks() -> Iterator[bytes]:
        with path.open("rb") as handle:
            while chunk := handle.read(CHUNK_BYTES):
                yield chunk

    return chunks


def of_samples(samples: Samples, *, image_size: ImageSize) -> Chunks:
    """Returns samples, in the order of measuring, as a .npy file of uint8 images."""

    def chunks() -> Iterator[bytes]:
        yield pixels_header(len(samples), image_size=image_size)
        for start in range(0, len(samples), _IMAGES_AT_A_TIME):
            yield samples.images(start, start + _IMAGES_AT_A_TIME).tobytes()

    return chunks


def _manifest_bytes(manifest: KitManifest) -> bytes:
    content = asdict(manifest)
    if manifest.added is None:  # as kits were before there was anything to add
        del content["added"]
    for model in content["models"]:
        if model["interface"] is None:  # as they were before there was one
            del model["interface"]
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _state(chunks: Chunks) -> FileState:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks():
        digest.update(chunk)
        size += len(chunk)
    return FileState(sha256=digest.hexdigest(), size_bytes=size)


def _write_members(
    archive: zipfile.ZipFile,
    manifest: bytes,
    chunks: Mapping[str, Chunks],
    files: Mapping[str, FileState],
    on_bytes: OnBytes,
) -> None:
    archive.writestr(_member(MANIFEST, len(manifest)), manifest, compresslevel=_LEVEL)
    for name, file in files.items():
        digest = hashlib.sha256()
        with archive.open(_member(name, file.size_bytes), "w") as member:
            for chunk in chunks[name]():
                member.write(chunk)
                digest.update(chunk)
                on_bytes(len(chunk), name)
        if digest.hexdigest() != file.sha256:
            raise DataError(f"{name} changed while it was being packed; export again when nothing else writes it")


def _member(name: str, size_bytes: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, date_time=_THE_SAME_DAY)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3  # Unix, whatever this is, so that the rights below mean the same
    member.external_attr = _RIGHTS << 16
    member.file_size = size_bytes
    return member
