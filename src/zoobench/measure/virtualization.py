"""Is this machine virtual, or a container of one, so that others may take its time unseen?"""

from typing import Any

from zoobench.measure.processor import cpuinfo
from zoobench.measure.systemfiles import SystemFiles

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
