"""Is an archive safe to open, a `.keras` file or a kit? Nothing may lead out of its folder or grow without measure."""

import re
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path

MAX_MEMBERS = 10_000
MAX_EXPANSION = 200
"""Times the archive's size. Weights and photos hardly shrink; the most that DEFLATE can do is 1032."""
_ALWAYS_ALLOWED_BYTES = 64_000_000
_DRIVE = re.compile(r"[A-Za-z]:")
_ENCRYPTED = 1


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
    """Refuses members that could do harm once they are unpacked.

    Args:
        members: All of the archive's, as its directory lists them.
        archive_bytes: Size of the file that they are packed in.

    Raises:
        ValueError: If one is not safe, or all together are not; the message is the reason.
    """
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"the archive has {len(members)} members; at most {MAX_MEMBERS} are opened")
    for member in members:
        _check_name(member.orig_filename)
        _check_kind(member)
    _check_once([member.filename for member in members])
    _check_sizes(members, archive_bytes=archive_bytes)


def _check_name(name: str) -> None:
    parts = name.removesuffix("/").replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or _DRIVE.match(name):
        raise ValueError(f"the archive's member {name!r} leads out of the folder that it is unpacked into")
    if "" in parts or "." in parts or "\0" in name:
        raise ValueError(f"the archive's member {name!r} has a name that is not plain")


def _check_kind(member: zipfile.ZipInfo) -> None:
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ValueError(f"the archive's member {member.filename!r} is a link or a device, not a file")
    if member.flag_bits & _ENCRYPTED:
        raise ValueError(f"the archive's member {member.filename!r} is encrypted")


def _check_once(names: Sequence[str]) -> None:
    folded = [name.removesuffix("/").replace("\\", "/").casefold() for name in names]
    if len(set(folded)) < len(folded):
        twice = next(name for name, one in zip(names, folded, strict=True) if folded.count(one) > 1)
        raise ValueError(f"the archive's member {twice!r} is there twice, so readers may differ about its content")


def _check_sizes(members: Sequence[zipfile.ZipInfo], *, archive_bytes: int) -> None:
    packed = sum(member.compress_size for member in members)
    if packed > archive_bytes:
        raise ValueError(f"the archive's members claim {packed:,} bytes of a file of {archive_bytes:,}: they overlap")
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(_ALWAYS_ALLOWED_BYTES, MAX_EXPANSION * archive_bytes):
        raise ValueError(
            f"the archive would grow from {archive_bytes:,} bytes to {unpacked:,}; "
            f"at most {MAX_EXPANSION} times its size is unpacked"
        )
