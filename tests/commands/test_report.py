"""Does a results file become a report, with its images and its baseline, or a message that helps?"""

from pathlib import Path

import numpy as np
import pytest

from largeruns import CELLS, a_large_run
from reportparts import FLOAT, INTEGER
from resultfiles import content, ours, rounds_around, written
from zoobench.commands.recommend import recommend_files
from zoobench.commands.report import ReportRequest, make_report, shown, write_charts
from zoobench.commands.reporting import thumbnails
from zoobench.commands.reporting.thumbnails import MOST_BYTES
from zoobench.errors import ResultsError, UsageError
from zoobench.judge.recommend.limits import parse_limit
from zoobench.judge.recommend.sentences import decision
from zoobench.measure.target import Samples
from zoobench.run.locate import MeasuredImages
from zoobench.show.charts.pictures import can_draw
from zoobench.show.report.contents import Report

FIVE_MEGABYTES = 5_000_000
SIZE = parse_limit("size", "5 MB")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    benchmarks = [
        ours(record, rounds_around(record.latency.p50_seconds)) for record in (FLOAT, INTEGER) if record.latency
    ]
    return written(tmp_path / "results.json", content(*benchmarks, datetime="2026-11-25T08:23:59.123456+00:00"))


def made(results: Path, **changes: object) -> Report:
    return make_report(ReportRequest(results=results, artifacts=results.parent, **changes))  # type: ignore[arg-type]


def test_the_report_recommends_what_recommend_does(results: Path) -> None:
    recommendation = recommend_files(
        [results], limits=[SIZE], preference=("latency_p50", "top1", "size"), confidence=0.9, artifacts=results.parent
    )
    report = made(results, limits=(SIZE,), preference=("latency_p50", "top1", "size"), confidence=0.9)
    assert (report.decision.cell, report.decision.sentence) == (recommendation.cell, decision(recommendation))


def test_it_says_when_the_run_ended(results: Path) -> None:
    assert {fact.label: fact.value for fact in made(results).facts}["Measured"] == "2026-11-25 08:23 UTC"


def test_a_file_that_does_not_tell_has_no_such_fact(tmp_path: Path) -> None:
    assert FLOAT.latency is not None
    old = written(tmp_path / "old.json", content(ours(FLOAT, rounds_around(0.010))))
    assert "Measured" not in {fact.label for fact in made(old).facts}


def test_a_baseline_is_compared_cell_by_cell(results: Path) -> None:
    changes = made(results, baseline=str(results)).changes
    assert changes is not None
    assert changes.lead[0] == f"baseline:  {results} (1 run)"
    assert {metric.summary for metric in changes.metrics} == {"2 unchanged"}


def test_a_baseline_is_found_by_its_name(results: Path) -> None:
    baselines = results.parent / "baselines"
    baselines.mkdir()
    (baselines / "main.json").write_text(results.read_text())
    changes = made(results, baseline="main").changes
    assert changes is not None
    assert changes.lead[0] == f"baseline:  {baselines / 'main.json'} (1 run)"
    with pytest.raises(UsageError, match="other"):
        made(results, baseline="other")


def test_a_folder_of_runs_is_no_report_and_it_is_said_what_takes_it(results: Path) -> None:
    with pytest.raises(UsageError, match="`zoobench compare` and `zoobench recommend` take folders"):
        made(results.parent)


def test_images_that_are_not_there_are_a_reason(results: Path) -> None:
    (note,) = made(results).answers_notes
    assert note.startswith("Flipped samples are shown without images: ")


def test_flipped_samples_get_the_pictures_of_the_store(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PIL", reason="thumbnails need Pillow: pip install 'zoobench[report]'")
    np.save(tmp_path / "pixels.npy", np.full((8, 120, 120, 3), 90, np.uint8))
    rows = np.arange(8)
    images = MeasuredImages(
        samples=Samples(path=tmp_path / "pixels.npy", rows=rows, labels=rows), contents=tuple(map(str, rows))
    )
    monkeypatch.setattr(thumbnails, "find_images", lambda *_, **__: images)
    report = made(results)
    assert list(report.pictures.photos) == ["photo-1"]
    assert report.pictures.photos["photo-1"].startswith("data:image/jpeg;base64,")
    (sample,) = report.answered[1].flipped
    assert report.pictures.shown[sample.sample] == "photo-1"
    assert report.answers_notes == ()


def test_both_forms_are_text(results: Path) -> None:
    report = made(results)
    assert shown(report, form="html").startswith("<!DOCTYPE html>")
    assert shown(report, form="markdown").startswith("# mobilenet on pets")


@pytest.mark.skipif(not can_draw(), reason="pictures need resvg-py: pip install 'zoobench[report]'")
def test_every_chart_becomes_a_picture_in_light_and_dark(results: Path, tmp_path: Path) -> None:
    paths = write_charts(made(results), tmp_path / "pictures")
    names = ("trade-off", "latency", "speed-up", "training-1", "confusion")
    assert [path.name for path in paths] == [f"{name}-{theme}.png" for name in names for theme in ("light", "dark")]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_without_the_library_pictures_are_refused_with_what_to_install(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoobench.show.charts.pictures.can_draw", lambda: False)
    with pytest.raises(UsageError, match=r"pip install 'zoobench\[report\]'"):
        write_charts(made(results), tmp_path / "pictures")


def test_a_folder_that_cannot_be_made_is_named(results: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    if not can_draw():
        pytest.skip("pictures need resvg-py")
    with pytest.raises(ResultsError, match=r"cannot write pictures to .*file"):
        write_charts(made(results), tmp_path / "file")


def test_a_hundred_cells_of_2600_samples_leave_room_for_all_pictures_in_five_megabytes(tmp_path: Path) -> None:
    report = made(a_large_run(tmp_path / "results.json"))
    html = shown(report, form="html")
    assert len(report.matrix.rows) == len(report.answered) == CELLS
    assert len(html.encode()) + MOST_BYTES < FIVE_MEGABYTES
    assert "showing 6 of" in html
