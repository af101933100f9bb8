"""`zoobench parity`: what it says and ends with, and what is left of it when it is interrupted."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from parities import a_report
from runs import environment, zoobench
from zoobench.cli import main
from zoobench.commands import parity


def test_help_teaches() -> None:
    shown = CliRunner().invoke(main, ["parity", "--help"])
    assert shown.exit_code == 0
    assert "  zoobench parity mobilenet-float32-litert-t1\n" in shown.output
    assert "The status is 0 if" in shown.output


def test_a_cell_that_is_not_there_is_unusable_input(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["parity", "mobilenet-float32-litert-t1", "--artifacts", str(tmp_path)])
    assert (done.exit_code, "run pytest bench/ first" in done.stderr) == (2, True)


@pytest.mark.parametrize(("theirs", "status"), [(0.0100, 0), (0.0110, 1), (None, 3)])
def test_the_status_is_that_of_the_agreement(
    monkeypatch: pytest.MonkeyPatch, theirs: float | None, status: int
) -> None:
    monkeypatch.setattr(parity, "run_parity", lambda _request: a_report(theirs))
    done = CliRunner().invoke(main, ["parity", "a", "--format", "json"])
    assert (done.exit_code, json.loads(done.stdout)["status"]) == (status, status)


@pytest.mark.slow
def test_a_real_file_is_timed_in_all_ways_that_are_here(real_runs: Path) -> None:
    cell = ("mobilenet_025-float32-litert-t1", "--artifacts", str(real_runs))
    done = zoobench("parity", *cell, "--turns", "2", "--seconds", "0.1", "--format", "json", folder=real_runs.parent)
    assert done.returncode in (0, 1, 3), done.stderr
    read = json.loads(done.stdout)
    names = [path["name"] for path in read["paths"]] + [absent["name"] for absent in read["left_out"]]
    assert {"litert", "litert-benchmark", "benchmark_app", "end to end"} <= set(names)
    assert all(seconds > 0 for path in read["paths"] for seconds in path["turns"])
    assert {"litert", "litert-benchmark", "end to end"} <= {path["name"] for path in read["paths"]}
    assert set(read["phases"]) == {"decode", "resize", "load", "invoke", "read"}


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_behind(real_runs: Path) -> None:
    cell = ("mobilenet_025-float32-litert-t1", "--artifacts", str(real_runs), "--turns", "50")
    started = subprocess.Popen(
        [sys.executable, "-m", "zoobench", "parity", *cell],
        env=environment(real_runs.parent),
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    children = _children(psutil.Process(started.pid))
    os.kill(started.pid, signal.SIGINT)
    _, said = started.communicate(timeout=60)
    assert (started.returncode, "interrupted" in said) == (130, True)
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert (len(gone), alive) == (len(children), [])


def _children(process: psutil.Process) -> list[psutil.Process]:
    for _ in range(6000):
        if children := process.children(recursive=True):
            return children
        time.sleep(0.01)
    raise AssertionError("it started no process in a minute")
