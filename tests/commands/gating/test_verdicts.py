"""The forms of a report, and GitHub's summary."""

import json
from pathlib import Path

import pytest

from reports import MISLABELLED, a_report
from zoobench.commands.gating.verdicts import SUMMARY, shown, write_summary
from zoobench.errors import ResultsError


def test_each_form_has_the_verdict() -> None:
    report = a_report(findings=(MISLABELLED,))
    assert json.loads(shown(report, form="json"))["status"] == 1
    assert shown(report, form="markdown").startswith("### gate against main: REGRESSED")
    assert shown(report, form="terminal") in shown(report, form="github")
    assert "::error" in shown(report, form="github")
    assert "::error" not in shown(report, form="terminal")


def test_the_summary_is_added_to_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("# before\n")
    write_summary(a_report(), {SUMMARY: str(path)})
    assert path.read_text().startswith("# before\n### gate against main: passed")


def test_there_is_no_summary_outside_github() -> None:
    write_summary(a_report(), {})
    write_summary(a_report(), {SUMMARY: ""})


def test_a_summary_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"cannot write .*absent/summary.md \(\$GITHUB_STEP_SUMMARY\)"):
        write_summary(a_report(), {SUMMARY: str(tmp_path / "absent" / "summary.md")})
