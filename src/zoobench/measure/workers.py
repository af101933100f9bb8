"""How is a fresh worker process started, asked, and given up when it dies or hangs?"""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

import zoobench
from zoobench.errors import MeasurementError

MODULE = "zoobench.measure.worker"
START_SECONDS = 60.0
"""How long a worker may take to start."""
_PATIENCE_SECONDS = 5.0
_START, _READY = "start", "ready"
_TAIL = 400
"""Characters of what a lost worker printed that are shown."""


class Worker:
    """A running `zoobench.measure.worker`."""

    def __init__(self, process: subprocess.Popen[str], printed: IO[bytes]) -> None:
        self._process = process
        self._printed = printed
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, request: Mapping[str, Any], *, patience: float) -> dict[str, Any]:
        """Returns a worker's answer.

        Args:
            request: As `zoobench.measure.worker` lists them.
            patience: Seconds after which it is taken to hang.

        Raises:
            MeasurementError: If it cannot do it, dies, or does not answer in time.
        """
        with suppress(BrokenPipeError):  # that it died is told by its silence
            self._stdin.write(json.dumps(request) + "\n")
            self._stdin.flush()
        return self.hear(patience=patience, doing=str(request.get("do")))

    def hear(self, *, patience: float, doing: str) -> dict[str, Any]:
        """Returns the next answer; see `ask`."""
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            raise MeasurementError(
                f"the worker did not answer {doing!r} within {patience:.0f} s{self._last_words()}"
            ) from None
        if line is None:
            self._lines.put(None)  # whoever asks again is told the same
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_PATIENCE_SECONDS)
            raise MeasurementError(f"the worker died at {doing!r}, {self._epitaph()}{self._last_words()}")
        answer = self._understood(line, doing)
        if "error" in answer:
            raise MeasurementError(answer["error"])
        return answer

    def stop(self) -> None:
        """Ends the process and what it started, whatever they do."""
        with suppress(BrokenPipeError):
            self._stdin.close()
        with suppress(ProcessLookupError, PermissionError):  # it ended; macOS has the other word for that
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(_PATIENCE_SECONDS)
        if self._process.stdout and not self._reader.is_alive():  # closing what is being read would wait for it
            self._process.stdout.close()

    @property
    def _stdin(self) -> IO[str]:
        if self._process.stdin is None:
            raise MeasurementError("the worker was started without an input")
        return self._process.stdin

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)
        self._lines.put(None)

    def _understood(self, line: str, doing: str) -> dict[str, Any]:
        """Returns an answer; a program that is no worker, or a start-up file that prints, says something else."""
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or (doing == _START and answer.keys() != {_READY}):
            raise MeasurementError(
                f"the worker printed {line.strip()[:_TAIL]!r} where its answer to {doing!r} was due; name a Python "
                f"interpreter whose start prints nothing of its own{self._last_words()}"
            )
        return answer

    def _epitaph(self) -> str:
        status = self._process.returncode
        if status is not None and status < 0:
            return f"killed by signal {-status} (9 is often a lack of memory)"
        return f"with status {status}"

    def _last_words(self) -> str:
        self._printed.seek(0)
        said = self._printed.read().decode(errors="replace").strip()
        return f"; it printed: {said[-_TAIL:]}" if said else ""


@contextmanager
def worker(python: Path | None = None) -> Iterator[tuple[Worker, Mapping[str, Any]]]:
    """Starts a worker and yields it with what it says of its Python and libraries; ends it after the block.

    Args:
        python: The interpreter; its environment needs NumPy and the runtime, and works by this very zoobench. Without
            it, this process's own.

    Raises:
        MeasurementError: If it cannot be started.
    """
    with tempfile.TemporaryFile() as printed, nullcontext() if python is None else _lent() as folder:
        process = _start(python, folder, printed)
        running = Worker(process, printed)
        try:
            yield running, running.hear(patience=START_SECONDS, doing=_START)[_READY]
        finally:
            running.stop()


@contextmanager
def _lent() -> Iterator[Path]:
    """Makes a folder of zoobench itself, for another interpreter: the rest here was made for this one."""
    with tempfile.TemporaryDirectory(prefix="zoobench-") as folder:
        (Path(folder) / "zoobench").symlink_to(Path(zoobench.__file__).resolve().parent, target_is_directory=True)
        yield Path(folder)


def _start(python: Path | None, lent: Path | None, printed: IO[bytes]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    if lent is not None:
        environment |= {"PYTHONPATH": str(lent), "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("PYTHONHOME", None)
    command = [str(python or sys.executable), "-m", MODULE]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            env=environment,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # so that an interpreter that is a script is ended with what it started
        )
    except OSError as error:
        raise MeasurementError(
            f"cannot start {command[0]}: {error.strerror}; name a Python interpreter, such as .venv-old/bin/python"
        ) from error
