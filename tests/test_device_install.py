"""Does the small environment, which has no TensorFlow, measure and judge what the large one made?

The large one is that of these tests. The small one is made here as a device makes it: a venv, and `pip install` of a
wheel.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from runs import ROOT, environment, load, records, results

HEAVY = (
    "tensorflow",
    "keras",
    "litert_quantizer",
    "PIL",
    "openvino",
    "onnxruntime",
    "kagglehub",
    "resvg_py",
    "hypothesis",
)
"""What the extras bring, by the names under which it is imported."""


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0]


NEEDED = tuple(_name(line) for line in requires("zoobench") or () if "extra ==" not in line)
"""The declared distributions that a device installs."""
CPUINFO = next(name for name in map(_name, requires("pytest-benchmark") or ()) if "cpuinfo" in name)
"""Brings `cpuinfo`; under which name it is had is for pytest-benchmark to say."""
LIMIT_BYTES = 350_000_000
CELLS = ("mobilenet_025-float32-litert-t1", "mobilenet_025-float_fallback-litert-t1")
EVERYWHERE = re.compile(
    r"zoobench\.(build|measure\.runtimes\.(keras|openvino|onnxruntime)|tflite\.edit|show\.(frames|charts\.sheet))\b"
)
"""Modules that a device may lack what they import: they are asked for by name."""


def outside(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command in a folder as a user would who has no checkout: it must not find this one."""
    mine = {name: value for name, value in environment(folder).items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=mine | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def size_bytes(folder: Path) -> int:
    """Returns what the files of a folder hold, each counted once."""
    found = {stat.st_ino: stat.st_size for stat in map(os.lstat, folder.rglob("*"))}
    return sum(found.values())


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small package from the index, which is none of ours; skips where no index answers."""
    folder = tmp_path_factory.mktemp("index")
    asked = outside(sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "iniconfig", folder=folder)
    if asked.returncode:
        pytest.skip(f"no package index can be reached: {asked.stderr.strip().splitlines()[-1]}")
    return folder


@pytest.fixture(scope="module")
def wheel(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy so that the build leaves nothing here."""
    assert list(index.iterdir())
    folder = tmp_path_factory.mktemp("wheel")
    leftovers = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in ("src", "bench"):
        shutil.copytree(ROOT / part, folder / "copy" / part, ignore=leftovers)
    for part in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / part, folder / "copy" / part)
    done = outside(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, "./copy", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("zoobench-*.whl")
    return built


@pytest.fixture(scope="module")
def small(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of the small environment."""
    folder = tmp_path_factory.mktemp("small")
    made = outside(sys.executable, "-m", "venv", "--without-pip", folder / "venv", folder=folder)
    assert made.returncode == 0, made.stdout + made.stderr
    programs = folder / "venv" / "bin"
    pip = (sys.executable, "-m", "pip", "--python", programs / "python")
    installed = outside(*pip, "install", "--quiet", wheel, folder=folder)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return programs


@pytest.fixture(scope="module")
def device(small: Path, real_kit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder of the device into which the kit was copied and run."""
    folder = tmp_path_factory.mktemp("device")
    shutil.copy(real_kit, folder)
    done = outside(small / "zoobench", "kit", "run", "KIT.zip", "--zoo-rounds", "6", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def only_results(device: Path) -> Path:
    (one,) = results(device / "artifacts")
    return one


@pytest.mark.slow
def test_the_small_environment_has_no_tensorflow_and_the_large_one_has(small: Path) -> None:
    assert find_spec("tensorflow")
    program = f"from importlib.util import find_spec; print([name for name in {HEAVY} if find_spec(name)])"
    done = outside(small / "python", "-c", program, folder=small)
    assert done.stdout == "[]\n", done.stdout + done.stderr


@pytest.mark.slow
def test_the_small_environment_takes_less_than_350_megabytes(
    small: Path, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = size_bytes(small.parent)
    record_property("installed_bytes", taken)
    with capsys.disabled():
        sys.stdout.write(f"the small environment takes {taken / 1e6:.0f} MB ")
    assert taken < LIMIT_BYTES


@pytest.mark.slow
def test_all_that_measures_and_judges_can_be_imported_there(small: Path) -> None:
    program = (
        "import importlib, pkgutil, re, zoobench\n"
        f"left_out = re.compile({EVERYWHERE.pattern!r})\n"
        "names = [one.name for floor in ('measure', 'judge', 'kit', 'results', 'matrix', 'show', 'tflite')\n"
        "    for one in pkgutil.walk_packages([f'{zoobench.__path__[0]}/{floor}'], f'zoobench.{floor}.')]\n"
        "assert len(names) > 80\n"
        "[importlib.import_module(name) for name in names if not left_out.match(name)]"
    )
    done = outside(small / "python", "-c", program, folder=small)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_kit_is_measured_there_as_the_cells_that_it_came_from(device: Path, real_runs: Path) -> None:
    there, here = (records(load(path)) for path in (only_results(device), results(real_runs)[0]))
    assert set(there) == set(CELLS)
    for cell in CELLS:
        assert there[cell]["model"]["sha256"] == here[cell]["model"]["sha256"]
        assert there[cell]["accuracy"]["top1"] == here[cell]["accuracy"]["top1"]
        assert there[cell]["latency"]["samples"] == 6
        assert there[cell]["latency"]["speedup_over_float"]["point"] > 0


@pytest.mark.slow
def test_results_from_there_are_shown_and_compared_there_and_here(small: Path, device: Path, real_runs: Path) -> None:
    shutil.copy(results(real_runs)[0], device / "home.json")
    for program in (small / "zoobench", Path(sys.executable).with_name("zoobench")):
        shown = outside(program, "show", only_results(device), folder=device)
        assert "float_fallback  " in shown.stdout, shown.stderr
        compared = outside(program, "compare", "--across-machines", "home.json", only_results(device), folder=device)
        assert compared.returncode == 0, compared.stdout + compared.stderr
        assert all(cell in compared.stdout for cell in CELLS)


@pytest.mark.slow
def test_a_report_is_written_there_without_pictures_and_says_why(small: Path, device: Path) -> None:
    (path,) = results(device / "artifacts")
    done = outside(small / "zoobench", "report", path, folder=device)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (device / "report.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "Pillow, which makes thumbnails, is not installed" in page or "None: it says of all" in page
    drawn = outside(small / "zoobench", "report", path, "--pictures", "pictures", folder=device)
    assert drawn.returncode == 2
    assert "pip install resvg-py" in drawn.stderr


@pytest.mark.slow
def test_a_gate_judges_there(small: Path, device: Path) -> None:
    """Nothing is known of the machine's noise, so time is inconclusive; the size is exactly the same."""
    saved = outside(small / "zoobench", "baseline", "save", "first", "--from", only_results(device), folder=device)
    assert saved.returncode == 0, saved.stderr
    judged = outside(small / "zoobench", "gate", "--baseline", "first", "--method", "stored", folder=device)
    assert judged.returncode == 3, judged.stdout + judged.stderr
    assert "gate against first: INCONCLUSIVE (" in judged.stdout
    assert judged.stdout.count("exact") == len(CELLS)


@pytest.mark.slow
def test_what_builds_says_there_what_to_install(small: Path, device: Path) -> None:
    built = outside(small / "zoobench", "build", folder=device)
    assert built.returncode == 2, built.stdout + built.stderr
    assert built.stderr.endswith("which is not installed: pip install tensorflow litert-quantizer pillow\n")


def imported(path: Path) -> Iterator[str]:
    """Yields the first name of every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name.partition(".")[0] for name in names)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)


@pytest.mark.parametrize(
    "floor", ["measure", "judge", "kit", "results", "matrix", "show", "tflite", "store", "stats", "system"]
)
def test_what_measures_and_judges_imports_only_what_a_device_installs(floor: str) -> None:
    # numpy is pinned by the build's own dependencies too; what counts is that a device declares it
    declared = {name.lower() for name in (*NEEDED, CPUINFO)}
    assert {"numpy", "scipy", "ai-edge-litert"} <= declared
    providers = packages_distributions()
    paths = sorted((ROOT / "src" / "zoobench" / floor).rglob("*.py"))
    assert paths
    for path in paths:
        if EVERYWHERE.match(module_name(path)):
            continue
        for name in set(imported(path)) - sys.stdlib_module_names - {"zoobench"}:
            assert {one.lower() for one in providers.get(name, [name])} & declared, f"{path} imports {name}"


def test_what_a_device_installs_is_no_extra() -> None:
    providers = packages_distributions()
    heavy = {one.lower() for name in HEAVY for one in providers.get(name, [name])}
    assert not heavy & {name.lower() for name in NEEDED}
