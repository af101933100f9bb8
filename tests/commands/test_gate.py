"""Does each kind of change get its own verdict or error, and the exit status that goes with it?"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fakes import a_cell, a_memory, a_record, write_results_file
from reports import a_report
from runs import SMALL, bench, load, results
from zoobench.cli import main
from zoobench.commands.gate import SUMMARY, GateRequest, run_gate, write_summary
from zoobench.errors import OutputError, ResultsError, Status, UsageError
from zoobench.judge.evidence import Finding, Verdict
from zoobench.judge.gate.decide import GateReport
from zoobench.judge.gate.noise import CellNoise, Noise, noise_path, to_json
from zoobench.judge.gate.rules import Rules
from zoobench.matrix.interface import WARNING, Interface
from zoobench.results.answers import encode, encode_shares
from zoobench.results.schema import Predictions, Record
from zoobench.system.files import write_json

CELLS = ("mobilenet-float32-litert-t1", "mobilenet-integer_only-litert-t1")
MACHINE = {"device": None, "cpu": "AMD EPYC", "cores": 2}
OTHER_MACHINE = {"device": "Raspberry Pi 5", "cpu": "Cortex-A76", "cores": 4}
TRUTH = [0] * 20 + [1] * 20


def answered(record: Record, answers: list[int]) -> Record:
    """Returns a record of 40 samples, 20 cats and 20 dogs, that were answered so."""
    assert record.accuracy is not None
    right = sum(map(int.__eq__, answers, TRUTH))
    predictions = Predictions(
        classes=encode(answers), probabilities=encode_shares([1.0] * len(answers)), truth=encode(TRUTH)
    )
    accuracy = replace(record.accuracy, top1=right / 40, correct=right, total=40, predictions=predictions)
    return replace(record, accuracy=accuracy, dataset=replace(record.dataset, samples=40))


def usual() -> dict[str, Record]:
    cells = (a_cell(id=one, variant=one.split("-")[1]) for one in CELLS)
    return {cell.id: answered(a_record(cell=cell, environment=MACHINE), TRUTH) for cell in cells}


def change(record: Record, part: str, **changes: Any) -> Record:
    """Returns a record one part of which is different."""
    return replace(record, **{part: replace(getattr(record, part), **changes)})


class Sides:
    """A baseline and a candidate in a folder, and what is known of the machine's noise."""

    def __init__(self, folder: Path) -> None:
        self.artifacts = folder
        self.baseline, self.candidate = usual(), usual()

    def request(self, **changes: Any) -> GateRequest:
        paths = {}
        for name, records in (("baseline", self.baseline), ("candidate", self.candidate)):
            paths[name] = write_results_file(self.artifacts / f"{name}.json", *records.values())
        return GateRequest(**{**paths, "artifacts": self.artifacts, "method": "stored", **changes})

    def judged(self, **changes: Any) -> GateReport:
        return run_gate(self.request(**changes))[0]

    def learn(self, scatter: float = 0.002) -> None:
        """Makes the machine's noise known."""
        known = CellNoise(
            run_scatter=scatter,
            runs=40,
            process_scatter=0.002,
            processes=240,
            error_rate=0.01,
            replay_tolerance=0.02,
            stored_tolerance=0.02,
        )
        path = noise_path(self.artifacts, "amd-epyc-2c")
        path.parent.mkdir(parents=True)
        write_json(path, to_json(Noise(machine="amd-epyc-2c", cells=dict.fromkeys(CELLS, known))))


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    """Two equal sides on a machine whose noise is known."""
    made = Sides(tmp_path)
    made.learn()
    return made


def of(report: GateReport, metric: str, cell: str = CELLS[0]) -> Finding:
    (found,) = (one for one in report.findings if (one.cell, one.metric) == (cell, metric))
    return found


def verdicts(report: GateReport) -> Mapping[tuple[str, str], Verdict | None]:
    """Returns the verdicts that are not `unchanged`, by cell and metric."""
    return {(one.cell, one.metric): one.verdict for one in report.findings if one.verdict is not Verdict.UNCHANGED}


def test_a_run_and_itself_pass_in_every_metric(sides: Sides) -> None:
    report = sides.judged()
    assert [(one.cell, one.metric) for one in report.findings] == [
        (cell, metric) for cell in CELLS for metric in ("latency_p50", "memory", "top1", "size")
    ]
    assert (verdicts(report), report.problems, report.status) == ({}, (), Status.PASSED)


def test_more_memory_than_allowed_regresses_without_a_replay(sides: Sides) -> None:
    sides.candidate[CELLS[1]] = replace(
        sides.candidate[CELLS[1]], memory=a_memory(*[64_000_000] * 3, *[64_200_000] * 3)
    )
    report = sides.judged()
    assert verdicts(report) == {(CELLS[1], "memory"): Verdict.REGRESSED}
    found = of(report, "memory", CELLS[1])
    assert found.change == pytest.approx(64.1 / 56.0 - 1, abs=0.002)
    assert (found.units, found.basis) == (12, "processes")


@pytest.mark.parametrize(
    ("lacking", "verdict", "remark"),
    [
        (("baseline",), None, "not judged, as the baseline has not measured it"),
        (("baseline", "candidate"), None, "not judged, as neither side has measured it"),
        (("candidate",), Verdict.INCONCLUSIVE, "the candidate has not measured it; measure it by the whole of"),
    ],
)
def test_memory_that_was_not_measured_has_a_row_that_says_so(
    sides: Sides, lacking: tuple[str, ...], verdict: Verdict | None, remark: str
) -> None:
    for side in lacking:
        cells = getattr(sides, side)
        cells[CELLS[0]] = replace(cells[CELLS[0]], memory=None)
    report = sides.judged()
    assert verdicts(report) == {(CELLS[0], "memory"): verdict}
    assert of(report, "memory").remark.startswith(remark)
    assert report.status == (Status.UNDECIDED if verdict else Status.PASSED)


def test_one_class_mislabelled_regresses_and_is_named(sides: Sides) -> None:
    sides.candidate[CELLS[1]] = answered(sides.candidate[CELLS[1]], [0] * 40)
    report = sides.judged()
    assert verdicts(report) == {(CELLS[1], "top1"): Verdict.REGRESSED}
    assert report.status == Status.FAILED
    assert "20 newly wrong, 0 newly right; most of all dog: 100.0 to 0.0 %" in of(report, "top1", CELLS[1]).remark


def test_another_interpreter_is_never_passed_over(sides: Sides) -> None:
    with pytest.raises(UsageError, match="--baseline-python replays"):
        sides.judged(baseline_python=Path("python"))
    with pytest.raises(UsageError, match="not every cell can be replayed"):
        sides.judged(baseline_python=Path("python"), method="auto")


def test_a_run_that_is_judged_against_itself_is_told_so(sides: Sides) -> None:
    assert any("the very run" in note for note in sides.judged().notes)
    sides.candidate[CELLS[0]] = change(sides.candidate[CELLS[0]], "model", size_bytes=3_400_001)
    assert not any("the very run" in note for note in sides.judged().notes)


def test_accuracy_of_random_weights_is_not_judged_in_a_row_that_says_so(sides: Sides) -> None:
    for side in (sides.baseline, sides.candidate):
        side |= {cell: change(record, "cell", weights="random") for cell, record in side.items()}
    sides.candidate[CELLS[1]] = answered(sides.candidate[CELLS[1]], [0] * 40)
    report = sides.judged()
    assert verdicts(report) == dict.fromkeys([(cell, "top1") for cell in CELLS])
    assert of(report, "top1").remark == "not judged, as the weights are random"
    assert report.status == Status.PASSED


def test_a_retrained_model_of_ones_own_is_judged_by_its_answers(sides: Sides) -> None:
    for side, digit in ((sides.baseline, "a"), (sides.candidate, "b")):
        retrained = [
            change(record, "cell", id=cell.replace("mobilenet", "mine"), backbone="mine", weights=f"file:{digit * 64}")
            for cell, record in side.items()
        ]
        side.clear()
        side.update({record.cell.id: record for record in retrained})
    worse = CELLS[1].replace("mobilenet", "mine")
    sides.candidate[worse] = answered(sides.candidate[worse], [0] * 40)
    report = sides.judged()
    assert report.problems == ()
    assert verdicts(report)[worse, "top1"] is Verdict.REGRESSED
    assert report.notes[0] == "other weights in mine (file:aaaaaaaaaaaa / file:bbbbbbbbbbbb): these are judged"


def test_a_renamed_backbone_is_judged_by_its_new_name(sides: Sides) -> None:
    new = [
        change(record, "cell", id=cell.replace("mobilenet", "pocketnet"), backbone="pocketnet")
        for cell, record in sides.candidate.items()
    ]
    sides.candidate.clear()
    sides.candidate.update({record.cell.id: record for record in new})
    assert any("join them by --rename mobilenet=pocketnet" in one for one in sides.judged().problems)
    report = sides.judged(renames=("mobilenet=pocketnet",))
    assert report.problems == ()
    assert {one.cell for one in report.findings} == sides.candidate.keys()
    assert "judged by new names: mobilenet=pocketnet" in report.notes
    report = sides.judged(rules=Rules(renames=("mobilenet=pocketnet", "gone=mobilenet")))
    assert {one.cell for one in report.findings} == sides.candidate.keys()
    assert "the baseline has nothing that pyproject.toml renames by gone=mobilenet" in report.notes


@pytest.mark.parametrize(
    ("size_bytes", "expected", "status"),
    [
        (3_468_000, Verdict.REGRESSED, Status.FAILED),
        (3_417_000, None, Status.PASSED),
        (3_332_000, Verdict.IMPROVED, Status.PASSED),
    ],
    ids=["2 % more", "0.5 % more", "2 % less"],
)
def test_a_size_is_judged_against_one_percent(
    sides: Sides, size_bytes: int, expected: Verdict | None, status: int
) -> None:
    sides.candidate[CELLS[0]] = change(sides.candidate[CELLS[0]], "model", size_bytes=size_bytes)
    report = sides.judged()
    assert verdicts(report) == ({(CELLS[0], "size"): expected} if expected else {})
    assert report.status == status


def test_a_time_is_judged_against_five_percent_where_the_noise_is_known(sides: Sides) -> None:
    sides.candidate[CELLS[0]] = change(sides.candidate[CELLS[0]], "latency", p50_seconds=0.0048)
    report = sides.judged()
    assert verdicts(report) == {(CELLS[0], "latency_p50"): Verdict.REGRESSED}
    assert (of(report, "latency_p50").basis, report.status) == ("stored", Status.FAILED)


@pytest.mark.parametrize("scatter", [None, 0.0], ids=["never learned", "all times alike"])
def test_a_time_is_inconclusive_where_the_noise_is_not_known(tmp_path: Path, scatter: float | None) -> None:
    sides = Sides(tmp_path)
    if scatter is not None:
        sides.learn(scatter)
    report = sides.judged()
    assert verdicts(report) == dict.fromkeys([(cell, "latency_p50") for cell in CELLS], Verdict.INCONCLUSIVE)
    assert "learn it with `zoobench noise`" in of(report, "latency_p50").remark
    assert report.status == Status.UNDECIDED


def test_times_of_two_machines_are_inconclusive_and_both_are_named(sides: Sides) -> None:
    sides.candidate = {cell: replace(one, environment=OTHER_MACHINE) for cell, one in sides.candidate.items()}
    report = sides.judged()
    assert {metric for _, metric in verdicts(report)} == {"latency_p50", "memory"}
    assert set(verdicts(report).values()) == {Verdict.INCONCLUSIVE}
    for metric in ("latency_p50", "memory"):
        assert "measured on amd-epyc-2c and on raspberry-pi-5-4c" in of(report, metric).remark
    assert report.status == Status.UNDECIDED


def test_times_of_machines_that_nothing_is_known_of_are_inconclusive(sides: Sides) -> None:
    for side in (sides.baseline, sides.candidate):
        side |= {cell: replace(one, environment={}) for cell, one in side.items()}
    report = sides.judged()
    assert verdicts(report) == dict.fromkeys([(cell, "latency_p50") for cell in CELLS], Verdict.INCONCLUSIVE)
    assert report.status == Status.UNDECIDED


def drop_a_cell(candidate: dict[str, Record]) -> None:
    del candidate[CELLS[0]]


def test_what_cannot_be_compared_is_named_and_nothing_is_judged(sides: Sides) -> None:
    drop_a_cell(sides.candidate)
    sides.candidate[CELLS[1]] = change(sides.candidate[CELLS[1]], "model", size_bytes=9_000_000)
    report = sides.judged()
    (problem,) = report.problems
    assert f"the candidate has no record of {CELLS[0]}" in problem
    assert (report.findings, report.status) == ((), Status.UNUSABLE)


def test_other_cells_can_be_judged_alone(sides: Sides) -> None:
    drop_a_cell(sides.candidate)
    report = sides.judged(cells=("*-integer_only-*",))
    assert ({one.cell for one in report.findings}, report.status) == ({CELLS[1]}, Status.PASSED)


def test_a_pattern_that_fits_no_cell_is_refused_with_the_cells_there_are(sides: Sides) -> None:
    with pytest.raises(UsageError, match=f"'vgg\\*' matches no cell of .*; the cells are {', '.join(CELLS)}"):
        sides.judged(cells=("vgg*",))


def test_tolerances_are_those_of_the_cell_and_patterns_that_fit_none_are_noted(sides: Sides) -> None:
    sides.candidate = {cell: change(one, "model", size_bytes=3_468_000) for cell, one in sides.candidate.items()}
    rules = Rules(cells=(("*-float32-*", {"size": 0.05}), ("vgg*", {"size": 0.5})))
    report = sides.judged(rules=rules)
    assert verdicts(report) == {(CELLS[1], "size"): Verdict.REGRESSED}
    assert "the pattern 'vgg*' of the tolerances fits no cell" in report.notes


def test_a_warning_of_a_model_of_one_s_own_is_repeated_by_the_gate(sides: Sides) -> None:
    interface = Interface(taken_as="classifier", remarks=(f"{WARNING}its classes look permuted.",))
    sides.candidate = {cell: change(one, "model", interface=interface) for cell, one in sides.candidate.items()}
    assert f"{WARNING}mobilenet: its classes look permuted." in sides.judged().notes


def test_without_files_auto_compares_what_is_stored_and_says_so(sides: Sides) -> None:
    report = sides.judged(method="auto")
    assert of(report, "latency_p50").basis == "stored"
    assert any(f"{CELLS[0]}: the baseline's file" in note for note in report.notes)


def test_without_files_a_replay_that_is_demanded_is_refused(sides: Sides) -> None:
    with pytest.raises(UsageError, match=r"the baseline's file .* cannot be had"):
        sides.judged(method="replay")


def test_making_files_again_counts_in_the_seconds_of_a_gate(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    now, left = [0.0], []

    def found(*_: object, **__: object) -> tuple[list[Any], list[str], list[str]]:
        now[0] += 70
        return [{"candidate": SimpleNamespace(cell=SimpleNamespace(id=CELLS[0]))}], [], []

    def replayed(*_: object, seconds: float, **__: object) -> dict[str, Any]:
        left.append(seconds)
        return {}

    module = "zoobench.commands.gate"
    monkeypatch.setattr(f"{module}.time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(f"{module}.find_subjects", found)
    monkeypatch.setattr(f"{module}.replay_cells", replayed)
    report = sides.judged(method="auto", seconds=100)
    assert left == [30]
    assert any("took 70.0 s of the 100 s that the gate may take" in note for note in report.notes)


def test_a_truncated_baseline_is_an_error_that_names_it(sides: Sides) -> None:
    request = sides.request()
    request.baseline.write_bytes(request.baseline.read_bytes()[:-100])
    with pytest.raises(ResultsError, match=r"cannot read .*baseline\.json"):
        run_gate(request)


@pytest.fixture(scope="module")
def store(real_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifacts of a real run that timed one cell."""
    artifacts = shutil.copytree(real_runs, tmp_path_factory.mktemp("gate") / "artifacts")
    shutil.rmtree(artifacts / "results")
    done = bench(*SMALL, "--zoo-variants", "float32", artifacts=artifacts, paths=("test_latency.py",))
    assert done.returncode == 0, done.stdout + done.stderr
    return artifacts


def edited(store: Path, folder: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    """Returns a copy of the run's results, every record of which was changed."""
    content = load(results(store)[-1])
    for block in (one["extra_info"]["zoobench"] for one in content["benchmarks"]):
        edit(block)
    path = folder / "edited.json"
    path.write_text(json.dumps(content))
    return path


def gate(store: Path, candidate: Path, *options: str) -> tuple[int, dict[str, Any] | str]:
    """Returns the exit status of `zoobench gate` against the run, and its JSON, or what it said where it has none."""
    arguments = ["gate", "--baseline", str(results(store)[-1]), "--candidate", str(candidate), "--format", "json"]
    done = CliRunner().invoke(main, [*arguments, "--artifacts", str(store), *options])
    return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("{") else done.output


@pytest.mark.slow
def test_real_files_are_replayed_and_a_slow_down_of_a_half_regresses(store: Path) -> None:
    request = GateRequest(
        baseline=results(store)[-1],
        candidate=results(store)[-1],
        artifacts=store,
        method="replay",
        rules=Rules(cells=(("*", {"latency_p50": 0.20, "memory": 0.50}),)),
        slowdown=0.5,
        seconds=60,
    )
    report, replayed = run_gate(request)
    assert not report.problems
    expected = {"latency_p50": Verdict.REGRESSED, "top1": None}  # of random weights
    for one in report.findings:
        assert one.verdict is expected.get(one.metric, Verdict.UNCHANGED), one
    assert report.status == Status.FAILED
    assert all(len(seen.observations) >= 6 for seen in replayed.values())


@pytest.mark.slow
def test_edited_copies_of_a_real_run_end_with_their_own_status(store: Path, tmp_path: Path) -> None:
    def grow(block: dict[str, Any]) -> None:
        block["model"]["size_bytes"] = round(1.02 * block["model"]["size_bytes"])

    status, found = gate(store, edited(store, tmp_path, grow), "--method", "stored")
    assert status == Status.FAILED, found
    status, found = gate(store, edited(store, tmp_path, lambda block: block["dataset"].update(sha256="ef" * 32)))
    assert status == Status.UNUSABLE, found
    status, found = gate(
        store, edited(store, tmp_path, lambda block: block["environment"].update(cpu="a new CPU")), "--method", "stored"
    )
    assert status == Status.UNDECIDED, found
    (tmp_path / "cut.json").write_bytes(results(store)[-1].read_bytes()[:5000])
    status, found = gate(store, tmp_path / "cut.json")
    assert (status, "cannot read" in str(found)) == (Status.UNUSABLE, True)


def test_the_summary_is_added_to_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("# before\n")
    write_summary(a_report(), {SUMMARY: str(path)})
    assert path.read_text().startswith("# before\n**gate against main: passed")


def test_there_is_no_summary_outside_github() -> None:
    write_summary(a_report(), {})
    write_summary(a_report(), {SUMMARY: ""})


def test_a_summary_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*absent/summary.md \(\$GITHUB_STEP_SUMMARY\)"):
        write_summary(a_report(), {SUMMARY: str(tmp_path / "absent" / "summary.md")})


def run_command(folder: Path, *arguments: str) -> Result:
    usual = ("--candidate", str(folder / "new.json"), "--artifacts", str(folder), "--method", "stored")
    return CliRunner().invoke(main, ["gate", *usual, *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A candidate, and a baseline that was cut off."""
    whole = write_results_file(tmp_path / "new.json", a_record())
    (tmp_path / "cut.json").write_bytes(whole.read_bytes()[:300])
    return tmp_path


def test_programs_and_pull_requests_are_told_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    cut = ("--baseline", str(folder / "cut.json"))
    done = run_command(folder, *cut, "--format", "github")
    assert done.exit_code == 2
    assert "::error title=zoobench%3A unusable input::cannot read" in done.stdout
    assert "UNUSABLE INPUT" in (folder / "summary.md").read_text()
    assert json.loads(run_command(folder, *cut, "--format", "json").stdout)["status"] == 2


def test_on_ctrl_c_it_is_said_that_nothing_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_request: GateRequest) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("zoobench.commands.gate.run_gate", stopped)
    done = run_command(folder, "--baseline", str(folder / "new.json"))
    assert (done.exit_code, "nothing of an unfinished gate is kept" in done.stderr) == (130, True)
