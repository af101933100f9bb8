"""How far along is long work? A bar on a terminal, a line at the end elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int, str], None]
"""Called with the number of steps just done and a short note to show beside the bar ('' for none)."""


@contextmanager
def progress(description: str, *, total: int) -> Iterator[Advance]:
    """Shows `description` and how many of `total` steps are done, on standard error.

    On a terminal this is a bar with the time left; in a log it is one line at the end, so that logs stay short.
    """
    from rich.console import Console  # a bar is rare, and the import is not free

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
