"""Has this been made already, and is it still whole? Products are kept by all that determines them."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from filelock import FileLock

from zoobench.errors import ModelError
from zoobench.files import sha256_of_file, sha256_of_json, write_json

FORMAT = 1
MANIFEST = "manifest.json"
Facts = Mapping[str, Any]
"""What is worth knowing of a product once it is made, as plain JSON."""


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
        return sha256_of_json({"format": FORMAT, "file": self.file_name, "inputs": self.inputs})

    @property
    def folder_name(self) -> str:
        """Its folder inside the store."""
        return f"{self.name}-{self.key[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A product on disk, its file's hash checked."""

    path: Path
    sha256: str
    size_bytes: int
    inputs: Mapping[str, Any]
    facts: Facts


def find(root: Path, product: Product) -> Stored | None:
    """Returns a product if the store holds it whole; one whose file no longer fits its manifest is named, not used."""
    folder = root / product.folder_name
    if not folder.exists():
        return None
    stored = _read(folder)
    if stored is None:
        print(f"zoobench: {folder} does not fit its manifest; it will be made again", file=sys.stderr)
    return stored


def obtain(root: Path, product: Product, make: Callable[[Path], Facts]) -> Stored:
    """Returns a product, making it if the store does not hold it.

    Args:
        root: The store's folder.
        product: What to make.
        make: Writes `product.file_name` into the folder that it is given and returns the facts to keep. The folder
            takes its name only after `make` ends well, so an interrupted one leaves nothing that could be used.

    Raises:
        ModelError: If the store cannot be written to.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{product.folder_name}.lock"):
            return find(root, product) or _make(root, product, make)
    except OSError as error:
        raise ModelError(
            f"cannot keep {product.name} in {root}: {error}; free some space or mend the folder"
        ) from error


def _make(root: Path, product: Product, make: Callable[[Path], Facts]) -> Stored:
    started = time.monotonic()
    for abandoned in root.glob(f".{product.folder_name}-*"):  # by a run that was killed: nobody else holds the lock
        shutil.rmtree(abandoned, ignore_errors=True)
    workplace = Path(tempfile.mkdtemp(prefix=f".{product.folder_name}-", dir=root))
    try:
        facts = make(workplace)
        _describe(workplace, product, facts, seconds=time.monotonic() - started)
        folder = root / product.folder_name
        shutil.rmtree(folder, ignore_errors=True)
        workplace.chmod(0o755)
        workplace.rename(folder)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)  # there is none left where the rename was reached
    made = _read(folder)
    if made is None:
        raise ModelError(f"{folder} changed while it was being written; remove it and run again")
    return made


def _describe(folder: Path, product: Product, facts: Facts, *, seconds: float) -> None:
    path = folder / product.file_name
    manifest = {
        "format": FORMAT,
        "file": product.file_name,
        "sha256": sha256_of_file(path),
        "size_bytes": path.stat().st_size,
        "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "inputs": dict(product.inputs),
        "facts": dict(facts),
    }
    write_json(folder / MANIFEST, manifest)


def _read(folder: Path) -> Stored | None:
    """Returns what stands in a folder, or None if any of it is missing, damaged or altered."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        path = folder / manifest["file"]
        stored = Stored(
            path=path,
            sha256=manifest["sha256"],
            size_bytes=manifest["size_bytes"],
            inputs=manifest["inputs"],
            facts=manifest["facts"],
        )
        intact = manifest["format"] == FORMAT and path.stat().st_size == stored.size_bytes
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return stored if intact and sha256_of_file(path) == stored.sha256 else None
