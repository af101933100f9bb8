"""Are benchmark programs of others asked for what we time ourselves, read strictly, and ended when they hang?"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from zoobench.errors import MeasurementError
from zoobench.measure.programs import BENCHMARK_APP, LITERT_BENCHMARK, Program, Repetitions, find_program, time_by
from zoobench.tflite.ports import Port

PYTHON = sys.executable
LITERT_REPORT = {"num_threads": 2, "latency": {"num_runs": 30, "num_warmup_runs": 6, "median_ms": 2.29}}
OPENVINO_REPORT = {"execution_results": {"total number of iterations": "30", "latency (ms)": "6.05"}}


def program(folder: Path, *lines: str) -> Path:
    """Returns an executable of these lines of Python that stands in for a benchmark program."""
    path = folder / "program"
    path.write_text("\n".join((f"#!{PYTHON}", "import json, sys", *lines, "")))
    path.chmod(0o755)
    return path


def reporting(folder: Path, which: Program, report: object, *, said: str = "") -> Path:
    """Returns a program that prints something, keeps its arguments and writes a report where it was told to."""
    after = "--result_json" if which is LITERT_BENCHMARK else "-report_folder"
    name = "" if which is LITERT_BENCHMARK else f" + '/{which.report}'"
    return program(
        folder,
        f"print({said!r})",
        f"open({str(folder / 'asked')!r}, 'w').write(' '.join(sys.argv))",
        f"open(sys.argv[sys.argv.index({after!r}) + 1]{name}, 'w').write({json.dumps(report)!r})",
    )


def timed(which: Program, executable: Path, **changes: Any) -> float:
    taken = Port(index=0, dtype=np.dtype(np.float32), scale=1.0, zero_point=0, shape=(1, 8, 8, 3))
    usual = {"taken": taken, "threads": 2, "repetitions": Repetitions(warmups=6, runs=30), "patience": 60.0}
    return time_by(which, executable, Path("a model.tflite"), **{**usual, **changes})


@pytest.mark.parametrize(
    ("which", "report", "seconds", "asked"),
    [
        (
            *(LITERT_BENCHMARK, LITERT_REPORT, 2.29e-3),
            ("--model a model.tflite", "--num_threads 2", "--warmup_runs 6", "--num_runs 30"),
        ),
        (
            *(BENCHMARK_APP, OPENVINO_REPORT, 6.05e-3),
            (
                "-infer_precision f32",
                "-ip f32",
                "-shape [1,8,8,3]",
                "-nstreams 1",
                "-nthreads 2",
                "-hint none",
                "-niter 30",
            ),
        ),
    ],
)
def test_the_median_is_read_in_seconds_and_no_choice_is_left_to_the_program(
    tmp_path: Path, which: Program, report: object, seconds: float, asked: tuple[str, ...]
) -> None:
    assert timed(which, reporting(tmp_path, which, report)) == pytest.approx(seconds)
    for words in asked:
        assert f"{words} " in (tmp_path / "asked").read_text()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"num_threads": 4}, "received num_threads 4; 2 was asked for"),
        ({"latency": {**LITERT_REPORT["latency"], "num_runs": 50}}, "received num_runs 50; 30 was asked for"),
        ({"latency": {**LITERT_REPORT["latency"], "median_ms": 0.0}}, "received median_ms 0.0; a time above 0"),
        ({"latency": {**LITERT_REPORT["latency"], "median_ms": "fast"}}, "received median_ms 'fast'"),
        ({"latency": {**LITERT_REPORT["latency"], "median_ms": None}}, "received median_ms None"),
        ({"latency": []}, "a report without 'latency'"),
    ],
)
def test_what_litert_benchmark_was_not_asked_for_is_refused(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(MeasurementError, match=told):
        timed(LITERT_BENCHMARK, reporting(tmp_path, LITERT_BENCHMARK, {**LITERT_REPORT, **changes}))


def test_what_benchmark_app_was_not_asked_for_is_refused(tmp_path: Path) -> None:
    fewer = {"execution_results": {**OPENVINO_REPORT["execution_results"], "total number of iterations": "7"}}
    with pytest.raises(MeasurementError, match="received total number of iterations '7'; 30 was asked for"):
        timed(BENCHMARK_APP, reporting(tmp_path, BENCHMARK_APP, fewer))
    said = "[ INFO ]   INFERENCE_NUM_THREADS: 1"
    with pytest.raises(MeasurementError, match="used 1 threads; 2 were asked for"):
        timed(BENCHMARK_APP, reporting(tmp_path, BENCHMARK_APP, OPENVINO_REPORT, said=said))
    with pytest.raises(MeasurementError, match="a report without 'execution_results'"):
        timed(BENCHMARK_APP, reporting(tmp_path, BENCHMARK_APP, [1, 2]))


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    failing = program(tmp_path, "print('no such\\n model', file=sys.stderr)", "sys.exit(7)")
    with pytest.raises(MeasurementError, match="litert-benchmark failed with status 7; it printed: no such model"):
        timed(LITERT_BENCHMARK, failing)
    chatty = program(tmp_path, "print('[Step 1/11] Parsing\\nno such model\\n[ INFO ] stored')", "sys.exit(1)")
    with pytest.raises(MeasurementError, match=r"benchmark_app failed with status 1; it printed: no such model$"):
        timed(BENCHMARK_APP, chatty)
    killed = program(tmp_path, "import os", "os.kill(os.getpid(), 9)")
    with pytest.raises(MeasurementError, match="was killed by signal 9"):
        timed(LITERT_BENCHMARK, killed)


def test_a_program_that_writes_no_report_or_another_one_is_not_believed(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="ended well but wrote no report; it printed: done"):
        timed(LITERT_BENCHMARK, program(tmp_path, "print('done')"))
    writing = program(tmp_path, "open(sys.argv[sys.argv.index('--result_json') + 1], 'w').write('{')")
    with pytest.raises(MeasurementError, match="a report that is no JSON"):
        timed(LITERT_BENCHMARK, writing)


def test_a_program_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    note = tmp_path / "children"
    hanging = program(
        tmp_path,
        "import os, subprocess, time",
        "child = subprocess.Popen(['sleep', '600'])",
        f"open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')",
        "time.sleep(600)",
    )
    with pytest.raises(MeasurementError, match="litert-benchmark did not end within 2 s"):
        timed(LITERT_BENCHMARK, hanging, patience=2.0)
    assert all(_is_gone(int(pid)) for pid in note.read_text().split())


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="litert-benchmark cannot be started: "):
        timed(LITERT_BENCHMARK, tmp_path / "gone")


def test_programs_are_found_beside_this_python_and_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("beside", "path"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "beside" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert find_program("program") is None
    on_path = program(tmp_path / "path")
    assert find_program("program") == on_path
    beside = program(tmp_path / "beside")
    assert find_program("program") == beside


def _is_gone(pid: int) -> bool:
    for _ in range(400):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    os.kill(pid, 9)
    return False
