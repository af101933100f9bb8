"""Is a virtual machine told from a whole one, and a container from none?"""

from pathlib import Path

import pytest

from systemtrees import LAPTOP, PI_5, VM, a_system
from zoobench.measure.virtualization import describe_virtualization

AMAZON = {"sys/class/dmi/id/sys_vendor": "Amazon EC2"}
NO_FLAG = {"proc/cpuinfo": "flags\t\t: fpu avx2\n"}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (VM, (True, "QEMU or KVM", "docker")),
        ({"proc/cpuinfo": "flags\t\t: fpu hypervisor\n"}, (True, None, None)),
        (LAPTOP, (False, None, None)),
        (PI_5, (False, None, None)),
        ({"proc/device-tree/model": "linux,dummy-virt\0"}, (True, None, None)),
        ({**AMAZON, "sys/class/dmi/id/product_name": "c7g.large"}, (True, "Nitro", None)),
        ({**AMAZON, **NO_FLAG, "sys/class/dmi/id/product_name": "c7i.metal-24xl"}, (False, None, None)),
        ({"sys/hypervisor/type": "xen\n"}, (True, "xen", None)),
        ({"run/.containerenv": ""}, (None, None, "podman")),
        ({"proc/1/cgroup": "0::/kubepods.slice/pod1\n"}, (None, None, "kubepods")),
        ({}, (None, None, None)),
    ],
)
def test_the_signs_are_read(
    tmp_path: Path, tree: dict[str, str], expected: tuple[bool | None, str | None, str | None]
) -> None:
    assert tuple(describe_virtualization(a_system(tmp_path, tree)).values()) == expected
