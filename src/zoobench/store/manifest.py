"""What does a product's folder say of itself, and is it still true?"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from zoobench.system.files import sha256_of_file, sha256_of_json, write_json

FORMAT = 2
MANIFEST = "manifest.json"
_OWN_HASH = "manifest_sha256"

Facts = Mapping[str, Any]
"""What is worth knowing of a product once it is made, as plain JSON."""
OnFile = Callable[[str], None]
"""Told the name of each file that was found whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """What a file was when its product was made."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that is written down of a product.

    Attributes:
        file: Name of its main file.
        files: Every file of its folder but the manifest, by its path inside the folder.
        made: When it was finished, ISO 8601 in UTC.
        seconds: How long it took to make.
        inputs: All that determined it.
        facts: What came of it.
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


def read_manifest(folder: Path) -> Manifest:
    """Returns a folder's manifest; it bears a hash of itself, so that an altered one is told from a true one.

    Raises:
        ValueError: If there is none that can be read or trusted; the message is the reason.
    """
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise ValueError(f"{MANIFEST} cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise ValueError(f"{MANIFEST} is no JSON") from error
    try:
        return _checked(content)
    except (KeyError, TypeError, AttributeError) as error:
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


def contents(folder: Path) -> dict[str, Path]:
    """Returns every file of a folder but the manifest, by its path inside the folder, sorted.

    What another process removes meanwhile is not among them.
    """
    files = sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names)
    found = {path.relative_to(folder).as_posix(): path for path in files}
    found.pop(MANIFEST, None)
    return found


def _checked(content: dict[str, Any]) -> Manifest:
    own = content.pop(_OWN_HASH, None)
    if content["format"] != FORMAT:
        raise ValueError(f"{MANIFEST} has the format {content['format']}; this version reads {FORMAT}")
    if own != sha256_of_json(content):
        raise ValueError(f"{MANIFEST} was altered")
    return Manifest(
        file=content["file"],
        files={name: FileState(**state) for name, state in content["files"].items()},
        made=content["made"],
        seconds=content["seconds"],
        inputs=content["inputs"],
        facts=content["facts"],
    )


def _check_file(path: Path, name: str, state: FileState) -> None:
    size = path.stat().st_size
    if size != state.size_bytes:
        raise ValueError(f"{name} has {size} bytes instead of {state.size_bytes}")
    if sha256_of_file(path) != state.sha256:
        raise ValueError(f"the SHA-256 of {name} is not the one in {MANIFEST}")
