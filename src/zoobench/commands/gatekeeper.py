"""How does `pytest bench/ --zoo-gate NAME` end? With verdicts, a test report for each, and the gate's exit status."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pytest

from zoobench.commands.baseline import find_run
from zoobench.commands.gate import GateRequest, foreseen, run_gate, unusable, write_summary
from zoobench.errors import Status, ZoobenchError, sanitize
from zoobench.judge.evidence import Verdict
from zoobench.judge.gate.decide import GateReport
from zoobench.judge.gate.rules import parsed, read_rules
from zoobench.results.run import read_recorded
from zoobench.results.schema import Record
from zoobench.run.options import PREFIX
from zoobench.show import terminal
from zoobench.show.gate import headline, sentence, view
from zoobench.system.terminal import columns
from zoobench.system.units import parse_number

_NODE = "zoobench gate"
_CELL = "zoo_cell"
_IN_THE_GATE = {
    "artifacts": "--artifacts",
    "gate-cells": "--cells",
    "gate-rename": "--rename",
    "gate-seconds": "--seconds",
    "gate-tolerances": "--tolerance",
    "gate-baseline-models": "--baseline-models",
    "gate-baseline-python": "--baseline-python",
}
"""What `zoobench gate` calls the options of a session."""
Outcome = Literal["passed", "failed", "skipped"]
_GREEN = (Verdict.IMPROVED, Verdict.UNCHANGED)


class Gatekeeper:
    """Judges a session's results against a baseline once they are saved."""

    def __init__(
        self,
        request: GateRequest,
        *,
        results: Callable[[], Path | None],
        uncaptured: Callable[[], AbstractContextManager[None]],
        texts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._texts = texts
        self._request = request
        self._results = results
        self._uncaptured = uncaptured
        self._report: GateReport | None = None
        self._failure = ""

    def foresee(self, session: pytest.Session, expected: Mapping[str, Record]) -> None:
        """Ends the session before anything is measured, where what will be could not be judged.

        Args:
            session: Its tests are known.
            expected: What is known of the cells that will be measured, by id.
        """
        try:
            cells = self._request.cells or _failed_last(session)
            problems = foreseen(replace(self._request, cells=cells), expected)
        except ZoobenchError as error:
            problems = (str(error),)
        if problems:
            told = "\n".join(f"unusable: {sanitize(one)}" for one in problems)
            pytest.exit(f"before anything was measured\n{told}", returncode=Status.UNUSABLE.in_pytest)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Runs the gate before reports such as JUnit's are written."""
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR:  # 3, which is that of a gate that cannot tell elsewhere
            session.exitstatus = Status.CRASHED
        results = self._results()
        finished = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if session.config.getoption("collectonly") or not finished:
            return
        if results is None:
            self._failure = "nothing was measured, so there is nothing to judge"
            session.exitstatus = Status.UNUSABLE.in_pytest
            return
        with self._uncaptured():
            status = self._judge(results, session)
        # tests that failed are made neither green nor unclear by the gate
        if status is Status.INTERRUPTED:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        elif status is not Status.PASSED and (
            status is not Status.UNDECIDED or exitstatus != pytest.ExitCode.TESTS_FAILED
        ):
            session.exitstatus = status.in_pytest

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the verdicts."""
        if self._report is None and not self._failure:
            return
        terminalreporter.section(_NODE)
        if self._failure:
            terminalreporter.write_line(self._failure, red=True)
        if self._report is not None:
            width, colours = columns(is_terminal=bool(terminalreporter.isatty)), terminalreporter.hasmarkup
            terminalreporter.write(terminal.write(view(self._report), width=width, colours=colours))

    def _judge(self, results: Path, session: pytest.Session) -> Status:
        try:
            cells = self._request.cells or _failed_last(session)
            self._report, _ = run_gate(replace(self._request, candidate=results, cells=cells))
        except ZoobenchError as error:
            self._report = unusable(error, baseline=str(self._request.baseline), candidate=str(results))
        except KeyboardInterrupt:
            later = command_later({**self._texts, "gate": str(self._request.baseline)}, results)
            self._failure = f"interrupted; judge it later with: {later}"
            return Status.INTERRUPTED
        reports = tuple(_reports(self._report))
        session.testscollected += len(reports)  # what pytest says is done are shares of this
        for report in reports:
            session.config.hook.pytest_runtest_logreport(report=report)
        _have_measured_again(session, self._report)
        try:
            write_summary(self._report, os.environ)
        except ZoobenchError as error:
            self._failure = str(error)
        return Status.UNWRITTEN if self._failure and not self._report.status else self._report.status


def gate_request(texts: Mapping[str, str], *, pyproject: Path | None) -> GateRequest:
    """Returns the gate that options ask for; its candidate is still to be measured.

    Args:
        texts: By option name without the prefix.
        pyproject: The file that may hold tolerances.
    """
    artifacts, seconds = Path(texts["artifacts"]), texts["gate-seconds"]
    baseline = find_run(texts["gate"], artifacts=artifacts)
    # a broken one, or a name that it does not have, ends the session before anything is measured
    renames = _parts(texts["gate-rename"])
    parsed(read_recorded(baseline).records, renames)
    return GateRequest(
        baseline=baseline,
        candidate=baseline,
        artifacts=artifacts,
        rules=read_rules(pyproject, _parts(texts["gate-tolerances"])),
        cells=_parts(texts["gate-cells"]),
        renames=renames,
        seconds=parse_number(seconds, float, where=f"{PREFIX}gate-seconds", least=1) if seconds else None,
        baseline_models=_path(texts["gate-baseline-models"]),
        baseline_python=_path(texts["gate-baseline-python"]),
    )


def command_later(texts: Mapping[str, str], results: Path) -> str:
    """Returns the whole command, as a shell takes it, that judges a session's results as the session would have."""
    words = ["zoobench", "gate", "--baseline", texts["gate"], "--candidate", str(results)]
    for name, option in _IN_THE_GATE.items():
        several = name in ("gate-cells", "gate-rename", "gate-tolerances")
        for value in _parts(texts.get(name, "")) if several else filter(None, [texts.get(name, "")]):
            words += [option, value]
    return shlex.join(words)


def _have_measured_again(session: pytest.Session, report: GateReport) -> None:
    """Has the next `pytest --lf` measure again the cells that are not green: the gate's own cases are no tests."""
    if last := session.config.pluginmanager.get_plugin("lfplugin"):
        red = {one.cell for one in report.findings if one.verdict and one.verdict not in _GREEN}
        kept = {name: True for name in last.lastfailed if not str(name).startswith(f"{_NODE}::")}
        # its keys are texts up to pytest 9.1, then objects
        again = (getattr(item, "id", item.nodeid) for item in session.items if _cell_of(item) in red)
        last.lastfailed = kept | dict.fromkeys(again, True)


def _failed_last(session: pytest.Session) -> tuple[str, ...]:
    """Returns the ids of the cells that `--lf` has measured again; none, which are all, where it was not given."""
    if not session.config.getoption("lf", False):
        return ()
    return tuple(dict.fromkeys(filter(None, map(_cell_of, session.items))))


def _cell_of(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get(_CELL, "")) if callspec else ""


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _reports(report: GateReport) -> Iterator[pytest.TestReport]:
    for number, problem in enumerate(report.problems, start=1):
        yield _report(f"unusable[{number}]", problem, outcome="failed")
    for finding in report.findings:
        outcome: Outcome = "skipped" if finding.verdict is None else "passed" if finding.verdict in _GREEN else "failed"
        yield _report(f"{finding.cell}[{finding.metric}]", sentence(finding), outcome=outcome)
    if not report.findings and not report.problems:
        yield _report("nothing", headline(report), outcome="passed")


def _report(name: str, message: str, *, outcome: Outcome) -> pytest.TestReport:
    name, text = sanitize(name), sanitize(message)
    shown = {"passed": None, "failed": text, "skipped": (_NODE, 0, text)}
    return pytest.TestReport(
        nodeid=f"{_NODE}::{name}",
        location=(_NODE, None, name),
        keywords={},
        outcome=outcome,
        longrepr=shown[outcome],
        when="call",
    )
