"""How much of a run on a warm store is not measuring?"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from finding import Overhead
from saved import Findings

from zoobench.run.options import OPTIONS
from zoobench.run.plan import Plan

HERE = Path(__file__).parent
NOT_OURS = ("-p", "no:hypothesispytest")
"""Comes with the tests' dependencies alone and takes over half a second."""


def test_a_run_on_a_warm_store(
    plan: Plan, findings: Findings, pytestconfig: pytest.Config, repeats: int, tmp_path: Path
) -> None:
    options = [part for option in OPTIONS if (part := _given(option.flag, option.default, pytestconfig))]
    run = [sys.executable, "-m", "pytest", str(HERE.parent), *options, *NOT_OURS]
    _pytest(*run, folder=tmp_path)
    overheads = [_clocked(run, plan, folder=tmp_path) for _ in range(repeats)]
    typical = sorted(overheads, key=lambda one: one.share)[len(overheads) // 2]
    findings.keep(typical)
    assert typical.invocations > 0


def _clocked(run: list[str], plan: Plan, *, folder: Path) -> Overhead:
    count_file = folder / "count.json"
    began = time.perf_counter()
    _pytest(*run, "-p", "invocation_clock", "--invocation-clock", str(count_file), folder=folder)
    wall_seconds = time.perf_counter() - began
    count = json.loads(count_file.read_text())
    backbones = ", ".join(dict.fromkeys(cell.backbone for cell in plan.cells))
    return Overhead(
        subject=f"pytest bench/, {backbones}, {len(plan.cells)} cells",
        wall_seconds=wall_seconds,
        invocation_seconds=count["seconds"],
        process_seconds=count["process_seconds"],
        invocations=count["invocations"],
        goal="10",
    )


def _pytest(*command: str, folder: Path) -> None:
    """Runs pytest as on any machine that keeps compiled modules; they are kept apart from the sources'."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = os.pathsep.join(filter(None, (str(HERE), kept.get("PYTHONPATH"))))
    environment = {**kept, "PYTHONPATH": paths, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def _given(flag: str, default: str, config: pytest.Config) -> str | None:
    value = config.getoption(flag)
    if value is None or value == default:
        return None
    return flag if default == "" and value == "yes" else f"{flag}={value}"
