"""Does the description say what makes a quantized model fast, on boards, laptops and virtual machines?"""

from pathlib import Path
from typing import Any

import pytest

from systemtrees import BIG_LITTLE, LAPTOP, PI_4, PI_5, VM, a_system
from zoobench.measure import processor
from zoobench.measure.processor import describe_processor, quota_cores, usable_cpus


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
    monkeypatch.setattr(processor.platform, "system", lambda: "Darwin")
    monkeypatch.setattr("cpuinfo.get_cpu_info", lambda: {"flags": ["sse2", "avx2"]})
    assert describe_processor(a_system(tmp_path, {}))["features"] == ["avx2"]


def test_this_process_may_use_some_cpu() -> None:
    assert usable_cpus()
