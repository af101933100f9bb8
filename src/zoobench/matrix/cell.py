"""What is one row of the result table, and which rows does a request make?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from zoobench.matrix.runtimes import REFERENCE, find_runtime
from zoobench.matrix.variants import VARIANTS, find_variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One backbone, quantized one way, run by one runtime on a number of threads.

    The weights are not part of it: where `auto` finds them is known only when the model is made, so they stand in the
    model's manifest and in the record.
    """

    backbone: str
    variant: str
    runtime: str
    threads: int
    image_size: int

    @property
    def id(self) -> str:
        """The pytest id and the key by which results are joined, such as `mobilenet-float32-litert-t1`."""
        return f"{self.backbone}-{self.variant}-{self.runtime}-t{self.threads}"

    @property
    def float_twin(self) -> "Cell":
        """The cell that speed-up and agreement refer to: `float32`, same backbone and threads.

        It is run by the same runtime where that runs `float32`; a Keras cell is held against LiteRT's, because the
        first thing its users ask is what leaving Keras gains.
        """
        float32 = VARIANTS["float32"]
        runtime = self.runtime if float32.runs_on(self.runtime) else REFERENCE
        return replace(self, variant=float32.name, runtime=runtime)

    @property
    def reference(self) -> "Cell | None":
        """The cell of the same file on the runtime that others are held against; None where that is its own."""
        runtime = find_runtime(self.runtime).reference
        return None if runtime == self.runtime else replace(self, runtime=runtime)


def matrix(
    *, backbones: Iterable[tuple[str, int]], variants: Sequence[str], threads: Sequence[int], runtimes: Sequence[str]
) -> tuple[Cell, ...]:
    """Returns every cell of the matrix, ordered by backbone, threads, variant, then runtime.

    Args:
        backbones: Name and image size in pixels of each backbone.
        variants: Names of variants.
        threads: Numbers of threads that a single invocation may use.
        runtimes: Names of runtimes; a variant has a cell for each of them that takes its file.
    """
    return tuple(
        Cell(backbone=backbone, variant=variant, runtime=runtime, threads=count, image_size=image_size)
        for backbone, image_size in backbones
        for count in threads
        for variant in variants
        for runtime in runtimes
        if find_variant(variant).runs_on(runtime)
    )
