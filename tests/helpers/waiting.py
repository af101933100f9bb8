"""Waiting for other processes: until something is so, or one is gone."""

import time
from collections.abc import Callable

import psutil


def eventually(is_so: Callable[[], bool]) -> bool:
    """Tells whether something becomes so within some seconds."""
    for _ in range(400):
        if is_so():
            return True
        time.sleep(0.01)
    return False


def is_gone(process: psutil.Process) -> bool:
    """Tells whether a process has ended, waited for or not."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
