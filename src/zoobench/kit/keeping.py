"""Where is a kit unpacked? In the store, once, and whole or not at all."""

from dataclasses import dataclass
from pathlib import Path

from zoobench.errors import DataError
from zoobench.kit.contents import MANIFEST, Manifest
from zoobench.kit.opening import Kit, open_kit, read_manifest, unpack, verify
from zoobench.kit.steps import in_megabytes, megabytes_begun
from zoobench.store.product import Facts, Product, find, obtain
from zoobench.system.progress import progress

FOLDER = "kits"
_SHORT_HASH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKit:
    """A kit that is unpacked.

    Attributes:
        path: The file that it came in.
        sha256: The kit's.
        folder: Where its members are.
    """

    path: Path
    sha256: str
    manifest: Manifest
    folder: Path


def keep_kit(path: Path, *, artifacts: Path, limit_bytes: int) -> KeptKit:
    """Returns a kit unpacked in `artifacts/kits`; what is there already is checked by its hashes and used.

    Args:
        path: The file.
        artifacts: The store.
        limit_bytes: How much it may be when it is unpacked.

    Raises:
        DataError: If it is refused or cannot be kept; nothing of it is left then.
    """
    with open_kit(path, limit_bytes=limit_bytes) as kit:

        def make(folder: Path) -> Facts:
            with progress(f"Unpacking {path.name}, MB", total=megabytes_begun(kit.manifest.size_bytes)) as advance:
                unpack(kit, folder, on_bytes=in_megabytes(advance))
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


def verify_shown(kit: Kit) -> None:
    """Compares every member with its hash, with a bar.

    Raises:
        DataError: If one is not what the manifest says.
    """
    with progress(f"Checking {kit.path.name}, MB", total=megabytes_begun(kit.manifest.size_bytes)) as advance:
        verify(kit, on_bytes=in_megabytes(advance))


def _product(sha256: str) -> Product:
    return Product(name=f"kit-{sha256[:_SHORT_HASH]}", file_name=MANIFEST, inputs={"kit": sha256})
