"""How large is the house, and does it stand? Prints figures of its structure; status 1 where one is over its limit.

Run from anywhere: `python tools/house.py`. Needs grimp, which import-linter brings.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median, quantiles

import grimp

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "zoobench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table.

    Attributes:
        title: What is counted.
        value: How many.
        goal: The most that is meant to be; None for figures that are only shown.
        most: More than this fails: the goal, or what was reached on the way to it; None for figures that never fail.
        names: What is counted, where a reader needs the names to mend it.
    """

    title: str
    value: float
    goal: float | None = None
    most: float | None = None
    names: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether the house must not stay so."""
        return self.most is not None and self.value > self.most


def figures() -> list[Figure]:
    """Returns all figures, those that are asserted first."""
    graph = grimp.build_graph("zoobench", exclude_type_checking_imports=True)
    modules = sorted(SOURCE.rglob("*.py"))
    top = [path.name for path in SOURCE.glob("*.py")]
    circles, chain = _circles(graph), _longest_chain(graph)
    against, doubles = _against_layers(graph), _doubles(modules)
    lengths = [length for path in modules for length in _function_lengths(path)]
    imports = sum(len(graph.find_modules_directly_imported_by(one)) for one in graph.modules)
    return [
        Figure(title=".py files at the top of the package", value=len(top), goal=6, most=6, names=(*top,)),
        Figure(title="imports against the layers", value=len(against), goal=0, most=0, names=against),
        Figure(title="circles of imports", value=len(circles), goal=0, most=0, names=circles),
        Figure(title="class names with two meanings", value=len(doubles), goal=0, most=0, names=doubles),
        Figure(title="modules in src", value=len(modules), goal=165, most=176),
        Figure(title="longest chain of imports", value=len(chain), goal=14, most=16, names=chain),
        Figure(title="lines of src", value=_lines(modules), goal=27_000),
        Figure(title="imports within the package per module", value=imports / len(modules), goal=3.5),
        Figure(title="dataclasses and structs", value=sum(map(_value_types, modules)), goal=170),
        Figure(title="lines of tests", value=_lines(sorted((ROOT / "tests").rglob("*.py"))), goal=28_000),
        Figure(title="longest file of src in lines", value=max(len(_text(one).splitlines()) for one in modules)),
        Figure(title="lines of a function: median", value=median(lengths), goal=8),
        Figure(title="lines of a function: 90th percentile", value=quantiles(lengths, n=10)[-1], goal=25),
    ]


def main() -> int:
    """Prints the table and returns the status."""
    found = figures()
    for one in found:
        value = f"{one.value:,.1f}" if one.value % 1 else f"{one.value:,.0f}"
        goal = "" if one.goal is None else f"goal {one.goal:,}"
        state = f"FAILS: at most {one.most:,}" if one.fails else ""
        print(f"{one.title:40}{value:>10}  {goal:12}{state}".rstrip())
    for one in found:
        if one.goal is not None and one.value > one.goal and one.names:
            print(f"\n{one.title}:\n  " + "\n  ".join(one.names))
    return int(any(one.fails for one in found))


def _against_layers(graph: grimp.ImportGraph) -> tuple[str, ...]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(one["layers"] for one in settings["contracts"] if one["type"] == "layers")
    found = graph.find_illegal_dependencies_for_layers(
        layers=[grimp.Layer(*line.split(" | "), independent=True) for line in layers], containers={"zoobench"}
    )
    return tuple(sorted(f"{one.importer} -> {one.imported}" for one in found))


def _imports(graph: grimp.ImportGraph) -> Mapping[str, tuple[str, ...]]:
    return {one: tuple(sorted(graph.find_modules_directly_imported_by(one))) for one in sorted(graph.modules)}


def _circles(graph: grimp.ImportGraph) -> tuple[str, ...]:
    """Returns the modules that reach themselves, those of one circle in one text."""
    reached = {one: graph.find_downstream_modules(one) for one in graph.modules}
    circles = {frozenset({one} | {other for other in reached[one] if one in reached[other]}) for one in graph.modules}
    return tuple(sorted(" ".join(sorted(circle)) for circle in circles if len(circle) > 1))


def _longest_chain(graph: grimp.ImportGraph) -> tuple[str, ...]:
    """Returns the longest way from module to module along imports; each import of a circle is followed once."""
    imports = _imports(graph)
    open_modules: set[str] = set()

    @cache
    def chain(module: str) -> tuple[str, ...]:
        open_modules.add(module)
        further = [chain(one) for one in imports[module] if one not in open_modules]
        open_modules.discard(module)
        return (module, *max(further, key=len, default=()))

    return max(map(chain, imports), key=len)


def _doubles(modules: list[Path]) -> tuple[str, ...]:
    names = Counter(node.name for path in modules for node in ast.walk(_tree(path)) if isinstance(node, ast.ClassDef))
    return tuple(sorted(name for name, count in names.items() if count > 1))


def _value_types(path: Path) -> int:
    """Counts dataclasses, msgspec structs and named tuples."""
    classes = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.ClassDef)]
    return sum(
        any("dataclass" in ast.unparse(one) for one in node.decorator_list)
        or any(word in ast.unparse(base) for base in node.bases for word in ("Struct", "NamedTuple", "TypedDict"))
        or any(one.arg == "frozen" for one in node.keywords)
        for node in classes
    )


def _function_lengths(path: Path) -> Iterator[int]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def _lines(paths: list[Path]) -> int:
    return sum(len(_text(path).splitlines()) for path in paths)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(_text(path))


@cache
def _text(path: Path) -> str:
    return path.read_text()


if __name__ == "__main__":
    sys.exit(main())
