"""Are the benchmarks of the pipeline left alone by `pytest bench/`, and run when they are named?"""

import sys
from pathlib import Path

import pytest

from runs import ROOT, run


@pytest.mark.parametrize(("folder", "runs_the_pipeline"), [("bench", False), ("bench/pipeline", True)])
def test_the_pipeline_is_timed_only_where_it_is_named(folder: str, runs_the_pipeline: bool, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "pytest", str(ROOT / folder), "-q", "--collect-only", "-p", "no:cacheprovider")
    done = run(*command, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("test_overhead.py::" in done.stdout) == runs_the_pipeline
    assert ("test_latency.py::" in done.stdout) != runs_the_pipeline


@pytest.mark.parametrize("arguments", [("zoobench", "--help"), ("pytest", str(ROOT / "bench"), "--collect-only", "-q")])
def test_help_and_collection_need_no_tensorflow(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run(sys.executable, "-X", "importtime", "-m", *arguments, folder=tmp_path)
    assert done.returncode == 0
    assert "| zoobench" in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.endswith(("| tensorflow", "| keras"))]
