"""Is this file a ZIP as `zoobench kit export` writes it, nothing before, between or after its members?"""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import IO

from zoobench.errors import DataError
from zoobench.results.checked import brief
from zoobench.system.files import BEGINNING, MAX_MEMBERS, PLAIN_NAME, check_members, disguise
from zoobench.system.terminal import progress

CHUNK_BYTES = 1 << 20
OnBytes = Callable[[int, str], None]
"""Told how many bytes were just done and of which member."""
BROKEN = (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OverflowError, zlib.error, struct.error)
"""What Python's reader raises at archives that are cut off or damaged."""
_LOCAL, _END, _LOCATOR_64 = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x07"
_LOCAL_BYTES, _END_BYTES, _LOCATOR_64_BYTES = 30, 22, 20
_LARGEST_DIRECTORY_BYTES = 4_000_000
_METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}
_ENCRYPTED = 0x2041  # the flags for traditional and strong encryption, and for an encrypted directory
_MEGABYTE = 1_000_000
_ADVICE = "export it again, or copy it again whole"


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Makes what is wrong with an archive, found in the block, an error of ours that names the file.

    Raises:
        DataError: Instead of what Python's readers raise.
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot read the kit {path}: {error.strerror or error}; name a file KIT.zip") from error
    except MemoryError as error:
        raise DataError(
            f"the kit {path} does not fit into this machine's memory; export one with fewer cells"
        ) from error
    except BROKEN as error:
        raise DataError(f"the kit {path} is refused: {error}; {_ADVICE}") from error


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Opens an archive and refuses it where it could do harm; nothing of it has been unpacked yet.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is refused; the message is the reason. Others of `BROKEN` where Python's reader gives up.
    """
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for someone to write
        raise ValueError("it is a folder, a pipe or a device; expected a file")
    with path.open("rb") as handle:
        _check_ends(handle)
        with zipfile.ZipFile(handle) as archive:
            members = archive.infolist()
            check_members(members, archive_bytes=os.fstat(handle.fileno()).st_size)
            for member in members:
                _check_member(member)
            _check_seamless(handle, members, directory_at=archive.start_dir)
            yield archive


@contextmanager
def shown(title: str, *, size_bytes: int) -> Iterator[OnBytes]:
    """Shows how far along work on so many bytes is, by a step for each megabyte that has begun."""
    with progress(f"{title}, MB", total=ceil(size_bytes / _MEGABYTE)) as advance:
        done = 0

        def on_bytes(count: int, name: str) -> None:
            nonlocal done
            steps = ceil((done + count) / _MEGABYTE) - ceil(done / _MEGABYTE)
            done += count
            advance(steps, name)

        yield on_bytes


def _check_ends(handle: IO[bytes]) -> None:
    """Looks at both ends before Python's reader takes the whole directory into memory."""
    size = handle.seek(0, os.SEEK_END)
    if size < _LOCAL_BYTES + _END_BYTES:
        raise ValueError(f"it has {size} bytes, which is no ZIP archive")
    handle.seek(0)
    start = handle.read(BEGINNING)
    if not start.startswith(_LOCAL):
        why = "it does not begin as a ZIP archive does, or something stands before the first member"
        raise ValueError(disguise(start) or why)
    handle.seek(size - _END_BYTES)
    end = handle.read(_END_BYTES)
    if not end.startswith(_END) or end[-2:] != b"\0\0":
        raise ValueError("it does not end as a kit does: it is cut off, or something stands after the directory")
    entries, directory_bytes = struct.unpack("<HI", end[10:16])
    handle.seek(max(0, size - _END_BYTES - _LOCATOR_64_BYTES))
    if handle.read(len(_LOCATOR_64)) == _LOCATOR_64:
        raise ValueError("it is a ZIP64 archive; kits have less than 4 GB")
    if entries > MAX_MEMBERS or directory_bytes > _LARGEST_DIRECTORY_BYTES:
        raise ValueError(
            f"its directory claims {entries} members in {directory_bytes:,} bytes; at most {MAX_MEMBERS} in "
            f"{_LARGEST_DIRECTORY_BYTES:,} are read"
        )


def _check_member(member: zipfile.ZipInfo) -> None:
    if not PLAIN_NAME.fullmatch(member.orig_filename):
        raise ValueError(f"its member {brief(member.orig_filename)} has no plain name: a kit has no folders")
    if member.flag_bits & _ENCRYPTED:
        raise ValueError(f"its member {member.filename!r} is encrypted")
    if member.compress_type not in _METHODS:
        allowed = " or ".join(_METHODS.values())
        raise ValueError(f"its member {member.filename!r} is packed by method {member.compress_type}, not {allowed}")


def _check_seamless(handle: IO[bytes], members: Sequence[zipfile.ZipInfo], *, directory_at: int) -> None:
    """Refuses bytes that belong to no member, or to two: other readers may see another archive in them."""
    at = 0
    for member in sorted(members, key=lambda one: one.header_offset):
        handle.seek(at)
        local = handle.read(_LOCAL_BYTES)
        if member.header_offset != at or not local.startswith(_LOCAL) or len(local) < _LOCAL_BYTES:
            raise ValueError(f"its member {member.filename!r} does not begin where the one before it ends")
        at += _LOCAL_BYTES + sum(struct.unpack("<HH", local[-4:])) + member.compress_size
    if at != directory_at:
        raise ValueError(f"its members end at byte {at:,}, its directory begins at byte {directory_at:,}")
