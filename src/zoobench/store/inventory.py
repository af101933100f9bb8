"""What does the store hold, is it sound, when was it last used, and what can go?"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from zoobench.errors import UsageError
from zoobench.store.product import (
    DAMAGED,
    KINDS,
    MAKING,
    MANIFEST,
    REMOVING,
    Manifest,
    OnFile,
    check_files,
    contents,
    hidden,
    locked,
    read_manifest,
)
from zoobench.system.units import few

_PRODUCT = re.compile(r".+-[0-9a-f]{12}")
_DAY_SECONDS = 86_400
_KILLED = "left by a run that was killed"
_MARKS = {DAMAGED: "set aside for its damage", MAKING: _KILLED, REMOVING: _KILLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One product of the store."""

    kind: str
    folder: Path
    manifest: Manifest | None
    size_bytes: int
    used: float

    @property
    def name(self) -> str:
        """Its folder's name."""
        return self.folder.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Something that can be removed, was removed, or could not be.

    Attributes:
        folder: Where it is; a file where that stood in a product's place.
        product: Folder name of the product that it is, was or was to become, under whose lock it goes.
        why: Why it goes.
        size_bytes: What that frees.
        unused_since: A use after this moment keeps it (seconds since 1970); None where it is of no use to anybody.
        obstacle: Why it stays after all; None if nothing is known to keep it.
    """

    folder: Path
    product: str
    why: str
    size_bytes: int
    unused_since: float | None = None
    obstacle: str | None = None

    @property
    def set_aside(self) -> bool:
        """Whether it was set aside for its damage."""
        return self.folder.name.startswith(DAMAGED)


def products(artifacts: Path) -> tuple[Entry, ...]:
    """Returns the products below an artifacts folder, by kind and name.

    Raises:
        UsageError: If there is no such folder.
    """
    if not artifacts.is_dir():
        raise UsageError(f"there is no store in {artifacts}; name the folder that the runs used: --artifacts DIR")
    return tuple(entry for place, kind in KINDS.items() for entry in products_in(artifacts / place, kind=kind))


def products_in(place: Path, *, kind: str) -> Iterator[Entry]:
    """Yields the products of one kind by name from their folder, whatever that is called; none where there is none."""
    return (entry for folder in _inside(place) if (entry := _entry(folder, kind)))


def remnants(artifacts: Path) -> tuple[Removal, ...]:
    """Returns what stands hidden beside the products: set aside, or unfinished (perhaps being made just now)."""
    return tuple(
        Removal(
            folder=folder,
            product=folder.name.partition("-")[2].rpartition("-")[0],  # without the mark and the ending
            why=why,
            size_bytes=size_of(folder),
        )
        for place in KINDS
        for folder in _inside(artifacts / place)
        for mark, why in _MARKS.items()
        if folder.name.startswith(mark)
    )


def size_of(folder: Path) -> int:
    """Returns the bytes of all files in a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for path in [Path(place, name) for place, _, names in os.walk(folder) for name in names] or [folder]:
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def main_files(entries: Sequence[Entry], *, prefix: str) -> tuple[Path, ...]:
    """Returns the main files of the products whose names begin with `prefix`, or are it but for the hash.

    Raises:
        UsageError: If there is none.
    """
    exact = [one for one in entries if one.name.rpartition("-")[0] == prefix]
    chosen = exact or [one for one in entries if one.name.startswith(prefix)]
    found = [one.folder / one.manifest.file for one in chosen if one.manifest]
    if not found:
        known = ", ".join(sorted({one.name for one in entries})) or "nothing"
        raise UsageError(f"no product's name begins with {prefix!r}; the store holds {known}")
    return tuple(found)


def main_sha256(entry: Entry) -> str | None:
    """Returns the hash of a product's main file as its manifest has it; None where that cannot be read."""
    return entry.manifest.files[entry.manifest.file].sha256 if entry.manifest else None


def damages(entries: Iterable[Entry], *, on_file: OnFile) -> Iterator[tuple[Path, str]]:
    """Yields folder and reason of the products of which a file is missing or has another hash than when it was made."""
    for entry in entries:
        if reason := _misfit(entry.folder, on_file):
            yield entry.folder, reason


def is_being_made(remnant: Removal) -> bool | None:
    """Tells whether a run holds the lock of what an unfinished folder is to become; None where that cannot be told."""
    try:
        with locked(remnant.folder.parent, remnant.product, waiting=False) as free:
            return not free
    except OSError:  # the store is not ours to write to, and so neither are its locks
        return None


def removals(artifacts: Path, *, keep_days: int, now: float) -> tuple[Removal, ...]:
    """Returns what can go: products not used for some days before `now`, what was set aside, what killed runs left.

    Raises:
        UsageError: If there is no such folder.
    """
    limit = now - keep_days * _DAY_SECONDS
    why = f"not used for {keep_days} days" if keep_days else "a product"
    old = (one for one in products(artifacts) if one.used <= limit)
    return (
        *(
            Removal(folder=one.folder, product=one.name, why=why, size_bytes=one.size_bytes, unused_since=limit)
            for one in old
        ),
        *remnants(artifacts),
    )


def remove(removal: Removal) -> Removal:
    """Removes one thing and returns it, with the obstacle if it stays.

    It goes under its product's lock, and takes another name first, so that no run ever finds half of it.
    """
    try:
        with locked(removal.folder.parent, removal.product, waiting=False) as free:
            if not free:
                return replace(removal, obstacle="a run is making it")
            return _remove_alone(removal)
    except OSError as error:
        return replace(removal, obstacle=str(error))


def _inside(root: Path) -> list[Path]:
    return sorted(root.iterdir()) if root.is_dir() else []


def _entry(folder: Path, kind: str) -> Entry | None:
    if folder.name.startswith(".") or not _PRODUCT.fullmatch(folder.name):
        return None
    try:
        manifest: Manifest | None = read_manifest(folder)
    except ValueError:
        manifest = None
    if manifest is None and not any(folder.with_name(f"{dot}{folder.name}.lock").exists() for dot in (".", "")):
        return None  # somebody's own folder: what is not ours is neither judged nor removed
    used = 0.0
    for path in (folder, folder / MANIFEST):
        with suppress(OSError):
            used = path.stat().st_mtime
    return Entry(kind=kind, folder=folder, manifest=manifest, size_bytes=size_of(folder), used=used)


def _misfit(folder: Path, on_file: OnFile) -> str | None:
    try:
        manifest = read_manifest(folder)
        check_files(folder, manifest, on_file=on_file)
    except ValueError as error:
        return str(error)
    foreign = sorted(set(contents(folder)) - {*manifest.files, MANIFEST})
    return f"{few(foreign)} does not belong to it; remove it" if foreign else None


def _remove_alone(removal: Removal) -> Removal:
    manifest = removal.folder / MANIFEST
    if removal.unused_since is not None and manifest.exists() and manifest.stat().st_mtime > removal.unused_since:
        return replace(removal, obstacle="it was used just now")
    gone = hidden(removal.folder, mark=REMOVING, product=removal.product)
    removal.folder.rename(gone)
    if gone.is_dir() and not gone.is_symlink():  # of a link what it leads to is not ours
        shutil.rmtree(gone)
    else:
        gone.unlink()
    return removal
