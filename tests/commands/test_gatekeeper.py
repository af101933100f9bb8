"""`pytest bench/ --zoo-gate NAME`: what is judged, what the session ends with, and what JUnit's file says."""

import shlex
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fakes import a_record, write_results_file
from reports import MISLABELLED, UNKNOWN, a_finding, a_report
from runs import SMALL, bench, results, zoobench
from zoobench.commands import gatekeeper as gateplugin
from zoobench.commands.gate import GateRequest
from zoobench.commands.gatekeeper import Gatekeeper, command_later, gate_request
from zoobench.errors import ModelError, ResultsError, Status, UsageError
from zoobench.judge.gate.decide import GateReport
from zoobench.run.options import defaults
from zoobench.run.replay import Replayed

OK, FAILED, INTERRUPTED = 0, 1, 2


class Session:
    """What the gatekeeper sees of a pytest session."""

    def __init__(self, *, collect_only: bool = False) -> None:
        self.exitstatus = OK
        self.testscollected = 0
        self.logged: list[pytest.TestReport] = []
        hook = SimpleNamespace(pytest_runtest_logreport=self._log)
        self.last = SimpleNamespace(lastfailed={"test_size.py::test_other": True, "zoobench gate::old[p50]": True})
        self.items: list[Any] = []
        plugins = SimpleNamespace(get_plugin=lambda _name: self.last)
        options = {"collectonly": collect_only, "lf": False}
        self.config = SimpleNamespace(
            getoption=lambda name, _default=None: options[name], hook=hook, pluginmanager=plugins
        )

    def _log(self, report: pytest.TestReport) -> None:
        self.logged.append(report)
        if report.failed:
            self.last.lastfailed[report.nodeid] = True  # as pytest's own plug-in does


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Session]:
    """Ends a session whose gate finds what it is told to, or raises it."""

    def finish(
        found: GateReport | BaseException, *, status: int = OK, measured: bool = True, collect_only: bool = False
    ) -> Session:
        def run(_request: GateRequest) -> tuple[GateReport, dict[str, Replayed]]:
            if isinstance(found, BaseException):
                raise found
            return found, {}

        monkeypatch.setattr(gateplugin, "run_gate", run)
        request = GateRequest(baseline=Path("main.json"), candidate=Path("main.json"), artifacts=Path("artifacts"))
        results_path = Path("0002.json") if measured else None
        keeper = Gatekeeper(request, results=lambda: results_path, uncaptured=nullcontext)
        session: Any = Session(collect_only=collect_only)
        for cell in (MISLABELLED.cell, "another"):
            one = SimpleNamespace(nodeid=f"test_size.py::test_size[{cell}]")
            one.callspec = SimpleNamespace(params={"zoo_cell": cell})
            session.items.append(one)
        session.exitstatus = status
        keeper.pytest_sessionfinish(session, status)
        return session

    return finish


def test_a_gate_that_passes_leaves_the_session_as_it_was(ends: Callable[..., Session]) -> None:
    assert ends(a_report()).exitstatus == 0
    assert ends(a_report(), status=FAILED).exitstatus == 1


def test_each_outcome_has_its_exit_status(ends: Callable[..., Session]) -> None:
    assert ends(a_report(findings=(MISLABELLED,))).exitstatus == 11
    assert ends(a_report(findings=(UNKNOWN,))).exitstatus == 13
    assert ends(a_report(problems=("no record of x",))).exitstatus == 12


def test_no_outcome_has_a_status_of_pytest_and_a_pytest_that_broke_down_none_of_an_outcome(
    ends: Callable[..., Session],
) -> None:
    outcomes = {ends(found).exitstatus for found in (a_report(findings=(one,)) for one in (MISLABELLED, UNKNOWN))}
    assert outcomes.isdisjoint(map(int, pytest.ExitCode))
    assert ends(AssertionError("judged"), status=pytest.ExitCode.INTERNAL_ERROR).exitstatus == Status.CRASHED


def test_failed_tests_are_not_made_unclear_by_an_inconclusive_gate(ends: Callable[..., Session]) -> None:
    assert ends(a_report(findings=(UNKNOWN,)), status=FAILED).exitstatus == 1


def test_every_verdict_is_a_test_report(ends: Callable[..., Session]) -> None:
    session = ends(a_report(findings=(a_finding(), MISLABELLED, UNKNOWN)))
    assert [report.outcome for report in session.logged] == ["passed", "failed", "failed"]
    assert session.logged[1].nodeid == "zoobench gate::mobilenet-integer_only-litert-t1[top1]"
    assert "most of all dog" in str(session.logged[1].longrepr)
    assert session.testscollected == 3


@pytest.mark.parametrize("error", [ResultsError("truncated"), ModelError("gone"), UsageError("no cell")])
def test_an_error_of_the_gate_is_unusable_input(ends: Callable[..., Session], error: Exception) -> None:
    assert ends(error).exitstatus == 12


def test_ctrl_c_in_the_gate_ends_as_an_interrupted_session(ends: Callable[..., Session]) -> None:
    assert ends(KeyboardInterrupt()).exitstatus == INTERRUPTED


def test_the_next_run_of_what_failed_last_measures_the_cells_again_that_are_not_green(
    ends: Callable[..., Session],
) -> None:
    session = ends(a_report(findings=(a_finding(cell="another"), MISLABELLED)))
    assert list(session.last.lastfailed) == ["test_size.py::test_other", f"test_size.py::test_size[{MISLABELLED.cell}]"]


def test_nothing_measured_is_not_green(ends: Callable[..., Session]) -> None:
    assert ends(a_report(), measured=False).exitstatus == 12


def test_a_session_that_only_collects_or_was_interrupted_is_not_judged(ends: Callable[..., Session]) -> None:
    assert ends(AssertionError("judged"), collect_only=True).exitstatus == 0
    assert ends(AssertionError("judged"), status=INTERRUPTED).exitstatus == INTERRUPTED


@pytest.mark.parametrize("text", ["soon", "0", "nan", "inf", "-3"])
def test_seconds_that_make_no_sense_are_refused(tmp_path: Path, text: str) -> None:
    baseline = write_results_file(tmp_path / "main.json", a_record())
    texts = {**defaults(), "gate": str(baseline), "gate-seconds": text}
    with pytest.raises(UsageError, match=r"gate-seconds: received .*; allowed is (a number|1 or more)"):
        gate_request(texts, pyproject=None)


def test_a_name_that_the_baseline_does_not_have_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    baseline = write_results_file(tmp_path / "main.json", a_record())
    texts = {**defaults(), "gate": str(baseline)}
    assert gate_request({**texts, "gate-rename": "mobilenet=mine, "}, pyproject=None).renames == ("mobilenet=mine",)
    with pytest.raises(UsageError, match=r"'mine=yours'; the baseline has no mine.* Its backbones are mobilenet"):
        gate_request({**texts, "gate-rename": "mine=yours"}, pyproject=None)


def test_a_baseline_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is no file, no run"):
        gate_request({**defaults(), "artifacts": str(tmp_path), "gate": "nothing"}, pyproject=None)


@pytest.mark.slow
def test_a_run_is_judged_against_its_own_baseline(own_runs: Path, tmp_path: Path) -> None:
    artifacts = own_runs
    options = (*SMALL, "--zoo-variants", "float32,float_fallback")
    assert zoobench("baseline", "save", "main", "--artifacts", str(artifacts), folder=tmp_path).returncode == 0
    gate = ("--zoo-gate", "main", "--zoo-gate-tolerances", "latency_p50=300%", "--junitxml", str(tmp_path / "j.xml"))
    done = bench(*options, *gate, artifacts=artifacts)
    assert done.returncode == 0, done.stdout
    assert "gate against main: passed" in done.stdout
    assert "[100%]" in done.stdout
    assert len(results(artifacts)) == 3
    cases = {case.get("name") for case in ElementTree.parse(tmp_path / "j.xml").iter("testcase")}
    assert {f"mobilenet_025-float32-litert-t1[{metric}]" for metric in ("latency_p50", "memory", "size")} <= cases

    alone = bench(*SMALL, "--zoo-variants", "float32", *gate[:2], artifacts=artifacts, paths=("test_size.py",))
    assert alone.returncode == 12
    assert "no record of mobilenet_025-float_fallback-litert-t1" in alone.stdout

    damaged = artifacts / "baselines" / "main.json"
    damaged.write_bytes(damaged.read_bytes()[:500])
    cut = bench(*options, *gate[:2], artifacts=artifacts)
    assert cut.returncode == 12
    assert "main.json" in cut.stdout + cut.stderr
    assert len(results(artifacts)) == 3, "a broken baseline is told before anything is measured"


def test_a_gate_that_is_put_off_is_named_whole_and_as_a_shell_takes_it() -> None:
    texts = {**defaults(), "gate": "main", "artifacts": "my art", "gate-cells": "*-litert-*,a", "gate-seconds": "9"}
    words = shlex.split(command_later(texts, Path("my art/7.json")))
    assert words[:6] == ["zoobench", "gate", "--baseline", "main", "--candidate", "my art/7.json"]
    assert words[6:] == ["--artifacts", "my art", "--cells", "*-litert-*", "--cells", "a", "--seconds", "9"]
