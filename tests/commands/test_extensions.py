"""Is everything that packages add listed, told of where it cannot be used, and put down beside what it measured?"""

from pathlib import Path

import pytest

from packages import put
from zoobench.commands.preparation import find_extensions
from zoobench.errors import UsageError
from zoobench.matrix.cell import Cell, describe_added, libraries_of

RUNTIME = """
from zoobench.matrix.runtimes import Runtime
FAST = Runtime(name="fast", module="fast_sessions", packages=("numpy",), libraries=("psutil",), install="fast")
"""
MODULES = {"fast_runtime.py": RUNTIME, "fast_sessions.py": "def open_session(path, *, threads): ..."}
CELL = Cell(backbone="mobilenet", variant="float32", runtime="fast", threads=1, image_size=64)


@pytest.fixture
def fast(beside_us: Path) -> Path:
    """A package whose runtime can be used, and whose backbone cannot."""
    entry_points = {"zoobench.runtimes": "fast = fast_runtime:FAST", "zoobench.backbones": "tiny = nowhere:TINY"}
    return put(beside_us, "zoobench-fast", entry_points=entry_points, modules=MODULES)


@pytest.mark.usefixtures("fast")
def test_what_cannot_be_used_is_listed_with_the_reason() -> None:
    backbone, runtime = find_extensions()
    assert "nowhere:TINY cannot be imported (ModuleNotFoundError" in backbone.pop("problem")
    assert backbone == {"what": "backbone", "name": "tiny", "package": "zoobench-fast 1.0"}
    assert (runtime["what"], runtime["name"], runtime["problem"]) == ("runtime", "fast", "")


def test_a_second_giver_of_a_name_of_ours_is_a_problem(beside_us: Path) -> None:
    put(beside_us, "zoobench-copy", entry_points={"zoobench.runtimes": "litert = nowhere:LITERT"}, modules={})
    (found,) = find_extensions()
    assert found["problem"].startswith(
        "litert is the name of more than one runtime: zoobench itself and the entry point"
    )


@pytest.mark.usefixtures("fast")
def test_a_package_is_described_by_what_it_adds_to_these_cells() -> None:
    own = Cell(backbone="mobilenet", variant="float32", runtime="litert", threads=1, image_size=64)
    assert describe_added([own, CELL, CELL]) == ("added by zoobench-fast 1.0: runtime fast",)
    assert describe_added([own]) == ()


@pytest.mark.usefixtures("fast")
def test_the_libraries_of_cells_are_the_packages_that_add_to_them_and_what_their_runtimes_stand_on() -> None:
    assert libraries_of([CELL]) == ("zoobench-fast", "psutil")


@pytest.mark.usefixtures("beside_us")
def test_a_runtime_that_is_not_installed_has_no_libraries() -> None:
    assert libraries_of([CELL]) == ()


def test_a_broken_runtime_is_told_where_cells_name_it(beside_us: Path) -> None:
    put(beside_us, "zoobench-fast", entry_points={"zoobench.runtimes": "fast = nowhere:FAST"}, modules={})
    with pytest.raises(UsageError, match=r"^zoobench-fast 1\.0: nowhere:FAST cannot be imported"):
        libraries_of([CELL])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("Backbone(name='tiny', builder='tiny:biuld')", "tiny:biuld cannot be imported (AttributeError"),
        ("Backbone(name='tiny', builder='tiny:NUMBER')", "tiny:NUMBER is no function; expected one that makes tiny"),
    ],
)
def test_what_a_row_names_is_imported_too(beside_us: Path, row: str, told: str) -> None:
    text = f"from zoobench.matrix.backbones import Backbone\nNUMBER = 1\nTINY = {row}"
    put(beside_us, "zoobench-nets", entry_points={"zoobench.backbones": "tiny = tiny:TINY"}, modules={"tiny.py": text})
    (found,) = find_extensions()
    assert found["problem"].startswith(f"zoobench-nets 1.0: {told}")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fast_sessions.py": "1 / 0"}, "the runtime fast of zoobench-fast 1.0 cannot be imported: ZeroDivisionError"),
        (
            {"fast_runtime.py": RUNTIME.replace('("numpy",)', '("no_such_library",)')},
            "the runtime fast needs no_such_library, not installed here: pip install 'fast'",
        ),
    ],
)
def test_so_is_the_module_of_a_runtime(beside_us: Path, changes: dict[str, str], told: str) -> None:
    entry_points = {"zoobench.runtimes": "fast = fast_runtime:FAST"}
    put(beside_us, "zoobench-fast", entry_points=entry_points, modules=MODULES | changes)
    (found,) = find_extensions()
    assert found["problem"].startswith(told)
