"""Which installed packages have a hand in these cells, and with which libraries' versions may their numbers change?"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from zoobench import runtimes, variants
from zoobench.build import backbones
from zoobench.cell import Cell
from zoobench.registry import Package, Table


def described(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Returns a line for each package that adds something to these cells; nothing of it is imported."""
    added: dict[Package, list[str]] = {}
    for package, what in _additions(cells):
        added.setdefault(package, []).append(what)
    return tuple(f"added by {package}: {', '.join(dict.fromkeys(what))}" for package, what in added.items())


def libraries(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Returns the packages that add to these cells and the libraries of their runtimes, as registries know them.

    Raises:
        UsageError: If a package that adds a runtime is broken.
    """
    packages = [package.name for package, _ in _additions(cells)]
    used = dict.fromkeys(cell.runtime for cell in cells if cell.runtime in runtimes.TABLE.names())
    return tuple(dict.fromkeys((*packages, *(name for one in used for name in runtimes.find_runtime(one).libraries))))


def _additions(cells: Iterable[Cell]) -> Iterator[tuple[Package, str]]:
    for cell in cells:
        yield from _added(backbones.TABLE, cell.backbone)
        yield from _added(variants.TABLE, cell.variant)
        yield from _added(runtimes.TABLE, cell.runtime)


def _added(table: Table[Any], name: str) -> Iterator[tuple[Package, str]]:
    if package := table.package(name):
        yield package, f"{table.what} {name}"
