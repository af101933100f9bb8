"""Are the modules of a user's own layers found, known by their sources, and never imported to find that out?"""

import sys
from functools import partial
from pathlib import Path

import pytest

from messages import message_of
from zoobench.errors import UsageError
from zoobench.measure.custom_objects import VARIABLE, custom_objects, named_modules, sources

message = partial(message_of, UsageError)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the run was started, with a module that counts as imported and a package."""
    (tmp_path / "shapes_of_mine.py").write_text("from os import system\ndef area(side): return side * side\nSIDE = 3")
    (tmp_path / "package_of_mine").mkdir()
    for name in ("__init__", "layers", "blocks"):
        (tmp_path / "package_of_mine" / f"{name}.py").write_text(f"def {name.strip('_')}(): ...")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv(VARIABLE, raising=False)
    for name in ("shapes_of_mine", "package_of_mine", "package_of_mine.layers"):
        monkeypatch.delitem(sys.modules, name, raising=False)  # as imported by another test
    return tmp_path


def test_what_can_be_called_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert custom_objects() == {}
    monkeypatch.setenv(VARIABLE, "shapes_of_mine,package_of_mine.layers")
    found = custom_objects()
    assert found["area"](3) == 9
    assert set(found) == {"area", "layers"}, "what a module took from elsewhere is not for a model's file to call"


def test_a_change_of_a_module_or_of_the_package_that_it_is_in_is_seen_without_an_import(here: Path) -> None:
    names = named_modules(" shapes_of_mine, package_of_mine.layers,,shapes_of_mine")
    first = sources(names)
    assert list(first) == ["shapes_of_mine", "package_of_mine.layers"]
    assert sources(names) == first
    (here / "package_of_mine" / "blocks.py").write_text("def blocks(): return 1")
    second = sources(names)
    assert second["shapes_of_mine"] == first["shapes_of_mine"]
    assert second["package_of_mine.layers"] != first["package_of_mine.layers"]


def test_a_module_that_is_nowhere_is_named_with_the_folder_that_was_looked_into(here: Path) -> None:
    assert message(lambda: sources(("nowhere_at_all.layers",))) == (
        "--zoo-custom-objects: there is no module nowhere_at_all.layers; expected one that is installed, or a file in "
        f"{here}"
    )
