"""Is the working folder never code or configuration? A folder whose every file would say that it was run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kitfiles import a_kit
from zoobench.system.processes import as_program, worker

PROOF = "ran-from-the-working-folder"
CODE = f"open({PROOF!r}, 'a').write(__file__)\nraise SystemExit('code of the working folder')\n"
MODULES = ("pytest", "pluggy", "numpy", "json", "click", "rich/__init__", "zoobench/__init__", "conftest", "test_x")
SETTINGS = {
    "pytest.ini": "[pytest]\naddopts = --no-such-option\nconsider_namespace_packages = x\n",
    ".pytest.ini": "[pytest]\naddopts = --no-such-option\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--no-such-option'\n",
    "tox.ini": "[pytest]\naddopts = --no-such-option\n",
    "setup.cfg": "[tool:pytest]\naddopts = --no-such-option\n",
}
ANSWERING = "zoobench.measure.worker"


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in MODULES:
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(CODE)
    for name, text in SETTINGS.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def started(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


def test_a_kit_is_run_without_it(trap: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    kit = a_kit(tmp_path_factory.mktemp("elsewhere"))
    done = started(Path(sys.executable).parent / "zoobench", "kit", "run", kit, "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_latency[mobilenet-integer_only-litert-t1]" in done.stdout
    assert not (trap / PROOF).exists()


def test_nothing_of_it_is_a_parent_of_the_benchmarks(trap: Path) -> None:
    """As where the environment, and so the package, lies in the working folder: its conftest.py is not read."""
    place = trap / "env" / "bench"
    place.mkdir(parents=True)
    (place / "test_it.py").write_text("def test_it(): pass")
    code = (
        "from zoobench.run import options; from pathlib import Path; "
        f"options.bench_folder = lambda: Path({str(place)!r}); "
        f"options.become_pytest('-q', '-p', 'no:cacheprovider', {str(place)!r})"
    )
    done = started(sys.executable, "-c", f"import sys; sys.path[:] = filter(None, sys.path); {code}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert not (trap / PROOF).exists()


def test_a_worker_imports_nothing_of_it(trap: Path) -> None:
    with worker(ANSWERING) as (_, said):
        assert said
    assert not (trap / PROOF).exists()


def test_a_module_is_run_as_by_python_itself_with_all_of_its_arguments(trap: Path) -> None:
    shutil.rmtree(trap / "rich")
    done = started(sys.executable, *as_program("pytest"), "--version", "-c", "/dev/null")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pytest ") or done.stderr.startswith("pytest ")
    assert not (trap / PROOF).exists()


def test_zoobench_as_a_module_imports_of_it_no_more_than_zoobench_itself(trap: Path) -> None:
    shutil.rmtree(trap / "zoobench")
    done = started(sys.executable, "-m", "zoobench", "--version")
    assert done.returncode == 0, done.stderr
    assert not (trap / PROOF).exists()
