"""Runs of the real programs in processes of their own, for the end-to-end tests."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
BESIDE = Path(os.environ.get("ZOOBENCH_REAL_DATA", ROOT.parent / "shared"))
"""Where a checkout may have real photos and weights beside it."""
SMALL_BUILD = (
    *("--zoo-backbones", "mobilenet_025", "--zoo-image-size", "64", "--zoo-weights", "random"),
    *("--zoo-drawn", "60", "--zoo-calibration", "8", "--zoo-epochs", "3"),
)
SMALL = (*SMALL_BUILD, "--zoo-rounds", "6", "--zoo-processes", "2")
"""Options under which a whole run takes seconds: real code, a tiny network, few drawn images."""
QUICK = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""Pytest without what it spends a second on at its end and no user has."""


def bench(*options: str, artifacts: Path, paths: tuple[str, ...] = ("",)) -> subprocess.CompletedProcess[str]:
    """Runs `pytest bench/` with options; an artifacts folder that is given again is a warm store."""
    files = [str(ROOT / "bench" / path) for path in paths]
    command = [sys.executable, "-m", "pytest", *files, *QUICK, "--zoo-artifacts", str(artifacts)]
    return run(*command, *options, folder=artifacts.parent)


def zoobench(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs `zoobench`."""
    return run(sys.executable, "-m", "zoobench", *arguments, folder=folder)


def plain(*options: str) -> tuple[str, ...]:
    """Returns options of pytest as `zoobench build` and `zoobench kit export` take them."""
    return tuple(one.replace("--zoo-", "--") for one in options)


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command in a folder on a wide terminal-less screen, without touching the user's weights."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def environment(folder: Path) -> dict[str, str]:
    """Returns this process's environment with an empty Keras cache and a fixed width."""
    return {**os.environ, "COLUMNS": "128", "KERAS_HOME": str(folder / "keras")}


def results(artifacts: Path) -> list[Path]:
    """Returns the results files of a run's artifacts, oldest first."""
    return sorted((artifacts / "results").glob("*/*.json"))


def load(path: Path) -> dict[str, Any]:
    """Returns a results file's content."""
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def records(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns every record of a results file by cell id."""
    blocks = [one["extra_info"]["zoobench"] for one in content["benchmarks"]] + content["zoobench"]["records"]
    return {block["cell"]["id"]: block for block in blocks}


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Returns a folder that one of the processes of a test run fills and all share; nobody may change what it holds."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "popen-" in base.name else base) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            making = folder.with_name(f"{name}.making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            make(making)
            making.rename(folder)
    return folder
