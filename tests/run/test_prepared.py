"""Are a run's data and weights opened as its cells need them?"""

from pathlib import Path

import numpy as np
import pytest

from zoobench.errors import UsageError
from zoobench.run.plan import make_plan
from zoobench.run.prepared import Prepared, prepare
from zoobench.run.session import BenchSession

TEXTS = {"backbones": "mobilenet_025,mobilenet_v2", "weights": "random", "drawn": "40", "image-size": "32"}


def prepared(tmp_path: Path, **more: str) -> Prepared:
    plan = make_plan({**TEXTS, **more, "artifacts": str(tmp_path / "artifacts")})
    return prepare(plan, plan.cells)


def test_each_backbone_has_weights_and_each_image_size_data(tmp_path: Path) -> None:
    found = prepared(tmp_path)
    assert set(found.weights) == {"mobilenet_025", "mobilenet_v2"}
    assert set(found.datasets) == {32}
    assert len(found.cells) == 10


def test_the_request_is_about_the_cells_backbone_below_the_artifacts(tmp_path: Path) -> None:
    found = prepared(tmp_path)
    request = found.request(found.cells[-1])
    assert request.backbone.name == "mobilenet_v2"
    assert request.root == tmp_path / "artifacts" / "models"


def test_no_more_images_are_calibrated_on_than_there_are_and_the_reader_is_told(tmp_path: Path) -> None:
    found = prepared(tmp_path, calibration="100")
    training = len(found.dataset(found.cells[0]).indices("train"))
    assert found.request(found.cells[0]).conversion.calibration_images == training
    assert f"calibration: all {training} training images, fewer than the 100 asked for" in found.described()
    assert not any("calibration" in line for line in prepared(tmp_path, calibration="4").described())


def test_the_samples_are_the_test_split_mixed(tmp_path: Path) -> None:
    found = prepared(tmp_path)
    samples, dataset = found.samples(found.cells[0]), found.dataset(found.cells[0])
    assert sorted(samples.rows) == list(dataset.indices("test"))
    assert [dataset.samples[row].label for row in samples.rows] == samples.labels.tolist()
    assert np.any(np.diff(samples.labels) < 0)


def test_a_session_that_was_not_prepared_says_so(tmp_path: Path) -> None:
    session = BenchSession(make_plan({**TEXTS, "artifacts": str(tmp_path)}))
    with pytest.raises(UsageError, match=r"call prepare\(\) first"):
        _ = session.source


def test_cells_and_timed_pixels_are_told_for_a_replay(tmp_path: Path) -> None:
    found = prepared(tmp_path)
    told = found.provenance()
    assert told["cells"] == [cell.id for cell in found.cells]
    (pixels,) = told["pixels"].values()
    assert list(told["pixels"]) == ["32"]
    assert (found.dataset(found.cells[0]).pixels_path) == tmp_path / "artifacts/datasets" / pixels[
        "product"
    ] / "pixels.npy"
    assert pixels["rows"] == found.samples(found.cells[0]).rows.tolist()


def test_a_session_that_was_not_prepared_tells_its_machine_and_options(tmp_path: Path) -> None:
    session = BenchSession(make_plan({**TEXTS, "artifacts": str(tmp_path), "machine": "pi"}))
    assert session.provenance() == {"machine": "pi", "options": TEXTS}
