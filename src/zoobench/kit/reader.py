"""What is in a kit that someone sent? All is checked, nothing executed, and it is unpacked whole or not at all."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from zoobench.errors import DataError, ResultsError
from zoobench.kit.container import CHUNK_BYTES, OnBytes, opened, refusing, shown
from zoobench.kit.contents import MANIFEST, PIXELS_HEADER_BYTES, SCHEMAS, KitManifest, check_coherence, pixels_problem
from zoobench.results.checked import brief, parsed, typed, unexpected, values
from zoobench.store.product import Facts, Product, find, obtain
from zoobench.system.units import short_hash

LARGEST_MANIFEST_BYTES = 32_000_000
"""A sample takes 95 bytes."""
LARGEST_VALUES = 2_000_000
_TFLITE = (4, b"TFL3")
FOLDER = "kits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """A kit whose manifest is read and whose members are there; an open file.

    Attributes:
        sha256: Of its manifest, which holds the SHA-256 of all else: the same only if all of it is.
    """

    path: Path
    sha256: str
    manifest: KitManifest
    archive: zipfile.ZipFile


@contextmanager
def open_kit(path: Path, *, limit_bytes: int) -> Iterator[Kit]:
    """Opens a kit; its members' contents are checked as they are read, by `verify`, `unpack` or `extract`.

    Raises:
        DataError: If it cannot be read or is refused; the message says why.
    """
    with ExitStack() as stack:
        with refusing(path):  # not what fails in the caller's block
            archive = stack.enter_context(opened(path))
            _check_limit(archive, limit_bytes)
            content = _manifest_bytes(archive)
            manifest = read_manifest(content, where=f"the kit {path}: {MANIFEST}")
            _check_members(archive, manifest)
            _check_beginnings(archive, manifest)
        yield Kit(path=path, sha256=hashlib.sha256(content).hexdigest(), manifest=manifest, archive=archive)


def verify(kit: Kit) -> None:
    """Compares every member's content with its hash, with a bar; nothing is written.

    Raises:
        DataError: If one is not what the manifest says.
    """
    with shown(f"Checking {kit.path.name}", size_bytes=kit.manifest.size_bytes) as on_bytes:
        for name in kit.manifest.files:
            for chunk in _content(kit, name):
                on_bytes(len(chunk), name)


def unpack(kit: Kit, folder: Path, *, on_bytes: OnBytes = lambda _count, _name: None) -> None:
    """Writes every member, and the manifest, into an empty folder; whoever calls removes it where this fails.

    Raises:
        DataError: If a member is not what the manifest says.
        OSError: If it cannot be written.
    """
    for name in kit.manifest.files:
        extract(kit, name, folder, on_bytes=on_bytes)
    with refusing(kit.path):
        content = _manifest_bytes(kit.archive)
    (folder / MANIFEST).write_bytes(content)


def extract(kit: Kit, name: str, folder: Path, *, on_bytes: OnBytes = lambda _count, _name: None) -> Path:
    """Writes a member into a folder that lacks it and returns its path; whoever calls removes it where this fails.

    Raises:
        DataError: If it is not what the manifest says.
        OSError: If it cannot be written.
    """
    path = folder / name
    with path.open("xb") as handle:
        for chunk in _content(kit, name):
            handle.write(chunk)
            on_bytes(len(chunk), name)
    return path


def read_manifest(content: bytes, *, where: str) -> KitManifest:
    """Returns a manifest, called `where` in messages, that fits the schema and does not contradict itself.

    Raises:
        DataError: If it does not.
    """
    if values(content) > LARGEST_VALUES:
        raise DataError(f"{where}: received more than {LARGEST_VALUES:,} values; expected fewer")
    try:
        plain = typed(dict, parsed(content, where), where)
        schema = plain.get("schema")
        if schema not in SCHEMAS or schema is True:
            allowed = " or ".join(map(str, SCHEMAS))
            raise unexpected(f"{where}.schema", schema, f"{allowed}, which is what this version reads")
        manifest = typed(KitManifest, plain, where)
    except ResultsError as error:
        raise DataError(f"{error}; export the kit again, by the version of zoobench that is here") from error
    check_coherence(manifest, where)
    return manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKit:
    """A kit that came in the file `path` and is unpacked in `folder`."""

    path: Path
    sha256: str
    manifest: KitManifest
    folder: Path


def keep_kit(path: Path, *, artifacts: Path, limit_bytes: int) -> KeptKit:
    """Returns a kit unpacked in `artifacts/kits`; what is there already is checked by its hashes and used.

    Raises:
        DataError: If it is refused or cannot be kept; nothing of it is left then.
    """
    with open_kit(path, limit_bytes=limit_bytes) as kit:

        def make(folder: Path) -> Facts:
            with shown(f"Unpacking {path.name}", size_bytes=kit.manifest.size_bytes) as on_bytes:
                unpack(kit, folder, on_bytes=on_bytes)
            return {"cells": len(kit.manifest.cells), "zoobench": kit.manifest.zoobench}

        stored = obtain(artifacts / FOLDER, _product(kit.sha256), make, error=DataError)
        return KeptKit(path=path, sha256=kit.sha256, manifest=kit.manifest, folder=stored.path.parent)


def find_kept(sha256: str, *, artifacts: Path) -> KeptKit | None:
    """Returns a kit that was unpacked before, its hashes checked; its path is that of the folder.

    Raises:
        DataError: If this version does not understand what it says of itself.
    """
    stored = find(artifacts / FOLDER, _product(sha256))
    if stored is None:
        return None
    manifest = read_manifest(stored.path.read_bytes(), where=str(stored.path))
    return KeptKit(path=stored.path.parent, sha256=sha256, manifest=manifest, folder=stored.path.parent)


def _check_limit(archive: zipfile.ZipFile, limit_bytes: int) -> None:
    claimed = sum(member.file_size for member in archive.infolist())
    if claimed > limit_bytes:
        raise ValueError(
            f"unpacked it would be {claimed:,} bytes; at most {limit_bytes:,} are unpacked; --limit of `zoobench kit "
            "show` and --zoo-kit-limit of a run allow more"
        )


def _manifest_bytes(archive: zipfile.ZipFile) -> bytes:
    if MANIFEST not in archive.namelist():
        raise ValueError(f"it has no {MANIFEST}, so it is no kit")
    size = archive.getinfo(MANIFEST).file_size
    if size > LARGEST_MANIFEST_BYTES:
        raise ValueError(f"its {MANIFEST} has {size:,} bytes; at most {LARGEST_MANIFEST_BYTES:,} are read")
    with archive.open(MANIFEST) as member:
        return member.read(LARGEST_MANIFEST_BYTES)


def _check_members(archive: zipfile.ZipFile, manifest: KitManifest) -> None:
    packed = {member.filename: member.file_size for member in archive.infolist() if member.filename != MANIFEST}
    for name, file in manifest.files.items():
        if name not in packed:
            raise ValueError(f"its member {brief(name)} is missing; {MANIFEST} names it")
        if packed[name] != file.size_bytes:
            raise ValueError(f"its member {name!r} has {packed[name]:,} bytes; {MANIFEST} says {file.size_bytes:,}")
    if unknown := [name for name in packed if name not in manifest.files]:
        raise ValueError(f"its member {unknown[0]!r} is not named in {MANIFEST}")


def _check_beginnings(archive: zipfile.ZipFile, manifest: KitManifest) -> None:
    for images in manifest.images:
        received = _beginning(archive, images.file)
        if problem := pixels_problem(received, count=len(manifest.samples), image_size=images.image_size):
            raise ValueError(f"its member {images.file!r} cannot be used: {problem}")
    start, identifier = _TFLITE
    for model in manifest.models:
        if not _beginning(archive, model.file).startswith(identifier, start):
            raise ValueError(f"its member {model.file!r} is no TFLite file")


def _beginning(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(PIXELS_HEADER_BYTES)


def _content(kit: Kit, name: str) -> Iterator[bytes]:
    """Yields a member's content, never more than the manifest says, and compares its hash at the end."""
    expected, digest, received = kit.manifest.files[name], hashlib.sha256(), 0
    with refusing(kit.path), kit.archive.open(name) as member:
        while chunk := member.read(CHUNK_BYTES):
            received += len(chunk)
            if received > expected.size_bytes:
                raise ValueError(f"its member {name!r} has more than the {expected.size_bytes:,} bytes that it claims")
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != expected.sha256:
            raise ValueError(
                f"its member {name!r} has the SHA-256 {digest.hexdigest()}; {MANIFEST} says {expected.sha256}"
            )


def _product(sha256: str) -> Product:
    return Product(name=f"kit-{short_hash(sha256)}", file_name=MANIFEST, inputs={"kit": sha256})
