"""How is it read what the store holds? A row for each product."""

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from zoobench.show.document import Document, Grid, Lines, View
from zoobench.store.inventory import Entry
from zoobench.system.units import ABSENT, megabytes, three_digits


def view(entries: Sequence[Entry]) -> View:
    """Returns the products for every writer, for programs with what determined each and what came of it."""
    return View(
        document=lambda: document(entries),
        plain=lambda: [_plain(entry) | {"inputs": entry.manifest and entry.manifest.inputs} for entry in entries],
        rows=lambda: [_plain(entry) for entry in entries],
    )


def document(entries: Sequence[Entry]) -> Document:
    """Returns a row for each product, and their total."""
    heads = ("product", "kind", "MB", "made", "last used", "made in s")
    total = f"{len(entries)} products, {megabytes(sum(entry.size_bytes for entry in entries))} MB"
    return Document(
        title="The artifact store",
        blocks=(
            Grid(heads=heads, rows=tuple(_row(entry) for entry in entries), words=frozenset({1})),
            Lines(lines=(total,)),
        ),
    )


def _plain(entry: Entry) -> dict[str, Any]:
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


def _row(entry: Entry) -> tuple[str, ...]:
    manifest = entry.manifest
    made = _local(datetime.fromisoformat(manifest.made)) if manifest else f"{ABSENT} (damaged)"
    used = _local(datetime.fromtimestamp(entry.used, timezone.utc))
    seconds = three_digits(manifest.seconds) if manifest else ABSENT
    return (entry.name, entry.kind, megabytes(entry.size_bytes), made, used, seconds)


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
