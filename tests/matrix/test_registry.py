"""Is what packages add found by name, one of a kind, imported only when it is asked for, and told when it is broken?"""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fakes import a_cell, a_record, write_results_file
from messages import message_of
from packages import put
from zoobench.cli import main
from zoobench.errors import UsageError
from zoobench.matrix import backbones, runtimes, variants
from zoobench.matrix.registry import Package, Table, is_reference

RUNTIME = """
from zoobench.matrix.runtimes import Runtime
FAST = Runtime(name="fast", module="fast_sessions", packages=("numpy",), libraries=("numpy",), install="zoobench-fast")
"""


def put_runtime(
    folder: Path, name: str = "zoobench-fast", *, line: str = "fast = fast_runtime:FAST", text: str = RUNTIME
) -> None:
    put(folder, name, entry_points={"zoobench.runtimes": line}, modules={"fast_runtime.py": text})


message = partial(message_of, UsageError)


@pytest.mark.usefixtures("beside_us")
def test_without_packages_the_tables_are_ours() -> None:
    for table in (backbones.TABLE, variants.TABLE, runtimes.TABLE):
        assert set(table.own) <= set(table.names())
        assert all(table.find(name) is row for name, row in table.own.items())


def test_what_a_package_adds_stands_behind_ours_by_name_and_is_imported_when_it_is_asked_for(beside_us: Path) -> None:
    put_runtime(beside_us)
    package = Package(name="zoobench-fast", version="1.0")
    names = runtimes.TABLE.names()
    assert (names[: len(runtimes.RUNTIMES)], "fast" in names) == (tuple(runtimes.RUNTIMES), True)
    assert runtimes.TABLE.package("fast") == package
    assert runtimes.find_runtimes(["fast", "litert"]) == ("litert", "fast")
    assert "fast" in runtimes.find_runtimes(["all"])
    assert "fast_runtime" not in sys.modules
    found = runtimes.find_runtime("fast")
    assert (found.package, found.libraries) == (package, ("numpy", "zoobench-fast"))


def test_our_own_rows_are_found_without_a_look_at_what_is_installed(
    beside_us: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_runtime(beside_us)
    monkeypatch.setattr("zoobench.matrix.registry.additions", None)
    assert runtimes.find_runtime("litert") is runtimes.RUNTIMES["litert"]


@pytest.mark.parametrize(
    ("name", "owners"),
    [
        (
            "fast",
            ("zoobench-fast 1.0", "the entry point fast = fast_runtime:FAST (zoobench.runtimes) of zoobench-fast"),
        ),
        ("openvino", ("zoobench itself and the entry point openvino",)),
    ],
)
def test_a_name_that_is_given_twice_is_refused_with_both_where_it_is_asked_for(
    beside_us: Path, name: str, owners: tuple[str, ...]
) -> None:
    for package in ("zoobench-fast", "zoobench-faster"):
        put_runtime(beside_us, package, line=f"{name} = fast_runtime:FAST")
    told = message(lambda: runtimes.find_runtimes([name]))
    assert told.startswith(f"{name} is the name of more than one runtime: ")
    assert all(one in told for one in (*owners, "of zoobench-faster 1.0", "uninstall all but one"))
    assert name in runtimes.RUNTIMES or message(lambda: runtimes.find_runtime(name)) == told
    assert runtimes.find_runtimes(["litert"]) == ("litert",)


@pytest.mark.parametrize(
    ("table", "name"), [(variants.TABLE, "float32"), (backbones.TABLE, "xception"), (runtimes.TABLE, "keras")]
)
def test_every_table_refuses_a_second_row_of_its_names(beside_us: Path, table: Table[Any], name: str) -> None:
    put(beside_us, "zoobench-copy", entry_points={table.group: f"{name} = nowhere:ROW"}, modules={})
    assert "zoobench-copy 1.0" in message(lambda: table.check([name]))
    assert table.find(name) is table.own[name]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import no_such_library", "(ModuleNotFoundError: No module named 'no_such_library')"),
        ("FAST = 1 / 0", "(ZeroDivisionError: division by zero)"),
        ("def broken(:", "(SyntaxError: "),
        ("SLOW = 1", "(AttributeError: module 'fast_runtime' has no attribute 'FAST')"),
        ("from zoobench.matrix.runtimes import Runtime\nFAST = Runtime(name='fast')", "(TypeError: "),
        ("class Odd(Exception): ...\nraise Odd('not one of Python')", "(Odd: not one of Python)"),
    ],
    ids=["import", "error", "syntax", "attribute", "arguments", "of its own"],
)
def test_what_cannot_be_imported_is_told_with_its_package(beside_us: Path, text: str, told: str) -> None:
    put_runtime(beside_us, text=text)
    received = message(lambda: runtimes.find_runtime("fast"))
    assert received.startswith("zoobench-fast 1.0: fast_runtime:FAST cannot be imported (")
    assert told in received
    assert runtimes.find_runtimes(["litert"]) == ("litert",)


def test_what_is_of_another_kind_is_told_with_its_entry_point(beside_us: Path) -> None:
    put_runtime(beside_us, text="FAST = 'fast_sessions'")
    told = message(lambda: runtimes.find_runtime("fast"))
    assert told.startswith(
        "the entry point fast = fast_runtime:FAST (zoobench.runtimes) of zoobench-fast 1.0 refers to a"
    )
    assert told.endswith("a value of <class 'str'>; expected a zoobench.Runtime")


@pytest.mark.parametrize("name", ["quick", "Fast", "fast-er", "all.fast", "9fast", "all"])
def test_a_row_has_the_name_of_its_entry_point_and_one_that_fits_into_ids(beside_us: Path, name: str) -> None:
    line = "fast = fast_runtime:FAST" if name == "quick" else f"{name} = fast_runtime:FAST"
    put_runtime(beside_us, line=line, text=RUNTIME.replace('"fast"', f'"{name}"'))
    told = message(lambda: runtimes.find_runtime("fast" if name == "quick" else name))
    assert f"refers to a Runtime with the name {name!r}; expected the name of the entry point" in told


def test_rows_are_selected_in_the_order_given_and_all_is_every_one() -> None:
    assert variants.TABLE.select(["integer_only", "keras", "float32"]) == ("integer_only", "keras", "float32")
    assert variants.TABLE.select(["all"]) == variants.TABLE.select(["keras", "all"]) == tuple(variants.VARIANTS)
    told = message(lambda: variants.TABLE.select(["int4", "float32", "int2"]))
    known = f"known are {', '.join(variants.VARIANTS)}, or all"
    assert told == f"unknown variant: int4 (did you mean dynamic_range_int4?), int2; {known}"
    assert message(lambda: runtimes.find_runtime("tvm")).startswith("unknown runtime: tvm; known are litert, ")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a.b:c", True), ("a:b.c", True), ("a", False), ("a:", False), (":a", False), ("a b:c", False), ("a/b:c", False)],
)
def test_a_reference_is_a_module_and_what_is_in_it(text: str, is_one: bool) -> None:
    assert is_reference(text) == is_one


def test_judging_imports_nothing_of_a_package(beside_us: Path, tmp_path: Path) -> None:
    put_runtime(beside_us, text="1 / 0")
    record = a_record(cell=a_cell(id="mobilenet-integer_only-fast-t1", runtime="fast"))
    path = str(write_results_file(tmp_path / "results.json", record))
    for arguments in (["show", path], ["compare", path, path]):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        assert "fast" in done.output
