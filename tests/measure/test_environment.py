"""Is a machine known again by its name, and said nothing about that cannot be told?"""

import json
import platform
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from systemtrees import PI_4, VM, a_system
from zoobench.measure import environment
from zoobench.measure.environment import LIBRARIES, cpu_features, describe_environment, machine_key


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


def test_a_raspberry_pi_is_known_by_its_device_tree(tmp_path: Path) -> None:
    found = describe_environment(a_system(tmp_path, PI_4))
    assert found["device"] == found["cpu"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert found["governor"] == "ondemand"


def test_a_pc_is_known_by_its_cpu(tmp_path: Path) -> None:
    found = describe_environment(a_system(tmp_path, VM))
    assert (found["device"], found["cpu"], found["governor"]) == (None, "AMD EPYC", None)
    assert found["processor"]["quota_cores"] == 1.5
    assert found["virtualization"]["container"] == "docker"


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


def test_two_descriptions_of_one_machine_are_the_same() -> None:
    assert describe_environment() == describe_environment()


def test_libraries_have_their_versions_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "LIBRARIES", ("numpy", "no-such-library"))
    libraries = describe_environment()["libraries"]
    assert re.match(r"\d+\.\d+", libraries["numpy"])
    assert libraries["no-such-library"] is None


def test_all_of_it_is_plain_json() -> None:
    found = describe_environment()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found["libraries"]) == set(LIBRARIES)
    assert found["cores"] >= 1
    assert found["memory_bytes"] > 1_000_000
    assert machine_key(found).endswith(f"-{found['cores']}c")


def test_more_libraries_are_told_where_cells_stand_on_them() -> None:
    libraries = describe_environment(libraries=("pytest", "numpy", "no-such-library"))["libraries"]
    assert list(libraries) == [*LIBRARIES, "pytest", "no-such-library"]
    assert libraries["pytest"] == pytest.__version__
