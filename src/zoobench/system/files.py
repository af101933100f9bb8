"""How do files come to be whole or not at all?"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Names that users give to files and folders: letters, digits, '.', '_' and '-', the first no sign."""
_CHUNK_BYTES = 1 << 20


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Opens a temporary file beside `path` that takes its name only if the block ends well.

    The content is flushed to disk before the rename, so a reader or a crash never meets half a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
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


def sync(path: Path) -> None:
    """Waits until a file's content, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of_file(path: Path) -> str:
    """Returns the SHA-256 of a file's content in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
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
