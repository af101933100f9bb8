"""How does a person read what is in a kit?"""

from collections.abc import Iterator

from zoobench.kit.contents import KitCell, KitManifest
from zoobench.kit.reader import Kit
from zoobench.system.terminal import console_text, plain_table, text_console
from zoobench.system.units import ABSENT, megabytes, size

_LONGEST = 60
"""Characters of a refusal's reason."""


def render(kit: Kit, *, size_bytes: int, width: int, colours: bool) -> str:
    """Returns what is in a kit as text for a terminal.

    Args:
        kit: All of whose texts can be printed, as its reader saw to.
        size_bytes: Of the file.
        width: Columns.
        colours: Whether the reader is a terminal that knows them.
    """
    console = text_console(width=width, colours=colours)
    for line in _head(kit, size_bytes):
        console.print(line, soft_wrap=True)
    table = plain_table()
    table.add_column("cell", no_wrap=True)
    for name in ("weights", "pixels", "MB"):
        table.add_column(name, justify="right" if name != "weights" else "left")
    table.add_column("refused")
    for cell in kit.manifest.cells:
        table.add_row(*_row(kit.manifest, cell))
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in console_text(console).splitlines())


def _head(kit: Kit, size_bytes: int) -> Iterator[str]:
    manifest = kit.manifest
    yield f"{kit.path}, {size(size_bytes)}, unpacked {size(manifest.size_bytes)}, every hash as it should be"
    yield f"kit {kit.sha256}, written by zoobench {manifest.zoobench}"
    data = manifest.dataset
    counts = f"{len(manifest.samples)} test samples of {len(data.classes)} classes"
    yield f"{data.name}: {counts}: {', '.join(data.classes)}"


def _row(manifest: KitManifest, cell: KitCell) -> tuple[str, ...]:
    model = manifest.model(backbone=cell.backbone, variant=cell.variant, image_size=cell.image_size)
    refusal = f"{cell.refusal.by}: {cell.refusal.reason[:_LONGEST]}" if cell.refusal else ABSENT
    return (
        cell.id,
        cell.weights.partition(":")[0],
        str(cell.image_size),
        megabytes(manifest.files[model.file].size_bytes if model else None),
        refusal,
    )
