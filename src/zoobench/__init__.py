"""Which backbone, quantized how, run by what, should I ship?

What users and authors of extensions import stands here; `import zoobench` itself loads none of it.

    load, frame, rounds     runs from their files, and runs as data frames (the extra `pandas`)
    Run, Cell               what is known of one run; which cell of the matrix
    Backbone, Variant, VariantSpec, Runtime     what an extension adds
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoobench.commands.baseline import load
    from zoobench.matrix.backbones import Backbone
    from zoobench.matrix.cell import Cell
    from zoobench.matrix.runtimes import Runtime
    from zoobench.matrix.variants import Variant, VariantSpec
    from zoobench.results.run import Run
    from zoobench.show.frames import frame, rounds

__all__ = ["Backbone", "Cell", "Run", "Runtime", "Variant", "VariantSpec", "frame", "load", "rounds"]

try:
    __version__ = version("zoobench")
except PackageNotFoundError:  # lent to the interpreter of an environment that it is not installed in
    __version__ = "not installed"

_HOMES = {
    "Backbone": "zoobench.matrix.backbones",
    "Cell": "zoobench.matrix.cell",
    "Run": "zoobench.results.run",
    "Runtime": "zoobench.matrix.runtimes",
    "Variant": "zoobench.matrix.variants",
    "VariantSpec": "zoobench.matrix.variants",
    "frame": "zoobench.show.frames",
    "load": "zoobench.commands.baseline",
    "rounds": "zoobench.show.frames",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'zoobench' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
