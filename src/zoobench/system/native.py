"""What native libraries print is kept off the terminal, and shown when they fail."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_SHOWN_BYTES = 4000
_STREAMS = (1, 2)


@contextmanager
def output_held() -> Iterator[None]:
    """Sends what C++ code writes to standard output and error into a temporary file while the block runs.

    Converters print progress and flags there past every Python logger. If the block raises, the end of what was held is
    written to standard error, because it is often the only explanation.
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
                sys.stderr.write(held.read().decode(errors="replace"))
