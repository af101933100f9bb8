"""In which form does a gate's report reach its reader?"""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from zoobench.errors import ResultsError, ZoobenchError
from zoobench.judge.gate.verdict import GateReport
from zoobench.show.gatetable import as_json, as_markdown, render
from zoobench.show.github import annotations

SUMMARY = "GITHUB_STEP_SUMMARY"


def shown(report: GateReport, *, form: str) -> str:
    """Returns a report as `terminal`, `markdown`, `github` or `json`; for GitHub the annotations follow the table."""
    if form == "json":
        return as_json(report)
    if form == "markdown":
        return as_markdown(report)
    terminal = Console()
    table = render(report, width=terminal.width, colours=terminal.is_terminal)
    return table + annotations(report) if form == "github" else table


def unusable(error: ZoobenchError, *, baseline: str, candidate: str) -> GateReport:
    """Returns the report of a gate that could not be held."""
    return GateReport(
        baseline=baseline,
        candidate=candidate,
        findings=(),
        problems=(str(error),),
        environment=(),
        notes=(),
        seconds=0.0,
    )


def write_summary(report: GateReport, environment: Mapping[str, str]) -> None:
    """Appends a report to the summary of a GitHub step; there is none outside GitHub.

    Raises:
        ResultsError: If it cannot be written.
    """
    if not environment.get(SUMMARY):
        return
    try:
        with Path(environment[SUMMARY]).open("a", encoding="utf-8") as summary:
            summary.write(as_markdown(report))
    except OSError as error:
        raise ResultsError(f"cannot write {environment[SUMMARY]} (${SUMMARY}): {error.strerror}") from error
