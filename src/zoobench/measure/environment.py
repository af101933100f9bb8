"""Which machine is this, what decides how fast it runs a model, and what runs on it?"""

import os
import platform
from collections.abc import Iterable
from contextlib import suppress
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
ROOT = Path("/")
"""What the paths of Linux's files begin with; tests have folders of their own."""
_CPU = "sys/devices/system/cpu"
_DMI = "sys/class/dmi/id"
_DEVICE_TREE = "proc/device-tree"
_CGROUPS = "sys/fs/cgroup"
_OWN_GROUPS = "proc/self/cgroup"
_CPU_CONTROLLER = "cpu"
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


def text(path: Path) -> str | None:
    """Returns what stands in a file without the blanks and zero bytes around it; None if it cannot be read."""
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return None


def number(path: Path, *, base: int = 10) -> int | None:
    """Returns the whole number that a file holds; None for any other text, or if it cannot be read."""
    try:
        return int(text(path) or "", base)
    except ValueError:
        return None


def describe_environment(root: Path = ROOT, *, libraries: Iterable[str] = ()) -> dict[str, Any]:
    """Returns what is known of the machine and the libraries, as plain JSON; None for what cannot be told.

    Two descriptions of one machine are the same: load, temperature, free memory and the like are in `disturbance.py`.

    Args:
        root: Of the system's files.
        libraries: More of them than `LIBRARIES`, as package registries know them.
    """
    model = _cpuinfo(root, "model name", "Model")  # py-cpuinfo would take a second to say the same
    return {
        "device": text(root / _DEVICE_TREE / "model"),
        "cpu": (model[0] if model else "") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "governor": text(root / _CPU / "cpu0/cpufreq/scaling_governor"),
        "memory_bytes": _memory_bytes(),
        "system": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "processor": describe_processor(root),
        "virtualization": describe_virtualization(root),
        "libraries": library_versions(libraries),
    }


def _memory_bytes() -> int | None:
    import psutil  # a worker in another environment, which may lack it, asks this module for versions alone

    try:
        return int(psutil.virtual_memory().total)
    except OSError:  # a sandbox without /proc
        return None


def library_versions(more: Iterable[str] = ()) -> dict[str, str | None]:
    """Returns the version of each of `LIBRARIES`, and of more; None for what is not installed."""
    versions: dict[str, str | None] = dict.fromkeys((*LIBRARIES, *more))
    for name in versions:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def cpu_features(root: Path = ROOT) -> str:
    """Returns the CPU's instruction sets as Linux lists them, '' where that cannot be told: its name may not say."""
    return next(iter(_cpuinfo(root, "flags", "Features")), "")


def describe_processor(root: Path) -> dict[str, Any]:
    """Returns the processor's features, cores and frequencies as plain JSON; None for what cannot be told.

    Several clusters, such as those of a big.LITTLE processor, give each distinct value once. What varies from moment
    to moment is not here but in `disturbance.py`: two runs on one machine are to have the same description.
    """
    siblings = (root / _CPU).glob("cpu[0-9]*/topology/thread_siblings_list")
    parts = dict.fromkeys(_cpuinfo(root, "CPU part"))
    return {
        "features": _features(root),
        "core_types": [_PARTS.get(part, part) for part in parts] or None,
        "physical_cores": len({text(path) for path in siblings}) or None,
        "usable_cores": len(usable_cpus()),
        "quota_cores": quota_cores(root),
        "frequency": _frequency(root),
    }


def usable_cpus() -> frozenset[int]:
    """Returns the numbers of the CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone has it
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def quota_cores(root: Path) -> float | None:
    """Returns how many CPUs' time this process may use: the least quota of its control groups; None if any."""
    return min(filter(None, map(_quota_of, control_groups(root))), default=None)


def control_groups(root: Path) -> list[Path]:
    """Returns the folders of the control groups that rule this process's CPU time, its own first, then those above it.

    A container may see its own group as the root, so that the path in /proc leads nowhere: only the root is left then.
    """
    folders: list[Path] = []
    for line in (text(root / _OWN_GROUPS) or "0::/").splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if not controllers or _CPU_CONTROLLER in controllers.split(","):  # version 2 names none
            places = (controllers, _CPU_CONTROLLER) if controllers else ("", "unified", _CPU_CONTROLLER)
            parts = [part for part in path.split("/") if part]
            levels = range(0 if ".." in parts else len(parts), -1, -1)
            folders += [Path(root, _CGROUPS, place, *parts[:level]) for place in places for level in levels]
    return list(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))


def _quota_of(folder: Path) -> float | None:
    quota, _, period = (text(folder / "cpu.max") or "").partition(" ")
    if not quota:
        quota, period = (text(folder / f"cpu.cfs_{one}_us") or "" for one in ("quota", "period"))
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def describe_virtualization(root: Path) -> dict[str, Any]:
    """Returns whether the machine is virtual, by which hypervisor, and in which kind of container, as plain JSON.

    systemd-detect-virt, which knows more hypervisors, is not on every machine, and inside a container it names that
    alone.

    Returns:
        `virtual_machine` is None where nothing tells; `hypervisor` and `container` are None where none is known.
    """
    hypervisor = _hypervisor(root)
    return {
        "virtual_machine": True if hypervisor else _is_virtual(root),
        "hypervisor": hypervisor,
        "container": _container(root),
    }


def _cpuinfo(root: Path, *names: str) -> list[str]:
    lines = (line.partition(":") for line in (text(root / "proc/cpuinfo") or "").splitlines())
    return [value.strip() for name, _, value in lines if name.strip() in names]


def _features(root: Path) -> list[str] | None:
    """Returns those of `FEATURES`; elsewhere than on Linux by py-cpuinfo, which pytest-benchmark brings.

    On Linux it reads the same line, after starting lscpu and others: 0.2 to 1 s for nothing new.
    """
    listed = _cpuinfo(root, "flags", "Features")
    found = listed[0].split() if listed else None
    if found is None and platform.system() != "Linux":
        from cpuinfo import get_cpu_info

        found = get_cpu_info().get("flags")
    return None if found is None else [name for name in FEATURES if name in found]


def _frequency(root: Path) -> dict[str, Any]:
    policies = sorted((root / _CPU).glob("cpufreq/policy*"))

    def distinct(name: str) -> list[str] | None:
        return list(dict.fromkeys(filter(None, (text(policy / name) for policy in policies)))) or None

    ranges = dict.fromkeys(
        (number(policy / "scaling_min_freq"), number(policy / "scaling_max_freq")) for policy in policies
    )
    no_turbo, boost = (number(root / _CPU / path) for path in ("intel_pstate/no_turbo", "cpufreq/boost"))
    turbo = boost if no_turbo is None else not no_turbo
    return {
        "governors": distinct("scaling_governor"),
        "scaling_drivers": distinct("scaling_driver"),
        "ranges_hertz": [[1000 * low, 1000 * high] for low, high in ranges if low is not None and high is not None]
        or None,
        "turbo": None if turbo is None else bool(turbo),
    }


def _hypervisor(root: Path) -> str | None:
    names = f"{text(root / _DMI / 'sys_vendor') or ''} {text(root / _DMI / 'product_name') or ''}".lower()
    if ".metal" in names:  # Amazon's whole machines have its name too
        return None
    told = next((hypervisor for name, hypervisor in _HYPERVISORS.items() if name in names), None)
    return told or text(root / "sys/hypervisor/type") or text(root / _DEVICE_TREE / "hypervisor/compatible")


def _is_virtual(root: Path) -> bool | None:
    """Tells by the flag that every hypervisor of x86 sets; on ARM, by whether the device tree is that of a board."""
    if flags := _cpuinfo(root, "flags"):
        return "hypervisor" in flags[0].split()
    device = text(root / _DEVICE_TREE / "model")
    return None if device is None else device == "linux,dummy-virt"


def _container(root: Path) -> str | None:
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    groups = text(root / "proc/1/cgroup") or ""
    return next((name for name in _CONTAINERS if name in groups), None)
