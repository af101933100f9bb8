"""A small store to look at, check and prune: no model in it is one."""

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.store.product import DAMAGED, MAKING, MANIFEST, Facts, Product, Stored, obtain

NOW = 1_700_000_000.0
DAY = 86_400
HEAD = Product(name="mobilenet-224-head", file_name="head.keras", inputs={"seed": 0})
PIXELS = Product(name="pets-224", file_name="pixels.npy", inputs={"size": 224})
ANSWERS = Product(name="mobilenet-224-float32-litert", file_name="evaluation.npz", inputs={"model": "abc"})


def filled(artifacts: Path) -> dict[str, Stored]:
    """Fills a store with three products, each 1,000 bytes and a manifest, last used 1, 10 and 100 days before NOW."""
    stored = {}
    for place, product, days in (("models", HEAD, 1), ("datasets", PIXELS, 10), ("evaluations", ANSWERS, 100)):
        stored[place] = keep(artifacts / place, product, {product.file_name: bytes(1000)})
        used(stored[place].path.parent, days=days)
    return stored


def keep(root: Path, product: Product, files: Mapping[str, bytes], **facts: Any) -> Stored:
    """Keeps a product of these files with these facts."""

    def make(folder: Path) -> Facts:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return facts

    return obtain(root, product, make)


def keep_model(artifacts: Path, content: bytes, *, facts: Mapping[str, Any] | None = None, **inputs: Any) -> Stored:
    """Keeps a model file of these bytes, made of these inputs."""
    product = Product(name="a-8-b", file_name="model.tflite", inputs=inputs)
    return keep(artifacts / "models", product, {"model.tflite": content}, **facts or {})


def npy(array: npt.NDArray[Any]) -> bytes:
    """Returns an array as a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def used(folder: Path, *, days: float) -> None:
    """Makes a product look as if it was last used some days before NOW."""
    os.utime(folder / MANIFEST, (NOW - days * DAY, NOW - days * DAY))


def unfinished(artifacts: Path) -> Path:
    """Leaves what a killed run leaves: a folder that never took its name."""
    folder = artifacts / "models" / f"{MAKING}{HEAD.folder_name}-a1b2_c3d"
    folder.mkdir()
    (folder / "head.keras").write_bytes(bytes(1000))
    return folder


def set_aside(artifacts: Path) -> Path:
    """Puts a product there that was set aside for its damage."""
    folder = artifacts / "models" / f"{DAMAGED}{HEAD.folder_name}-20260101T000000000000"
    folder.mkdir()
    (folder / "head.keras").write_bytes(bytes(2000))
    return folder


def foreign(artifacts: Path) -> list[Path]:
    """Puts things into the store that are none of its own."""
    (artifacts / "models" / "my notes").mkdir()
    (artifacts / "models" / ".git").mkdir()
    (artifacts / "models" / "notes.txt").write_text(json.dumps({}))
    return [artifacts / "models" / name for name in ("my notes", ".git", "notes.txt")]
