"""Where is a kit unpacked? In the store, once, and whole or not at all."""

from dataclasses import dataclass
from pathlib import Path

from zoobench.build.manifest import Facts
from zoobench.build.store import Product, obtain
from zoobench.errors import DataError
from zoobench.kits.contents import MANIFEST, Manifest
from zoobench.kits.opening import Kit, open_kit, unpack, verify
from zoobench.kits.steps import in_megabytes, megabytes_begun
from zoobench.progress import progress

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

        product = Product(name=f"kit-{kit.sha256[:_SHORT_HASH]}", file_name=MANIFEST, inputs={"kit": kit.sha256})
        stored = obtain(artifacts / FOLDER, product, make, error=DataError)
        return KeptKit(path=path, sha256=kit.sha256, manifest=kit.manifest, folder=stored.path.parent)


def verify_shown(kit: Kit) -> None:
    """Compares every member with its hash, with a bar.

    Raises:
        DataError: If one is not what the manifest says.
    """
    with progress(f"Checking {kit.path.name}, MB", total=megabytes_begun(kit.manifest.size_bytes)) as advance:
        verify(kit, on_bytes=in_megabytes(advance))
