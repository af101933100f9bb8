"""Which runs are listed, and in what is each other than the one before?"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from fakes import a_record, write_results_file
from zoobench.cli import main
from zoobench.measure.environment import describe_environment
from zoobench.results.schema import Record

MINE = replace(a_record(), environment=describe_environment())


def a_run(artifacts: Path, name: str, record: Record = MINE, *, hour: int, **block: Any) -> Path:
    path = write_results_file(artifacts / "results" / name, record, **block)
    content = json.loads(path.read_text()) | {"datetime": f"2026-11-25T{hour:02}:00:00+00:00"}
    path.write_text(json.dumps(content))
    return path


def runs(artifacts: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["runs", "--artifacts", str(artifacts), *words])


def test_runs_are_listed_newest_first_with_what_differs_and_the_newest_of_this_machine(tmp_path: Path) -> None:
    a_run(tmp_path, "here/0001_20261125-010000.json", hour=1, options={"epochs": "3"})
    older = replace(MINE, environment={**MINE.environment, "python": "3.9"})
    a_run(tmp_path, "here/0002_20261125-020000.json", older, hour=2)
    newest = a_run(tmp_path, "here/0010_20261125-030000.json", hour=3)
    a_run(tmp_path, "pi5/0001_20261125-040000.json", replace(MINE, environment={"device": "Pi"}), hour=4)
    rows = json.loads(runs(tmp_path, "--format", "json").stdout)
    assert [(row["machine"], row["run"], row["cells"]) for row in rows] == [
        ("here", "10", 1),
        ("here", "2", 1),
        ("here", "1", 1),
        ("pi5", "1", 1),
    ]
    assert [row["measured_utc"] for row in rows[:3]] == [f"2026-11-25 0{hour}:00" for hour in (3, 2, 1)]
    assert "3.9" in rows[0]["differs"]
    assert "epochs 3" in rows[2]["differs"]
    assert [row["file"] for row in rows if row["newest"]] == [str(newest)]
    assert f"@latest, the newest of this machine: {newest}" in runs(tmp_path).stdout


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    a_run(tmp_path, "here/0001_20261125-010000.json", hour=1)
    (tmp_path / "results/here/0002_20261125-020000.json").write_text("{")
    shown = runs(tmp_path)
    assert shown.exit_code == 2
    assert "0002_20261125-020000" in shown.stderr
    assert "0001_20261125-010000" in shown.stdout


def test_without_runs_the_next_step_is_said(tmp_path: Path) -> None:
    shown = runs(tmp_path)
    assert shown.exit_code == 0
    assert "zoobench run" in shown.stdout


def test_the_table_of_the_newest_run_or_of_a_number_is_printed(tmp_path: Path) -> None:
    a_run(tmp_path, "here/0001_20261125-010000.json", hour=1)
    cell = replace(MINE.cell, id="xception-integer_only-litert-t1", backbone="xception")
    a_run(tmp_path, "here/0002_20261125-020000.json", replace(MINE, cell=cell), hour=2)
    for words, backbone in (((), "xception"), (("@latest",), "xception"), (("1",), MINE.cell.backbone)):
        shown = CliRunner().invoke(main, ["show", *words, "--artifacts", str(tmp_path)])
        assert backbone in shown.stdout, shown.output
