"""Is work done in a process of its own, and is it known how one ended that died, hung or never was one?"""

import json
import os
import platform
import re
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

from elsewhere import IS_LINUX
from waiting import eventually, is_gone
from zoobench.errors import MeasurementError, ZoobenchError
from zoobench.measure.environment import library_versions
from zoobench.measure.worker import MODULE
from zoobench.system.processes import (
    Worker,
    expect,
    in_fresh_process,
    in_kept_process,
    worker,
)

PATIENCE = 60.0


def described(*values: int, name: str) -> tuple[int, str, int]:
    return sum(values), name, os.getpid()


def large(megabytes: int) -> np.ndarray:
    return np.ones(megabytes << 20, np.uint8)


def fails(message: str) -> None:
    raise MeasurementError(message)


def stumbles() -> None:
    raise LookupError("not one of ours")


def says(text: str) -> None:
    print(text)
    print(text.upper(), file=sys.stderr)


def gives_what_cannot_be_sent() -> object:
    return lambda: None


def leaves() -> None:
    os._exit(7)


def crashes() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def is_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_it_returns_what_the_function_returns_from_a_process_that_is_gone() -> None:
    total, name, process = in_fresh_process(described, 1, 2, name="x")
    assert (total, name) == (3, "x")
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert in_fresh_process(large, 8).sum() == 8 << 20


def test_our_errors_keep_their_class_and_message() -> None:
    with pytest.raises(MeasurementError) as caught:
        in_fresh_process(fails, "LiteRT cannot open it")
    assert str(caught.value) == "LiteRT cannot open it"


def test_what_it_prints_is_not_lost(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    in_fresh_process(says, "hello")
    assert capfd.readouterr() == ("hello\n", "HELLO\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals kill elsewhere")
@pytest.mark.parametrize(
    ("function", "told", "printed"),
    [
        (stumbles, "failed with status 1; its own message stands above", "LookupError: not one of ours"),
        (gives_what_cannot_be_sent, "failed with status 1; its own message stands above", "'gives_what_cannot_be_sent"),
        (leaves, "failed with status 7; its own message stands above", ""),
        (crashes, "crashed in native code: Segmentation fault (11)", ""),
        (
            is_killed,
            "was killed by signal 9; the usual cause is too little memory (InceptionResNetV2 takes 6 GB to convert): "
            "free some, or leave out the largest backbone",
            "",
        ),
    ],
)
def test_a_process_that_fails_or_is_lost_is_told_of_by_how_it_ended(
    capfd: pytest.CaptureFixture[str], function: Callable[[], object], told: str, printed: str
) -> None:
    with pytest.raises(ZoobenchError) as caught:
        in_fresh_process(function)
    assert str(caught.value) == f"the process that was to {function.__name__.replace('_', ' ')} {told}"
    assert printed in capfd.readouterr().err


def process_of(running: Worker) -> psutil.Process:
    return psutil.Process(running.process.pid)


def program(folder: Path, *lines: str) -> Path:
    """Returns an executable shell script that is handed over as if it were an interpreter."""
    path = folder / "python"
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_worker_says_what_it_runs_on_answers_and_goes_on_after_an_error() -> None:
    with worker(MODULE) as (running, told):
        assert told == {"python": platform.python_version(), "libraries": library_versions()}
        assert running.ask({"do": "footprint"}, patience=PATIENCE)["peak_rss_bytes"] > 1 << 20
        with pytest.raises(MeasurementError, match="unknown request 'dance'; known are import, open, turns, footprint"):
            running.ask({"do": "dance"}, patience=PATIENCE)
        assert running.ask({"do": "footprint"}, patience=PATIENCE)
        assert os.getpgid(running.process.pid) != os.getpgid(0)  # so that Ctrl-C on the terminal does not reach it
        process = process_of(running)
    assert not process.is_running()


def test_a_file_that_the_runtime_does_not_take_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"no model")
    request = {"do": "open", "name": "baseline", "path": str(tmp_path / "model.tflite"), "threads": 1}
    with worker(MODULE) as (running, _), pytest.raises(MeasurementError, match=r"cannot open .*model\.tflite"):
        running.ask(request | {"runtime": "litert"}, patience=PATIENCE)


def test_a_killed_worker_is_told_with_its_signal_however_often_it_is_asked() -> None:
    with worker(MODULE) as (running, _):
        process_of(running).kill()
        for _ in range(2):
            with pytest.raises(
                MeasurementError, match=r"worker at 'footprint' was killed by signal 9; .* too little mem"
            ):
                running.ask({"do": "footprint"}, patience=PATIENCE)


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
        worker(MODULE) as (running, _),
        pytest.raises(MeasurementError, match=r"(?s)with status 1; .*KeyError: 'nobody'"),
    ):
        running.ask(request, patience=PATIENCE)


def test_a_worker_that_hangs_is_given_up_and_ended() -> None:
    with worker(MODULE) as (running, _):
        process = process_of(running)
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(MeasurementError, match=r"did not answer 'footprint' within 0 s"):
            running.ask({"do": "footprint"}, patience=0.01)
    assert is_gone(process)


def test_a_worker_does_not_outlive_who_asks_it() -> None:
    with worker(MODULE) as (running, _):
        process = process_of(running)
        running._channel.close()
        assert eventually(lambda: is_gone(process))


@pytest.mark.skipif(not IS_LINUX, reason="other systems do not tell a process that its parent died")
def test_a_worker_that_hangs_does_not_outlive_a_process_that_is_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never.tflite")
    request = {"do": "open", "name": "a", "path": str(tmp_path / "never.tflite"), "runtime": "litert", "threads": 1}
    asking = (
        "from zoobench.system.processes import worker\n"
        f"with worker({MODULE!r}) as (running, _):\n"
        f"    running._channel.send_bytes({json.dumps(request).encode()!r})\n"
        "    print(running.process.pid, flush=True)\n"
        "    running.hear(patience=60, doing='open')\n"
    )
    with subprocess.Popen([sys.executable, "-c", asking], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        hanging = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert eventually(lambda: is_gone(hanging))


def test_what_a_library_prints_is_not_taken_for_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "noisy.py").write_text(
        "import os, sys\n"
        "from zoobench.measure import worker\n"
        "def noisy():\n"
        "    print('from Python', flush=True)\n"
        "    os.write(1, b'from native code\\n')\n"
        "    return {'peak_rss_bytes': 7}\n"
        "worker.footprint = noisy\n"
        "worker.main()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with worker("noisy") as (running, _):
        assert running.ask({"do": "footprint"}, patience=PATIENCE) == {"peak_rss_bytes": 7}
        process_of(running).kill()
        with pytest.raises(MeasurementError, match=r"it printed: from Python \| from native code"):
            running.ask({"do": "footprint"}, patience=PATIENCE)


def test_another_interpreter_works_by_this_very_zoobench_and_its_own_libraries(tmp_path: Path) -> None:
    venv.create(tmp_path / "other", with_pip=False, symlinks=True)
    python = tmp_path / "other" / "bin" / "python"
    site = next((tmp_path / "other" / "lib").glob("python*")) / "site-packages"
    (site / "numpy").symlink_to(Path(np.__file__).parent, target_is_directory=True)
    for libraries in Path(np.__file__).parent.parent.glob("numpy.libs"):
        (site / libraries.name).symlink_to(libraries, target_is_directory=True)
    with worker(MODULE, python=python) as (running, told):
        assert Path(process_of(running).cmdline()[0]) == python
        assert told["libraries"] == dict.fromkeys(library_versions())  # linked, not installed: NumPy has no version
        with pytest.raises(MeasurementError, match="the runtime litert needs ai_edge_litert, which is not installed"):
            running.ask({"do": "open", "name": "a", "path": "a", "runtime": "litert", "threads": 1}, patience=PATIENCE)


def refused(python: Path) -> str:
    with pytest.raises(MeasurementError) as caught:  # noqa: SIM117
        with worker(MODULE, python=python):
            pytest.fail("it cannot have started")
    return str(caught.value)


def test_an_interpreter_without_numpy_says_so(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    told = refused(tmp_path / "bare" / "bin" / "python")
    assert told.startswith("the worker at 'start' failed with status 1")
    assert "No module named 'numpy'" in told


@pytest.mark.parametrize("named", ["missing/python", "."])
def test_an_interpreter_that_is_none_is_named(tmp_path: Path, named: str) -> None:
    assert re.match(r"cannot start .*; name a Python interpreter", refused(tmp_path / named))


@pytest.mark.parametrize("said", ["hello", "[1]", '"ready"', "{}"])
def test_a_program_that_is_no_interpreter_is_told_what_it_said(tmp_path: Path, said: str) -> None:
    told = r"(?s).*at 'start' ended without .* no Python.*printed: " + re.escape(said)
    assert re.match(told, refused(program(tmp_path, f"echo '{said}'")))


def test_an_interpreter_that_is_a_script_is_ended_with_what_it_started(tmp_path: Path) -> None:
    with worker(MODULE, python=program(tmp_path, f'{sys.executable} "$@"', "exit $?")) as (running, _):
        python = process_of(running).children()[0]
        python.send_signal(signal.SIGSTOP)
    assert eventually(lambda: is_gone(python))


def test_the_callers_paths_are_lent_to_this_interpreter_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/only/mine")
    told = refused(program(tmp_path, 'echo "$PYTHONPATH"'))
    assert "/only/mine" not in told
    assert "zoobench-" in told


def lasts(seconds: float, *, patience: float) -> str:
    expect(patience, "the second sample")
    time.sleep(seconds)
    return "done"


def number_of_this_process() -> int:
    return os.getpid()


def test_a_process_is_waited_for_as_long_as_it_said_and_is_gone_then() -> None:
    assert in_fresh_process(lasts, 0.05, patience=PATIENCE) == "done"
    with pytest.raises(ZoobenchError, match="that was to lasts was ended: the second sample took longer than 0 s"):
        in_fresh_process(lasts, 100, patience=0.05)


def test_a_process_that_is_kept_is_the_same_until_a_call_is_lost() -> None:
    first = in_kept_process(number_of_this_process)
    with pytest.raises(MeasurementError, match="no kernel"):
        in_kept_process(fails, "no kernel")
    assert in_kept_process(number_of_this_process) == first != os.getpid()
    with pytest.raises(ZoobenchError, match="was to crashes crashed in native code: Segmentation fault"):
        in_kept_process(crashes)
    with pytest.raises(ZoobenchError, match="took longer than 0 s"):
        in_kept_process(lasts, 100, patience=0.05)
    assert in_kept_process(number_of_this_process) != first
