"""Are kept gates found, asked, and what they teach kept for the machine?"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fakes import a_cell, a_record, write_results_file
from noisegates import a_cell_of, a_gate_of
from runs import results, zoobench
from zoobench.cli import main
from zoobench.commands import noise as aa
from zoobench.commands.gate import GateRequest
from zoobench.commands.noise import (
    gates_folder,
    read_gates,
    report_on,
    save_noise,
    wanted_tolerances,
)
from zoobench.errors import UsageError
from zoobench.judge.gate.false_alarms import REAL
from zoobench.judge.gate.noise import RepeatedGate, noise_path, read_noise, to_json
from zoobench.judge.gate.rules import read_rules
from zoobench.measure.environment import describe_environment
from zoobench.results.conditions import machine_key
from zoobench.results.schema import Record, Refusal
from zoobench.system.files import write_json

HERE = machine_key(describe_environment())
FLOAT, INTEGER, KERAS = "mobilenet-float32-litert-t1", "mobilenet-integer_only-litert-t1", "mobilenet-keras-keras-t1"


def a_record_of(cell: str) -> Record:
    _, variant, runtime, _ = cell.split("-")
    return a_record(cell=a_cell(id=cell, variant=variant, runtime=runtime), environment=describe_environment())


def a_gate(*, slowdown: float = 0.0, step: float = 0.001, integer: float = 0.02) -> RepeatedGate:
    cell = a_cell_of([step, -step] * 3)
    gate = a_gate_of({FLOAT: cell, INTEGER: cell}, slowdown=slowdown)
    return replace(gate, machine=HERE, tolerances={FLOAT: 0.03, INTEGER: integer})


@pytest.fixture
def request_(tmp_path: Path) -> GateRequest:
    """Asks for gates of the cells of a results file that run on LiteRT, at 3 %."""
    refused = replace(a_record_of("mobilenet-int16x8-litert-t1"), refusal=Refusal(by="litert", reason="no"))
    records = [a_record_of(cell) for cell in (FLOAT, INTEGER, KERAS)]
    results = write_results_file(tmp_path / "results" / HERE / "0001_x.json", *records, refused)
    rules = read_rules(None, ["latency_p50=3%", "*-integer_only-*:latency_p50=2%"])
    return GateRequest(baseline=results, candidate=results, artifacts=tmp_path, rules=rules, cells=("*-litert-*",))


def keep(request: GateRequest, *gates: RepeatedGate) -> None:
    folder = gates_folder(request.artifacts, HERE)
    for number, gate in enumerate(gates, start=len(read_gates(folder)) + 1):
        write_json(folder / f"{number:04}_x.json", to_json(gate))


def test_the_cells_that_fit_and_run_are_wanted_each_at_its_own_tolerance(request_: GateRequest) -> None:
    assert wanted_tolerances(request_) == {FLOAT: 0.03, INTEGER: 0.02}


def test_a_pattern_that_fits_no_cell_is_refused_with_those_that_there_are(request_: GateRequest) -> None:
    with pytest.raises(UsageError, match=rf"'xception-\*' matches no cell of .*; the cells are {FLOAT}, "):
        wanted_tolerances(replace(request_, cells=("xception-*",)))


def test_results_without_a_cell_that_runs_are_refused(request_: GateRequest) -> None:
    refused = replace(a_record(), refusal=Refusal(by="litert", reason="no"))
    path = write_results_file(request_.artifacts / "refused.json", refused)
    with pytest.raises(UsageError, match="has no such cell that runs"):
        wanted_tolerances(replace(request_, candidate=path, cells=()))


def test_gates_are_read_back_in_order_and_one_that_is_being_written_is_passed_over(request_: GateRequest) -> None:
    first, second = a_gate(), a_gate(slowdown=0.05)
    keep(request_, first, second)
    folder = gates_folder(request_.artifacts, HERE)
    (folder / "0003_x.json").touch()
    assert read_gates(folder) == (first, second)


def test_a_machine_without_gates_has_none(tmp_path: Path) -> None:
    assert read_gates(gates_folder(tmp_path, "elsewhere")) == ()


def test_the_report_is_about_gates_of_these_cells_and_tolerances_alone(request_: GateRequest) -> None:
    keep(request_, a_gate(), a_gate(integer=0.05), a_gate())
    report = report_on(request_, draws=20)
    assert report.gates[0.0][REAL].gates == 2
    assert report.notes == ("left out: 1 kept gates of other tolerances",)


def test_without_such_gates_it_says_which_were_asked_for_and_which_are_kept(request_: GateRequest) -> None:
    with pytest.raises(UsageError, match=rf"holds no gates of .*: {FLOAT} at 3\.0 %, .*; run some with --times"):
        report_on(request_)
    keep(request_, a_gate(integer=0.05))
    with pytest.raises(UsageError, match="left out: 1 kept gates of other tolerances; run some"):
        report_on(request_)


def test_the_noise_is_kept_where_the_gate_looks_for_it(request_: GateRequest) -> None:
    keep(request_, *(a_gate() for _ in range(3)))
    path = save_noise(report_on(request_, draws=20), request_.artifacts)
    assert path == noise_path(request_.artifacts, HERE)
    noise = read_noise(noise_path(request_.artifacts, HERE))
    assert noise is not None
    assert {cell: one.runs for cell, one in noise.cells.items()} == {FLOAT: 3, INTEGER: 3}


def test_what_is_known_from_more_runs_stays_known(request_: GateRequest) -> None:
    keep(request_, *(a_gate() for _ in range(3)))
    save_noise(report_on(request_, draws=20), request_.artifacts)
    report = report_on(request_, draws=20)
    assert report.noise is not None
    fewer = {cell: replace(one, runs=2, run_scatter=9.0) for cell, one in report.noise.cells.items()}
    once = {cell: replace(one, runs=1) for cell, one in report.noise.cells.items()}
    for cells in (fewer, once):
        save_noise(replace(report, noise=replace(report.noise, cells=cells)), request_.artifacts)
    kept = read_noise(noise_path(request_.artifacts, HERE))
    assert kept is not None
    assert {one.runs for one in kept.cells.values()} == {3}


def test_a_single_run_teaches_no_noise(request_: GateRequest) -> None:
    keep(request_, a_gate())
    assert save_noise(report_on(request_, draws=20), request_.artifacts) is None
    assert not noise_path(request_.artifacts, HERE).exists()


def test_what_is_known_of_other_cells_stays_known(request_: GateRequest) -> None:
    keep(request_, *(a_gate() for _ in range(3)))
    report = report_on(request_, draws=20)
    save_noise(report, request_.artifacts)
    assert report.noise is not None
    noise = replace(report.noise, cells={KERAS: report.noise.cells[FLOAT]})
    save_noise(replace(report, noise=noise), request_.artifacts)
    kept = read_noise(noise_path(request_.artifacts, HERE))
    assert kept is not None
    assert set(kept.cells) == {FLOAT, INTEGER, KERAS}


def test_gates_with_a_slow_down_alone_leave_no_noise(request_: GateRequest) -> None:
    keep(request_, a_gate(slowdown=0.05))
    assert save_noise(report_on(request_, draws=20), request_.artifacts) is None
    assert not noise_path(request_.artifacts, HERE).exists()


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
    return CliRunner().invoke(main, ["noise", *asked, *arguments])


def test_kept_gates_are_told_of_without_running_any(kept: Path) -> None:
    done = run("--times", "0", artifacts=kept)
    assert done.exit_code == 0
    assert f"{HERE}: gates of identical files, 2 cells" in done.stdout
    assert "5.0 % INJECTED" in done.stdout
    assert f"wrote {kept / 'noise' / HERE}.json" in done.stderr


def test_a_picture_is_drawn_where_one_is_asked_for(kept: Path) -> None:
    pytest.importorskip("resvg_py")
    done = run("--times", "0", "--picture", str(kept / "power.png"), artifacts=kept)
    assert f"wrote {kept / 'power.png'}" in done.stderr
    assert (kept / "power.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("option", ["--inject-slowdown", "--false-alarm-rate"])
@pytest.mark.parametrize("value", ["5", "0.05", "five %", "-1%", "101%"])
def test_a_share_that_is_no_percentage_is_refused(kept: Path, option: str, value: str) -> None:
    done = run("--times", "0", option, value, artifacts=kept)
    assert (done.exit_code, 'such as "5 %"' in done.stderr) == (2, True)


def test_what_was_finished_when_one_stopped_it_is_told_of(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_request: GateRequest, *, times: int) -> Iterator[tuple[Path, RepeatedGate]]:
        assert times == 3
        yield Path("0001.json"), a_gate(slowdown=0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr(aa, "run_gates", stopped)
    done = run("--times", "3", artifacts=artifacts)
    assert done.exit_code == 130
    assert "gate 1 of 3, slow-down 5.0 % INJECTED, latency 2 unchanged in 12 s: 0001.json" in done.stderr
    assert "1 gates are kept; `zoobench noise --times 0` with the same options reads them" in done.stderr


@pytest.mark.slow
def test_real_gates_of_identical_files_are_run_kept_and_told_of(own_runs: Path, tmp_path: Path) -> None:
    artifacts, file = own_runs, results(own_runs)[-1]
    before = file.read_bytes()
    asked = ("--cells", "*-float_fallback-*", "--seconds", "9", "--resample", "50", "--artifacts", str(artifacts))
    true = zoobench("noise", str(file), "--times", "2", *asked, folder=tmp_path)
    assert true.returncode == 0, true.stderr
    slowed = zoobench("noise", "--times", "1", "--inject-slowdown", "60%", "--format", "json", *asked, folder=tmp_path)
    assert slowed.returncode == 0, slowed.stderr
    gates = [json.loads(path.read_text()) for path in sorted(artifacts.glob("aa/*/*.json"))]
    assert [gate["slowdown"] for gate in gates] == [0.0, 0.0, 0.6]
    ratios = [ratio for cell in gates[2]["cells"].values() for ratio in cell["log_ratios"]]
    assert all(ratio > 0.2 for ratio in ratios), ratios
    content = json.loads(slowed.stdout)
    assert [(one["injected_slowdown"], one["real"]["gates"]) for one in content["gates"]] == [(0.0, 2), (0.6, 1)]
    assert file.read_bytes() == before
