"""Does a kit travel to a machine that can build nothing, is it measured there, and do its results come home?"""

import subprocess
import sys
from pathlib import Path

import pytest

from kitfiles import members, repacked
from runs import ROOT, SMALL_BUILD, environment, load, plain, records, results, zoobench
from zoobench.errors import Status

pytestmark = pytest.mark.slow

CELLS = ["mobilenet_025-float32-litert-t1", "mobilenet_025-float_fallback-litert-t1"]
BUILD = (*plain(*SMALL_BUILD), "--variants", "float32,float_fallback")
NO_BUILDER = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"tensorflow", "keras", "PIL", "litert_quantizer", "h5py"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""
"""A `sitecustomize.py` under which nothing that builds can be imported."""
FOREIGN = "raise SystemExit('this is not part of the kit')"


def on_device(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in a folder with nothing that builds."""
    block = folder / "block"
    block.mkdir(exist_ok=True)
    (block / "sitecustomize.py").write_text(NO_BUILDER)
    path = {"PYTHONPATH": f"{block}:{ROOT / 'src'}"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**environment(folder), **path},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def measured(real_kit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder on a device in which the kit was run, by pytest alone, beside files that are not the kit's."""
    folder = tmp_path_factory.mktemp("device")
    (folder / "conftest.py").write_text(FOREIGN)
    (folder / "test_foreign.py").write_text(FOREIGN)
    done = on_device(folder, "pytest", "--zoo-kit", str(real_kit), "--zoo-rounds", "6", "--zoo-machine", "pi5")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_cell_of_the_kit_is_measured_as_at_home(measured: Path, real_runs: Path) -> None:
    (path,) = results(measured / "artifacts")
    assert path.parent.name == "pi5"
    there, here = records(load(path)), records(load(results(real_runs)[0]))
    assert list(there) == CELLS
    for cell in CELLS:
        assert there[cell]["model"] == here[cell]["model"]
        assert there[cell]["dataset"] == here[cell]["dataset"]
        assert there[cell]["cell"] == here[cell]["cell"]
        assert there[cell]["accuracy"]["predictions"] == here[cell]["accuracy"]["predictions"]
        assert there[cell]["latency"]["samples"] == 6


def test_results_are_bound_to_the_kit(measured: Path, real_kit: Path) -> None:
    content = load(results(measured / "artifacts")[0])
    kit = content["zoobench"]["kit"]["sha256"]
    assert {record["kit"] for record in records(content).values()} == {kit}
    shown = zoobench("kit", "show", str(real_kit), folder=real_kit.parent)
    assert f"kit {kit}, written by zoobench" in shown.stdout


def test_a_run_writes_nothing_but_artifacts(measured: Path) -> None:
    ours = {"block", "conftest.py", "test_foreign.py"}
    assert {path.name for path in measured.iterdir()} - ours == {"artifacts", ".benchmarks"}


def test_a_device_compares_its_results_with_the_workstations(measured: Path, real_runs: Path) -> None:
    home, away = results(real_runs)[0], results(measured / "artifacts")[0]
    done = on_device(measured, "zoobench", "compare", "--across-machines", str(home), str(away))
    assert done.returncode == 0, done.stderr
    assert "not the same model file" not in done.stdout


def test_a_devices_results_hold_the_training_of_the_workstation(measured: Path, real_runs: Path) -> None:
    home, away = (records(load(results(folder)[0])) for folder in (real_runs, measured / "artifacts"))
    assert away
    for cell_id, record in away.items():
        assert record["training"] == {**home[cell_id]["training"], "seconds": None}


def test_results_of_another_kit_are_refused(measured: Path, real_runs: Path, tmp_path: Path) -> None:
    options = ("--artifacts", str(real_runs), *BUILD, "--cells", "*-float32-*")
    done = zoobench("kit", "export", "OTHER.zip", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    done = on_device(tmp_path, "zoobench", "kit", "run", "OTHER.zip", "--zoo-rounds", "6", "-k", "latency", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    first, other = results(measured / "artifacts")[0], results(tmp_path / "artifacts")[0]
    done = zoobench("compare", "--across-machines", str(first), str(other), folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"zoobench: these are results of different kits: {first} of ")


def test_the_same_run_gives_the_same_kit(real_kit: Path, real_runs: Path, tmp_path: Path) -> None:
    done = zoobench("kit", "export", "KIT.zip", "--artifacts", str(real_runs), *BUILD, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "KIT.zip").read_bytes() == real_kit.read_bytes()


def test_a_path_that_is_given_is_what_runs(real_kit: Path, tmp_path: Path) -> None:
    done = on_device(tmp_path, "pytest", str(ROOT / "bench"), "--zoo-kit", str(real_kit), "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(f"[{CELLS[0]}]" in line for line in done.stdout.splitlines()) >= 3


def test_what_the_kit_has_decided_is_an_error(real_kit: Path, tmp_path: Path) -> None:
    done = on_device(tmp_path, "pytest", "--zoo-kit", str(real_kit), "--zoo-threads", "2", "--zoo-data", "photos")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "received --zoo-data, --zoo-threads together with --zoo-kit" in done.stderr


def test_a_kit_that_was_altered_is_refused_and_leaves_nothing(real_kit: Path, tmp_path: Path) -> None:
    content = members(real_kit)
    (name,) = (one for one in content if "float_fallback" in one)
    (tmp_path / "KIT.zip").write_bytes(real_kit.read_bytes())
    repacked(tmp_path / "KIT.zip", content | {name: content[name][:-1] + bytes([content[name][-1] ^ 1])})
    done = on_device(tmp_path, "zoobench", "kit", "run", "KIT.zip")
    assert done.returncode == Status.UNUSABLE.in_pytest
    assert f"its member '{name}' has the SHA-256" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert [path for path in (tmp_path / "artifacts" / "kits").iterdir() if path.suffix != ".lock"] == []
    assert [path.name for path in (tmp_path / "artifacts").iterdir()] == ["kits"]
