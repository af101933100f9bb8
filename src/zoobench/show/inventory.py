"""How is it read what the store, or a kit, holds? A row for each product or cell."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from msgspec import to_builtins

from zoobench.kit.contents import KitCell, KitManifest
from zoobench.kit.reader import Kit
from zoobench.show.document import Document, Grid, Lines, View
from zoobench.store.inventory import Entry
from zoobench.system.units import ABSENT, megabytes, size, three_digits

_LONGEST = 60
"""Characters of a refusal's reason."""


def store_view(entries: Sequence[Entry]) -> View:
    """Returns the products for every writer, for programs with what determined each and what came of it."""
    return View(
        document=lambda: _store(entries),
        plain=lambda: [
            _plain_product(entry) | {"inputs": entry.manifest and entry.manifest.inputs} for entry in entries
        ],
        rows=lambda: [_plain_product(entry) for entry in entries],
    )


def _store(entries: Sequence[Entry]) -> Document:
    heads = ("product", "kind", "MB", "made", "last used", "made in s")
    total = f"{len(entries)} products, {megabytes(sum(entry.size_bytes for entry in entries))} MB"
    return Document(
        title="The artifact store",
        blocks=(
            Grid(heads=heads, rows=tuple(_product_row(entry) for entry in entries), words=frozenset({1})),
            Lines(lines=(total,)),
        ),
    )


def _plain_product(entry: Entry) -> dict[str, Any]:
    return {
        "product": entry.name,
        "kind": entry.kind,
        "folder": str(entry.folder),
        "file": entry.manifest and entry.manifest.file,
        "size_bytes": entry.size_bytes,
        "made": entry.manifest and entry.manifest.made,
        "last_used": datetime.fromtimestamp(entry.used, timezone.utc).isoformat(timespec="seconds"),
        "seconds": entry.manifest and entry.manifest.seconds,
    }


def _product_row(entry: Entry) -> tuple[str, ...]:
    manifest = entry.manifest
    made = _local(datetime.fromisoformat(manifest.made)) if manifest else f"{ABSENT} (damaged)"
    used = _local(datetime.fromtimestamp(entry.used, timezone.utc))
    seconds = three_digits(manifest.seconds) if manifest else ABSENT
    return (entry.name, entry.kind, megabytes(entry.size_bytes), made, used, seconds)


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def kit_view(kit: Kit, *, size_bytes: int) -> View:
    """Returns what is in a kit for every writer.

    Args:
        kit: All of whose texts can be printed, as its reader saw to.
        size_bytes: Of the file.
    """
    return View(
        document=lambda: _kit(kit, size_bytes=size_bytes),
        plain=lambda: {"sha256": kit.sha256, "size_bytes": size_bytes} | to_builtins(kit.manifest),
        rows=lambda: [_plain_cell(kit.manifest, cell) for cell in kit.manifest.cells],
    )


def _kit(kit: Kit, *, size_bytes: int) -> Document:
    """Returns what is in a kit: where it comes from, and a row for each cell."""
    rows = tuple(_cell_row(kit.manifest, cell) for cell in kit.manifest.cells)
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


def _cell_row(manifest: KitManifest, cell: KitCell) -> tuple[str, ...]:
    refusal = f"{cell.refusal.by}: {cell.refusal.reason[:_LONGEST]}" if cell.refusal else ABSENT
    weights, pixels = cell.weights.partition(":")[0], str(cell.image_size)
    return (cell.id, weights, pixels, megabytes(_size_bytes(manifest, cell)), refusal)


def _plain_cell(manifest: KitManifest, cell: KitCell) -> dict[str, Any]:
    flat = to_builtins(cell) | {"size_bytes": _size_bytes(manifest, cell)}
    return {**flat, "refusal": f"{cell.refusal.by}: {cell.refusal.reason}" if cell.refusal else None}


def _size_bytes(manifest: KitManifest, cell: KitCell) -> int | None:
    model = manifest.model(backbone=cell.backbone, variant=cell.variant, image_size=cell.image_size)
    return manifest.files[model.file].size_bytes if model else None
