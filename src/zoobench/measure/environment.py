"""Which machine is this, and what runs on it?"""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("ai-edge-litert", "ai-edge-quantizer", "keras", "numpy", "tensorflow", "zoobench")
_CPUINFO = Path("/proc/cpuinfo")
_DEVICE = Path("/proc/device-tree/model")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def machine_key(environment: dict[str, Any]) -> str:
    """Returns the name under which this machine's results are kept: device or CPU model, and number of cores."""
    words = str(environment["device"] or environment["cpu"]).lower()
    for noise in ("(r)", "(tm)", "processor", "cpu"):
        words = words.replace(noise, " ")
    return f"{_NOT_IN_NAMES.sub('-', words).strip('-')}-{environment['cores']}c"


def describe_environment() -> dict[str, Any]:
    """Returns what is known of the machine and the libraries, as plain JSON; None for what cannot be told."""
    import psutil  # a worker in another environment, which may lack it, asks this module for versions alone

    return {
        "device": _text(_DEVICE),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "governor": _text(_GOVERNOR),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "python": python_version(),
        "libraries": library_versions(),
    }


def python_version() -> str:
    """Returns the interpreter's version, such as 3.12.3."""
    return platform.python_version()


def library_versions() -> dict[str, str | None]:
    """Returns the version of each of `LIBRARIES`; None for what is not installed."""
    return {name: _version(name) for name in LIBRARIES}


def cpu_features() -> str:
    """Returns the CPU's instruction sets as Linux lists them, '' where that cannot be told: its name may not say."""
    return _cpuinfo("flags", "Features") or ""


def _cpu_model() -> str:
    """Returns the CPU's name; py-cpuinfo would take a second to say the same."""
    return _cpuinfo("model name", "Model") or platform.processor() or platform.machine()


def _cpuinfo(*names: str) -> str | None:
    """Returns the first line of /proc/cpuinfo that has one of these names."""
    for line in (_text(_CPUINFO) or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in names:
            return value.strip()
    return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
