"""What is each model of one's own taken as, and what must a reader know before trusting the numbers of a cell?"""

from collections.abc import Iterable, Iterator

from zoobench.matrix.interface import WARNING, Interface
from zoobench.results.schema import Record


def taken_as(records: Iterable[Record]) -> list[str]:
    """Returns what each model of one's own is taken as, and what was seen of it; of other networks nothing."""
    found: dict[str, None] = {}
    for name, interface in _interfaces(records):
        found[f"{name}: taken as {interface.described}."] = None
        found |= dict.fromkeys(f"{name}: {one}" for one in interface.remarks if one not in interface.warnings)
    return list(found)


def cautions(records: Iterable[Record]) -> list[str]:
    """Returns what must be said loudly wherever these cells' numbers decide something."""
    return list(
        dict.fromkeys(
            f"{WARNING}{name}: {one.removeprefix(WARNING)}"
            for name, interface in _interfaces(records)
            for one in interface.warnings
        )
    )


def _interfaces(records: Iterable[Record]) -> Iterator[tuple[str, Interface]]:
    for record in records:
        if record.model and record.model.interface:
            yield record.cell.backbone, record.model.interface
