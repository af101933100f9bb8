"""What reaches the terminal, and what of a failure that is too long for it is kept elsewhere?"""

import errno
import io
import logging
import os
import re
import select
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from zoobench.errors import sanitize
from zoobench.system.files import write_bytes

_SHOWN_BYTES = 4000
_STREAMS = (1, 2)
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EPIPE, errno.EIO, errno.EFBIG, errno.EBADF}
Advance = Callable[[int, str], None]
"""Called with the number of steps just done and a short note to show beside the bar ('' for none)."""


def say(*fields: object, error: bool = False) -> None:
    """Prints a line of fields with a tab between them, on standard error if `error`; nothing in it steers a reader."""
    print(*(sanitize(str(one)) for one in fields), sep="\t", file=sys.stderr if error else sys.stdout, flush=True)


def has_colours(stream: TextIO) -> bool:
    """Tells whether a stream takes colours: by NO_COLOR and FORCE_COLOR where they are set, else by what it is."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def columns(*, is_terminal: bool) -> int | None:
    """Returns how wide what is printed may be: COLUMNS, or what the terminal has; None where it is none."""
    return shutil.get_terminal_size().columns if is_terminal or os.environ.get("COLUMNS", "").isdigit() else None


@contextmanager
def progress(description: str, *, total: int) -> Iterator[Advance]:
    """Shows `description` and how many of `total` steps are done, on standard error.

    On a terminal this is a bar with the time left; in a log it is one line at the end, so that logs stay short.
    """
    description = sanitize(description)
    if not sys.stderr.isatty():  # FORCE_COLOR makes a terminal of a log for colours alone
        with _logged(description, total) as advance:
            yield advance
        return
    from rich.console import Console  # here, as a process that measures does without

    console = Console(file=sys.stderr, no_color=not has_colours(sys.stderr))
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[note]}", markup=False), console=console, transient=True) as bar:
        task = bar.add_task(description, total=total, note="")
        yield lambda steps, note: bar.update(task, advance=steps, note=sanitize(note))


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
    say(f"{description}: {count} in {seconds:.1f} s {last_note}".rstrip(), error=True)


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
                if not keep_printed(printed):
                    sys.stderr.write(printed)


def write_what_can_be_shown() -> None:
    """Has a terminal that lacks letters, such as a Latin-1 one, show a mark for each instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def unwritten(error: BaseException) -> str | None:
    """Returns what to say where an error is of output that could not be written; None for all others.

    After it nothing fails over the same stream again. It is '' for a pipe whose reader went away, as `head` does: that
    is no failure to speak of.
    """
    if not isinstance(error, OSError) or error.filename is not None or error.errno not in _UNWRITABLE:
        return None
    gone = [stream for stream in (sys.stdout, sys.stderr) if stream and _is_pipe_without_reader(stream)]
    if error.errno == errno.EPIPE and not gone:  # a pipe of ours
        return None
    for stream in filter(None, (sys.stdout, sys.stderr)):
        _give_up(stream)
    return "" if gone else f"the output cannot be written: {error.strerror}"


def _give_up(stream: TextIO) -> None:
    """Sends nowhere what a stream still holds and cannot write: Python would fail over it at its end."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError):  # a stream of a test's has no descriptor
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _is_pipe_without_reader(stream: TextIO) -> bool:
    poll = select.poll()
    with suppress(OSError):
        poll.register(stream.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def keep_traceback(error: BaseException) -> str:
    """Writes the traceback of a defect into a file of its own and returns where it is; or writes it to stderr."""
    text = "".join(traceback.format_exception(error))
    try:
        descriptor, path = tempfile.mkstemp(prefix="traceback-of-zoobench-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as handle:
            handle.write(text)
    except OSError:
        sys.stderr.write(text)
        return "its traceback is above"
    return f"its traceback is in {path}"


_LOG = logging.getLogger("zoobench")


def keep(error: BaseException) -> None:
    """Writes an error with all that caused it into the log that is kept, if one is."""
    _LOG.debug("%s", type(error).__name__, exc_info=error)


def keep_printed(text: str) -> bool:
    """Writes what native code printed before it failed into the log; returns whether one is kept."""
    is_kept = _LOG.isEnabledFor(logging.DEBUG)
    if is_kept and text:
        _LOG.debug("printed before it failed:\n%s", text)
    return is_kept


@contextmanager
def kept_in(path: Path) -> Iterator[io.StringIO]:
    """Keeps in a file what is logged while the block runs, also where it fails; there is no file where nothing is.

    Yields the text so far.
    """
    path.unlink(missing_ok=True)  # of an earlier failure
    text = io.StringIO()
    handler, level, propagates = logging.StreamHandler(text), _LOG.level, _LOG.propagate
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.DEBUG)
    _LOG.propagate = False  # a library may have made the root logger print
    try:
        yield text
    finally:
        _LOG.removeHandler(handler)
        _LOG.propagate = propagates
        _LOG.setLevel(level)
        if text.getvalue():
            write_bytes(path, text.getvalue().encode(errors="replace"))


_LONGEST = 240
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NO_OPERATOR = re.compile(r"(?:loc\([^'\n]*\): )?'tf\.(\w+)' op is neither a custom op nor a flex op")
_PLACE = re.compile(r'loc\(fused\["[^"]*", "(?:\d+/)?([^"]+)"\]\): \'tf\.')
_CAUSES = ("Exception encountered: ", "Exception encountered when calling ")

_DUMPS = (
    "Full object config",
    "Full config",
    "\n\\s*config=",
    "using config=",
    "Arguments received",
    "Inputs received",
)

_DUMP = re.compile(rf"\s*(?:{'|'.join(_DUMPS)}).*", re.DOTALL)
_FROM_MLIR = re.compile(r"^<unknown>:0: error: (?:loc\(.*?\]\): )?")
_FROM_TRACING = "in user code:"


def sentence(error: BaseException) -> str:
    """Returns what an error says is wrong, on one line: such errors quote configurations, graphs and weights whole."""
    text = _COLOURS.sub("", str(error)) or type(error).__name__
    if missing := dict.fromkeys(_NO_OPERATOR.findall(text)):
        places = dict.fromkeys(_PLACE.findall(text))
        where = f" (in {', '.join(places)})" if places else ""
        return (
            f"TFLite has no built-in operator for {', '.join(missing)}{where}; leave out of the model what computes "
            "it, or compute it otherwise"
        )
    if _FROM_TRACING in text:
        text = text.split("\n\n")[-1] if not any(cause in text for cause in _CAUSES) else text
    for cause in _CAUSES:
        text = text.rpartition(cause)[2]
    text = _FROM_MLIR.sub("", text)
    line = " ".join((_DUMP.sub("", text).strip() or text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
