"""Has this been made already, and is it still whole? Products are kept by all that determines them."""

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from filelock import FileLock, Timeout
from msgspec import Meta

from zoobench.errors import ModelError, ZoobenchError
from zoobench.system.files import sha256_of_file, sha256_of_json, sync, write_json
from zoobench.system.keeper import removed_if_killed
from zoobench.system.terminal import say

KINDS = {"datasets": "data set", "models": "model", "evaluations": "evaluation", "kits": "kit", "onnx": "ONNX form"}
"""What stands in each folder of a store."""
FORMAT = 2
MANIFEST = "manifest.json"
MAKING = ".making-"
"""Begins the name of a folder in which a product is being made, or was until the run was killed."""
DAMAGED = ".damaged-"
"""Begins the name of a product that was set aside because it no longer fitted its manifest."""
REMOVING = ".removing-"
"""Begins the name of a product that is being removed, or was until that was interrupted."""
_NAME_LENGTH = 60  # characters; a file system takes 255 bytes with all that is put around it
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What a file system says that has none, such as NFS without lockd and some of FUSE."""
_IS_THERE = frozenset({errno.ENOTEMPTY, errno.EEXIST})
_OWN_HASH = "manifest_sha256"
Facts = Mapping[str, Any]
"""What is worth knowing of a product once it is made, as plain JSON."""
OnFile = Callable[[str], None]
"""Told the name of each file that was found whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """What a file was when it was written down."""

    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    size_bytes: Annotated[int, Meta(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that is written down of a product.

    Attributes:
        file: Name of its main file.
        files: Every file of its folder but the manifest, by its path inside the folder.
        made: When it was finished, ISO 8601 in UTC.
        seconds: How long it took to make.
    """

    file: str
    files: Mapping[str, FileState]
    made: str
    seconds: float
    inputs: Mapping[str, Any]
    facts: Facts

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(state.size_bytes for state in self.files.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something to make: the readable part of its folder's name, its main file, and all that determines it, as JSON."""

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
        say(f"zoobench: {folder} is damaged and not used: {error}", error=True)
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
    folder = root / product.folder_name
    try:
        with suppress(ValueError):
            return _read(folder, product)
        root.mkdir(parents=True, exist_ok=True)
        with locked(root, product.folder_name) as alone:
            try:
                return _read(folder, product)  # made meanwhile, by the run that was waited for
            except ValueError as damage:
                _set_aside(folder, reason=str(damage))
            return _make(folder, product, make, alone=alone)
    except OSError as problem:
        raise error(f"cannot keep {product.name} in {root}: {problem}; free some space or mend the folder") from problem


def read_manifest(folder: Path) -> Manifest:
    """Returns a folder's manifest; it bears a hash of itself, so that an altered one is told from a true one.

    Raises:
        ValueError: If there is none that can be read or trusted; the message is the reason.
    """
    try:
        content = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise ValueError(f"{MANIFEST} cannot be read ({error.strerror or error})") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"{MANIFEST} is no JSON object ({error})") from error
    own = content.pop(_OWN_HASH, None)
    if content.get("format") != FORMAT:
        raise ValueError(f"{MANIFEST} has the format {content.get('format')}; this version reads {FORMAT}")
    if own != sha256_of_json(content):
        raise ValueError(f"{MANIFEST} was altered")
    try:
        return msgspec.convert(content, Manifest)
    except msgspec.ValidationError as error:
        raise ValueError(f"{MANIFEST} lacks what belongs into it ({error})") from error


def check_files(folder: Path, manifest: Manifest, *, on_file: OnFile = lambda _name: None) -> None:
    """Compares every file with its manifest.

    Raises:
        ValueError: If one is missing or has another size or hash; the message names it.
    """
    present = contents(folder)  # names are looked up here, so that none of them leads out of the folder
    for name, state in manifest.files.items():
        if name not in present:
            raise ValueError(f"{name} is missing")
        try:
            _check_file(present[name], name, state)
        except OSError as error:
            raise ValueError(f"{name} cannot be read ({error.strerror or error})") from error
        on_file(name)


def describe(folder: Path, *, file: str, inputs: Mapping[str, Any], facts: Facts, seconds: float) -> None:
    """Writes the manifest of a folder whose files are complete.

    Raises:
        OSError: If the main file is missing or the disk is full.
        ValueError: If inputs or facts are no JSON.
    """
    sizes = {name: path.stat().st_size for name, path in [(file, folder / file), *contents(folder).items()]}
    files = {name: {"sha256": sha256_of_file(folder / name), "size_bytes": size} for name, size in sizes.items()}
    content = {
        "format": FORMAT,
        "file": file,
        "files": files,
        "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "inputs": dict(inputs),
        "facts": dict(facts),
    }
    plain = json.loads(json.dumps(content, allow_nan=False))
    write_json(folder / MANIFEST, plain | {_OWN_HASH: sha256_of_json(plain)})


def contents(folder: Path) -> dict[str, Path]:
    """Returns every file of a folder but the manifest, by its path inside the folder, sorted.

    What another process removes meanwhile is not among them.
    """
    files = sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names)
    found = {path.relative_to(folder).as_posix(): path for path in files}
    found.pop(MANIFEST, None)
    return found


def home_of(path: Path) -> Path | None:
    """Returns the folder of the product that a file belongs to; None where it stands in no store."""
    return next(
        (one for one in path.absolute().parents if one.parent.name in KINDS and (one / MANIFEST).is_file()), None
    )


@contextmanager
def locked(root: Path, folder_name: str, *, waiting: bool = True) -> Iterator[bool]:
    """Holds a product's lock while the block runs, and yields whether it could be had.

    With `waiting` it says that another process holds it, and waits; where the file system has no locks it says so and
    goes on without.

    Raises:
        OSError: If there is no writing to the folder, or no locks in it and none is waited for.
    """
    lock = FileLock(root / f".{folder_name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if waiting:
            say(f"zoobench: another run makes {folder_name}; waiting for it", error=True)
            lock.acquire()
    except (OSError, NotImplementedError) as error:  # filelock's, of ENOSYS
        if getattr(error, "errno", errno.ENOSYS) not in _NO_LOCKS:
            raise
        if not waiting:
            raise OSError(
                errno.ENOLCK, "its file system has no locks, so a run may be using it; remove it by hand"
            ) from error
        _say_without_locks(root.parent)
    try:
        yield lock.is_locked
    finally:
        lock.release()


@cache
def _say_without_locks(artifacts: Path) -> None:
    say(
        f"zoobench: {artifacts} is on a file system without locks: two runs at once would not wait for each other, so "
        "start one at a time, or name a folder on a local disk as artifacts",
        error=True,
    )


def hidden(folder: Path, *, mark: str, product: str) -> Path:
    """Returns the name that a folder takes when it is no product any more: the mark, the product's folder, the time."""
    return folder.with_name(f"{mark}{product}-{datetime.now(timezone.utc):%Y%m%dT%H%M%S%f}")


def _read(folder: Path, product: Product) -> Stored:
    """Returns what stands in a folder and notes that it was used."""
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


def _make(folder: Path, product: Product, make: Callable[[Path], Facts], *, alone: bool) -> Stored:
    beginning = f"{MAKING}{product.folder_name}-"
    for entry in list(folder.parent.iterdir()):
        if alone and entry.name.startswith(beginning):  # of runs that were killed: nobody else holds the lock
            shutil.rmtree(entry, ignore_errors=True)
    started = time.monotonic()
    workplace = Path(tempfile.mkdtemp(prefix=beginning, dir=folder.parent))
    with removed_if_killed(workplace):
        try:
            facts = make(workplace)
            seconds = time.monotonic() - started
            describe(workplace, file=product.file_name, inputs=product.inputs, facts=facts, seconds=seconds)
            _publish(workplace, folder)
        finally:
            shutil.rmtree(workplace, ignore_errors=True)  # there is none left where the rename was reached
    try:
        return _read(folder, product)
    except ValueError as error:
        raise ModelError(f"{folder} changed while it was being written; remove it and run again") from error


def _set_aside(folder: Path, *, reason: str) -> None:
    """Gives what is damaged another name: it may be all that is left of hours of work, or a sign of a failing disk."""
    if not os.path.lexists(folder):
        return
    aside = hidden(folder, mark=DAMAGED, product=folder.name)
    folder.rename(aside)
    say(f"zoobench: {folder} is damaged: {reason}; set aside as {aside.name}, made again", error=True)


def _publish(workplace: Path, folder: Path) -> None:
    for path in contents(workplace).values():
        sync(path)
    workplace.chmod(0o755)
    try:
        workplace.rename(folder)
    except OSError as error:
        if error.errno not in _IS_THERE:  # another run made it meanwhile, where there are no locks
            raise
    with suppress(OSError):  # not every file system can; the hashes tell what a loss of power took
        sync(folder)
        sync(folder.parent)


def _key(file_name: str, inputs: Mapping[str, Any]) -> str:
    return sha256_of_json({"format": FORMAT, "file": file_name, "inputs": inputs})


def _check_file(path: Path, name: str, state: FileState) -> None:
    size = path.stat().st_size
    if size != state.size_bytes:
        raise ValueError(f"{name} has {size} bytes instead of {state.size_bytes}")
    if sha256_of_file(path) != state.sha256:
        raise ValueError(f"the SHA-256 of {name} is not the one in {MANIFEST}")
