"""Data walks down one staircase: what may each floor import?"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "zoobench"
FLOORS = ("build", "measure", "judge")
HEAVY = {"tensorflow", "keras", "ai_edge_quantizer"}
KERAS_RUNTIME = SOURCE / "measure" / "runtimes" / "keras.py"


def imported(path: Path) -> set[str]:
    """Returns every module that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a module lives"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def modules(floor: str) -> list[Path]:
    return sorted((SOURCE / floor).rglob("*.py"))


@pytest.mark.parametrize("floor", FLOORS)
def test_no_floor_imports_the_one_above_it(floor: str) -> None:
    above = FLOORS[: FLOORS.index(floor)]
    for path in modules(floor):
        for name in imported(path):
            assert not name.startswith(tuple(f"zoobench.{one}" for one in above)), f"{path} imports {name}"


def test_measure_imports_no_tensorflow_but_for_the_keras_runtime() -> None:
    for path in modules("measure"):
        heavy = {name for name in imported(path) if name.partition(".")[0] in HEAVY}
        assert not heavy or path == KERAS_RUNTIME, f"{path} imports {heavy}"


def test_judge_imports_no_runtime() -> None:
    for path in modules("judge"):
        roots = {name.partition(".")[0] for name in imported(path)}
        assert not roots & (HEAVY | {"ai_edge_litert", "openvino"}), path


@pytest.mark.parametrize(
    "module",
    [
        "zoobench.plugin",
        "zoobench.cli",
        "zoobench.plan",
        "zoobench.session",
        "zoobench.build.inventory",
        "zoobench.build.upkeep",
        "zoobench.baselines",
        "zoobench.replayfiles",
        "zoobench.thumbnails",
    ],
)
def test_the_front_doors_open_without_tensorflow(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("module", ["zoobench.baselines", "zoobench.replayfiles", "zoobench.judge.tolerances"])
def test_what_stands_around_a_gate_needs_nothing_that_builds(module: str) -> None:
    """A device that measures has neither Pillow nor what TensorFlow brings along."""
    program = (
        f"import sys, {module}; print(*sorted({HEAVY | {'PIL', 'h5py', 'matplotlib', 'scipy'}!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "module", ["zoobench.session", "zoobench.kitsource", "zoobench.kitargs", "zoobench.thumbnails"]
)
def test_measuring_a_kit_needs_nothing_that_builds(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({HEAVY | {'PIL', 'h5py', 'matplotlib'}!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_show_needs_neither_scipy_nor_pandas() -> None:
    program = (
        "import sys, zoobench.cli, zoobench.judge.record, zoobench.judge.table, zoobench.judge.baselinetable;"
        "print(*sorted({'scipy', 'pandas', 'tensorflow', 'ai_edge_litert', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
