"""Does zoobench work with the lowest versions that it declares? Nightly: a device's environment is made of them."""

import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from kitfiles import a_kit
from runs import ROOT, environment

FAST = ("judge", "results", "stats", "system/test_files.py", "kit", "commands/test_kit.py")
"""Tests that need nothing but what a device has, and hypothesis."""


def lowest() -> list[str]:
    """Returns each declared distribution of a device at its bound."""
    found: dict[str, str] = {}
    for line in requires("zoobench") or ():
        one = Requirement(line)
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            (bound,) = (each.version for each in one.specifier if each.operator == ">=")
            found[one.name] = max(
                found.get(one.name, ""), bound, key=lambda text: [*map(int, filter(None, text.split(".")))]
            )
    return [f"{name}=={bound}" for name, bound in found.items()]


def test_every_distribution_of_a_device_has_a_bound() -> None:
    names = [line.partition("==")[0] for line in lowest()]
    assert {"pytest-benchmark", "numpy", "ai-edge-litert"} <= {*names}
    assert "pytest-benchmark==5.2.0" in lowest()  # earlier ones do not measure under pytest 8.4


@pytest.mark.nightly
def test_the_lowest_versions_measure_report_and_pass_the_fast_tests(tmp_path: Path) -> None:
    def run(*command: str | Path, folder: Path = tmp_path) -> str:
        mine = {name: value for name, value in environment(tmp_path).items() if not name.startswith("PYTHON")}
        done = subprocess.run([*map(str, command)], cwd=folder, env=mine, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet", "--only-binary", ":all:")
    run(*pip, *lowest(), "hypothesis")
    run(*pip[:-2], "--no-deps", "--no-build-isolation", ROOT)
    run(programs / "zoobench", "kit", "run", a_kit(tmp_path), "--zoo-rounds", "6", "--zoo-processes", "1", "-q")
    (results,) = (tmp_path / "artifacts" / "results").rglob("*.json")
    assert (
        "<html" in (run(programs / "zoobench", "report", results, "-o", "r.html"), (tmp_path / "r.html").read_text())[1]
    )
    tests = (ROOT / "tests" / name for name in FAST)
    run(programs / "python", "-m", "pytest", *tests, "-q", "-m", "not slow", "-p", "no:cacheprovider", folder=ROOT)
