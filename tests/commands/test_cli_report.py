"""Does `zoobench report` teach, write and fail as it should?"""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reportparts import FLOAT, INTEGER
from resultfiles import content, ours, rounds_around, written
from runs import run
from zoobench.cli import main
from zoobench.show.charts.pictures import can_draw


def report(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def results(folder: Path) -> Path:
    benchmarks = [
        ours(record, rounds_around(record.latency.p50_seconds)) for record in (FLOAT, INTEGER) if record.latency
    ]
    return written(folder / "results.json", content(*benchmarks))


def test_help_teaches_what_is_written_and_from_what() -> None:
    text = " ".join(report("--help").output.split())
    for phrase in (
        "RESULTS",
        "--baseline",
        "--max-latency-p90",
        "--prefer",
        "--format",
        "--pictures",
        "report.html",
        "status is 0",
    ):
        assert phrase in text


def test_a_page_is_written_and_said(results: Path, folder: Path) -> None:
    done = report(results)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "wrote report.html\n")
    assert (folder / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_limits_are_those_of_recommend(results: Path, folder: Path) -> None:
    report(results, "--max-latency-p50", "6 ms", "--max-size", "5 MB", "-o", "page.html")
    page = (folder / "page.html").read_text()
    assert 'data-recommended="mobilenet-integer_only-litert-t1"' in page
    assert "p50 ≤ 6 ms" in page


def test_markdown_goes_to_the_terminal_or_to_a_file(results: Path, folder: Path) -> None:
    done = report(results, "--format", "markdown")
    assert done.exit_code == 0
    assert done.stdout.startswith("# mobilenet on pets\n")
    report(results, "--format", "markdown", "-o", folder / "report.md")
    assert (folder / "report.md").read_text() == done.stdout
    assert not (folder / "report.html").exists()


def test_a_baseline_is_compared(results: Path, folder: Path) -> None:
    report(results, "--baseline", results)
    assert "Changes against the baseline" in (folder / "report.html").read_text()


@pytest.mark.skipif(not can_draw(), reason="pictures need resvg-py: pip install 'zoobench[report]'")
def test_pictures_are_written_beside_the_page(results: Path, folder: Path) -> None:
    done = report(results, "--pictures", "pictures")
    assert done.exit_code == 0
    assert "wrote pictures/trade-off-light.png" in done.stderr
    assert (folder / "pictures" / "confusion-dark.png").is_file()


@pytest.mark.parametrize(
    "text", [None, "", "{", '{"benchmarks": []}', '{"benchmarks": [{"name": "x", "stats": {"median": 1}}]}']
)
def test_unusable_input_is_named_with_status_2_and_nothing_is_written(folder: Path, text: str | None) -> None:
    if text is not None:
        (folder / "other.json").write_text(text)
    done = report("other.json")
    assert done.exit_code == 2
    assert done.output.startswith("zoobench: ")
    assert "other.json" in done.output
    assert not (folder / "report.html").exists()


def test_a_bare_number_is_no_limit(results: Path) -> None:
    done = report(results, "--max-size", "5")
    assert done.exit_code == 2
    assert "--max-size: received '5'" in done.output


def test_a_place_that_cannot_be_written_is_named(results: Path) -> None:
    done = report(results, "-o", results / "report.html")
    assert done.exit_code == 2
    assert "name another file with -o" in done.output


def test_it_needs_neither_tensorflow_nor_what_draws_pictures(results: Path, folder: Path) -> None:
    program = (
        "import sys; from click.testing import CliRunner; from zoobench.cli import main;"
        f"done = CliRunner().invoke(main, ['report', {str(results)!r}]);"
        "heavy = {'tensorflow', 'keras', 'ai_edge_litert', 'resvg_py'};"
        "print(done.exit_code, *sorted(heavy & set(sys.modules)))"
    )
    assert run(sys.executable, "-c", program, folder=folder).stdout.split() == ["0"]
