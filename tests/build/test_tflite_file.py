"""Is it read from a TFLite file of one's own what it takes and holds, and does it answer as LiteRT does?"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from messages import message_of
from modelfiles import labelled
from networks import answers, noise
from tflitefiles import tiny, with_labels, written
from zoobench.build.weights import own_answers, read_tflite_file
from zoobench.errors import ModelError
from zoobench.matrix.interface import ImageSize


def put(folder: Path, content: bytes) -> Path:
    path = folder / "mine.tflite"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("shape", "size", "channels", "layout"),
    [
        ((1, 24, 24, 3), 24, 3, "NHWC"),
        ((-1, 28, 28, 1), 28, 1, "NHWC"),
        ((1, 3, 32, 32), 32, 3, "NCHW"),
        ((-1, 1, 28, 28), 28, 1, "NCHW"),
        ((1, 3, 3, 3), 3, 3, "NHWC"),
        ((1, 24, 32, 3), "24x32", 3, "NHWC"),
        ((-1, 32, 24, 1), "32x24", 1, "NHWC"),
        ((1, 3, 24, 32), "24x32", 3, "NCHW"),
        ((1, 3, 32, 3), "3x32", 3, "NHWC"),
    ],
)
def test_size_channels_and_layout_are_those_of_its_input(
    shape: Sequence[int], size: ImageSize, channels: int, layout: str, tmp_path: Path
) -> None:
    found = read_tflite_file(put(tmp_path, written(tiny(shape))))
    assert (found.image_size, found.channels, found.layout) == (size, channels, layout)


@pytest.mark.parametrize(
    ("shape", "shown", "next_step"),
    [
        ((8, 24, 24, 3), "[8, 24, 24, 3]", "convert the model anew for one image at a time"),
        ((1, 28, 28), "[1, 28, 28]", "give a model of RGB or grey images"),
        ((1, 8, 24, 24, 3), "[1, 8, 24, 24, 3]", "give a model of RGB or grey images"),
        ((1, 24, 24, 4), "[1, 24, 24, 4]", "give a model of RGB or grey images"),
    ],
)
def test_what_takes_no_image_is_refused_with_its_shape_and_what_to_do(
    shape: Sequence[int], shown: str, next_step: str, tmp_path: Path
) -> None:
    path = put(tmp_path, written(tiny(shape)))
    told = message_of(ModelError, lambda: read_tflite_file(path))
    assert told.startswith(f"{path} takes {shown}; allowed is one image, RGB or grey: ")
    assert told.endswith(next_step)


def test_what_cannot_be_read_or_run_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "none.tflite"
    assert message_of(ModelError, lambda: read_tflite_file(path)).startswith(f"cannot read {path}: No such file")
    path = put(tmp_path, b"no model at all")
    assert message_of(ModelError, lambda: read_tflite_file(path)).startswith(f"{path}: this is not a TFLite file")
    path = put(tmp_path, written(tiny(signatures=("classify", "embed"))))
    told = message_of(ModelError, lambda: read_tflite_file(path))
    assert told.startswith(f"{path}: the model has 2 signatures: classify, embed")


def test_quantizers_can_start_from_what_is_float_in_all(tmp_path: Path) -> None:
    for label in ("float32", "float16", "dynamic_range", "integer_only"):
        found = read_tflite_file(put(tmp_path, labelled(label)))
        assert found.is_float == (label == "float32")
        assert (found.held is None) == (label != "integer_only")
    assert found.numbers == "uint8 input, int8 weights"


def test_the_values_that_a_float_input_is_quantized_to_are_those_that_it_holds(tmp_path: Path) -> None:
    found = read_tflite_file(put(tmp_path, labelled("float_fallback")))
    assert found.contract.inputs[0].type == "float32"
    assert found.held == pytest.approx((0, 255), abs=2)


def test_embedded_labels_are_read(tmp_path: Path) -> None:
    assert read_tflite_file(put(tmp_path, labelled("float32"))).labels is None
    path = put(tmp_path, with_labels(labelled("float32"), {"labels.txt": b"cat\ndog\nfox\n"}))
    assert read_tflite_file(path).labels == ("cat", "dog", "fox")


def test_its_answers_are_those_of_litert_in_any_shape(tmp_path: Path) -> None:
    images, content = noise(3), labelled("float32")
    np.testing.assert_allclose(own_answers(put(tmp_path, content), images), answers(content, images), atol=1e-6)
    maps = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    path = put(tmp_path, written(tiny((-1, 3, 8, 8))))
    np.testing.assert_array_equal(own_answers(path, maps), np.maximum(maps, 0))
