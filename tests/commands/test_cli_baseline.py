"""Do the commands around baselines save, list, show and compare them, and teach how?"""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fakes import a_cell, a_record, write_results_file
from zoobench.cli import main
from zoobench.measure.environment import describe_environment

MINE = replace(a_record(), environment=describe_environment())


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return write_results_file(tmp_path / "results" / "here" / "0001_20261125-010000.json", MINE, machine="here")


def run(*arguments: str, artifacts: Path) -> Result:
    return CliRunner().invoke(main, ["baseline", *arguments, "--artifacts", str(artifacts)])


@pytest.mark.parametrize("command", ["save", "list", "show", "diff"])
def test_help_names_and_teaches_every_command(command: str) -> None:
    assert command in CliRunner().invoke(main, ["baseline", "--help"]).output
    shown = CliRunner().invoke(main, ["baseline", command, "--help"])
    assert shown.exit_code == 0
    assert "--artifacts DIR" in shown.output


def test_save_takes_the_newest_results_of_this_machine_and_says_which(tmp_path: Path, results: Path) -> None:
    done = run("save", "main", artifacts=tmp_path)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == f"saved 1 cells of {results}, the newest results of this machine"
    assert done.stdout.splitlines()[1].startswith(f"wrote {tmp_path / 'baselines' / 'main.json'} (")
    assert f"the store does not know what made {MINE.cell.id}: keep these model files" in done.stderr


def test_save_takes_a_file_that_is_named(tmp_path: Path, results: Path) -> None:
    done = run("save", "main", "--from", str(results), artifacts=tmp_path)
    assert done.stdout.splitlines()[0] == f"saved 1 cells of {results}"


@pytest.mark.usefixtures("results")
def test_save_replaces_only_by_force(tmp_path: Path) -> None:
    assert [run("save", "main", artifacts=tmp_path).exit_code for _ in range(2)] == [0, 2]
    assert run("save", "main", "--force", artifacts=tmp_path).exit_code == 0


def test_save_refuses_what_was_measured_in_part_unless_told(tmp_path: Path) -> None:
    write_results_file(tmp_path / "results" / "here" / "0001_x.json", replace(MINE, latency=None))
    refused = run("save", "main", artifacts=tmp_path)
    assert (refused.exit_code, "(no latency)" in refused.output, "--partial" in refused.output) == (2, True, True)
    assert run("save", "main", "--partial", artifacts=tmp_path).exit_code == 0


@pytest.mark.usefixtures("results")
def test_list_shows_each_baseline_and_ends_badly_if_one_cannot_be_read(tmp_path: Path) -> None:
    run("save", "main", artifacts=tmp_path)
    done = run("list", artifacts=tmp_path)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1].startswith("main  20")
    (tmp_path / "baselines" / "bad.json").write_text("{}")
    done = run("list", artifacts=tmp_path)
    assert done.exit_code == 2
    assert done.stdout.splitlines()[-1].startswith("main  20")
    assert "bad.json is not in pytest-benchmark's format" in done.stderr


def test_list_says_how_to_begin(tmp_path: Path) -> None:
    done = run("list", artifacts=tmp_path)
    assert done.exit_code == 0
    assert done.output.endswith("save one with: zoobench baseline save NAME\n")


@pytest.mark.usefixtures("results")
def test_show_prints_origin_and_table(tmp_path: Path) -> None:
    run("save", "main", artifacts=tmp_path)
    done = run("show", "main", artifacts=tmp_path)
    assert done.exit_code == 0
    assert done.output.startswith("baseline main, saved 20")
    assert "integer_only" in done.output
    assert run("show", "other", artifacts=tmp_path).exit_code == 2


@pytest.mark.usefixtures("results")
def test_the_table_of_a_baseline_is_shown_as_that_of_results(tmp_path: Path) -> None:
    run("save", "main", artifacts=tmp_path)
    done = CliRunner().invoke(main, ["show", str(tmp_path / "baselines" / "main.json")])
    assert done.exit_code == 0
    assert done.output in run("show", "main", artifacts=tmp_path).output


def test_diff_holds_a_baseline_against_the_newest_results_or_another(tmp_path: Path, results: Path) -> None:
    run("save", "main", artifacts=tmp_path)
    assert run("diff", "main", artifacts=tmp_path).output == "main and here/0001_20261125-010000.json do not differ\n"
    newer = results.with_name("0002_20261125-020000.json")
    write_results_file(newer, MINE, replace(MINE, cell=a_cell(backbone="new")), machine="here")
    done = run("diff", "main", artifacts=tmp_path)
    assert done.exit_code == 0
    assert done.output.endswith("\n\nnew-integer_only-litert-t1\n    cell  absent → measured\n")
    assert run("diff", "main", str(results), artifacts=tmp_path).output.endswith("do not differ\n")
    run("save", "second", artifacts=tmp_path)
    assert "new" in run("diff", "main", "second", artifacts=tmp_path).output
