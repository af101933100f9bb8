"""Has this been made already, and is it still whole? Products are kept by all that determines them."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from zoobench.errors import ModelError, ZoobenchError
from zoobench.store.manifest import FORMAT, MANIFEST, Facts, check_files, contents, describe, read_manifest
from zoobench.system.files import sha256_of_json, sync

MAKING = ".making-"
"""Begins the name of a folder in which a product is being made, or was until the run was killed."""
DAMAGED = ".damaged-"
"""Begins the name of a product that was set aside because it no longer fitted its manifest."""
REMOVING = ".removing-"
"""Begins the name of a product that is being removed, or was until that was interrupted."""
_NAME_LENGTH = 60  # characters; a file system takes 255 bytes with all that is put around it


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something to make: what it is called, what its file is called, and everything that determines it.

    Attributes:
        name: Readable part of its folder's name.
        file_name: Its main file inside the folder.
        inputs: All that determines it, as plain JSON.
    """

    name: str
    file_name: str
    inputs: Mapping[str, Any]

    @property
    def key(self) -> str:
        """SHA-256 of everything that determines it."""
        return _key(self.file_name, self.inputs)

    @property
    def folder_name(self) -> str:
        """Its folder inside the store; a dot in front would hide it."""
        return f"{self.name.lstrip('.')[:_NAME_LENGTH]}-{self.key[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A product on disk, the hashes of all its files checked; path, hash and size are those of its main file."""

    path: Path
    sha256: str
    size_bytes: int
    inputs: Mapping[str, Any]
    facts: Facts


def find(root: Path, product: Product) -> Stored | None:
    """Returns a product if the store holds it whole; a damaged one is named on standard error and not used."""
    folder = root / product.folder_name
    if not os.path.lexists(folder):
        return None
    try:
        return _read(folder, product)
    except ValueError as error:
        print(f"zoobench: {folder} is damaged and not used: {error}", file=sys.stderr)
        return None


def obtain(
    root: Path, product: Product, make: Callable[[Path], Facts], *, error: type[ZoobenchError] = ModelError
) -> Stored:
    """Returns a product, making it if the store does not hold it.

    Of several processes that ask at once, one makes it and the others wait for it. What no longer fits its manifest is
    named, set aside under another name and made again.

    Args:
        root: The store's folder.
        product: What to make.
        make: Writes `product.file_name`, and other files where it likes, into the folder that it is given and returns
            the facts to keep. The folder takes its name only after `make` ends well, so an interrupted one leaves
            nothing that could be used.
        error: What is raised if the store cannot be written to.

    Raises:
        ZoobenchError: `error`, if the store cannot be written to.
    """
    try:
        return _whole(root, product) or _obtain_alone(root, product, make)
    except OSError as problem:
        raise error(f"cannot keep {product.name} in {root}: {problem}; free some space or mend the folder") from problem


@contextmanager
def locked(root: Path, folder_name: str, *, waiting: bool = True) -> Iterator[bool]:
    """Holds a product's lock while the block runs, and yields whether it could be had.

    Args:
        root: The store's folder.
        folder_name: The product's.
        waiting: Whether to wait for another process that holds it, and say so.
    """
    lock = FileLock(root / f".{folder_name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if waiting:
            print(f"zoobench: another run makes {folder_name}; waiting for it", file=sys.stderr, flush=True)
            lock.acquire()
    try:
        yield lock.is_locked
    finally:
        lock.release()


def hidden(folder: Path, *, mark: str, product: str) -> Path:
    """Returns the name that a folder takes when it is no product any more: the mark, the product's folder, the time."""
    return folder.with_name(f"{mark}{product}-{datetime.now(timezone.utc):%Y%m%dT%H%M%S%f}")


def _key(file_name: str, inputs: Mapping[str, Any]) -> str:
    return sha256_of_json({"format": FORMAT, "file": file_name, "inputs": inputs})


def _obtain_alone(root: Path, product: Product, make: Callable[[Path], Facts]) -> Stored:
    root.mkdir(parents=True, exist_ok=True)
    with locked(root, product.folder_name):
        folder = root / product.folder_name
        try:
            return _read(folder, product)  # made meanwhile, by the run that was waited for
        except ValueError as error:
            _set_aside(folder, reason=str(error))
        return _make(root, product, make)


def _whole(root: Path, product: Product) -> Stored | None:
    with suppress(ValueError):
        return _read(root / product.folder_name, product)
    return None


def _read(folder: Path, product: Product) -> Stored:
    """Returns what stands in a folder and notes that it was used.

    Raises:
        ValueError: If any of it is missing, damaged or altered; the message is the reason.
    """
    manifest = read_manifest(folder)
    if _key(manifest.file, manifest.inputs) != product.key:
        raise ValueError(f"{MANIFEST} is that of another product")
    check_files(folder, manifest)
    with suppress(OSError):  # a store that cannot be written to can be used all the same
        os.utime(folder / MANIFEST)
    main = manifest.files[manifest.file]
    return Stored(
        path=folder / manifest.file,
        sha256=main.sha256,
        size_bytes=main.size_bytes,
        inputs=manifest.inputs,
        facts=manifest.facts,
    )


def _make(root: Path, product: Product, make: Callable[[Path], Facts]) -> Stored:
    folder = root / product.folder_name
    _clear_leftovers(root, product)
    started = time.monotonic()
    workplace = Path(tempfile.mkdtemp(prefix=f"{MAKING}{product.folder_name}-", dir=root))
    try:
        facts = make(workplace)
        seconds = time.monotonic() - started
        describe(workplace, file=product.file_name, inputs=product.inputs, facts=facts, seconds=seconds)
        _publish(workplace, folder)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)  # there is none left where the rename was reached
    made = _whole(root, product)
    if made is None:
        raise ModelError(f"{folder} changed while it was being written; remove it and run again")
    return made


def _clear_leftovers(root: Path, product: Product) -> None:
    """Removes what runs left that were killed: nobody else holds the lock."""
    for entry in list(root.iterdir()):
        if entry.name.startswith(f"{MAKING}{product.folder_name}-"):
            shutil.rmtree(entry, ignore_errors=True)


def _set_aside(folder: Path, *, reason: str) -> None:
    """Gives what is damaged another name: it may be all that is left of hours of work, or a sign of a failing disk."""
    if not os.path.lexists(folder):
        return
    aside = hidden(folder, mark=DAMAGED, product=folder.name)
    folder.rename(aside)
    print(f"zoobench: {folder} is damaged: {reason}; set aside as {aside.name}, made again", file=sys.stderr)


def _publish(workplace: Path, folder: Path) -> None:
    """Gives a finished folder its name once all of it is on disk."""
    for path in contents(workplace).values():
        sync(path)
    workplace.chmod(0o755)
    workplace.rename(folder)
    with suppress(OSError):  # not every file system can; the hashes tell what a loss of power took
        sync(folder)
        sync(folder.parent)
