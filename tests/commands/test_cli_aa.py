"""Does `zoobench aa` run gates, keep them, tell of them and teach how?"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aarequests import FLOAT, HERE, INTEGER, a_gate, a_record_of
from fakes import write_results_file
from runs import results, zoobench
from zoobench.cli import main
from zoobench.commands import aa
from zoobench.commands.gate import GateRequest
from zoobench.judge.aa.aarecord import AAGate, to_json
from zoobench.system.files import write_json


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    """A folder with results of this machine."""
    records = [a_record_of(cell) for cell in (FLOAT, INTEGER)]
    write_results_file(tmp_path / "results" / "here" / "0001_20261125-010000.json", *records)
    return tmp_path


@pytest.fixture
def kept(artifacts: Path) -> Path:
    """Two true gates and a slowed one in it."""
    for number, slowdown in enumerate((0.0, 0.05, 0.0), start=1):
        gate = a_gate(slowdown=slowdown, integer=0.03)
        write_json(aa.gates_folder(artifacts, HERE) / f"{number:04}_x.json", to_json(gate))
    return artifacts


def run(*arguments: str, artifacts: Path) -> Result:
    asked = ("--tolerance", "latency_p50=3%", "--resample", "20", "--artifacts", str(artifacts))
    return CliRunner().invoke(main, ["aa", *asked, *arguments])


def test_help_teaches() -> None:
    shown = CliRunner().invoke(main, ["aa", "--help"])
    assert shown.exit_code == 0
    for word in ("--inject-slowdown", "false alarm", "artifacts/noise", "  zoobench aa --times 40"):
        assert word in shown.output


def test_kept_gates_are_told_of_without_running_any(kept: Path) -> None:
    done = run("--times", "0", artifacts=kept)
    assert done.exit_code == 0
    assert f"{HERE}: gates of identical files, 2 cells" in done.stdout
    assert "5.0 % INJECTED" in done.stdout
    assert f"wrote {kept / 'noise' / HERE}.json" in done.stderr


def test_programs_get_json(kept: Path) -> None:
    content = json.loads(run("--times", "0", "--format", "json", artifacts=kept).stdout)
    assert [one["injected_slowdown"] for one in content["gates"]] == [0.0, 0.05]


def test_a_picture_is_drawn_where_one_is_asked_for(kept: Path) -> None:
    pytest.importorskip("resvg_py")
    done = run("--times", "0", "--picture", str(kept / "power.png"), artifacts=kept)
    assert f"wrote {kept / 'power.png'}" in done.stderr
    assert (kept / "power.png").read_bytes().startswith(b"\x89PNG")


def test_without_kept_gates_there_is_nothing_to_tell(artifacts: Path) -> None:
    done = run("--times", "0", artifacts=artifacts)
    assert (done.exit_code, "holds no gates" in done.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--inject-slowdown", "--false-alarm-rate"])
@pytest.mark.parametrize("value", ["5", "0.05", "five %", "-1%", "101%"])
def test_a_share_that_is_no_percentage_is_refused(kept: Path, option: str, value: str) -> None:
    done = run("--times", "0", option, value, artifacts=kept)
    assert (done.exit_code, 'such as "5 %"' in done.stderr) == (2, True)


def test_a_pattern_that_fits_no_cell_is_refused_before_any_gate_runs(artifacts: Path) -> None:
    done = run("--times", "1", "--cells", "xception-*", artifacts=artifacts)
    assert (done.exit_code, "'xception-*' fits no cell" in done.stderr) == (2, True)


def test_what_was_finished_when_one_stopped_it_is_told_of(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_request: GateRequest, *, times: int) -> Iterator[tuple[Path, AAGate]]:
        assert times == 3
        yield Path("0001.json"), a_gate(slowdown=0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr(aa, "run_gates", stopped)
    done = run("--times", "3", artifacts=artifacts)
    assert done.exit_code == 130
    assert "gate 1 of 3, slow-down 5.0 % INJECTED, latency 2 unchanged in 12 s: 0001.json" in done.stderr
    assert "1 gates are kept; `zoobench aa --times 0` with the same options reads them" in done.stderr


@pytest.mark.slow
def test_real_gates_of_identical_files_are_run_kept_and_told_of(own_runs: Path, tmp_path: Path) -> None:
    artifacts, file = own_runs, results(own_runs)[-1]
    before = file.read_bytes()
    asked = ("--cells", "*-dynamic_range-*", "--seconds", "9", "--resample", "50", "--artifacts", str(artifacts))
    true = zoobench("aa", str(file), "--times", "2", *asked, folder=tmp_path)
    assert true.returncode == 0, true.stderr
    slowed = zoobench("aa", "--times", "1", "--inject-slowdown", "60%", "--format", "json", *asked, folder=tmp_path)
    assert slowed.returncode == 0, slowed.stderr
    gates = [json.loads(path.read_text()) for path in sorted(artifacts.glob("aa/*/*.json"))]
    assert [gate["slowdown"] for gate in gates] == [0.0, 0.0, 0.6]
    ratios = [ratio for cell in gates[2]["cells"].values() for ratio in cell["log_ratios"]]
    assert all(ratio > 0.2 for ratio in ratios), ratios
    content = json.loads(slowed.stdout)
    assert [(one["injected_slowdown"], one["real"]["gates"]) for one in content["gates"]] == [(0.0, 2), (0.6, 1)]
    assert file.read_bytes() == before
