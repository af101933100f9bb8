"""What appears on a terminal: safe text, the progress of long work, and nothing of native chatter."""

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from zoobench.system import log

_MARK = "\N{REPLACEMENT CHARACTER}"
_COMMAND = re.compile(r"^\s*::|##\[")
"""Of GitHub's runner: the one at the start of a line, the older one anywhere."""
QUIET_TENSORFLOW = {"TF_CPP_MIN_LOG_LEVEL": "3"}
"""Keeps TensorFlow's notes off the terminal of a process whose environment has it."""
_SHOWN_BYTES = 4000
_STREAMS = (1, 2)
Advance = Callable[[int, str], None]
"""Called with the number of steps just done and a short note to show beside the bar ('' for none)."""


def sanitize(text: str) -> str:
    """Returns a foreign text on one line with a mark for each character that would steer a terminal or is none.

    What GitHub's runner would take for a command, were it printed at the start of a line, is marked too.
    """
    plain = "".join(one if one.isprintable() else _MARK for one in text)
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}{_MARK}", plain)


def quiet_tensorflow() -> None:
    """Keeps TensorFlow's notes off this terminal, unless the user set what is shown; to be called before its import."""
    for name, value in QUIET_TENSORFLOW.items():
        os.environ.setdefault(name, value)


@contextmanager
def progress(description: str, *, total: int) -> Iterator[Advance]:
    """Shows `description` and how many of `total` steps are done, on standard error.

    On a terminal this is a bar with the time left; in a log it is one line at the end, so that logs stay short.
    """
    from rich.console import Console  # here, as a process that measures does without

    console = Console(file=sys.stderr)
    if not console.is_terminal:
        with _logged(description, total) as advance:
            yield advance
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[note]}"), console=console, transient=True) as bar:
        task = bar.add_task(description, total=total, note="")
        yield lambda steps, note: bar.update(task, advance=steps, note=note)


@contextmanager
def _logged(description: str, total: int) -> Iterator[Advance]:
    started = time.monotonic()
    done, last_note = 0, ""

    def advance(steps: int, note: str) -> None:
        nonlocal done, last_note
        done, last_note = done + steps, note

    yield advance
    seconds = time.monotonic() - started
    count = f"{done}" if done == total else f"{done} of {total}"  # training may stop early
    print(f"{description}: {count} in {seconds:.1f} s {last_note}".rstrip(), file=sys.stderr, flush=True)


@contextmanager
def capture_native_output() -> Iterator[None]:
    """Sends what C++ code writes to standard output and error into a temporary file while the block runs.

    Converters print progress and flags there past every Python logger. If the block raises, the end of what was held is
    kept in the log, or else written to standard error, because it is often the only explanation.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        saved = [os.dup(stream) for stream in _STREAMS]
        failed = True
        try:
            for stream in _STREAMS:
                os.dup2(held.fileno(), stream)
            yield
            failed = False
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for copy, stream in zip(saved, _STREAMS, strict=True):
                os.dup2(copy, stream)
                os.close(copy)
            if failed:
                held.seek(max(0, held.tell() - _SHOWN_BYTES))
                printed = held.read().decode(errors="replace")
                if not log.keep_printed(printed):
                    sys.stderr.write(printed)
