"""What do installed packages add, which can be used, and which have a hand in these cells?"""

from collections.abc import Mapping, Sequence
from typing import Any

from zoobench.errors import MeasurementError, UsageError
from zoobench.matrix import backbones, runtimes, variants
from zoobench.matrix.cell import Cell
from zoobench.matrix.registry import Package, Table, additions, imported
from zoobench.measure.runtimes import import_runtime
from zoobench.system.terminal import capture_native_output

TABLES: tuple[Table[Any], ...] = (backbones.TABLE, variants.TABLE, runtimes.TABLE)


def find_extensions() -> list[dict[str, str]]:
    """Returns everything that packages add; each is imported, with the functions and modules that it names.

    Of each: `what` (backbone, variant or runtime), its `name`, its `package`, and the `problem` that keeps it from
    being used, '' if there is none.
    """
    return [
        {"what": table.what, "name": one.name, "package": str(package), "problem": _problem(table, one.name)}
        for table in TABLES
        for one, package in additions(table.group)
    ]


def added_to(cells: Sequence[Cell]) -> Mapping[tuple[str, str], Package]:
    """Returns which packages add something to these cells, by what that is and its name; nothing of it is imported."""
    used = (
        (table, name)
        for cell in cells
        for table, name in zip(TABLES, (cell.backbone, cell.variant, cell.runtime), strict=True)
    )
    return {(table.what, name): package for table, name in used if (package := table.package(name))}


def described(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Returns a line for each package that adds something to these cells."""
    added: dict[Package, list[str]] = {}
    for (what, name), package in added_to(cells).items():
        added.setdefault(package, []).append(f"{what} {name}")
    return tuple(f"added by {package}: {', '.join(names)}" for package, names in added.items())


def libraries(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Returns the packages that add to these cells and the libraries of their runtimes, as registries know them.

    Raises:
        UsageError: If a package that adds a runtime is broken.
    """
    packages = [package.name for package in added_to(cells).values()]
    used = dict.fromkeys(cell.runtime for cell in cells if cell.runtime in runtimes.TABLE.names())
    return tuple(dict.fromkeys((*packages, *(name for one in used for name in runtimes.find_runtime(one).libraries))))


def _problem(table: Table[Any], name: str) -> str:
    try:
        table.check([name])  # a name of ours would be found without a look at who else gives it
        with capture_native_output():
            _import_all(table.find(name))
    except (UsageError, MeasurementError) as error:
        return str(error)
    return ""


def _import_all(row: backbones.Backbone | variants.Variant | runtimes.Runtime) -> None:
    """Imports what a row refers to, which happens otherwise only when something is built or measured."""
    if isinstance(row, runtimes.Runtime):
        if row.missing:
            raise MeasurementError(row.unavailable_reason)
        import_runtime(row.name)
        return
    reference = row.builder if isinstance(row, backbones.Backbone) else row.maker
    if not callable(imported(reference, package=row.package)):
        raise UsageError(f"{row.package}: {reference} is no function; expected one that makes {row.name}")
