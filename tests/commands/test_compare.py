"""Are the right files compared, and is the text fit for where it goes?"""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from resultfiles import a_file, content, plain, written
from runs import load, records, results, run, zoobench
from zoobench.cli import main
from zoobench.commands import options
from zoobench.commands.compare import across_files, compare_files
from zoobench.commands.options import deliver
from zoobench.errors import OutputError, UsageError
from zoobench.show.comparison import view


def test_a_folder_is_one_side_of_several_runs(tmp_path: Path) -> None:
    for index in range(3):
        a_file(tmp_path / "runs" / f"{index}.json", 0.004)
    (found,) = compare_files(a_file(tmp_path / "base.json", 0.004), [tmp_path / "runs"])
    assert (found.baseline_runs, found.candidate_runs) == (1, 3)


def test_many_cells_are_counted_as_they_are_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = written(tmp_path / "many.json", content(*(plain(f"test_{index}", (1.0,)) for index in range(21))))
    compare_files(many, [many])
    assert capsys.readouterr().err.startswith("Comparing cells: 21 in ")


def test_a_file_gets_no_colours_even_from_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    one = view(compare_files(a_file(tmp_path / "a.json", 0.004), [a_file(tmp_path / "b.json", 0.008)]))
    assert "\x1b[" in options.written(one, form="text", output=None)
    assert "\x1b[" not in options.written(one, form="text", output=tmp_path / "out")


def test_more_machines_than_letters_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="received 27 machines; at most 26"):
        across_files([tmp_path] * 27)


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="name another file with -o"):
        deliver("text", tmp_path / "file" / "report.md", form="text")
    deliver("text – ü", tmp_path / "new" / "report.md", form="text")
    assert (tmp_path / "new" / "report.md").read_text() == "text – ü"


PI = {"device": "Raspberry Pi 5", "cpu": "Cortex-A76", "cores": 4}


def compare(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return a_file(tmp_path / "base.json", 0.004, 0.010)


def test_results_of_two_kits_end_with_status_two_and_both_named(tmp_path: Path) -> None:
    here, there = (a_file(tmp_path / f"{name}.json", 0.004, kit=name * 64) for name in "ab")
    done = compare("--across-machines", here, there)
    assert done.exit_code == 2
    assert f"different kits: {here} of aaaaaaaaaaaa, {there} of bbbbbbbbbbbb" in done.output
    assert "a" * 8 in compare(here, there).output  # runs of one machine are compared, and the kit told


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"benchmarks": []}', '{"benchmarks": [{"stats": {"median": 1}}]}']
)
def test_unusable_input_is_named_with_status_2(base: Path, tmp_path: Path, text: str | None) -> None:
    other = tmp_path / "other.json"
    if text is not None:
        other.write_text(text)
    for arguments in ((base, other), (other, base), ("--across-machines", base, other)):
        done = compare(*arguments)
        assert done.exit_code == 2
        assert done.output.startswith("zoobench: ")
        assert "other.json" in done.output


def test_the_program_runs_outside_pytest_and_writes_utf8(base: Path, tmp_path: Path) -> None:
    done = zoobench("compare", str(base), str(base), folder=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "× float" in done.stdout
    assert "\x1b" not in done.stdout


def test_comparing_needs_no_tensorflow(base: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from click.testing import CliRunner; from zoobench.cli import main;"
        f"done = CliRunner().invoke(main, ['compare', {str(base)!r}, {str(base)!r}]);"
        "late = {'tensorflow', 'keras', 'ai_edge_litert', 'pandas'} & set(sys.modules);"
        "print(sorted(late), done.exit_code)"
    )
    done = run(sys.executable, "-c", program, folder=tmp_path)
    assert done.stdout == "[] 0\n"


@pytest.mark.slow
def test_two_real_runs_are_compared(real_runs: Path, tmp_path: Path) -> None:
    before, after = results(real_runs)
    for record in records(load(before)).values():
        watched = record["latency"]["disturbance"]
        assert sum(one["rounds"] for one in watched["intervals"]) == record["latency"]["samples"]
    shown = zoobench("compare", str(before), str(after), folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "All known conditions are the same." in shown.stdout
    assert "Both sides measured the very same file in 2 of 2 cells." in shown.stdout
    assert "p90, ms" not in shown.stdout  # six rounds support none
    found = json.loads(zoobench("compare", str(before), str(after), "--format", "json", folder=tmp_path).stdout)
    for cell in found["comparisons"][0]["cells"]:
        assert cell["metrics"]["size"]["verdict"] == cell["metrics"]["loss"]["verdict"] == "unchanged"
        assert cell["metrics"]["latency_p50"]["interval"] is not None
    across = zoobench("compare", "--across-machines", str(before), str(after), folder=tmp_path)
    assert "WARNING: A and B are the same kind of machine" in across.stdout
