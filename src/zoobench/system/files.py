"""How do files come to be whole or not at all, and how are archives opened that nobody needs to trust?"""

import errno
import hashlib
import json
import os
import re
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from zoobench.errors import MeasurementError
from zoobench.system.keeper import removed_if_killed

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Names that users give to files and folders: letters, digits, '.', '_' and '-', the first no sign."""

MAX_MEMBERS = 10_000
MAX_EXPANSION = 200
"""Times the archive's size. Weights and photos hardly shrink; the most that DEFLATE can do is 1032."""
_ALWAYS_ALLOWED_BYTES = 64_000_000
LARGEST_READ = 2**31
"""Bytes of a file that is read whole; no TFLite file is larger, as its places are counted in 32 bits."""
_DRIVE = re.compile(r"[A-Za-z]:")
_ENCRYPTED = 1
_CHUNK_BYTES = 1 << 20


_DISGUISES = (
    (
        b"version https://git-lfs.github.com/spec/",
        "a pointer of Git LFS and not the file: get it by `git lfs pull` (in CI: checkout with lfs: true)",
    ),
    (b"\x1f\x8b", "compressed by gzip: unpack it, as by gunzip"),
    (b"PK\x03\x04", "a ZIP archive, as artifacts of CI are downloaded: unpack it"),
    (b"BZh", "compressed by bzip2: unpack it"),
    (b"\xfd7zXZ", "compressed by xz: unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd: unpack it"),
    (b"\xff\xfe", "UTF-16, as PowerShell's `>` writes: save it as UTF-8"),
    (b"\xfe\xff", "UTF-16: save it as UTF-8"),
    (b"<!DOCTYPE", "a web page: download the file itself, perhaps after signing in"),
    (b"<html", "a web page: download the file itself, perhaps after signing in"),
)
"""How files begin that git, editors, packers and browsers leave in the place of others, and what to do."""
BEGINNING = 100
"""Bytes of a file that tell what it is."""
_MERGE_MARK = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)


def disguise(content: bytes) -> str:
    """Returns what a file's content is that is not what its name says, and what to do; '' where it is none of these."""
    for start, found in _DISGUISES:
        if content[: len(start)].lower() == start.lower():
            return f"it is {found}"
    if _MERGE_MARK.search(content):
        return "it has the marks of an unfinished merge (<<<<<<<): settle the conflict, then read it"
    return ""


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Opens a temporary file beside `path` that takes its name only if the block ends well.

    The content is flushed to disk before the rename, so a reader or a crash never meets half a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    with removed_if_killed(temporary):
        try:
            with os.fdopen(descriptor, "wb") as handle:
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)  # there is none left where the rename was reached


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `content` to `path` atomically."""
    with writing(path) as handle:
        handle.write(content)


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as indented UTF-8 JSON to `path` atomically; NaN and infinity are refused."""
    write_bytes(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n")


def native_path(path: Path) -> str:
    """Returns a path as native libraries take it, in UTF-8, also where Python's locale has no letters for it.

    Raises:
        MeasurementError: If the bytes of its name are no UTF-8.
    """
    try:
        return os.fsencode(path).decode()
    except UnicodeDecodeError as error:
        raise MeasurementError(
            f"{path}: received a path that is not UTF-8; runtimes take no other, so move it"
        ) from error


def mapped_array(path: Path) -> Any:
    """Returns the array of a `.npy` file that nobody needs to trust, mapped and not read.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it holds none: another format, objects, an impossible shape, a single number.
    """
    from numpy.lib.format import open_memmap  # here, as most who read files do without

    open_file(path).close()
    try:
        mapped = open_memmap(path, mode="r")
    except (EOFError, OverflowError, TypeError) as error:
        raise ValueError(str(error)) from error
    if not mapped.ndim:
        raise ValueError("it holds a single number")
    return mapped


def sync(path: Path) -> None:
    """Waits until a file's content, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_file(path: Path) -> IO[bytes]:
    """Opens a file that a user named to be read; what is none, such as a pipe or a device, may have no end.

    Raises:
        OSError: If there is no such file, it cannot be read, or it is none.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for its writer
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is a pipe or a device; expected a file", str(path))


def read_file(path: Path, *, most: int = LARGEST_READ) -> bytes:
    """Returns the content of a file that a user named.

    Raises:
        OSError: As `open_file`, or if it has more than so many bytes.
    """
    with open_file(path) as handle:
        size = os.fstat(handle.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"it has {size:,} bytes; at most {most:,} are read", str(path))
        return handle.read(most)


def sha256_of_file(path: Path) -> str:
    """Returns the SHA-256 of a file's content in hexadecimal."""
    digest = hashlib.sha256()
    with open_file(path) as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_of_json(value: Any) -> str:
    """Returns the SHA-256 of a value's canonical JSON: sorted keys, no white space."""
    return hashlib.sha256(
        json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    ).hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def check_archive(path: Path) -> None:
    """Refuses an archive that could do harm; nothing of it is unpacked.

    Keras unpacks the members into a temporary folder and reads others into memory.

    Raises:
        OSError: If there is no such file.
        ValueError: If it is no ZIP archive or not safe; the message is the reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError(f"it is no .keras archive ({error})") from error
    check_members(members, archive_bytes=path.stat().st_size)


def check_members(members: Sequence[zipfile.ZipInfo], *, archive_bytes: int) -> None:
    """Refuses members, all that the directory of an archive of so many bytes lists, that could do harm once unpacked.

    Raises:
        ValueError: If one is not safe, or all together are not; the message is the reason.
    """
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"the archive has {len(members)} members; at most {MAX_MEMBERS} are opened")
    seen: dict[str, str] = {}
    for member in members:
        _check_member(member)
        folded = member.filename.removesuffix("/").replace("\\", "/").casefold()
        if folded in seen:
            raise ValueError(
                f"the archive's member {seen[folded]!r} is there twice, so readers may differ about its content"
            )
        seen[folded] = member.filename
    packed, unpacked = sum(one.compress_size for one in members), sum(one.file_size for one in members)
    if packed > archive_bytes:
        raise ValueError(f"the archive's members claim {packed:,} bytes of a file of {archive_bytes:,}: they overlap")
    if unpacked > max(_ALWAYS_ALLOWED_BYTES, MAX_EXPANSION * archive_bytes):
        raise ValueError(
            f"the archive would grow from {archive_bytes:,} bytes to {unpacked:,}; "
            f"at most {MAX_EXPANSION} times its size is unpacked"
        )


def _check_member(member: zipfile.ZipInfo) -> None:
    name, filename, mode = member.orig_filename, member.filename, member.external_attr >> 16
    parts = name.removesuffix("/").replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or _DRIVE.match(name):
        raise ValueError(f"the archive's member {name!r} leads out of the folder that it is unpacked into")
    if "" in parts or "." in parts or "\0" in name:
        raise ValueError(f"the archive's member {name!r} has a name that is not plain")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ValueError(f"the archive's member {filename!r} is a link or a device, not a file")
    if member.flag_bits & _ENCRYPTED:
        raise ValueError(f"the archive's member {filename!r} is encrypted")
