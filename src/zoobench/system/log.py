"""What is kept of a failure that is too long for a terminal?"""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoobench.system.files import write_bytes

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
    handler, level = logging.StreamHandler(text), _LOG.level
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        _LOG.removeHandler(handler)
        _LOG.setLevel(level)
        if text.getvalue():
            write_bytes(path, text.getvalue().encode(errors="replace"))
