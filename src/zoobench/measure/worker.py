"""How does one fresh process time model files, turn by turn, as another process asks it to?

Run as `python -m zoobench.measure.worker` by `zoobench.system.processes.worker`. It answers each request, both JSON:

    (start)                                                 {"python", "libraries": {name: version}}
    {"do": "import", "runtime"}                             {"libraries"} of one that a package adds, else {}
    {"do": "open", "name", "path", "runtime", "threads"}    {"initialization_seconds"}
    {"do": "turns", "turns": [[name, row], ...],            {"nanoseconds": [...], "injected_nanoseconds": [...]}
     "pixels", "settle", "slowdown": {name: share}}
    {"do": "peak"}                                          {"peak_rss_bytes"}
    {"do": "footprint"}                                     {"rss_bytes", "peak_rss_bytes", "anonymous_bytes",
                                                             "threads"}
    {"do": "close", "name"}                                 {}

What goes wrong on purpose is answered with {"error": message}. It ends when its input does, and on Linux in the middle
of what hangs too, so it never outlives whoever asked. A turn loads the image, invokes once untimed if it is to
settle, so that the caches are those of its own model, and times one more invocation. To open a file imports its
runtime first, unless that was asked for before.
"""

import gc
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError
from zoobench.matrix.runtimes import find_runtime
from zoobench.measure.environment import library_versions, python_version
from zoobench.measure.runtimes import Session, import_runtime, open_session
from zoobench.system.processes import answer_requests

MODULE = "zoobench.measure.worker"
_REMEMBERED = 32
"""Latest invocations of a model whose median an injected slow-down is a share of."""
_STATUS = Path("/proc/self/status")
_LINE = re.compile(r"^(VmHWM|VmRSS|RssAnon|Threads):\s+(\d+)", re.MULTILINE)
_KIB = 1024


@dataclass(slots=True, kw_only=True)
class Opened:
    """A model that is open, and how long its latest invocations took of themselves."""

    session: Session
    stack: ExitStack
    nanoseconds: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


class Bench:
    """The open models of one worker."""

    def __init__(self, *, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._opened: dict[str, Opened] = {}

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the answer to one request.

        Raises:
            ZoobenchError: If the request cannot be done.
        """
        kinds = {
            "import": self._import,
            "open": self._open,
            "turns": self._turns,
            "peak": self._peak,
            "footprint": self._footprint,
            "close": self._close,
        }
        kind = str(asked.get("do"))
        if kind not in kinds:
            raise MeasurementError(f"unknown request {kind!r}; known are {', '.join(kinds)}")
        return kinds[kind](asked)

    def _import(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        import_runtime(asked["runtime"])
        known = find_runtime(asked["runtime"])
        return {"libraries": library_versions(known.libraries)} if known.package else {}

    def _open(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        stack, began = ExitStack(), self._clock()
        opener = open_session(Path(asked["path"]), runtime=asked["runtime"], threads=asked["threads"])
        self._opened[asked["name"]] = Opened(session=stack.enter_context(opener), stack=stack)
        return {"initialization_seconds": (self._clock() - began) / 1e9}

    def _turns(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        images = _images(asked["pixels"])
        taken, injected = [], []
        for name, row in asked["turns"]:
            model, slowdown = self._opened[name], asked["slowdown"].get(name, 0.0)
            model.session.load(np.array(images[row : row + 1]))
            if asked["settle"]:
                model.session.invoke()
            nanoseconds, wait = self._timed(model, slowdown)
            taken.append(nanoseconds)
            injected.append(wait)
        return {"nanoseconds": taken, "injected_nanoseconds": injected}

    def _timed(self, model: Opened, slowdown: float) -> tuple[int, int]:
        """Returns how long one invocation took and how much of it was waited, in nanoseconds."""
        session, clock = model.session, self._clock
        wait = round(slowdown * median(model.nanoseconds)) if slowdown and model.nanoseconds else 0
        began = clock()
        session.invoke()
        done = clock()
        model.nanoseconds.append(done - began)
        while wait and clock() - done < wait:
            pass
        return (clock() - began if wait else done - began), wait

    def _peak(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"peak_rss_bytes": peak_rss_bytes()}

    def _footprint(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        return footprint()

    def _close(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._opened.pop(asked["name"]).stack.close()
        return {}


def main() -> None:
    """Answers requests until there are no more."""
    gc.disable()
    bench = Bench()

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return bench.answer(asked)
        finally:
            gc.collect()

    answer_requests({"python": python_version(), "libraries": library_versions()}, answer)


def footprint() -> dict[str, int | None]:
    """Returns this process's memory and threads: in full on Linux, elsewhere the peak alone; None is not told.

    `rss_bytes` are in memory now, and not only reserved; `peak_rss_bytes` the most that ever were; `anonymous_bytes`
    what of `rss_bytes` is in no file, so that it cannot be dropped and read again.
    """
    lines = _status_lines()
    return {
        "rss_bytes": _bytes(lines, "VmRSS"),
        "peak_rss_bytes": peak_rss_bytes(),
        "anonymous_bytes": _bytes(lines, "RssAnon"),
        "threads": lines.get("Threads"),
    }


def peak_rss_bytes() -> int | None:
    """Returns the most memory that this process ever held resident; None where the system does not tell.

    Linux's `ru_maxrss` also holds what the process was before it became this program, so Linux is asked elsewhere.
    """
    peak = _bytes(_status_lines(), "VmHWM")
    if peak is not None:
        return peak
    with suppress(ImportError):
        from resource import RUSAGE_SELF, getrusage

        return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else _KIB)
    return None


def _images(path: str) -> npt.NDArray[np.uint8]:
    try:
        images: npt.NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise MeasurementError(f"cannot read the images {path}: {error}") from error
    return images


def _status_lines() -> dict[str, int]:
    """Returns the lines of Linux's file that matter here: KiB, or a number of threads; nothing elsewhere."""
    with suppress(OSError):
        return {name: int(value) for name, value in _LINE.findall(_STATUS.read_text())}
    return {}


def _bytes(lines: dict[str, int], name: str) -> int | None:
    return lines[name] * _KIB if name in lines else None


if __name__ == "__main__":
    main()
