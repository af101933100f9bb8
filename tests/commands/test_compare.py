"""Are the right files compared, and is the text fit for where it goes?"""

from pathlib import Path

import pytest

from resultfiles import a_file, content, plain, rounds_around, written
from zoobench.commands.compare import across_files, compare_files
from zoobench.commands.output import deliver, screen
from zoobench.errors import ResultsError, UsageError


def test_each_other_file_is_compared_with_the_base(tmp_path: Path) -> None:
    base, one, other = (a_file(tmp_path / f"{name}.json", 0.004) for name in ("base", "one", "other"))
    found = compare_files(base, [one, other])
    assert [(Path(two.baseline).name, Path(two.candidate).name) for two in found] == [
        ("base.json", "one.json"),
        ("base.json", "other.json"),
    ]


def test_a_folder_is_one_side_of_several_runs(tmp_path: Path) -> None:
    for index in range(3):
        a_file(tmp_path / "runs" / f"{index}.json", 0.004)
    (found,) = compare_files(a_file(tmp_path / "base.json", 0.004), [tmp_path / "runs"])
    assert (found.baseline_runs, found.candidate_runs) == (1, 3)


def test_many_cells_are_counted_as_they_are_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = written(tmp_path / "many.json", content(*(plain(f"test_{index}", (1.0,)) for index in range(21))))
    compare_files(many, [many])
    assert capsys.readouterr().err.startswith("Comparing cells: 21 in ")


def test_a_file_gets_no_colours_even_from_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert screen(to_file=False)[1]
    assert screen(to_file=True) == (120, False)


def test_more_machines_than_letters_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="received 27 machines; at most 26"):
        across_files([tmp_path] * 27)


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="name another file with -o"):
        deliver("text", tmp_path / "file" / "report.md")
    deliver("text – ü", tmp_path / "new" / "report.md")
    assert (tmp_path / "new" / "report.md").read_text() == "text – ü"


def test_a_seed_gives_the_same_numbers_again(tmp_path: Path) -> None:
    base = a_file(tmp_path / "base.json", 0.004)
    new = a_file(tmp_path / "new.json", rounds_around(0.004)[7])
    assert compare_files(base, [new], seed=4) == compare_files(base, [new], seed=4)
