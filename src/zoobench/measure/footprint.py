"""How much memory does this very process hold, and how many threads has it?"""

import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_LINE = re.compile(r"^(VmHWM|VmRSS|RssAnon|Threads):\s+(\d+)", re.MULTILINE)
_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What the system tells; None is what it does not.

    Attributes:
        rss_bytes: Resident now: in memory, and not only reserved.
        peak_rss_bytes: The most that ever was.
        anonymous_bytes: What of `rss_bytes` is in no file, so that it cannot be dropped and read again.
        threads: All of the process's.
    """

    rss_bytes: int | None
    peak_rss_bytes: int | None
    anonymous_bytes: int | None
    threads: int | None


def footprint() -> Footprint:
    """Returns this process's footprint: in full on Linux, elsewhere the peak alone, on Windows nothing."""
    told = _told()
    return Footprint(
        rss_bytes=_bytes(told, "VmRSS"),
        peak_rss_bytes=peak_rss_bytes(),
        anonymous_bytes=_bytes(told, "RssAnon"),
        threads=told.get("Threads"),
    )


def peak_rss_bytes() -> int | None:
    """Returns the most memory that this process ever held resident; None where the system does not tell.

    Linux's `ru_maxrss` also holds what the process was before it became this program, so Linux is asked elsewhere.
    """
    peak = _bytes(_told(), "VmHWM")
    if peak is not None:
        return peak
    with suppress(ImportError):
        from resource import RUSAGE_SELF, getrusage

        return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else _KIB)
    return None


def _told() -> dict[str, int]:
    """Returns the lines of Linux's file that matter here: KiB, or a number of threads; nothing elsewhere."""
    with suppress(OSError):
        return {name: int(value) for name, value in _LINE.findall(_STATUS.read_text())}
    return {}


def _bytes(told: dict[str, int], name: str) -> int | None:
    return told[name] * _KIB if name in told else None
