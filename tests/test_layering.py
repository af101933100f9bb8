"""What does a fresh process load? The layers themselves are a contract of import-linter."""

import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "litert_quantizer"}


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        (
            "plugin cli run.plan run.session run.locate store.inventory"
            " commands.baseline commands.report commands.layers",
            HEAVY,
        ),
        # a device that measures has neither Pillow nor what TensorFlow brings along
        ("run.session run.inputs commands.report", HEAVY | {"PIL", "h5py"}),
        ("commands.baseline commands.inspect run.locate judge.gate.rules", HEAVY | {"PIL", "h5py", "scipy"}),
        ("cli commands.show commands.store commands.baseline", HEAVY | {"scipy", "pandas", "ai_edge_litert", "numpy"}),
    ],
)
def test_what_opens_first_loads_nothing_heavy(modules: str, absent: set[str]) -> None:
    names = ", ".join(f"zoobench.{name}" for name in modules.split())
    program = f"import sys, {names}; print(*sorted({absent!r} & set(sys.modules)))"
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
