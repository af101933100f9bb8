"""Does a results file become a report, with its images and its baseline, or a message that helps?"""

import base64
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner, Result

from fakes import a_record, write_results_file
from largeruns import CELLS, a_large_run
from reportparts import FLOAT, INTEGER
from resultfiles import content, ours, rounds_around, written
from runs import run
from zoobench.cli import main
from zoobench.commands import report as module
from zoobench.commands.recommend import recommend_files
from zoobench.commands.report import MOST_BYTES, SIDE, find_pictures, make_pictures, make_report
from zoobench.errors import ResultsError, UsageError
from zoobench.judge.recommend.limits import parse_limit
from zoobench.measure.target import Samples
from zoobench.results.run import read_recorded
from zoobench.show.charts.sheet import can_draw
from zoobench.show.recommendation import decision
from zoobench.show.report.contents import Pictures, Report
from zoobench.show.report.writers import to_html

if TYPE_CHECKING:
    from PIL import Image

drawing = pytest.mark.skipif(not can_draw(), reason="pictures need resvg-py: pip install resvg-py")
FIVE_MEGABYTES = 5_000_000
SIZE = parse_limit("size", "5 MB")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def results(tmp_path: Path) -> Path:
    benchmarks = [
        ours(record, rounds_around(record.latency.p50_seconds)) for record in (FLOAT, INTEGER) if record.latency
    ]
    return written(tmp_path / "results.json", content(*benchmarks, datetime="2026-11-25T08:23:59.123456+00:00"))


def report(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def made(results: Path, **changes: object) -> Report:
    usual = {"artifacts": results.parent, "preference": ("latency_p50", "top1", "size"), "confidence": 0.9}
    return make_report(results, **{**usual, **changes})  # type: ignore[arg-type]


def test_the_report_recommends_what_recommend_does(results: Path) -> None:
    recommendation = recommend_files(
        [results], limits=[SIZE], preference=("latency_p50", "top1", "size"), confidence=0.9, artifacts=results.parent
    )
    report = made(results, limits=(SIZE,))
    assert (report.decision.cell, report.decision.sentence) == (recommendation.cell, decision(recommendation))


def test_it_says_when_the_run_ended_if_the_file_tells(results: Path, tmp_path: Path) -> None:
    assert made(results).facts["Measured"] == "2026-11-25 08:23 UTC"
    assert FLOAT.latency is not None
    old = written(tmp_path / "old.json", content(ours(FLOAT, rounds_around(0.010))))
    assert "Measured" not in made(old).facts


def test_a_baseline_is_found_by_its_file_or_its_name_and_compared_cell_by_cell(results: Path) -> None:
    baselines = results.parent / "baselines"
    baselines.mkdir()
    (baselines / "main.json").write_text(results.read_text())
    for name, path in ((str(results), results), ("main", baselines / "main.json")):
        changes = made(results, baseline=name).changes
        assert changes is not None
        assert changes.lead[0] == f"baseline:  {path} (1 run)"
        assert {metric.summary for metric in changes.metrics} == {"2 unchanged"}
    with pytest.raises(UsageError, match="other"):
        made(results, baseline="other")


def test_runs_of_the_same_cells_are_no_report_and_it_is_said_what_takes_them(results: Path) -> None:
    results.with_name("another.json").write_bytes(results.read_bytes())
    with pytest.raises(ResultsError, match=r"both hold .*compare several runs with `zoobench compare`"):
        made(results.parent)


def test_images_that_are_not_there_are_a_reason(results: Path) -> None:
    (note,) = made(results).answers_notes
    assert note.startswith("Flipped samples are shown without images: ")


def test_flipped_samples_get_the_pictures_of_the_store(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PIL", reason="thumbnails need Pillow: pip install pillow")
    np.save(tmp_path / "pixels.npy", np.full((8, 120, 120, 3), 90, np.uint8))
    rows = np.arange(8)
    images = Samples(path=tmp_path / "pixels.npy", rows=rows, labels=rows, contents=tuple(map(str, rows)))
    monkeypatch.setattr(module, "find_images", lambda *_, **__: images)
    report = made(results)
    assert list(report.pictures.photos) == ["photo-1"]
    assert report.pictures.photos["photo-1"].startswith("data:image/jpeg;base64,")
    (sample,) = report.answered[1].flipped
    assert report.pictures.shown[sample.sample] == "photo-1"
    assert report.answers_notes == ()


@drawing
def test_every_chart_becomes_a_picture_in_light_and_dark(results: Path, folder: Path) -> None:
    done = report(results, "--pictures", "pictures", "--max-drop", "99 pp")
    names = ("trade-off", "latency", "speed-up", "training-1", "confusion")
    paths = [f"pictures/{name}-{theme}.png" for name in names for theme in ("light", "dark")]
    assert done.stderr.splitlines() == [f"wrote {path}" for path in ("report.html", *paths)]
    assert all((folder / path).read_bytes().startswith(b"\x89PNG") for path in paths)
    done = report(results, "--pictures", results)
    assert (done.exit_code, "cannot write pictures to " in done.stderr) == (74, True)


def test_without_the_library_pictures_are_refused_with_what_to_install(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoobench.show.charts.sheet.can_draw", lambda: False)
    done = report(results, "--pictures", "pictures")
    assert (done.exit_code, "pip install resvg-py" in done.stderr) == (2, True)


def test_a_hundred_cells_of_2600_samples_leave_room_for_all_pictures_in_five_megabytes(tmp_path: Path) -> None:
    report = made(a_large_run(tmp_path / "results.json"))
    html = to_html(report)
    assert len(report.matrix.rows) == len(report.answered) == CELLS
    assert len(html.encode()) + MOST_BYTES < FIVE_MEGABYTES
    assert "showing 6 of" in html


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


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("--max-size", "5"), 2, "--max-size: received '5'"),
        (("-o", "results.json/report.html"), 74, "name another file with -o"),
    ],
)
def test_a_limit_or_a_place_of_no_use_is_named(
    results: Path, options: tuple[str, ...], status: int, message: str
) -> None:
    done = report(results, *options)
    assert (done.exit_code, message in done.output) == (status, True)


def test_it_needs_neither_tensorflow_nor_what_draws_pictures(results: Path, folder: Path) -> None:
    program = (
        "import sys; from click.testing import CliRunner; from zoobench.cli import main;"
        f"done = CliRunner().invoke(main, ['report', {str(results)!r}]);"
        "heavy = {'tensorflow', 'keras', 'ai_edge_litert', 'resvg_py'};"
        "print(done.exit_code, *sorted(heavy & set(sys.modules)))"
    )
    assert run(sys.executable, "-c", program, folder=folder).stdout.split() == ["0"]


COLOURS = (20, 120, 220)


def images(folder: Path, *contents: str, side: int = 128) -> Samples:
    """Returns grey images of three shades, in the order of `COLOURS`."""
    pixels = np.zeros((len(contents), side, side, 3), np.uint8)
    pixels[:] = np.array(COLOURS[: len(contents)], np.uint8)[:, None, None, None]
    np.save(folder / "pixels.npy", pixels)
    rows = np.arange(len(contents))
    return Samples(path=folder / "pixels.npy", rows=rows, labels=rows, contents=contents)


def seen(pictures: Pictures, sample: int) -> "Image.Image":
    head, _, body = pictures.photos[pictures.shown[sample]].partition(",")
    assert head == "data:image/jpeg;base64"
    from PIL import Image  # a device, where most of this runs too, lacks it

    return Image.open(io.BytesIO(base64.b64decode(body, validate=True)))


def test_a_picture_is_a_small_jpeg_of_its_sample(tmp_path: Path) -> None:
    found = make_pictures(images(tmp_path, "a", "b", "c"), [2, 0])
    shades = [int(np.asarray(seen(found, sample)).mean().round()) for sample in (2, 0)]
    assert shades == pytest.approx([220, 20], abs=2)
    assert seen(found, 2).size == (SIDE, SIDE)
    assert (list(found.shown), found.reason) == ([2, 0], "")


def test_small_images_are_not_made_larger(tmp_path: Path) -> None:
    assert seen(make_pictures(images(tmp_path, "a", side=40), [0]), 0).size == (40, 40)


def test_copies_of_an_image_and_samples_asked_for_twice_share_one_picture_and_its_room(tmp_path: Path) -> None:
    found = make_pictures(images(tmp_path, "same", "same", "c"), [0, 1, 2, 0])
    assert found.shown == {0: "photo-1", 1: "photo-1", 2: "photo-2"}
    assert list(found.photos) == ["photo-1", "photo-2"]
    of = images(tmp_path, "a", "b", "a")
    (only,) = make_pictures(of, [0]).photos.values()
    assert list(make_pictures(of, [0, 1, 2], most_bytes=len(only)).shown) == [0, 2]


def test_the_first_ones_are_shown_where_there_is_no_room_for_all(tmp_path: Path) -> None:
    first, second, _ = make_pictures(images(tmp_path, "a", "b", "c"), [1, 0, 2]).photos.values()
    room = len(first) + len(second)
    for most_bytes, pictured in ((room, [1, 0]), (room - 1, [1]), (1, [])):
        found = make_pictures(images(tmp_path, "a", "b", "c"), [1, 0, 2], most_bytes=most_bytes)
        assert list(found.shown) == pictured
        assert sum(map(len, found.photos.values())) <= most_bytes


def test_what_stands_in_the_way_of_pictures_is_a_reason_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = read_recorded(write_results_file(tmp_path / "0001_x.json", a_record()))
    assert "(data set cdcdcdcdcdcd) are not in" in find_pictures(run, [0], artifacts=tmp_path / "nowhere").reason
    assert find_pictures(run, [], artifacts=tmp_path) == Pictures()
    monkeypatch.setattr(module, "has_pillow", lambda: False)
    assert "pip install pillow" in find_pictures(run, [0], artifacts=tmp_path).reason
