"""How does one fresh process time model files, turn by turn, as another process asks it to?

`fresh_bench` runs this module in a process of its own and yields a `RemoteBench`: what its methods are asked, a `Bench`
over there does. A request is JSON, {"do": name, argument: value}, and so is its answer; {"error": message} is what goes
wrong on purpose. The process ends when its input does, and on Linux in the middle of what hangs too, so it never
outlives whoever asked.
"""

import gc
import math
import platform
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from zoobench.errors import MeasurementError
from zoobench.matrix.interface import Interface
from zoobench.matrix.runtimes import find_runtime
from zoobench.measure.environment import library_versions
from zoobench.measure.runtimes import Session, import_runtime, open_session
from zoobench.system.processes import Worker, answer_requests, worker

MODULE = "zoobench.measure.worker"
OPEN_SECONDS = 120.0
"""How long a runtime may take to be imported, and a model to open and run first where it is not known what runs it."""
_LATE = 20
"""Times the expected duration after which something is taken to hang, and `_LATE_SECONDS` besides."""
_LATE_SECONDS = 20.0
_LEAST_PATIENCE = 5.0
"""Seconds that each request is given, however little is left."""
Footprint = dict[str, int | None]
Turn = tuple[str, int]
"""A model and the row of the image that it is given."""
_REMEMBERED = 32
"""Latest invocations of a model whose median an injected slow-down is a share of."""
_STATUS = Path("/proc/self/status")
_LINE = re.compile(r"^(VmHWM|VmRSS|RssAnon|Threads):\s+(\d+)", re.MULTILINE)
_KIB = 1024


class RemoteBench:
    """The bench of a process that was started for it.

    Every method raises a MeasurementError if the process cannot do it, dies, or takes longer than its patience.

    Attributes:
        versions: Of its Python and its libraries: {"python", "libraries": {name: version}}.
    """

    def __init__(self, running: Worker, versions: Mapping[str, Any], *, seconds: float = math.inf) -> None:
        self.versions = versions
        self._running = running
        self._deadline = time.monotonic() + seconds
        self._patience = OPEN_SECONDS

    def import_runtime(self, runtime: str) -> None:
        """Imports a runtime's libraries, so that opening a file does not take their time."""
        added = self._ask("import", runtime=runtime).get("libraries", {})
        self.versions = {**self.versions, "libraries": {**self.versions["libraries"], **added}}

    def open(self, name: str, path: Path, *, runtime: str, threads: int, interface: Interface | None = None) -> float:
        """Opens a file under a name and returns how many seconds that took."""
        self._patience = first_patience(path, runtime=runtime)
        more: dict[str, Any] = {"interface": interface.identity} if interface else {}
        asked = {"name": name, "path": str(path), "runtime": runtime, "threads": threads}
        answer = self._ask("open", patience=self._patience, **asked, **more)
        return float(answer["initialization_seconds"])

    def turns(
        self,
        turns: Sequence[Turn],
        pixels: Path,
        *,
        settle: bool,
        slowdown: Mapping[str, float] | None = None,
        batch: int = 1,
        patience: float | None = None,
    ) -> tuple[list[int], list[int]]:
        """Times one invocation in each turn; returns its nanoseconds, and how many of them were waited on purpose.

        Args:
            turns: In their order.
            pixels: .npy file, uint8 [n, height, width, 3]; or numbers of another shape that all models take.
            settle: Whether an untimed invocation comes before the timed one, so that the caches are the model's own.
            slowdown: By model, the share of its median that each of its invocations is made to wait.
            batch: How many rows from that of the turn on an invocation is given.
            patience: Seconds; without it, those that what was opened last may take to run first.
        """
        request = {"turns": turns, "pixels": str(pixels), "settle": settle, "slowdown": slowdown or {}, "batch": batch}
        answer = self._ask("turns", patience=patience or self._patience, **request)
        taken, injected = answer["nanoseconds"], answer["injected_nanoseconds"]
        if not len(taken) == len(injected) == len(turns):
            raise MeasurementError(f"the worker answered {len(taken)} of {len(turns)} turns")
        return taken, injected

    def footprint(self) -> Footprint:
        """Returns what `footprint` returns over there."""
        return self._ask("footprint")

    def close(self, name: str) -> None:
        """Closes the file of a name."""
        self._ask("close", name=name)

    def _ask(self, do: str, *, patience: float = OPEN_SECONDS, **arguments: Any) -> dict[str, Any]:
        left = max(self._deadline - time.monotonic(), _LEAST_PATIENCE)
        return self._running.ask({"do": do, **arguments}, patience=min(patience, left))


def first_patience(path: Path, *, runtime: str) -> float:
    """Returns after how many seconds a file that is opened and run first is taken to hang: a second a megabyte more."""
    size_bytes = path.stat().st_size if path.is_file() else 0
    return find_runtime(runtime).first_seconds + size_bytes / 1e6


def later_patience(expected_seconds: float) -> float:
    """Returns after how many seconds what should take so long, by earlier runs, is taken to hang."""
    return _LATE_SECONDS + _LATE * expected_seconds


@contextmanager
def fresh_bench(python: Path | None = None, *, seconds: float = math.inf) -> Iterator[RemoteBench]:
    """Starts a process that times model files, by another environment's interpreter if given; ends it after the block.

    After so many `seconds` all that it is asked is taken to hang within moments.

    Raises:
        MeasurementError: If it cannot be started.
    """
    with worker(MODULE, python=python) as (running, versions):
        yield RemoteBench(running, versions, seconds=seconds)


class Bench:
    """The open models of one worker."""

    def __init__(self, *, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._opened: dict[str, tuple[Session, ExitStack, deque[int]]] = {}

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the answer to one request.

        Raises:
            ZoobenchError: If the request cannot be done.
        """
        kinds: dict[str, Callable[..., dict[str, Any]]] = {
            "import": self._import,
            "open": self._open,
            "turns": self._turns,
            "footprint": footprint,
            "close": self._close,
        }
        arguments = dict(request)
        kind = str(arguments.pop("do", None))
        if kind not in kinds:
            raise MeasurementError(f"unknown request {kind!r}; known are {', '.join(kinds)}")
        return kinds[kind](**arguments)

    def _import(self, *, runtime: str) -> dict[str, Any]:
        import_runtime(runtime)
        known = find_runtime(runtime)
        return {"libraries": library_versions(known.libraries)} if known.package else {}

    def _open(
        self, *, name: str, path: str, runtime: str, threads: int, interface: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        taken_as = Interface(**{**interface, "order": tuple(interface["order"])}) if interface else None
        stack, began = ExitStack(), self._clock()
        opening = open_session(Path(path), runtime=runtime, threads=threads, interface=taken_as)
        session = stack.enter_context(opening)
        seconds = (self._clock() - began) / 1e9
        self._opened[name] = session, stack, deque(maxlen=_REMEMBERED)
        return {"initialization_seconds": seconds}

    def _turns(
        self, *, turns: Sequence[Turn], pixels: str, settle: bool, slowdown: Mapping[str, float], batch: int = 1
    ) -> dict[str, Any]:
        try:
            images = np.load(pixels, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise MeasurementError(f"cannot read the images {pixels}: {error}") from error
        taken, injected = [], []
        for name, row in turns:
            session, _, latest = self._opened[name]
            session.load(np.array(images[row : row + batch]))
            if settle:
                session.invoke()
            nanoseconds, wait = self._timed(session, latest, slowdown.get(name, 0.0))
            taken.append(nanoseconds)
            injected.append(wait)
        return {"nanoseconds": taken, "injected_nanoseconds": injected}

    def _timed(self, session: Session, latest: deque[int], slowdown: float) -> tuple[int, int]:
        """Returns how long one invocation took and how much of it was waited, in nanoseconds."""
        clock = self._clock
        wait = round(slowdown * median(latest)) if slowdown and latest else 0
        began = clock()
        session.invoke()
        done = clock()
        latest.append(done - began)
        while wait and clock() - done < wait:
            pass
        return (clock() - began if wait else done - began), wait

    def _close(self, *, name: str) -> dict[str, Any]:
        _, stack, _ = self._opened.pop(name)
        stack.close()
        return {}


def main() -> None:
    """Answers requests until there are no more."""
    gc.disable()
    bench = Bench()

    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return bench.answer(request)
        finally:
            gc.collect()

    answer_requests({"python": platform.python_version(), "libraries": library_versions()}, answer)


def footprint() -> Footprint:
    """Returns this process's memory and threads: in full on Linux, elsewhere the peak alone; None is not told.

    `rss_bytes` are in memory now, and not only reserved; `peak_rss_bytes` the most that ever were; `anonymous_bytes`
    what of `rss_bytes` is in no file, so that it cannot be dropped and read again.
    """
    lines: dict[str, int] = {}
    with suppress(OSError):
        lines = {name: int(value) for name, value in _LINE.findall(_STATUS.read_text())}
    rss, peak, anonymous = (lines[name] * _KIB if name in lines else None for name in ("VmRSS", "VmHWM", "RssAnon"))
    with suppress(ImportError):
        from resource import RUSAGE_SELF, getrusage

        # of Linux it also holds what the process was before it became this program
        peak = peak or getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else _KIB)
    return {
        "rss_bytes": rss,
        "peak_rss_bytes": peak,
        "anonymous_bytes": anonymous,
        "threads": lines.get("Threads"),
    }


if __name__ == "__main__":
    main()
