"""Are the benchmarks part of the package, each file once?"""

import sys
from pathlib import Path

import pytest

from zoobench.errors import UsageError
from zoobench.run import options

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "zoobench"


def test_in_a_checkout_they_are_those_beside_the_package() -> None:
    assert options.bench_folder() == ROOT / "bench"


def test_a_package_without_them_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"this zoobench has no zoobench.bench; install it again"):
        options.bench_folder()


def test_every_package_of_the_source_is_installed_and_so_is_bench() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = [path.parent.relative_to(SOURCE.parent) for path in SOURCE.rglob("__init__.py")]
    assert sorted(settings["packages"]) == sorted(["zoobench.bench", *(".".join(folder.parts) for folder in folders)])
    assert settings["package-dir"] == {"": "src", "zoobench.bench": "bench"}
