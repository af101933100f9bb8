"""How far along is work on many bytes? A step for each megabyte."""

from collections.abc import Callable
from math import ceil

from zoobench.system.terminal import Advance

OnBytes = Callable[[int, str], None]
"""Told how many bytes were just done and of which member."""
_MEGABYTE = 1_000_000


def megabytes_begun(size_bytes: int) -> int:
    """Returns how many megabytes that is, the last one begun."""
    return ceil(size_bytes / _MEGABYTE)


def in_megabytes(advance: Advance) -> OnBytes:
    """Returns what moves a bar on by a step for each megabyte that has begun."""
    done = 0

    def on_bytes(count: int, name: str) -> None:
        nonlocal done
        steps = megabytes_begun(done + count) - megabytes_begun(done)
        done += count
        advance(steps, name)

    return on_bytes
