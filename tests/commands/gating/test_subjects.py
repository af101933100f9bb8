"""Which cells can be replayed, and what is said of the others?"""

from pathlib import Path

import numpy as np
import pytest

from fakes import a_record, write_results_file
from zoobench.commands.gating import subjects
from zoobench.commands.gating.replayfiles import FoundModels
from zoobench.commands.gating.subjects import Pair, Replayable, Sources, find_samples, find_subjects
from zoobench.errors import DataError, ModelError, UsageError, ZoobenchError
from zoobench.measure.replay import BASELINE, CANDIDATE
from zoobench.measure.samples import Samples
from zoobench.results.baseline import Baseline, read_baseline

SIZE = a_record().cell.image_size
SAMPLES = Samples(path=Path("pixels.npy"), rows=np.array([4, 2]), labels=np.array([0, 0]))
HASH = "ab" * 32


@pytest.fixture
def sides(tmp_path: Path) -> dict[str, Baseline]:
    run = read_baseline(write_results_file(tmp_path / "run.json", a_record()))
    return {BASELINE: run, CANDIDATE: run}


def found(
    sides: dict[str, Baseline], folder: Path, *, samples: dict[int, Samples] | None = None, models: Path | None = None
) -> Replayable:
    (record,) = sides[BASELINE].records
    pairs = [Pair(cell=record.cell.id, baseline=record, candidate=record)]
    sources = Sources(artifacts=folder, baseline_models=models, images=None, workplace=folder)
    return find_subjects(sides, pairs, sources, {SIZE: SAMPLES} if samples is None else samples)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that has every file."""
    monkeypatch.setattr(
        subjects, "find_models", lambda *_, **__: FoundModels(paths={HASH: Path("m.tflite")}, missing=())
    )


@pytest.mark.usefixtures("kept")
def test_a_cell_whose_files_and_images_are_there_is_replayed(sides: dict[str, Baseline], tmp_path: Path) -> None:
    replayable = found(sides, tmp_path)
    (subject,) = replayable.subjects
    assert subject.files == {BASELINE: Path("m.tflite"), CANDIDATE: Path("m.tflite")}
    assert (subject.pixels, subject.rows, subject.runtime, subject.threads) == (Path("pixels.npy"), [4, 2], "litert", 1)
    assert (replayable.obstacles, replayable.notes) == ([], [])


@pytest.mark.usefixtures("kept")
def test_without_images_nothing_is_replayed(sides: dict[str, Baseline], tmp_path: Path) -> None:
    replayable = found(sides, tmp_path, samples={})
    assert replayable.subjects == []
    assert replayable.obstacles == [f"{a_record().cell.id}: the images cannot be had"]


@pytest.mark.parametrize(
    "error", [ModelError("TensorFlow is another"), DataError("no photos"), UsageError("no such weights")]
)
def test_files_that_cannot_be_made_again_are_told_with_the_reason(
    sides: dict[str, Baseline], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: ZoobenchError
) -> None:
    def refuse(*_: object, **__: object) -> dict[str, Path]:
        raise error

    monkeypatch.setattr(subjects, "rebuild", refuse)
    obstacles = found(sides, tmp_path).obstacles
    assert obstacles == [
        f"{a_record().cell.id}: the baseline's file and the candidate's file cannot be had",
        f"the baseline's files cannot be made again: {error}",
    ]


def test_a_missing_library_is_named(
    sides: dict[str, Baseline], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> dict[str, Path]:
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")

    monkeypatch.setattr(subjects, "rebuild", refuse)
    assert "tensorflow is not installed" in found(sides, tmp_path).obstacles[-1]


def test_images_that_no_side_has_are_no_samples(sides: dict[str, Baseline], tmp_path: Path) -> None:
    (record,) = sides[BASELINE].records
    pairs = [Pair(cell=record.cell.id, baseline=record, candidate=record)]
    sources = Sources(artifacts=tmp_path, baseline_models=None, images=None, workplace=tmp_path)
    assert find_samples(sides, pairs, sources) == {}
