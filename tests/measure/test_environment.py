"""Is a machine told as its files tell of it?"""

import json
import platform
import re
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from systemtrees import BIG_LITTLE, LAPTOP, PI_4, PI_5, VM, a_system
from zoobench.measure.environment import (
    LIBRARIES,
    cpu_features,
    describe_environment,
    describe_processor,
    describe_virtualization,
    number,
    quota_cores,
    text,
)
from zoobench.results.conditions import machine_key


@pytest.mark.parametrize(
    ("device", "cpu", "cores", "key"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4", "Raspberry Pi 4 Model B Rev 1.4", 4, "raspberry-pi-4-model-b-rev-1-4-4c"),
        (None, "AMD EPYC 7B13", 2, "amd-epyc-7b13-2c"),
        (None, "AMD EPYC 7763 64-Core Processor", 128, "amd-epyc-7763-64-core-128c"),
        (None, "Intel(R) Xeon(R) CPU @ 2.20GHz", 2, "intel-xeon-2-20ghz-2c"),
        ("", "aarch64", 1, "aarch64-1c"),
    ],
)
def test_the_key_is_made_of_device_or_cpu_and_cores(device: str | None, cpu: str, cores: int, key: str) -> None:
    assert machine_key({"device": device, "cpu": cpu, "cores": cores}) == key


@given(cpu=st.text(), cores=st.integers(1, 256))
def test_the_key_is_a_name_that_every_file_system_takes(cpu: str, cores: int) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", machine_key({"device": None, "cpu": cpu, "cores": cores}))


@pytest.mark.parametrize(
    ("tree", "device", "cpu", "governor"),
    [
        (PI_4, "Raspberry Pi 4 Model B Rev 1.4", "Raspberry Pi 4 Model B Rev 1.4", "ondemand"),
        (VM, None, "AMD EPYC", None),
    ],
)
def test_a_board_is_known_by_its_device_tree_and_a_pc_by_its_cpu(
    tmp_path: Path, tree: dict[str, str], device: str | None, cpu: str, governor: str | None
) -> None:
    found = describe_environment(a_system(tmp_path, tree))
    assert (found["device"], found["cpu"], found["governor"]) == (device, cpu, governor)
    assert found["processor"] == describe_processor(tmp_path)
    assert found["virtualization"] == describe_virtualization(tmp_path)


def test_a_system_without_these_files_is_known_by_what_python_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert describe_environment(a_system(tmp_path, {}))["cpu"] == "arm64"


@pytest.mark.parametrize(("name", "listed"), [("flags", "fpu sse2 avx2"), ("Features", "fp asimd")])
def test_the_instruction_sets_are_those_that_the_system_lists(tmp_path: Path, name: str, listed: str) -> None:
    assert cpu_features(a_system(tmp_path, {})) == ""
    text = f"model name\t: AMD EPYC\n{name}\t\t: {listed}\nbugs\t\t: none\n"
    assert cpu_features(a_system(tmp_path, {"proc/cpuinfo": text})) == listed


def test_all_of_it_is_plain_json_and_the_same_whenever_it_is_asked_for() -> None:
    found = describe_environment()
    assert json.loads(json.dumps(found, allow_nan=False)) == found == describe_environment()
    assert set(found["libraries"]) == set(LIBRARIES)
    assert found["cores"] >= 1
    assert found["memory_bytes"] > 1_000_000
    assert machine_key(found).endswith(f"-{found['cores']}c")


def test_libraries_have_their_versions_or_none_with_more_where_cells_stand_on_them() -> None:
    libraries = describe_environment(libraries=("pytest", "numpy", "no-such-library"))["libraries"]
    assert list(libraries) == [*LIBRARIES, "pytest", "no-such-library"]
    assert re.match(r"\d+\.\d+", libraries["numpy"])
    assert libraries["pytest"] == pytest.__version__
    assert libraries["no-such-library"] is None


@pytest.mark.parametrize(
    ("content", "base", "expected"),
    [("4700000\n", 10, 4_700_000), ("50005", 16, 0x50005), ("<unsupported>", 10, None), (None, 10, None)],
)
def test_a_number_is_read_in_its_base_and_what_is_none_is_nothing(
    tmp_path: Path, content: str | None, base: int, expected: int | None
) -> None:
    if content:
        (tmp_path / "one").write_text(content)
    assert number(tmp_path / "one", base=base) == expected


def test_a_text_comes_without_what_surrounds_it(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("Raspberry Pi 5\0\n")
    assert text(tmp_path / "model") == "Raspberry Pi 5"
    assert text(tmp_path) is text(tmp_path / "absent") is None


@pytest.mark.parametrize(
    ("tree", "features", "core_types", "physical"),
    [
        (PI_4, ["asimd"], ["Cortex-A72"], 4),
        (PI_5, ["asimd", "asimddp", "asimdhp"], ["Cortex-A76"], 4),
        (BIG_LITTLE, ["asimd", "asimddp"], ["Cortex-A55", "Cortex-A76"], None),
        (LAPTOP, ["avx2", "fma", "avx_vnni"], None, 2),
        (VM, ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16"], None, None),
    ],
)
def test_features_and_cores_are_those_of_the_machine(
    tmp_path: Path, tree: dict[str, str], features: list[str], core_types: list[str] | None, physical: int | None
) -> None:
    found = describe_processor(a_system(tmp_path, tree))
    assert (found["features"], found["core_types"], found["physical_cores"]) == (features, core_types, physical)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (PI_4, (["ondemand"], ["cpufreq-dt"], [[600_000_000, 1_800_000_000]], None)),
        (LAPTOP, (["performance"], ["intel_pstate"], [[400_000_000, 4_700_000_000]], True)),
        (
            BIG_LITTLE,
            (["schedutil"], ["cpufreq-dt"], [[408_000_000, 1_800_000_000], [408_000_000, 2_400_000_000]], None),
        ),
        (VM, (None, None, None, None)),
    ],
)
def test_each_distinct_frequency_range_is_told_once(
    tmp_path: Path, tree: dict[str, str], expected: tuple[Any, ...]
) -> None:
    assert tuple(describe_processor(a_system(tmp_path, tree))["frequency"].values()) == expected


def test_boost_is_told_where_there_is_no_intel_driver(tmp_path: Path) -> None:
    files = a_system(tmp_path, {"sys/devices/system/cpu/cpufreq/boost": "0\n"})
    assert describe_processor(files)["frequency"]["turbo"] is False


NESTED = {
    "proc/self/cgroup": "0::/system.slice/runner.service\n",
    "sys/fs/cgroup/system.slice/runner.service/cpu.max": "50000 100000",
    "sys/fs/cgroup/cpu.stat": "",
}


@pytest.mark.parametrize(
    ("tree", "cores"),
    [
        ({"sys/fs/cgroup/cpu.max": "150000 100000"}, 1.5),
        ({"sys/fs/cgroup/cpu.max": "max 100000"}, None),
        (
            {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"},
            0.5,
        ),
        ({"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, None),
        ({}, None),
        # of one's own group, and of those above it: the least counts
        (NESTED | {"sys/fs/cgroup/system.slice/cpu.max": "max 100000"}, 0.5),
        (NESTED | {"sys/fs/cgroup/system.slice/cpu.max": "25000 100000"}, 0.25),
        (NESTED | {"proc/self/cgroup": "0::/\n"}, None),
        (NESTED | {"proc/self/cgroup": "0::/../system.slice/runner.service\n"}, None),  # out of the namespace
        (NESTED | {"proc/self/cgroup": "0::/docker/not-seen-in-the-container\n"}, None),
        (NESTED | {"proc/self/cgroup": "nonsense"}, None),
        (
            {
                "proc/self/cgroup": "2:cpu,cpuacct:/slurm/job_7\n1:name=systemd:/other\n0::/other\n",
                "sys/fs/cgroup/cpu/slurm/job_7/cpu.cfs_quota_us": "150000",
                "sys/fs/cgroup/cpu/slurm/job_7/cpu.cfs_period_us": "100000",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            1.5,
        ),
    ],
)
def test_the_quota_of_a_container_is_in_cores(tmp_path: Path, tree: dict[str, str], cores: float | None) -> None:
    assert quota_cores(a_system(tmp_path, tree)) == cores


def test_a_part_without_a_name_keeps_its_number(tmp_path: Path) -> None:
    assert describe_processor(a_system(tmp_path, {"proc/cpuinfo": "CPU part\t: 0xfff\n"}))["core_types"] == ["0xfff"]


def test_elsewhere_than_on_linux_the_features_are_those_that_py_cpuinfo_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert describe_processor(a_system(tmp_path, {}))["features"] is None
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr("cpuinfo.get_cpu_info", lambda: {"flags": ["sse2", "avx2"]})
    assert describe_processor(a_system(tmp_path, {}))["features"] == ["avx2"]


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


def test_without_proc_memory_is_not_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("psutil.virtual_memory", Mock(side_effect=FileNotFoundError("/proc/meminfo")))
    described = describe_environment(tmp_path)
    assert described["memory_bytes"] is None
    assert machine_key(described)
