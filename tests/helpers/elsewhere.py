"""Do the tests need what Linux alone has? With `ZOOBENCH_ELSEWHERE=1` it is gone, as on macOS, in each process.

Gone are /proc, /sys, the affinity of processes and fork; libraries that have a way of their own on macOS keep theirs.
"""

import builtins
import io
import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

VARIABLE = "ZOOBENCH_ELSEWHERE"
IS_LINUX = sys.platform == "linux" and not os.environ.get(VARIABLE)
"""Whether there is what Linux alone tells, for tests that look at just that."""
_GONE = ("/proc", "/sys")
_CALLS = (
    (builtins, "open"),
    (io, "open"),
    *((os, name) for name in ("stat", "lstat", "listdir", "scandir", "readlink")),
)
_OF_LINUX = ("sched_getaffinity", "sched_setaffinity", "fork", "forkpty")
_LIBRARIES = ("psutil", "cpuinfo", "tensorflow", "multiprocessing")


def mask() -> None:
    """Takes away what only Linux has, in this process and in those that it starts."""
    for module, name in _CALLS:
        setattr(module, name, _without(getattr(module, name)))
    for name in (one for one in _OF_LINUX if hasattr(os, one)):
        delattr(os, name)
    multiprocessing.set_start_method("spawn", force=True)
    folder = str(Path(__file__).parent / "masked")  # its sitecustomize calls this in each process
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(filter(None, (folder, *paths))))


def _without(call: Callable[..., Any]) -> Callable[..., Any]:
    def masked(path: Any = ".", *arguments: Any, **named: Any) -> Any:
        if _is_gone(path):
            raise FileNotFoundError(2, "there is no such file elsewhere than on Linux", str(path))
        return call(path, *arguments, **named)

    return masked


def _is_gone(path: Any) -> bool:
    text = str(path) if isinstance(path, str | os.PathLike) else ""
    if not any(text == one or text.startswith(f"{one}/") for one in _GONE):
        return False
    frame = sys._getframe(2)
    while frame.f_back:
        frame = frame.f_back
        if frame.f_globals.get("__name__", "").startswith(_LIBRARIES):
            return False
    return True
