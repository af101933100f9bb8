"""How is TensorFlow imported while data is checked? In a thread, and what its native code says is not shown."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from threading import Thread

from zoobench.errors import MeasurementError
from zoobench.measure.runtimes import import_runtime


@contextmanager
def imported_meanwhile(runtimes: Iterable[str]) -> Iterator[None]:
    """Imports runtimes beside the block and ends when both are done.

    What the block prints still reaches the terminal, by copies of both streams; what is written past Python goes into a
    temporary file meanwhile, as TensorFlow tells of the processor there.

    Args:
        runtimes: Names; one that cannot be imported is told where a file is opened by it.
    """
    names = tuple(runtimes)
    if not names:
        yield
        return
    with ExitStack() as stack:
        sink = stack.enter_context(tempfile.TemporaryFile())
        for number, stream, redirect in ((1, sys.stdout, redirect_stdout), (2, sys.stderr, redirect_stderr)):
            stream.flush()
            copy = stack.enter_context(os.fdopen(os.dup(number), "w", buffering=1, encoding="utf-8", errors="replace"))
            stack.callback(os.dup2, copy.fileno(), number)
            os.dup2(sink.fileno(), number)
            stack.enter_context(redirect(copy))
        importing = Thread(target=_import, args=(names,))
        importing.start()
        stack.callback(importing.join)
        yield


def _import(runtimes: tuple[str, ...]) -> None:
    for runtime in runtimes:
        with suppress(MeasurementError):
            import_runtime(runtime)
