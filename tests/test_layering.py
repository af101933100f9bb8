"""What does a fresh process load? The layers themselves are a contract of import-linter."""

import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "litert_quantizer"}


@pytest.mark.parametrize(
    "module",
    [
        "zoobench.plugin",
        "zoobench.cli",
        "zoobench.run.plan",
        "zoobench.run.session",
        "zoobench.store.inventory",
        "zoobench.commands.baseline",
        "zoobench.run.locate",
        "zoobench.commands.report",
        "zoobench.commands.layers",
    ],
)
def test_the_front_doors_open_without_tensorflow(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "module",
    ["zoobench.commands.baseline", "zoobench.commands.inspect", "zoobench.run.locate", "zoobench.judge.gate.rules"],
)
def test_what_stands_around_a_gate_needs_nothing_that_builds(module: str) -> None:
    """A device that measures has neither Pillow nor what TensorFlow brings along."""
    program = f"import sys, {module}; print(*sorted({HEAVY | {'PIL', 'h5py', 'scipy'}!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "module",
    [
        "zoobench.run.session",
        "zoobench.run.inputs",
        "zoobench.commands.report",
    ],
)
def test_measuring_a_kit_needs_nothing_that_builds(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({HEAVY | {'PIL', 'h5py'}!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_help_imports_no_command() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from zoobench.cli import COMMANDS, main;"
        "done = CliRunner().invoke(main, ['--help']);"
        "assert all(name in done.output for rows in COMMANDS.values() for name in rows);"
        "print(*(name for name in sys.modules if name.startswith('zoobench.commands')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_show_needs_neither_scipy_nor_pandas() -> None:
    program = (
        "import sys, zoobench.cli, zoobench.commands.show, zoobench.commands.store, zoobench.commands.baseline;"
        "print(*sorted({'scipy', 'pandas', 'tensorflow', 'ai_edge_litert', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
