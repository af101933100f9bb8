"""Is the store sound, and what can go? Hashes are checked, what nobody used for long is removed."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from zoobench.store.inventory import Entry, Remnant, products, remnants
from zoobench.store.manifest import MANIFEST, OnFile, check_files, read_manifest
from zoobench.store.store import REMOVING, hidden, locked

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A product that does not fit its manifest, and why."""

    folder: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Something that is to be removed, was removed, or could not be.

    Attributes:
        folder: What.
        product: Folder name of the product whose lock it goes under.
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


def damages(entries: Iterable[Entry], *, on_file: OnFile) -> Iterator[Damage]:
    """Yields the products of which a file is missing or has another hash than when it was made.

    Args:
        entries: What to check.
        on_file: Told the name of each file that was found whole.
    """
    for entry in entries:
        if reason := _misfit(entry.folder, on_file):
            yield Damage(folder=entry.folder, reason=reason)


def is_being_made(remnant: Remnant) -> bool | None:
    """Tells whether a run holds the lock of what an unfinished folder is to become; None where that cannot be told."""
    try:
        with locked(remnant.folder.parent, remnant.product, waiting=False) as free:
            return not free
    except OSError:  # the store is not ours to write to, and so neither are its locks
        return None


def removals(artifacts: Path, *, keep_days: int, now: float) -> tuple[Removal, ...]:
    """Returns what can go: products not used for some days, what was set aside, what killed runs left.

    Args:
        artifacts: The folder of data sets, models and evaluations.
        keep_days: Days without use before a product goes.
        now: Seconds since 1970.

    Raises:
        UsageError: If there is no such folder.
    """
    limit = now - keep_days * _DAY_SECONDS
    old = [entry for entry in products(artifacts) if entry.used <= limit]
    days = f"not used for {keep_days} days" if keep_days else "a product"
    return (
        *(
            Removal(folder=one.folder, product=one.name, why=days, size_bytes=one.size_bytes, unused_since=limit)
            for one in old
        ),
        *(
            Removal(folder=one.folder, product=one.product, why=_kind(one), size_bytes=one.size_bytes)
            for one in remnants(artifacts)
        ),
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


def _misfit(folder: Path, on_file: OnFile) -> str | None:
    try:
        check_files(folder, read_manifest(folder), on_file=on_file)
    except ValueError as error:
        return str(error)
    return None


def _remove_alone(removal: Removal) -> Removal:
    manifest = removal.folder / MANIFEST
    if removal.unused_since is not None and manifest.exists() and manifest.stat().st_mtime > removal.unused_since:
        return replace(removal, obstacle="it was used just now")
    gone = hidden(removal.folder, mark=REMOVING, product=removal.product)
    removal.folder.rename(gone)
    if gone.is_dir():
        shutil.rmtree(gone)
    else:
        gone.unlink()
    return removal


def _kind(remnant: Remnant) -> str:
    return "set aside for its damage" if remnant.set_aside else "left by a run that was killed"
