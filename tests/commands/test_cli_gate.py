"""`zoobench gate`: what it says and ends with where there is nothing to judge."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fakes import a_record, write_results_file
from zoobench.cli import main


def gate(folder: Path, *arguments: str) -> Result:
    usual = ("--candidate", str(folder / "new.json"), "--artifacts", str(folder), "--method", "stored")
    return CliRunner().invoke(main, ["gate", *usual, *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A candidate, and a baseline that was cut off."""
    whole = write_results_file(tmp_path / "new.json", a_record())
    (tmp_path / "cut.json").write_bytes(whole.read_bytes()[:300])
    return tmp_path


def test_help_teaches() -> None:
    shown = CliRunner().invoke(main, ["gate", "--help"])
    assert shown.exit_code == 0
    assert "  zoobench gate --baseline main\n" in shown.output


def test_a_baseline_that_was_cut_off_is_unusable_input(folder: Path) -> None:
    done = gate(folder, "--baseline", str(folder / "cut.json"))
    assert (done.exit_code, "cut.json" in done.stderr) == (2, True)


def test_programs_and_pull_requests_are_told_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    cut = ("--baseline", str(folder / "cut.json"))
    done = gate(folder, *cut, "--format", "github")
    assert done.exit_code == 2
    assert "::error title=zoobench%3A unusable input::cannot read" in done.stdout
    assert "UNUSABLE INPUT" in (folder / "summary.md").read_text()
    assert json.loads(gate(folder, *cut, "--format", "json").stdout)["status"] == 2


def test_a_baseline_that_nobody_saved_is_told_with_what_to_do(folder: Path) -> None:
    done = gate(folder, "--baseline", "main")
    assert (done.exit_code, "zoobench baseline save NAME" in done.stderr) == (2, True)


def test_a_tolerance_that_makes_no_sense_is_refused(folder: Path) -> None:
    done = gate(folder, "--baseline", str(folder / "new.json"), "--tolerance", "speed=3%")
    assert (done.exit_code, "speed=3%" in done.stderr) == (2, True)


def test_what_cannot_be_told_has_a_status_of_its_own(folder: Path) -> None:
    done = gate(folder, "--baseline", str(folder / "new.json"))
    assert (done.exit_code, "INCONCLUSIVE" in done.stdout) == (3, True)
