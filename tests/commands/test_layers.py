"""Does `zoobench layers` find what belongs to a file, and say what is missing?"""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from runs import zoobench
from zoobench.build import ai_edge
from zoobench.cli import main


def test_the_command_fails_with_a_message_and_status_2(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["layers", str(tmp_path / "mine.tflite")])
    assert done.exit_code == 2
    assert "--float" in done.output


@pytest.mark.slow
def test_a_built_model_gets_its_table_and_its_picture(real_runs: Path, tmp_path: Path) -> None:
    (path,) = (real_runs / "models").glob("[!.]*-float32-*/model.tflite")
    (tmp_path / "small.tflite").write_bytes(ai_edge.dynamic_range(path.read_bytes()))
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8))
    asked = ("--images", "images.npy", "--format", "json")
    done = zoobench("layers", "small.tflite", "--float", str(path), *asked, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["images"], report["matched_by"], report["unmatched"]) == (3, "name", [])
    assert len(report["layers"]) > 30
    assert "wrote layers.png" in done.stderr
    with Image.open(tmp_path / "layers.png") as picture:
        assert picture.width > 1000
