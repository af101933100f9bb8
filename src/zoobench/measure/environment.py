"""Which machine is this, and what runs on it?"""

import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from zoobench.measure.processor import cpuinfo, describe_processor
from zoobench.measure.systemfiles import HERE, SystemFiles
from zoobench.measure.virtualization import describe_virtualization

LIBRARIES = (
    "ai-edge-litert",
    "ai-edge-quantizer",
    "keras",
    "numpy",
    "onnxruntime",
    "openvino",
    "tensorflow",
    "tf2onnx",
    "zoobench",
)
_DEVICE = "proc/device-tree/model"
_GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def machine_key(environment: dict[str, Any]) -> str:
    """Returns the name under which this machine's results are kept: device or CPU model, and number of cores."""
    words = str(environment["device"] or environment["cpu"]).lower()
    for noise in ("(r)", "(tm)", "processor", "cpu"):
        words = words.replace(noise, " ")
    return f"{_NOT_IN_NAMES.sub('-', words).strip('-')}-{environment['cores']}c"


def describe_environment(files: SystemFiles = HERE, *, libraries: Iterable[str] = ()) -> dict[str, Any]:
    """Returns what is known of the machine and the libraries, as plain JSON; None for what cannot be told.

    Two descriptions of one machine are the same: load, temperature, free memory and the like are in `disturbance.py`.

    Args:
        files: Of the system.
        libraries: More of them than `LIBRARIES`, as package registries know them.
    """
    import psutil  # a worker in another environment, which may lack it, asks this module for versions alone

    return {
        "device": files.text(_DEVICE),
        "cpu": _cpu_model(files),
        "cores": os.cpu_count(),
        "governor": files.text(_GOVERNOR),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "python": python_version(),
        "processor": describe_processor(files),
        "virtualization": describe_virtualization(files),
        "libraries": library_versions(libraries),
    }


def python_version() -> str:
    """Returns the interpreter's version, such as 3.12.3."""
    return platform.python_version()


def library_versions(more: Iterable[str] = ()) -> dict[str, str | None]:
    """Returns the version of each of `LIBRARIES`, and of more; None for what is not installed."""
    return {name: _version(name) for name in dict.fromkeys((*LIBRARIES, *more))}


def cpu_features(files: SystemFiles = HERE) -> str:
    """Returns the CPU's instruction sets as Linux lists them, '' where that cannot be told: its name may not say."""
    return cpuinfo(files, "flags", "Features") or ""


def _cpu_model(files: SystemFiles) -> str:
    """Returns the CPU's name; py-cpuinfo would take a second to say the same."""
    return cpuinfo(files, "model name", "Model") or platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
