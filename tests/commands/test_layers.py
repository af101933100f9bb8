"""Does `zoobench layers` find what belongs to a file, and say what is missing?"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from runs import zoobench
from tflitefiles import tiny, written
from zoobench.build import ai_edge
from zoobench.cli import main
from zoobench.commands.layers import find_errors
from zoobench.errors import ModelError, UsageError
from zoobench.measure.layers import LayerReport


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


def pair(folder: Path, shape: tuple[int, ...], *, scale: float, zero_point: int = -128) -> tuple[Path, Path]:
    """Returns a quantized and a float file of the same layer."""
    quantized, float_model = folder / "int8.tflite", folder / "float.tflite"
    quantized.write_bytes(written(tiny(shape, kind="int8", scale=scale, zero_point=zero_point)))
    float_model.write_bytes(written(tiny(shape)))
    return quantized, float_model


def found(files: tuple[Path, Path], images: Path, **asked: Any) -> LayerReport:
    usual: dict[str, Any] = {"samples": 4}
    return find_errors(files[0], float_model=files[1], images=images, **{**usual, **asked})


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8))
    return path


@pytest.mark.parametrize(
    ("scale", "zero_point", "pixels", "step"),
    [(1.0, -128, "0..255", 1), (1 / 255, -128, "0..1", 1 / 255), (1 / 127.5, -1, "-1..1", 1 / 127.5)],
)
def test_images_are_shown_in_the_range_that_the_file_was_quantized_for(
    tmp_path: Path, photos: Path, scale: float, zero_point: int, pixels: str, step: float
) -> None:
    report = found(pair(tmp_path, (-1, 16, 16, 3), scale=scale, zero_point=zero_point), photos)
    assert report.images_from.endswith(f"images.npy, pixels {pixels}")
    assert report.layers[0].max_error <= step, "the ends of another range would be cut off"


def test_a_range_that_is_no_images_is_asked_for(tmp_path: Path, photos: Path) -> None:
    files = pair(tmp_path, (1, 16, 16, 3), scale=0.1)
    with pytest.raises(UsageError, match=r"holds 0 to 25.5, which is no range .* --pixels: 0..255, 0..1"):
        found(files, photos)
    assert found(files, photos, pixels="0..1").images_from.endswith("pixels 0..1")


@pytest.mark.parametrize("shape", [(-1, 16, 16, 1), (1, 3, 16, 16)])
def test_grey_images_and_channels_first_are_shown_as_they_are_taken(
    tmp_path: Path, photos: Path, shape: tuple[int, ...]
) -> None:
    assert found(pair(tmp_path, shape, scale=1 / 255), photos).layers[0].max_error <= 1 / 255


def test_what_takes_no_images_is_run_on_numbers_of_its_shape(tmp_path: Path, photos: Path) -> None:
    files = pair(tmp_path, (-1, 5), scale=1 / 255)
    np.save(tmp_path / "numbers.npy", np.random.default_rng(0).random((2, 5)))
    report = found(files, tmp_path / "numbers.npy")
    assert report.images == 2
    assert report.layers[0].max_error <= 1 / 255
    with pytest.raises(UsageError, match=r"images.npy holds uint8 \[3, 16, 16, 3\]; give a .npy file .* \[n, 5\]"):
        found(files, photos)


def test_one_of_several_signatures_is_chosen_in_both_files(tmp_path: Path) -> None:
    path = tmp_path / "two.tflite"
    path.write_bytes(written(tiny((1, 5), signatures=("classify", "embed"))))
    np.save(tmp_path / "numbers.npy", np.ones((1, 5), np.float32))
    with pytest.raises(ModelError, match="choose one with --signature"):
        found((path, path), tmp_path / "numbers.npy")
    report = found((path, path), tmp_path / "numbers.npy", signature="embed")
    assert [layer.kind for layer in report.layers] == ["NEG"]


def test_files_of_other_shapes_and_batches_are_named(tmp_path: Path, photos: Path) -> None:
    quantized, float_model = pair(tmp_path, (1, 16, 16, 3), scale=1.0)
    float_model.write_bytes(written(tiny((1, 8, 8, 3))))
    with pytest.raises(UsageError, match=r"takes \[1, 16, 16, 3\] and .* \[1, 8, 8, 3\]; give with --float"):
        found((quantized, float_model), photos)
    with pytest.raises(UsageError, match="takes 8 at a time"):
        found(pair(tmp_path, (8, 16, 16, 3), scale=1.0), photos)
