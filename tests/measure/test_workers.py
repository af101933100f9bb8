"""Is a worker started and asked, and is it told how one ended that died, hung or never was one?"""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from zoobench.errors import MeasurementError
from zoobench.measure import workers
from zoobench.measure.environment import library_versions, python_version
from zoobench.measure.workers import Worker, worker

PATIENCE = 60.0


def process_of(running: Worker) -> psutil.Process:
    return psutil.Process(running._process.pid)


def program(folder: Path, *lines: str) -> Path:
    """Returns an executable shell script that is handed over as if it were an interpreter."""
    path = folder / "python"
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def eventually(is_so: Callable[[], bool]) -> bool:
    """Tells whether something becomes so within some seconds."""
    for _ in range(400):
        if is_so():
            return True
        time.sleep(0.01)
    return False


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_worker_says_what_it_runs_on_and_answers() -> None:
    with worker() as (running, told):
        assert told == {"python": python_version(), "libraries": library_versions()}
        assert running.ask({"do": "peak"}, patience=PATIENCE)["peak_rss_bytes"] > 1 << 20


def test_an_error_is_raised_here_and_the_worker_goes_on() -> None:
    with worker() as (running, _):
        with pytest.raises(MeasurementError, match=r"unknown request 'dance'; known are import, open, turns, peak"):
            running.ask({"do": "dance"}, patience=PATIENCE)
        assert running.ask({"do": "peak"}, patience=PATIENCE)


def test_a_file_that_the_runtime_does_not_take_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"no model")
    request = {"do": "open", "name": "baseline", "path": str(tmp_path / "model.tflite"), "threads": 1}
    with worker() as (running, _), pytest.raises(MeasurementError, match=r"cannot open .*model\.tflite"):
        running.ask(request | {"runtime": "litert"}, patience=PATIENCE)


def test_a_killed_worker_is_told_with_its_signal_however_often_it_is_asked() -> None:
    with worker() as (running, _):
        process_of(running).kill()
        for _ in range(2):
            with pytest.raises(MeasurementError, match=r"died at 'peak', killed by signal 9 \(9 is often a lack of"):
                running.ask({"do": "peak"}, patience=PATIENCE)


def test_an_error_that_is_not_ours_ends_the_worker_and_its_last_words_are_shown(tmp_path: Path) -> None:
    np.save(tmp_path / "pixels.npy", np.zeros((1, 2, 2, 3), np.uint8))
    request = {
        "do": "turns",
        "turns": [["nobody", 0]],
        "pixels": str(tmp_path / "pixels.npy"),
        "settle": True,
        "slowdown": {},
    }
    with (
        worker() as (running, _),
        pytest.raises(MeasurementError, match=r"(?s)with status 1; .*KeyError: 'nobody'"),
    ):
        running.ask(request, patience=PATIENCE)


def test_a_worker_that_hangs_is_given_up_and_ended() -> None:
    with worker() as (running, _):
        process = process_of(running)
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(MeasurementError, match=r"did not answer 'peak' within 0 s"):
            running.ask({"do": "peak"}, patience=0.01)
    assert is_gone(process)


def test_a_worker_is_ended_after_the_block_and_leaves_no_zombie() -> None:
    with worker() as (running, _):
        process = process_of(running)
    assert not process.is_running()


def test_a_worker_does_not_outlive_its_input() -> None:
    with worker() as (running, _):
        process = process_of(running)
        running._stdin.close()
        assert eventually(lambda: is_gone(process))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell a process that its parent died")
def test_a_worker_that_hangs_does_not_outlive_a_process_that_is_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never.tflite")
    request = {"do": "open", "name": "a", "path": str(tmp_path / "never.tflite"), "runtime": "litert", "threads": 1}
    asking = (
        "from zoobench.measure.workers import worker\n"
        "with worker() as (running, _):\n"
        f"    running._stdin.write({json.dumps(request)!r} + '\\n')\n"
        "    running._stdin.flush()\n"
        "    print(running._process.pid, flush=True)\n"
        "    running.hear(patience=60, doing='open')\n"
    )
    with subprocess.Popen([sys.executable, "-c", asking], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        hanging = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert eventually(lambda: is_gone(hanging))


def test_ctrl_c_on_the_terminal_reaches_no_worker() -> None:
    with worker() as (running, _):
        assert os.getpgid(running._process.pid) != os.getpgid(0)


def test_what_a_library_prints_is_not_taken_for_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "noisy.py").write_text(
        "import os, sys\n"
        "from zoobench.measure import worker\n"
        "def noisy():\n"
        "    print('from Python', flush=True)\n"
        "    os.write(1, b'from native code\\n')\n"
        "    return 7\n"
        "worker.peak_rss_bytes = noisy\n"
        "worker.main()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(workers, "MODULE", "noisy")
    with worker() as (running, _):
        assert running.ask({"do": "peak"}, patience=PATIENCE) == {"peak_rss_bytes": 7}
        assert "from Python\nfrom native code" in running._last_words()


def test_another_interpreter_works_by_this_very_zoobench_and_its_own_libraries(tmp_path: Path) -> None:
    venv.create(tmp_path / "other", with_pip=False, symlinks=True)
    python = tmp_path / "other" / "bin" / "python"
    site = next((tmp_path / "other" / "lib").glob("python*")) / "site-packages"
    (site / "numpy").symlink_to(Path(np.__file__).parent, target_is_directory=True)
    for libraries in Path(np.__file__).parent.parent.glob("numpy.libs"):
        (site / libraries.name).symlink_to(libraries, target_is_directory=True)
    with worker(python) as (running, told):
        assert Path(process_of(running).cmdline()[0]) == python
        assert told["libraries"] == dict.fromkeys(library_versions())  # linked, not installed: NumPy has no version
        with pytest.raises(MeasurementError, match="the runtime litert needs ai_edge_litert, which is not installed"):
            running.ask({"do": "open", "name": "a", "path": "a", "runtime": "litert", "threads": 1}, patience=PATIENCE)


def test_an_interpreter_without_numpy_says_so(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    with pytest.raises(MeasurementError, match=r"(?s)died at 'start', with status 1.*No module named 'numpy'"):  # noqa: SIM117
        with worker(tmp_path / "bare" / "bin" / "python"):
            pytest.fail("it cannot have started")


@pytest.mark.parametrize("named", ["missing/python", "."])
def test_an_interpreter_that_is_none_is_named(tmp_path: Path, named: str) -> None:
    with pytest.raises(MeasurementError, match=r"cannot start .*; name a Python interpreter"):  # noqa: SIM117
        with worker(tmp_path / named):
            pytest.fail("it cannot have started")


@pytest.mark.parametrize("said", ["hello", "[1]", '"ready"', "{}"])
def test_a_program_that_is_no_interpreter_is_told_what_it_said(tmp_path: Path, said: str) -> None:
    with pytest.raises(MeasurementError, match=r"printed '.*' where its answer to 'start' was due"):  # noqa: SIM117
        with worker(program(tmp_path, f"echo '{said}'")):
            pytest.fail("it cannot have started")


def test_an_interpreter_that_is_a_script_is_ended_with_what_it_started(tmp_path: Path) -> None:
    with worker(program(tmp_path, f'{sys.executable} "$@"', "exit $?")) as (running, _):
        python = process_of(running).children()[0]
        python.send_signal(signal.SIGSTOP)
    assert eventually(lambda: is_gone(python))


def test_the_callers_paths_are_lent_to_this_interpreter_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/only/mine")
    with pytest.raises(MeasurementError) as caught:  # noqa: SIM117
        with worker(program(tmp_path, 'echo "$PYTHONPATH"')):
            pytest.fail("it cannot have started")
    assert "/only/mine" not in str(caught.value)
    assert "zoobench-" in str(caught.value)
