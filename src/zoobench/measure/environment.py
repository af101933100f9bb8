"""Which machine is this, what decides how fast it runs a model, and what runs on it?"""

import os
import platform
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = (
    "ai-edge-litert",
    "keras",
    "litert-quantizer",
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
_PRODUCT = "sys/class/dmi/id/product_name"
_VENDOR = "sys/class/dmi/id/sys_vendor"
_DEVICE_TREE = "proc/device-tree"
_HYPERVISORS = {
    "qemu": "QEMU or KVM",
    "kvm": "KVM",
    "bochs": "QEMU or KVM",
    "openstack": "KVM",
    "google compute": "KVM",
    "amazon ec2": "Nitro",
    "vmware": "VMware",
    "virtualbox": "VirtualBox",
    "parallels": "Parallels",
    "virtual machine": "Hyper-V",
    "bhyve": "bhyve",
    "xen": "Xen",
    "hvm domu": "Xen",
    "digitalocean": "KVM",
}
"""What stands in the vendor's or product's name of the firmware, small letters, and which hypervisor puts it there."""
_CONTAINERS = ("docker", "kubepods", "containerd", "libpod", "lxc")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFiles:
    """The files below `root`; tests give a folder of their own. A file that cannot be read says nothing, None."""

    root: Path = Path("/")

    def text(self, path: str) -> str | None:
        """Returns what stands in a file, without the blanks and zero bytes around it."""
        try:
            return (self.root / path).read_text(errors="replace").strip("\0\n ")
        except OSError:
            return None

    def number(self, path: str, *, base: int = 10) -> int | None:
        """Returns the whole number that a file holds; None for any other text too."""
        try:
            return int(self.text(path) or "", base)
        except ValueError:
            return None

    def names(self, folder: str) -> tuple[str, ...]:
        """Returns what is in a folder; nothing if it cannot be read."""
        try:
            return tuple(sorted(path.name for path in (self.root / folder).iterdir()))
        except OSError:
            return ()

    def has(self, path: str) -> bool:
        """Tells whether a file or folder is there."""
        return (self.root / path).exists()

    def found(self, pattern: str) -> tuple[str, ...]:
        """Returns the files that a pattern such as `sys/class/thermal/*/temp` fits, by name."""
        return tuple(sorted(path.relative_to(self.root).as_posix() for path in self.root.glob(pattern)))


HERE = SystemFiles()
"""This machine's."""


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


def describe_virtualization(files: SystemFiles) -> dict[str, Any]:
    """Returns whether the machine is virtual, by which hypervisor, and in which kind of container, as plain JSON.

    systemd-detect-virt, which knows more hypervisors, is not on every machine, and inside a container it names that
    alone.

    Returns:
        `virtual_machine` is None where nothing tells; `hypervisor` and `container` are None where none is known.
    """
    hypervisor = _hypervisor(files)
    return {
        "virtual_machine": True if hypervisor else _is_virtual(files),
        "hypervisor": hypervisor,
        "container": _container(files),
    }


def _cpu_model(files: SystemFiles) -> str:
    """Returns the CPU's name; py-cpuinfo would take a second to say the same."""
    return cpuinfo(files, "model name", "Model") or platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


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


def _hypervisor(files: SystemFiles) -> str | None:
    names = f"{files.text(_VENDOR) or ''} {files.text(_PRODUCT) or ''}".lower()
    if ".metal" in names:  # Amazon's whole machines have its name too
        return None
    told = next((hypervisor for name, hypervisor in _HYPERVISORS.items() if name in names), None)
    return told or files.text("sys/hypervisor/type") or files.text(f"{_DEVICE_TREE}/hypervisor/compatible")


def _is_virtual(files: SystemFiles) -> bool | None:
    """Tells by the flag that every hypervisor of x86 sets; on ARM, by whether the device tree is that of a board."""
    flags = cpuinfo(files, "flags")
    if flags is not None:
        return "hypervisor" in flags.split()
    device = files.text(f"{_DEVICE_TREE}/model")
    return None if device is None else device == "linux,dummy-virt"


def _container(files: SystemFiles) -> str | None:
    if files.has(".dockerenv"):
        return "docker"
    if files.has("run/.containerenv"):
        return "podman"
    groups = files.text("proc/1/cgroup") or ""
    return next((name for name in _CONTAINERS if name in groups), None)
