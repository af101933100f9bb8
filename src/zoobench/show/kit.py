"""How does a person read what is in a kit?"""

from collections.abc import Iterator
from typing import Any

from msgspec import to_builtins

from zoobench.kit.contents import KitCell, KitManifest
from zoobench.kit.reader import Kit
from zoobench.show.document import Document, Grid, Lines, View
from zoobench.system.units import ABSENT, megabytes, size

_LONGEST = 60
"""Characters of a refusal's reason."""


def view(kit: Kit, *, size_bytes: int) -> View:
    """Returns what is in a kit for every writer.

    Args:
        kit: All of whose texts can be printed, as its reader saw to.
        size_bytes: Of the file.
    """
    return View(
        document=lambda: document(kit, size_bytes=size_bytes),
        plain=lambda: {"sha256": kit.sha256, "size_bytes": size_bytes} | to_builtins(kit.manifest),
        rows=lambda: [_plain(kit.manifest, cell) for cell in kit.manifest.cells],
    )


def document(kit: Kit, *, size_bytes: int) -> Document:
    """Returns what is in a kit: where it comes from, and a row for each cell."""
    rows = tuple(_row(kit.manifest, cell) for cell in kit.manifest.cells)
    return Document(
        title=f"The kit {kit.path.name}",
        blocks=(
            Lines(lines=tuple(_head(kit, size_bytes))),
            Grid(heads=("cell", "weights", "pixels", "MB", "refused"), rows=rows, words=frozenset({1, 4})),
        ),
    )


def _head(kit: Kit, size_bytes: int) -> Iterator[str]:
    manifest = kit.manifest
    yield f"{kit.path}, {size(size_bytes)}, unpacked {size(manifest.size_bytes)}, every hash as it should be"
    yield f"kit {kit.sha256}, written by zoobench {manifest.zoobench}"
    data = manifest.dataset
    counts = f"{len(manifest.samples)} test samples of {len(data.classes)} classes"
    yield f"{data.name}: {counts}: {', '.join(data.classes)}"


def _row(manifest: KitManifest, cell: KitCell) -> tuple[str, ...]:
    refusal = f"{cell.refusal.by}: {cell.refusal.reason[:_LONGEST]}" if cell.refusal else ABSENT
    weights, pixels = cell.weights.partition(":")[0], str(cell.image_size)
    return (cell.id, weights, pixels, megabytes(_size_bytes(manifest, cell)), refusal)


def _plain(manifest: KitManifest, cell: KitCell) -> dict[str, Any]:
    flat = to_builtins(cell) | {"size_bytes": _size_bytes(manifest, cell)}
    return {**flat, "refusal": f"{cell.refusal.by}: {cell.refusal.reason}" if cell.refusal else None}


def _size_bytes(manifest: KitManifest, cell: KitCell) -> int | None:
    model = manifest.model(backbone=cell.backbone, variant=cell.variant, image_size=cell.image_size)
    return manifest.files[model.file].size_bytes if model else None
