"""What is one row of the result table, and which rows does a request make?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zoobench.matrix import backbones, runtimes, variants
from zoobench.matrix.backbones import unsized_name
from zoobench.matrix.interface import ImageSize
from zoobench.matrix.registry import Package, Table
from zoobench.matrix.runtimes import REFERENCE, find_runtime
from zoobench.matrix.variants import PREQUANTIZED, VARIANTS, find_variant

TABLES: Mapping[str, Table[Any]] = {one.what: one for one in (backbones.TABLE, variants.TABLE, runtimes.TABLE)}
"""By what their rows are: backbone, variant, runtime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One backbone, quantized one way, run by one runtime on a number of threads.

    Where a backbone is measured at several image sizes, the size is a part of what it is called, as `mobilenet_96px`.
    The weights are not part of it: where `auto` finds them is known only when the model is made, so they stand in the
    model's manifest and in the record.
    """

    backbone: str
    variant: str
    runtime: str
    threads: int
    image_size: ImageSize

    @property
    def id(self) -> str:
        """The pytest id and the key by which results are joined, such as `mobilenet-float32-litert-t1`."""
        return f"{self.backbone}-{self.variant}-{self.runtime}-t{self.threads}"

    @property
    def float_twin(self) -> "Cell":
        """The cell that speed-up and agreement refer to: `float32`, same backbone and threads.

        It is run by the same runtime where that runs `float32`; a Keras cell is compared with LiteRT's, because the
        first thing its users ask is what leaving Keras gains. A quantized file of a user's own has none but itself.
        """
        if not self.has_float_twin:
            return self
        float32 = VARIANTS["float32"]
        runtime = self.runtime if float32.runs_on(self.runtime) else REFERENCE
        return replace(self, variant=float32.name, runtime=runtime)

    @property
    def has_float_twin(self) -> bool:
        """Whether there is a float32 file that speed-up, agreement and size can refer to."""
        return self.variant != PREQUANTIZED

    @property
    def reference(self) -> "Cell | None":
        """The cell of the same file on the runtime that others are compared with; None where that is its own."""
        runtime = find_runtime(self.runtime).reference
        return None if runtime == self.runtime else replace(self, runtime=runtime)


def matrix(
    *,
    backbones: Iterable[tuple[str, ImageSize]],
    variants: Sequence[str],
    threads: Sequence[int],
    runtimes: Sequence[str],
) -> tuple[Cell, ...]:
    """Returns every cell of the matrix, ordered by backbone, threads, variant, then runtime.

    Of each backbone name and image size in pixels are given. A variant has a cell for each runtime that takes its file.
    """
    return tuple(
        Cell(backbone=backbone, variant=variant, runtime=runtime, threads=count, image_size=image_size)
        for backbone, image_size in backbones
        for count in threads
        for variant in variants
        for runtime in runtimes
        if find_variant(variant).runs_on(runtime)
    )


def added_to(cells: Sequence[Cell]) -> Mapping[tuple[str, str], Package]:
    """Returns which packages add something to these cells, by what that is and its name; nothing of it is imported."""
    used = (
        (table, name)
        for cell in cells
        for table, name in zip(TABLES.values(), (unsized_name(cell.backbone), cell.variant, cell.runtime), strict=True)
    )
    return {(table.what, name): package for table, name in used if (package := table.package(name))}


def describe_added(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Returns a line for each package that adds something to these cells."""
    added: dict[Package, list[str]] = {}
    for (what, name), package in added_to(cells).items():
        added.setdefault(package, []).append(f"{what} {name}")
    return tuple(f"added by {package}: {', '.join(names)}" for package, names in added.items())


def libraries_of(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Returns the packages that add to these cells and the libraries of their runtimes, as registries know them.

    Raises:
        UsageError: If a package that adds a runtime is broken.
    """
    packages = [package.name for package in added_to(cells).values()]
    used = dict.fromkeys(cell.runtime for cell in cells if cell.runtime in runtimes.TABLE.names())
    return tuple(dict.fromkeys((*packages, *(name for one in used for name in find_runtime(one).libraries))))
