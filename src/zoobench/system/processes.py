"""How is work done in a fresh process, so that nothing of it stays in this one, and what is said of one that is lost?

Python is started with a socket as its standard input, on which it is asked and answers: what it prints is never taken
for an answer. `in_fresh_process` has one function called there; `in_kept_process` has the same process called again;
`worker` has a module answer one request after the other, by another interpreter too. `run_program` is for what is not
Python, or not ours.

Nothing of it outlives this process: whatever is started leads a group of its own, which the keeper ends if this process
cannot do so any more.
"""

import atexit
import ctypes
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

from zoobench.errors import MeasurementError, ZoobenchError
from zoobench.system.keeper import ended_if_killed, temporary_folder

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
_QUIET_TENSORFLOW = {"TF_CPP_MIN_LOG_LEVEL": "3"}
"""Keeps TensorFlow's notes off the terminal of a process whose environment has it."""
_START_SECONDS = 60.0
"""How long a worker may take to start."""
_PATIENCE_SECONDS = 5.0
_TAIL = 400
"""Characters of what a lost worker printed that are shown."""
_PR_SET_PDEATHSIG = 1
"""Of `linux/prctl.h`."""


class LostError(ZoobenchError):
    """A process died, hung, or failed with an error that is not ours."""


def quiet_tensorflow() -> None:
    """Keeps TensorFlow's notes off this terminal, unless the user set what is shown; to be called before its import.

    HDF5 is kept from locking what it reads: weights may stand on a file system without locks, and nobody writes them.
    """
    for name, value in (*_QUIET_TENSORFLOW.items(), ("HDF5_USE_FILE_LOCKING", "FALSE")):
        os.environ.setdefault(name, value)


def in_fresh_process(
    function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Returns what `function` returns in a Python process that is started for it and ends with it.

    It is of a module that can be imported, so not of a script that runs; arguments and result are pickled. Our own
    errors that it raises are raised here; what it prints goes where this process prints. Ctrl-C ends it at once, also
    in the middle of native code.

    Raises:
        LostError: If the process dies, as it does when memory runs out, fails with an error that is not ours, or is
            silent for longer than it said by `expect`.
    """
    with _callee(printed=None) as callee:
        result = callee.call(function, *args, **kwargs)
        callee.channel.close()
        with suppress(subprocess.TimeoutExpired):
            callee.process.wait(_PATIENCE_SECONDS)
    return result


def in_kept_process(
    function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Returns the same as `in_fresh_process`, from a process that stays for further calls until this one ends.

    For what takes less time than a process takes to start. After a call that was lost it is started anew.
    """
    callee = _kept.pop(os.getpid(), None)
    if callee is None or callee.process.poll() is not None:
        stack = ExitStack()
        callee = stack.enter_context(_silent_callee())
        atexit.register(stack.close)
    try:
        result = callee.call(function, *args, **kwargs)
    except ZoobenchError:
        if callee.process.poll() is None and not callee.is_lost:
            _kept[os.getpid()] = callee
        raise
    _kept[os.getpid()] = callee
    return result


def expect(seconds: float, doing: str) -> None:
    """Tells whoever waits for this process that it goes on, or ends, within so many seconds; else it hangs.

    Infinity is as long as it takes. Where it was started in another way than by `in_fresh_process` nobody is told.
    """
    if _caller:
        _caller[0].send(_Patience((seconds, doing)))


class _Patience(tuple[float, str]):
    """Seconds, and what is done meanwhile."""


_caller: list[Connection] = []
"""Who waits for this process, if it was started for a function."""


class _Callee:
    """A running process that is to call functions."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Connection, printed: IO[bytes] | None) -> None:
        self.process = process
        self.channel = channel
        self.is_lost = False
        self._printed = printed

    def call(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """Returns what a function returns there; see `in_fresh_process`."""
        name = f"the process that was to {function.__name__.strip('_').replace('_', ' ')}"
        seconds, doing = math.inf, ""
        self.is_lost = True
        try:
            self.channel.send((function, args, kwargs))
            while True:
                if not self.channel.poll(None if seconds == math.inf else seconds):
                    raise LostError(f"{name} was ended: {doing} took longer than {seconds:.0f} s")
                outcome = self.channel.recv()
                if not isinstance(outcome, _Patience):
                    break
                seconds, doing = outcome
        except (EOFError, OSError) as error:  # it ended before, or in the middle of, its answer
            raise LostError(_epitaph(name, self.process, self._printed)) from error
        self.is_lost = False
        if isinstance(outcome, ZoobenchError):
            raise outcome
        result: Result = outcome
        return result


_kept: dict[int, _Callee] = {}
"""The process that stays, by that which started it: a fork has its own."""


@contextmanager
def _callee(*, printed: IO[bytes] | None) -> Iterator[_Callee]:
    code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import _answer_calls; _answer_calls()"
    with _started([sys.executable, "-c", code], environment=os.environ, printed=printed) as (process, channel):
        yield _Callee(process, channel, printed)


@contextmanager
def _silent_callee() -> Iterator[_Callee]:
    with tempfile.TemporaryFile() as printed, _callee(printed=printed) as callee:
        yield callee


def _answer_calls() -> None:
    channel = _channel()
    _caller.append(channel)
    while True:
        try:
            function, args, kwargs = channel.recv()
        except (EOFError, OSError):  # nobody asks any more
            return
        try:
            outcome = function(*args, **kwargs)
        except ZoobenchError as error:
            outcome = error
        channel.send(outcome)


class Worker:
    """A running process that answers requests."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Connection, printed: IO[bytes]) -> None:
        self.process = process
        self._channel = channel
        self._printed = printed

    def ask(self, request: Mapping[str, Any], *, patience: float) -> dict[str, Any]:
        """Returns a worker's answer to a request as its module lists them.

        Raises:
            MeasurementError: If it cannot do it, dies, or does not answer within `patience` seconds.
        """
        with suppress(OSError):  # its silence says that it died
            self._channel.send_bytes(json.dumps(request).encode())
        return self.hear(patience=patience, doing=str(request.get("do")))

    def hear(self, *, patience: float, doing: str) -> dict[str, Any]:
        """Returns the next answer; see `ask`."""
        try:
            if not self._channel.poll(patience):
                raise MeasurementError(
                    f"the worker did not answer {doing!r} within {patience:.0f} s{_last_words(self._printed)}"
                )
            answer: dict[str, Any] = json.loads(self._channel.recv_bytes())
        except (EOFError, OSError):
            raise MeasurementError(_epitaph(f"the worker at {doing!r}", self.process, self._printed)) from None
        if "error" in answer:
            raise MeasurementError(answer["error"])
        return answer


@contextmanager
def worker(module: str, *, python: Path | None = None) -> Iterator[tuple[Worker, Mapping[str, Any]]]:
    """Starts a worker and yields it with the first thing that it says; ends it after the block.

    Args:
        module: What it runs: it calls `answer_requests`.
        python: The interpreter; its environment needs what the module imports, and works by this very zoobench. Without
            it, this process's own.

    Raises:
        MeasurementError: If it cannot be started.
    """
    environment = {**os.environ, **_QUIET_TENSORFLOW}
    with tempfile.TemporaryFile() as printed, temporary_folder() as lent:
        if python is not None:  # it gets zoobench alone: the rest here was made for this interpreter
            (lent / "zoobench").symlink_to(Path(__file__).resolve().parents[1], target_is_directory=True)
            environment |= {"PYTHONPATH": str(lent), "PYTHONDONTWRITEBYTECODE": "1"}
            environment.pop("PYTHONHOME", None)
        command = [str(python or sys.executable), *as_program(module)]
        with _started(command, environment=environment, printed=printed) as (process, channel):
            running = Worker(process, channel, printed)
            yield running, running.hear(patience=_START_SECONDS, doing="start")


def as_program(module: str) -> tuple[str, ...]:
    """Returns the arguments with which Python runs a module as `-m` does, but imports nothing of the working folder.

    No option of Python 3.10 asks for that alone.
    """
    code = "import sys; sys.path[:] = filter(None, sys.path); import runpy; "
    return "-c", f"{code}runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"


def answer_requests(first: Mapping[str, Any], answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Answers requests in a worker's process until there are no more; our own errors are answered too.

    Before anything is asked `first` is said; all is plain JSON.
    """
    channel, said = _channel(), first
    while True:
        try:
            channel.send_bytes(json.dumps(said).encode())
            request = json.loads(channel.recv_bytes())
        except (EOFError, OSError):
            return
        try:
            said = answer(request)
        except ZoobenchError as error:
            said = {"error": str(error)}


def run_program(command: Sequence[str], *, name: str, patience: float) -> tuple[int, str]:
    """Runs a program that is not ours; nothing of it runs on, also where this is interrupted.

    Returns:
        Its exit status, less than 0 for a signal, and what it printed.

    Raises:
        MeasurementError: If it cannot be started or does not end within `patience` seconds.
    """
    with tempfile.TemporaryFile() as printed:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed, start_new_session=True
            )
        except OSError as error:
            raise MeasurementError(f"{name} cannot be started: {command[0]}: {error.strerror}") from error
        with _ended(process):
            try:
                status = process.wait(patience)
            except subprocess.TimeoutExpired:
                raise MeasurementError(f"{name} did not end within {patience:.0f} s") from None
        printed.seek(0)
        return status, printed.read().decode(errors="replace")


@contextmanager
def _started(
    command: Sequence[str], *, environment: Mapping[str, str], printed: IO[bytes] | None
) -> Iterator[tuple[subprocess.Popen[bytes], Connection]]:
    """Starts a process with what it is asked through, and ends it and what it started, whatever they do."""
    channel, its = Pipe()
    with channel:
        try:
            process = subprocess.Popen(
                command,
                stdin=its.fileno(),
                stdout=printed,
                stderr=printed,
                env=environment,
                start_new_session=True,  # Ctrl-C is for us to hear, and a script is ended with what it started
            )
        except OSError as error:
            raise MeasurementError(
                f"cannot start {command[0]}: {error.strerror}; name a Python interpreter, such as .venv-old/bin/python"
            ) from error
        finally:
            its.close()
        with _ended(process):
            yield process, channel


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    with ended_if_killed(process.pid):
        try:
            yield
        finally:
            with suppress(ProcessLookupError, PermissionError):  # it ended; macOS has the other word for that
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _channel() -> Connection:
    """Returns, in a process that was started here, what it is asked through; it ends with the thread that started it.

    Linux sees to that: native code that hangs hears of no closed socket.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    channel = Connection(os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return channel


def _epitaph(name: str, process: subprocess.Popen[bytes], printed: IO[bytes] | None) -> str:
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE_SECONDS)
    status = process.returncode
    if status == -signal.SIGKILL:
        outcome = (
            "was killed by signal 9; the usual cause is too little memory (InceptionResNetV2 takes 6 GB to convert): "
            "free some, or leave out the largest backbone"
        )
    elif status is not None and status < 0:
        outcome = f"crashed in native code: {signal.strsignal(-status)} ({-status})"
    elif status:
        outcome = f"failed with status {status}" + ("; its own message stands above" if printed is None else "")
    else:
        outcome = "ended without an answer, as what is no Python interpreter does"
    return f"{name} {outcome}{_last_words(printed) if printed else ''}"


def _last_words(printed: IO[bytes]) -> str:
    printed.seek(0)
    said = printed.read().decode(errors="replace").strip()
    return f"; it printed: {' | '.join(said[-_TAIL:].splitlines())}" if said else ""
