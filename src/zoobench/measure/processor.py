"""What of this processor decides how fast a quantized model runs?"""

import os
import platform
from collections.abc import Iterator
from typing import Any

from zoobench.measure.systemfiles import SystemFiles

_CPUINFO = "proc/cpuinfo"
_POLICIES = "sys/devices/system/cpu/cpufreq/policy*"
FEATURES = (
    *("avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16"),
    *("neon", "asimd", "asimddp", "asimdhp", "i8mm", "bf16", "sve"),
)
"""By Linux's names: those of x86 that XNNPACK has kernels for, then ARM's (asimddp is dotprod, asimdhp is fp16)."""
_PARTS = {
    "0xd03": "Cortex-A53",
    "0xd04": "Cortex-A35",
    "0xd05": "Cortex-A55",
    "0xd07": "Cortex-A57",
    "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73",
    "0xd0a": "Cortex-A75",
    "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse-N1",
    "0xd0d": "Cortex-A77",
    "0xd40": "Neoverse-V1",
    "0xd41": "Cortex-A78",
    "0xd42": "Cortex-A78AE",
    "0xd44": "Cortex-X1",
    "0xd49": "Neoverse-N2",
    "0xd4f": "Neoverse-V2",
}
"""Names of ARM's own cores (implementer 0x41) by their part number, as lscpu has them; /proc/cpuinfo has no names."""


def cpuinfo(files: SystemFiles, *names: str) -> str | None:
    """Returns the first value in /proc/cpuinfo that has one of these names."""
    return next(_values(files, *names), None)


def describe_processor(files: SystemFiles) -> dict[str, Any]:
    """Returns the processor's features, cores and frequencies as plain JSON; None for what cannot be told.

    Several clusters, such as those of a big.LITTLE processor, give each distinct value once. What varies from moment
    to moment is not here but in `disturbance.py`: two runs on one machine are to have the same description.
    """
    return {
        "features": _features(files),
        "core_types": _core_types(files),
        "physical_cores": _physical_cores(files),
        "usable_cores": len(usable_cpus()),
        "quota_cores": quota_cores(files),
        "frequency": _frequency(files),
    }


def usable_cpus() -> frozenset[int]:
    """Returns the numbers of the CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone has it
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def quota_cores(files: SystemFiles) -> float | None:
    """Returns how many CPUs' time the container may use, by version 2 or 1 of control groups; None if any."""
    quota, _, period = (files.text("sys/fs/cgroup/cpu.max") or "").partition(" ")
    if not quota:
        quota = files.text("sys/fs/cgroup/cpu/cpu.cfs_quota_us") or ""
        period = files.text("sys/fs/cgroup/cpu/cpu.cfs_period_us") or ""
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def _features(files: SystemFiles) -> list[str] | None:
    listed = cpuinfo(files, "flags", "Features")
    found = _flags_elsewhere() if listed is None else listed.split()
    return None if found is None else [name for name in FEATURES if name in found]


def _flags_elsewhere() -> list[str] | None:
    """Returns what py-cpuinfo, which pytest-benchmark brings, finds out where there is no /proc/cpuinfo.

    On Linux it reads the same line, after starting lscpu and others: 0.2 to 1 s for nothing new.
    """
    if platform.system() == "Linux":
        return None
    from cpuinfo import get_cpu_info

    flags: list[str] | None = get_cpu_info().get("flags")
    return flags


def _core_types(files: SystemFiles) -> list[str] | None:
    parts = dict.fromkeys(_values(files, "CPU part"))
    return [_PARTS.get(part, part) for part in parts] or None


def _physical_cores(files: SystemFiles) -> int | None:
    siblings = files.found("sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list")
    return len({files.text(path) for path in siblings}) or None


def _frequency(files: SystemFiles) -> dict[str, Any]:
    policies = files.found(_POLICIES)
    ranges = dict.fromkeys(_range(files, policy) for policy in policies)
    return {
        "governors": _distinct(files, policies, "scaling_governor"),
        "scaling_drivers": _distinct(files, policies, "scaling_driver"),
        "ranges_hertz": [list(one) for one in ranges if one] or None,
        "turbo": _turbo(files),
    }


def _range(files: SystemFiles, policy: str) -> tuple[int, int] | None:
    """Returns the lowest and highest frequency that a policy allows; the files are in kilohertz."""
    low, high = (files.number(f"{policy}/scaling_{end}_freq") for end in ("min", "max"))
    return None if low is None or high is None else (1000 * low, 1000 * high)


def _distinct(files: SystemFiles, policies: tuple[str, ...], name: str) -> list[str] | None:
    texts = (files.text(f"{policy}/{name}") for policy in policies)
    return list(dict.fromkeys(text for text in texts if text)) or None


def _turbo(files: SystemFiles) -> bool | None:
    no_turbo = files.number("sys/devices/system/cpu/intel_pstate/no_turbo")
    if no_turbo is not None:
        return not no_turbo
    boost = files.number("sys/devices/system/cpu/cpufreq/boost")
    return None if boost is None else bool(boost)


def _values(files: SystemFiles, *names: str) -> Iterator[str]:
    for line in (files.text(_CPUINFO) or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in names:
            yield value.strip()
