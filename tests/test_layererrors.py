"""Does `zoobench errors` find what belongs to a file, and say what is missing?"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from runs import SMALL, zoobench
from zoobench.cli import main
from zoobench.errors import DataError, ModelError, UsageError
from zoobench.layererrors import _given_images, stored_float, stored_images

HEAD = {"backbone": "mobilenet", "image_size": 8, "dataset": "ab", "training": {"seed": 0}, "recipe": 1}


def put(store: Path, name: str, *, facts: dict[str, Any] | None = None, **inputs: Any) -> Path:
    folder = store / name
    folder.mkdir(parents=True)
    manifest = {"file": "model.tflite", "inputs": {**HEAD, **inputs}, "facts": facts or {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder / "model.tflite"


def test_the_float32_file_of_the_same_classifier_is_found(tmp_path: Path) -> None:
    put(tmp_path, "a", variant="float32", quantizer=None, training={"seed": 1})
    twin = put(tmp_path, "b", variant="float32", quantizer=None)
    model = put(tmp_path, "c", variant="integer_only", quantizer="ai_edge", calibration_images=8)
    assert stored_float(model) == twin


def test_a_damaged_neighbour_is_passed_over_and_a_damaged_manifest_of_its_own_is_not(tmp_path: Path) -> None:
    twin, model = put(tmp_path, "b", variant="float32"), put(tmp_path, "c", variant="integer_only")
    put(tmp_path, "a").with_name("manifest.json").write_text("{")
    assert stored_float(model) == twin
    model.with_name("manifest.json").write_text("[]")
    with pytest.raises(ModelError, match=r"remove its folder and run zoobench build again"):
        stored_float(model)


def test_without_its_float32_file_the_message_says_how_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is the float32 file itself"):
        stored_float(put(tmp_path, "a", variant="float32"))
    with pytest.raises(UsageError, match="give it with --float"):
        stored_float(put(tmp_path / "empty", "b", variant="integer_only"))
    with pytest.raises(UsageError, match="give that file with --float"):
        stored_float(tmp_path / "mine.tflite")


def test_calibration_images_are_those_of_the_file_or_of_another_variant(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    np.save(tmp_path / "images" / "images.npy", np.zeros((5, 8, 8, 3), np.uint8))
    model = put(tmp_path, "a", variant="dynamic_range")
    with pytest.raises(UsageError, match="--images"):
        stored_images(model, side=8)
    put(tmp_path, "b", variant="integer_only", facts={"calibration": "images"})
    found = stored_images(model, side=8)
    assert (found.count, found.source) == (5, "images, calibration images")
    assert [image.shape for image in found.spread(2)] == [(1, 8, 8, 3)] * 2


def test_samples_are_spread_over_all_images(tmp_path: Path) -> None:
    images = np.zeros((9, 8, 8, 3), np.uint8) + np.arange(9, dtype=np.uint8)[:, None, None, None]
    np.save(tmp_path / "images.npy", images)
    found = _given_images(tmp_path / "images.npy", side=8)
    assert [int(image[0, 0, 0, 0]) for image in found.spread(3)] == [0, 4, 8]
    assert len(list(found.spread(100))) == 9


def test_photos_of_any_size_and_depth_are_resized(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (40, 30), (10, 20, 30)).save(tmp_path / "cat" / "one.png")
    (image,) = _given_images(tmp_path, side=8).spread(5)
    assert image.shape == (1, 8, 8, 3)
    assert image[0, 0, 0].tolist() == [10, 20, 30]


def test_images_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "float.npy", np.zeros((1, 8, 8, 3)))
    with pytest.raises(UsageError, match=r"float64 \[1, 8, 8, 3\]; the model takes uint8"):
        _given_images(tmp_path / "float.npy", side=8)
    with pytest.raises(DataError, match=r"is no \.npy file"):
        _given_images(tmp_path / "none.npy", side=8)
    (tmp_path / "photos").mkdir()
    with pytest.raises(UsageError, match="has no images"):
        _given_images(tmp_path / "photos", side=8)
    (tmp_path / "photos" / "bad.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"bad\.png cannot be used"):
        list(_given_images(tmp_path / "photos", side=8).spread(1))


def test_the_command_fails_with_a_message_and_status_2(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["errors", str(tmp_path / "mine.tflite")])
    assert done.exit_code == 2
    assert "--float" in done.output


def test_no_tensorflow_is_imported() -> None:
    program = "import sys, zoobench.layererrors; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_a_built_model_gets_its_table_and_its_picture(tmp_path: Path) -> None:
    options = [text for text in SMALL if text not in {"--zoo-rounds", "6"}]
    built = zoobench("build", *options, "--zoo-variants", "dynamic_range", folder=tmp_path)
    assert built.returncode == 0, built.stderr
    path = next(line.split("\t")[1] for line in built.stdout.splitlines() if "dynamic_range" in line)
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8))
    done = zoobench("errors", path, "--images", "images.npy", "--format", "json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["images"], report["matched_by"], report["unmatched"]) == (3, "name", [])
    assert len(report["layers"]) > 30
    assert "wrote errors.png" in done.stderr
    with Image.open(tmp_path / "errors.png") as picture:
        assert picture.width > 1000
