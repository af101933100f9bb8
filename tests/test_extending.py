"""Does zoobench measure with a backbone, a variant and a runtime of other packages, as docs/extending.md says?"""

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from documents import blocks, commands
from packages import EXTENDING, install, shown_files, write
from runs import SMALL, bench, load, plain, records, results, zoobench

PACKAGES = ("zoobench-tinynet", "zoobench-weight-int4", "zoobench-litert-plain")
CELLS = [
    f"tinynet-{variant}-{runtime}-t1"
    for variant in ("float32", "weight_only_int4")
    for runtime in ("litert", "litert_plain")
]
ADDED_RUNTIME = "tinynet-float32-litert_plain-t1"

pytestmark = pytest.mark.slow


def shown_options(command: str) -> tuple[str, ...]:
    """Returns what follows a command on its line in docs/extending.md."""
    lines = [one.text for block in blocks(EXTENDING.read_text()) for one in commands(block)]
    (line,) = (line for line in lines if line.startswith(f"{command} ") or line == command)
    return tuple(shlex.split(line.removeprefix(command)))


OPTIONS = (*SMALL, *shown_options("pytest bench/"))
BUILDING = tuple(
    word for pair in zip(OPTIONS[::2], OPTIONS[1::2], strict=True) if pair[0] not in SMALL[-4:] for word in pair
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the packages of docs/extending.md."""
    folder = tmp_path_factory.mktemp("extending")
    write(folder, shown_files())
    return install(folder / "site", *(folder / project for project in shown_options("pip install")))


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has processes that are started find the packages."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(site), os.environ.get("PYTHONPATH", ""))))


@pytest.fixture(scope="module")
def measured(site: Path) -> tuple[Path, str]:
    """The artifacts of a run of `pytest bench/` with the packages, and what it told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join((str(site), os.environ.get("PYTHONPATH", ""))))
        artifacts = site.parent / "artifacts"
        done = bench(*OPTIONS, artifacts=artifacts)
    assert done.returncode == 0, done.stdout + done.stderr
    return artifacts, done.stdout


def found(measured: tuple[Path, str]) -> dict[str, Any]:
    return records(load(results(measured[0])[0]))


def test_the_packages_are_those_that_the_document_shows() -> None:
    assert {name.partition("/")[0] for name in shown_files()} == set(PACKAGES)
    assert shown_options("pip install") == tuple(f"./{name}" for name in PACKAGES)


def test_each_is_built_quantized_and_measured(measured: tuple[Path, str]) -> None:
    assert list(found(measured)) == CELLS
    for record in found(measured).values():
        assert record["refusal"] is None
        assert record["latency"]["p50_seconds"] > 0
        assert record["accuracy"]["total"] == 10
        assert record["memory"]["peak_rss_bytes"] > 0


def test_the_header_says_what_has_a_hand_in_the_run(measured: tuple[Path, str]) -> None:
    (line,) = re.findall(r"^zoobench: added by zoobench-tinynet .*$", measured[1], flags=re.MULTILINE)
    assert line == "zoobench: added by zoobench-tinynet 1.0: backbone tinynet"
    assert line in EXTENDING.read_text()
    assert "zoobench: added by zoobench-weight-int4 1.0: variant weight_only_int4" in measured[1]


def test_the_variant_meets_the_spec_of_its_package_and_is_small(measured: tuple[Path, str]) -> None:
    model = found(measured)["tinynet-weight_only_int4-litert-t1"]["model"]
    assert model["contract"]["weight_shares"]["int4"] > 0.9
    assert model["size_bytes"] < 0.3 * model["float_twin_size_bytes"]
    assert model["numerics"] is not None


def test_the_runtime_is_held_against_litert(measured: tuple[Path, str]) -> None:
    record = found(measured)[ADDED_RUNTIME]
    assert record["latency"]["speedup_over_reference"]["point"] > 0
    agreement = record["accuracy"]["agreement_with_reference"]
    assert agreement["cell"] == "tinynet-float32-litert-t1"
    assert agreement["share"] >= 0.9


def test_records_and_manifests_keep_packages_and_versions(measured: tuple[Path, str]) -> None:
    for record in found(measured).values():
        libraries = record["environment"]["libraries"]
        assert {name: libraries[name] for name in PACKAGES} == dict.fromkeys(PACKAGES, "1.0")
    (path,) = (measured[0] / "models").glob("tinynet-64-weight_only_int4-*/manifest.json")
    inputs = json.loads(path.read_text())["inputs"]
    assert inputs["added_by"]["package"] == "zoobench-tinynet"
    assert inputs["variant_added_by"]["version"] == "1.0"
    assert inputs["variant_added_by"]["libraries"].keys() == {"litert-quantizer"}


@pytest.mark.usefixtures("installed")
def test_the_second_run_makes_nothing_anew(measured: tuple[Path, str]) -> None:
    done = zoobench("build", *plain(*BUILDING), "--artifacts", str(measured[0]), folder=measured[0].parent)
    assert done.returncode == 0, done.stderr
    assert "Making" not in done.stderr
    assert len(done.stdout.splitlines()) == len(CELLS)


@pytest.mark.usefixtures("installed")
def test_what_is_installed_is_listed_and_can_be_used(tmp_path: Path) -> None:
    done = zoobench("extensions", *shown_options("zoobench extensions"), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[2:]] == [
        ["tinynet", "backbone"],
        ["weight_only_int4", "variant"],
        ["litert_plain", "runtime"],
    ]
    listed = [line.split() for line in zoobench("backbones", folder=tmp_path).stdout.splitlines()]
    assert any(words[:1] == ["tinynet"] and "96" in words for words in listed)


def test_results_are_shown_and_compared_where_nothing_is_installed(measured: tuple[Path, str], tmp_path: Path) -> None:
    path = str(results(measured[0])[0])
    shown = zoobench("show", path, folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    for name in ("tinynet", "weight_only_int4", "litert_plain"):
        assert name in shown.stdout
    compared = zoobench("compare", path, path, folder=tmp_path)
    assert compared.returncode == 0, compared.stderr
    assert ADDED_RUNTIME in compared.stdout


def test_a_run_where_nothing_is_installed_says_what_is_unknown(tmp_path: Path) -> None:
    done = bench("--zoo-runtimes", "litert_plain", artifacts=tmp_path / "artifacts")
    assert done.returncode == 4
    assert "unknown runtime: litert_plain (did you mean litert?); known are litert, " in done.stderr


@pytest.mark.usefixtures("installed")
def test_a_gate_replays_by_the_runtime(measured: tuple[Path, str]) -> None:
    path, artifacts = str(results(measured[0])[0]), ("--artifacts", str(measured[0]))
    saved = zoobench("baseline", "save", "main", "--from", path, *artifacts, folder=measured[0].parent)
    assert saved.returncode == 0, saved.stderr
    asked = ("--baseline", "main", "--candidate", path, "--cells", ADDED_RUNTIME, "--method", "replay")
    done = zoobench("gate", *asked, "--seconds", "8", *artifacts, folder=measured[0].parent)
    assert "replay failed" not in done.stdout + done.stderr
    assert re.search(r"^p50 .* processes *$", done.stdout, flags=re.MULTILINE), done.stdout + done.stderr


@pytest.fixture(scope="module")
def kit(measured: tuple[Path, str], site: Path) -> Path:
    """A kit of the cells."""
    path = site.parent / "kit.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join((str(site), os.environ.get("PYTHONPATH", ""))))
        asked = ("kit", "export", str(path), *plain(*BUILDING), "--artifacts", str(measured[0]))
        done = zoobench(*asked, folder=site.parent)
    assert done.returncode == 0, done.stderr
    return path


def test_a_device_without_the_packages_measures_the_rest_of_a_kit(kit: Path, tmp_path: Path) -> None:
    done = bench("--zoo-kit", str(kit), "-rs", "-k", "accuracy or size", artifacts=tmp_path / "artifacts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed, 6 skipped" in done.stdout
    assert "the runtime litert_plain was added by zoobench-litert-plain 1.0 where the kit was made" in done.stdout
    assert "the variant weight_only_int4 was added by zoobench-weight-int4 1.0 where the kit" in done.stdout


@pytest.mark.usefixtures("installed")
def test_a_device_with_the_packages_measures_all_of_a_kit(kit: Path, tmp_path: Path) -> None:
    done = bench("--zoo-kit", str(kit), "-k", "accuracy or size", artifacts=tmp_path / "artifacts")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout
