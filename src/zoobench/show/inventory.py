"""How is it read what the store, or a kit, holds? A row for each product or cell."""

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from msgspec import to_builtins

from zoobench.kit.contents import KitCell, KitManifest
from zoobench.kit.reader import Kit
from zoobench.results.disturbed import said_of, warnings_of
from zoobench.show.document import Document, Grid, Lines, View
from zoobench.store.inventory import Entry
from zoobench.system.units import ABSENT, megabytes, size, three_digits

_LONGEST = 60
"""Characters of a refusal's reason."""


def store_view(entries: Sequence[Entry]) -> View:
    """Returns the products for every writer, for programs with what determined each and what came of it."""
    rows = [_plain_product(entry) for entry in entries]
    inputs = [{"inputs": entry.manifest and entry.manifest.inputs} for entry in entries]
    return View(
        document=lambda: _store(entries),
        plain=lambda: [row | one for row, one in zip(rows, inputs, strict=True)],
        rows=lambda: rows,
    )


def _store(entries: Sequence[Entry]) -> Document:
    rows = []
    for entry in entries:
        made, seconds = f"{ABSENT} (damaged)", ABSENT
        if entry.manifest:
            made = _local(datetime.fromisoformat(entry.manifest.made))
            seconds = three_digits(entry.manifest.seconds)
        used = _local(datetime.fromtimestamp(entry.used, timezone.utc))
        rows.append((entry.name, entry.kind, megabytes(entry.size_bytes), made, used, seconds))
    heads = ("product", "kind", "MB", "made", "last used", "made in s")
    total = f"{len(entries)} products, {megabytes(sum(entry.size_bytes for entry in entries))} MB"
    return Document(
        title="The artifact store",
        blocks=(Grid(heads=heads, rows=tuple(rows), words=frozenset({1})), Lines(lines=(total,))),
    )


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


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


def kit_view(kit: Kit, *, size_bytes: int) -> View:
    """Returns what is in a kit for every writer."""
    manifest = kit.manifest
    return View(
        document=lambda: _kit(kit, size_bytes=size_bytes),
        plain=lambda: {"sha256": kit.sha256, "size_bytes": size_bytes} | to_builtins(manifest),
        rows=lambda: [
            to_builtins(cell)
            | {
                "size_bytes": _size_bytes(manifest, cell),
                "refusal": f"{cell.refusal.by}: {cell.refusal.reason}" if cell.refusal else None,
            }
            for cell in manifest.cells
        ],
    )


def _kit(kit: Kit, *, size_bytes: int) -> Document:
    manifest, data = kit.manifest, kit.manifest.dataset
    head = (
        f"{kit.path}, {size(size_bytes)}, unpacked {size(manifest.size_bytes)}, every hash as it should be",
        f"kit {kit.sha256}, written by zoobench {manifest.zoobench}",
        f"{data.name}: {len(manifest.samples)} test samples of {len(data.classes)} classes: {', '.join(data.classes)}",
    )
    rows = tuple(
        (
            cell.id,
            cell.weights.partition(":")[0],
            str(cell.image_size),
            megabytes(_size_bytes(manifest, cell)),
            f"{cell.refusal.by}: {cell.refusal.reason[:_LONGEST]}" if cell.refusal else ABSENT,
        )
        for cell in manifest.cells
    )
    grid = Grid(heads=("cell", "weights", "pixels", "MB", "refused"), rows=rows, words=frozenset({1, 4}))
    said = (*warnings_of(manifest.interfaces), *said_of(manifest.interfaces))
    return Document(title=f"The kit {kit.path.name}", blocks=(Lines(lines=head), grid, Lines(lines=said)))


def _size_bytes(manifest: KitManifest, cell: KitCell) -> int | None:
    model = manifest.model(backbone=cell.backbone, variant=cell.variant, image_size=cell.image_size)
    return manifest.files[model.file].size_bytes if model else None
