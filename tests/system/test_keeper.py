"""Does nothing outlive a process that is killed, and does it end in order when it is asked to end?"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from waiting import eventually, is_gone
from zoobench.system.keeper import heed_signals, status_of, watched

IMPORTS = "from zoobench.system.keeper import *\nfrom zoobench.system.processes import run_program\n"


@contextmanager
def started_by(code: str) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """Starts Python with code that prints a line when it is ready; yields it with the words of that line."""
    command = [sys.executable, "-c", f"{IMPORTS}{code}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        yield parent, parent.stdout.readline().split()


STARTING = """
import subprocess, sys, time
child = subprocess.Popen(["sleep", "100"])
print(child.pid, flush=True, file=open(sys.argv[1], "w"))
time.sleep(100)
"""
"""What a program may do that is not ours."""
RUNNING = f"""
from threading import Thread
import sys, time
with temporary_folder() as folder:
    said = folder / "said"
    command = [sys.executable, "-c", {STARTING!r}, str(said)]
    Thread(target=run_program, args=(command,), kwargs=dict(name="it", patience=99), daemon=True).start()
    while not said.exists() or not said.read_text().endswith("\\n"):
        time.sleep(0.01)
    print(said.read_text().strip(), folder, flush=True)
    time.sleep(100)
"""


MAKING = """
import sys, time
from pathlib import Path
from zoobench.store.product import Product, obtain
from zoobench.system.files import writing
def make(folder):
    (folder / "half").touch()
    with writing(folder.parent / "notes.txt"):
        print("ready", flush=True)
        time.sleep(100)
obtain(Path({root!r}), Product(name="model", file_name="half", inputs={{}}), make)
"""


def half_made(folder: Path) -> list[Path]:
    return [*folder.glob(".making-*"), *folder.glob(".*.part")]


def test_nothing_half_made_is_left_by_a_process_that_is_killed(tmp_path: Path) -> None:
    with started_by(MAKING.format(root=str(tmp_path))) as (parent, _):
        assert len(half_made(tmp_path)) == 2
        parent.kill()
    assert eventually(lambda: not half_made(tmp_path))


def test_what_a_program_started_and_a_temporary_folder_do_not_outlive_a_process_that_is_killed() -> None:
    with started_by(RUNNING) as (parent, (child, folder)):
        sleeping = psutil.Process(int(child))
        parent.kill()
    assert eventually(lambda: is_gone(sleeping))
    assert eventually(lambda: not Path(folder).exists())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_a_process_as_ctrl_c_does(number: signal.Signals) -> None:
    code = f"import signal\nsignal.signal({number:d}, signal.SIG_DFL)\n"  # nohup has one of them ignored
    code += "heed_signals()\nimport sys, time\ntry:\n    print('ready', flush=True)\n    time.sleep(100)\n"
    with started_by(f"{code}except KeyboardInterrupt as error:\n    sys.exit(status_of(error))") as (parent, _):
        parent.send_signal(number)
        assert parent.wait() == 128 + number
    assert status_of(KeyboardInterrupt()) == 130


def test_a_signal_that_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {signal.SIGTERM: signal.SIG_IGN, signal.SIGHUP: signal.SIG_DFL}
    monkeypatch.setattr(signal, "getsignal", known.__getitem__)
    heeded: list[int] = []
    monkeypatch.setattr(signal, "signal", lambda number, _handler: heeded.append(number))
    heed_signals()
    assert heeded == [signal.SIGHUP]


STUCK = """
import hashlib, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
heed_signals()
print("ready", flush=True)
with watched("timing a cell") as within:
    within({seconds})
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
"""
"""Native code that goes on for minutes, whatever Python is told."""


def test_native_code_that_goes_on_is_ended_with_its_process() -> None:
    with started_by(STUCK.format(seconds=0.1)) as (parent, _):
        assert parent.wait() == 70
        assert "zoobench: timing a cell took longer than 0 s" in said_by(parent)


def test_ctrl_c_ends_native_code_too() -> None:
    with started_by(STUCK.format(seconds=99)) as (parent, _):
        time.sleep(0.3)
        parent.send_signal(signal.SIGINT)
        assert parent.wait() == 130
        assert "timing a cell was interrupted" in said_by(parent)


def said_by(parent: "subprocess.Popen[str]") -> str:
    assert parent.stderr is not None
    return parent.stderr.read()


def in_another_thread() -> bool:
    with watched("this") as within:
        within(0)
        time.sleep(0.05)
        return True


def test_what_ends_in_time_is_left_alone() -> None:
    with watched("this") as within:
        within(60)
        assert threading.active_count() > 1
    with pytest.raises(KeyboardInterrupt), watched("this"):
        signal.raise_signal(signal.SIGINT)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(in_another_thread).result()
    before = signal.set_wakeup_fd(-1)
    assert signal.set_wakeup_fd(before) == -1
