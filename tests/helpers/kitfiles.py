"""Kits for tests: one that is sound, and ways to spoil it."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fakes import a_training
from zoobench.kit.contents import MANIFEST, SCHEMAS, KitCell, KitDataset, KitImages, KitManifest, KitModel, KitSample
from zoobench.kit.writer import Chunks, of_samples, write_kit
from zoobench.measure.target import Samples
from zoobench.results.schema import RecordedNumerics

SIDE = 32
LIMIT = 50_000_000
VARIANTS = ("float32", "integer_only")
HASHES = tuple(f"{number:064x}" for number in (1, 2, 3))


def a_tflite(variant: str) -> bytes:
    """Returns what begins like a TFLite file; nothing here runs it."""
    return b"\x1c\0\0\0TFL3" + variant.encode() * 50


def a_cell(variant: str, **changes: Any) -> KitCell:
    usual: dict[str, Any] = {
        "id": f"mobilenet-{variant}-litert-t1",
        "backbone": "mobilenet",
        "variant": variant,
        "runtime": "litert",
        "threads": 1,
        "image_size": SIDE,
        "weights": "random",
    }
    return KitCell(**{**usual, **changes})


def contents(folder: Path, *, tflite: bytes | None = None) -> tuple[KitManifest, dict[str, Chunks]]:
    """Returns a kit's contents: three samples of two classes, a float32 and an integer file, or `tflite` for both."""
    path = folder / "pixels.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 3), dtype=np.uint8))
    rows = Samples(path=path, rows=np.array([4, 0, 2]), labels=np.array([1, 0, 1]))
    numerics = RecordedNumerics(
        images=8,
        top1_agreement=1.0,
        mean_probability_difference=0.001,
        max_probability_difference=0.01,
        kl_divergence_nats=-1e-9,
    )
    training = a_training(seconds=None)
    names = {variant: f"mobilenet-{SIDE}-{variant}.tflite" for variant in VARIANTS}
    manifest = KitManifest(
        schema=SCHEMAS[0],
        zoobench="0.1.0",
        dataset=KitDataset(name="pets", sha256="cd" * 32, classes=("cat", "dog"), left_out=1),
        samples=tuple(KitSample(sha256=one, label=label) for one, label in zip(HASHES, (1, 0, 1), strict=True)),
        images=(KitImages(image_size=SIDE, file=f"images-{SIDE}.npy"),),
        models=tuple(
            KitModel(
                backbone="mobilenet",
                variant=variant,
                image_size=SIDE,
                file=names[variant],
                numerics=numerics,
                training=training,
                quantizer=None if variant == "float32" else "ai_edge",
            )
            for variant in VARIANTS
        ),
        cells=tuple(a_cell(variant) for variant in VARIANTS),
        files={},
    )
    files = {names[variant]: _whole(tflite or a_tflite(variant)) for variant in VARIANTS}
    return manifest, {f"images-{SIDE}.npy": of_samples(rows, image_size=SIDE)} | files


def _whole(content: bytes) -> Chunks:
    def chunks() -> Iterator[bytes]:
        yield content

    return chunks


def a_kit(folder: Path, *, tflite: bytes | None = None) -> Path:
    """Writes a sound kit."""
    folder.mkdir(exist_ok=True)
    write_kit(folder / "kit.zip", *contents(folder, tflite=tflite))
    return folder / "kit.zip"


def members(path: Path) -> dict[str, bytes]:
    """Returns what is in a kit."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repacked(path: Path, content: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Writes members anew in place of a kit's own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, one in content.items():
            archive.writestr(zipfile.ZipInfo(name), one, compress_type=method)
    path.write_bytes(buffer.getvalue())
    return path


def with_manifest(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Changes what a kit says of itself."""
    content = members(path)
    manifest = json.loads(content[MANIFEST])
    change(manifest)
    return repacked(path, content | {MANIFEST: json.dumps(manifest).encode()})
