"""What do installed packages add, which can be used, and which have a hand in these cells?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from zoobench import runtimes, variants
from zoobench.build import backbones
from zoobench.cell import Cell
from zoobench.errors import UsageError
from zoobench.registry import Package, Table, additions

TABLES: tuple[Table[Any], ...] = (backbones.TABLE, variants.TABLE, runtimes.TABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What an entry point adds.

    Attributes:
        what: backbone, variant or runtime.
        name: Of the row.
        package: What adds it.
        problem: Why it cannot be used, '' if it can.
    """

    what: str
    name: str
    package: Package
    problem: str


def find_extensions() -> tuple[Extension, ...]:
    """Returns everything that packages add; each is imported."""
    return tuple(
        Extension(what=table.what, name=one.name, package=one.package, problem=_problem(table, one.name))
        for table in TABLES
        for one in additions(table.group)
    )


def described(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Returns a line for each package that adds something to these cells; nothing of it is imported."""
    added: dict[Package, list[str]] = {}
    for package, what in _of_cells(cells):
        added.setdefault(package, []).append(what)
    return tuple(f"added by {package}: {', '.join(dict.fromkeys(what))}" for package, what in added.items())


def libraries(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Returns the packages that add to these cells and the libraries of their runtimes, as registries know them.

    Raises:
        UsageError: If a package that adds a runtime is broken.
    """
    packages = [package.name for package, _ in _of_cells(cells)]
    used = dict.fromkeys(cell.runtime for cell in cells if cell.runtime in runtimes.TABLE.names())
    return tuple(dict.fromkeys((*packages, *(name for one in used for name in runtimes.find_runtime(one).libraries))))


def _problem(table: Table[Any], name: str) -> str:
    try:
        table.check([name])  # a name of ours would be found without a look at who else gives it
        table.find(name)
    except UsageError as error:
        return str(error)
    return ""


def _of_cells(cells: Iterable[Cell]) -> Iterator[tuple[Package, str]]:
    for cell in cells:
        for table, name in zip(TABLES, (cell.backbone, cell.variant, cell.runtime), strict=True):
            if package := table.package(name):
                yield package, f"{table.what} {name}"
