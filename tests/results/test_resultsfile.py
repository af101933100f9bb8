"""Do results get a new name and arrive whole?"""

import json
from datetime import datetime
from pathlib import Path

import pytest

from zoobench.errors import ResultsError
from zoobench.results.resultsfile import newest_first, reserve_results_path, write_results

NOW = datetime(2026, 11, 23, 20, 33, 0)


def named_after(folder: Path, *names: str) -> str:
    for name in names:
        (folder / name).write_text("{}")
    return reserve_results_path(folder, now=NOW).name


def test_the_first_file_is_number_one(tmp_path: Path) -> None:
    assert reserve_results_path(tmp_path / "new", now=NOW) == tmp_path / "new" / "0001_20261123-203300.json"


def test_the_next_file_follows_the_highest_number_there(tmp_path: Path) -> None:
    assert named_after(tmp_path, "0001_a.json", "0007_20260101-000000.json").startswith("0008_")


def test_other_files_are_not_counted(tmp_path: Path) -> None:
    others = ("0009.json", "notes_0009.json", "009_short.json", "0009_x.txt", "baseline.json")
    assert named_after(tmp_path, *others, "0002_a.json").startswith("0003_")


def test_numbers_grow_past_four_digits(tmp_path: Path) -> None:
    assert named_after(tmp_path, "9999_a.json", "10000_b.json").startswith("10001_")


def test_results_are_written_as_json_with_dates_as_text(tmp_path: Path) -> None:
    path = tmp_path / "results" / "machine" / "0001_x.json"
    write_results(path, {"benchmarks": [], "datetime": NOW})
    assert json.loads(path.read_text()) == {"benchmarks": [], "datetime": "2026-11-23 20:33:00"}


def test_results_that_hold_no_numbers_are_refused_and_leave_no_file(tmp_path: Path) -> None:
    path = tmp_path / "0001_x.json"
    with pytest.raises(ResultsError) as caught:
        write_results(path, {"median": float("nan")})
    assert str(caught.value).startswith(f"cannot write results to {path}: Out of range float values are not JSON")
    assert str(caught.value).endswith("; see to space or --zoo-artifacts")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_results_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"cannot write results to .*0001_x\.json: .*; see to space or"):
        write_results(tmp_path / "file" / "0001_x.json", {})


def test_two_runs_that_ask_at_once_get_two_files(tmp_path: Path) -> None:
    names = [reserve_results_path(tmp_path, now=NOW).name for _ in range(2)]
    assert names == ["0001_20261123-203300.json", "0002_20261123-203300.json"]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"^cannot make a results file in "):
        reserve_results_path(tmp_path / "file" / "machine", now=NOW)


def test_results_of_all_machines_are_listed_newest_first(tmp_path: Path) -> None:
    names = ("b/0002_20261123-203300.json", "a/0009_20261124-010000.json", "b/0010_20261123-203300.json")
    for name in (*names, "a/notes.json", "a/0011_20261125-000000.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    reserve_results_path(tmp_path / "a", now=NOW)  # of a run that has not measured anything yet
    assert newest_first(tmp_path) == [tmp_path / names[i] for i in (1, 2, 0)]
    assert newest_first(tmp_path / "none") == []
