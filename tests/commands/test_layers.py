"""Does `zoobench layers` find what belongs to a file, and say what is missing?"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from runs import zoobench
from zoobench.cli import main
from zoobench.commands.layers import stored_float, stored_images
from zoobench.errors import ModelError, UsageError
from zoobench.store.product import MANIFEST, describe

HEAD = {"backbone": "mobilenet", "image_size": 8, "dataset": "ab", "training": {"seed": 0}, "recipe": 1}


def put(store: Path, name: str, *, facts: dict[str, Any] | None = None, **inputs: Any) -> Path:
    folder = store / name
    folder.mkdir(parents=True)
    (folder / "model.tflite").write_bytes(b"")
    describe(folder, file="model.tflite", inputs={**HEAD, **inputs}, facts=facts or {}, seconds=0)
    return folder / "model.tflite"


def test_the_float32_file_of_the_same_classifier_is_found(tmp_path: Path) -> None:
    put(tmp_path, "a", variant="float32", quantizer=None, training={"seed": 1})
    twin = put(tmp_path, "b", variant="float32", quantizer=None)
    model = put(tmp_path, "c", variant="integer_only", quantizer="ai_edge", calibration_images=8)
    assert stored_float(model) == twin


def test_a_damaged_neighbour_is_passed_over_and_a_damaged_manifest_of_its_own_is_not(tmp_path: Path) -> None:
    twin, model = put(tmp_path, "b", variant="float32"), put(tmp_path, "c", variant="integer_only")
    put(tmp_path, "a").with_name(MANIFEST).write_text("{")
    assert stored_float(model) == twin
    model.with_name(MANIFEST).write_text("[]")
    with pytest.raises(ModelError, match=r"remove that folder and run zoobench build again"):
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


def test_the_command_fails_with_a_message_and_status_2(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["layers", str(tmp_path / "mine.tflite")])
    assert done.exit_code == 2
    assert "--float" in done.output


def test_no_tensorflow_is_imported() -> None:
    program = "import sys, zoobench.commands.layers; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_a_built_model_gets_its_table_and_its_picture(real_runs: Path, tmp_path: Path) -> None:
    (path,) = (real_runs / "models").glob("[!.]*-dynamic_range-*/model.tflite")
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8))
    done = zoobench("layers", str(path), "--images", "images.npy", "--format", "json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["images"], report["matched_by"], report["unmatched"]) == (3, "name", [])
    assert len(report["layers"]) > 30
    assert "wrote layers.png" in done.stderr
    with Image.open(tmp_path / "layers.png") as picture:
        assert picture.width > 1000
