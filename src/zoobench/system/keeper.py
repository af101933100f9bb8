"""How does this process end when it is asked to, or stuck, and what ends, and is removed, when it is killed?

A keeper is a process that is told of what there is, and reads on until the last who could tell it is gone: then it ends
the groups of processes, and removes the files and folders, that are left. It needs nothing that only Linux has.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path
from select import select

from zoobench.errors import Status

_ENDING_SIGNALS = ("SIGTERM", "SIGHUP")
_OF_SIGNALS = 128
"""Added to the number of a signal it is the status of what the signal ended, as shells have it."""
_NEW_LIMIT = b"\0"
"""No signal has this number."""
_GRACE_SECONDS = 2.0
_STDERR = 2
_KEEPER = """
import os, signal, sys
for one in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(one, signal.SIG_IGN)
kept = {"group": set(), "path": set()}
for line in sys.stdin.buffer:
    change, kind, value = line.decode().split()
    getattr(kept[kind], change)(value)
for group in kept["group"]:
    try:
        os.killpg(int(group), signal.SIGKILL)
    except OSError:
        pass
for path in (os.fsdecode(bytes.fromhex(one)) for one in kept["path"]):
    try:
        os.unlink(path)
    except OSError:
        import shutil
        shutil.rmtree(path, ignore_errors=True)
"""
"""What the keeper runs: it is told what there is and what is gone, and clears up what is left when its input ends."""


class Terminated(KeyboardInterrupt):
    """A signal other than that of Ctrl-C ends this process; its argument is the signal's number."""


def heed_signals() -> None:
    """Has SIGTERM and SIGHUP end this process as Ctrl-C does, with all that it started; those that are ignored stay so.

    Only the main thread may ask for that.
    """

    def end(number: int, _frame: object) -> None:
        raise Terminated(number)

    for number in (getattr(signal, name) for name in _ENDING_SIGNALS if hasattr(signal, name)):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup has SIGHUP ignored
            signal.signal(number, end)


def status_of(interrupt: KeyboardInterrupt) -> Status:
    """Returns the status of what Ctrl-C or another signal ends."""
    return Status(_OF_SIGNALS + interrupt.args[0]) if isinstance(interrupt, Terminated) else Status.INTERRUPTED


@contextmanager
def watched(doing: str) -> Iterator[Callable[[float], None]]:
    """Ends this process where native code that cannot be interrupted keeps it from ending, or from going on, the block.

    Yields what is to be told within how many seconds the block ends, or it is stuck; until then it may take any time.
    A signal that has not ended the block after a moment ends the process too. Who watches is asleep meanwhile. In
    another than the main thread nothing is watched.

    Args:
        doing: What a message says that is being done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda _seconds: None
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    limits: list[float] = []

    def allow(seconds: float) -> None:
        limits[:] = [seconds]
        os.write(writing, _NEW_LIMIT)

    watching = threading.Thread(target=_watch, args=(reading, limits, doing), daemon=True)
    watching.start()
    try:
        yield allow
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)
        watching.join()
        os.close(reading)


def _watch(reading: int, limits: Sequence[float], doing: str) -> None:
    """Waits for news from who is watched: signals, limits, and that it is done."""
    seconds, outcome = None, (Status.CRASHED, "")
    while select([reading], [], [], seconds)[0]:
        news = os.read(reading, 1)
        if not news:
            return
        if news == _NEW_LIMIT:
            seconds = limits[0]
            outcome = Status.CRASHED, f"took longer than {seconds:.0f} s, though it ran in a process of its own before"
        elif news[0] + _OF_SIGNALS in set(Status):
            seconds, outcome = _GRACE_SECONDS, (Status(news[0] + _OF_SIGNALS), "was interrupted")
    status, why = outcome
    line = f"{doing} {why}; native code cannot be stopped, so this process ends; what was saved is kept"
    os.write(_STDERR, f"\nzoobench: {line}\n".encode(errors="replace"))
    os._exit(status)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yields a new folder that is removed after the block, also where this process is killed in it."""
    with tempfile.TemporaryDirectory(prefix="zoobench-") as folder, removed_if_killed(folder):
        yield Path(folder)


def removed_if_killed(path: str | Path) -> AbstractContextManager[None]:
    """Has a file or a folder removed if this process is killed in the block; what is renamed meanwhile stays."""
    return _tracked("path", os.fsencode(Path(path).absolute()).hex())


def ended_if_killed(group: int) -> AbstractContextManager[None]:
    """Has a group of processes ended if this process is killed in the block."""
    return _tracked("group", str(group))


@contextmanager
def _tracked(kind: str, value: str) -> Iterator[None]:
    keeper = _keeper(os.getpid())

    def tell(change: str) -> None:
        with suppress(OSError):  # without a keeper there is only what this process does itself
            os.write(keeper, f"{change} {kind} {value}\n".encode())

    tell("add")
    try:
        yield
    finally:
        tell("discard")


@cache
def _keeper(_process: int) -> int:
    """Starts the keeper of this process, of which a fork has its own; returns the pipe on which it is told."""
    reading, writing = os.pipe()
    command = [sys.executable, "-I", "-S", "-c", _KEEPER]
    nothing = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            command, stdin=reading, stdout=nothing, stderr=nothing, cwd="/", start_new_session=True
        )
        process.returncode = 0  # nobody waits for it, as it ends after us
    except OSError:
        pass  # its pipe says so to whoever tells it
    finally:
        os.close(reading)
    return writing
