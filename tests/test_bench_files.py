"""Are the benchmarks part of the package, each file once?"""

import sys
from pathlib import Path

import pytest

from zoobench import plugin

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "zoobench"


def test_in_a_checkout_they_are_those_beside_the_package() -> None:
    assert plugin._bench_folder() == ROOT / "bench"


def test_in_an_installed_package_they_are_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "site-packages" / "zoobench" / "bench"
    inside.mkdir(parents=True)
    (inside / "test_latency.py").touch()
    monkeypatch.setattr(plugin, "__file__", str(inside.parent / "plugin.py"))
    assert plugin._bench_folder() == inside


def test_a_package_without_them_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "__file__", str(tmp_path / "zoobench" / "plugin.py"))
    with pytest.raises(pytest.UsageError, match=r"this zoobench has no test_latency.py in .*; install it again"):
        plugin._bench_folder()


def test_every_package_of_the_source_is_installed_and_so_is_bench() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = [path.parent.relative_to(SOURCE.parent) for path in SOURCE.rglob("__init__.py")]
    assert sorted(settings["packages"]) == sorted(["zoobench.bench", *(".".join(folder.parts) for folder in folders)])
    assert settings["package-dir"] == {"": "src", "zoobench.bench": "bench"}
