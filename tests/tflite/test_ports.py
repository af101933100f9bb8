"""Are the numbers that a TFLite file takes and gives read as LiteRT itself reads them?"""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from modelfiles import labelled
from zoobench.errors import MeasurementError
from zoobench.tflite.ports import Port, read_ports


@pytest.mark.parametrize("label", ["float32", "dynamic_range", "float_fallback", "integer_only", "integer_only_int8"])
def test_what_stands_in_a_file_is_what_litert_says_of_it(label: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(labelled(label))
    interpreter = Interpreter(model_path=str(path))
    details = (*interpreter.get_input_details(), *interpreter.get_output_details())
    for port, expected in zip(read_ports(path), details, strict=True):
        scale, zero_point = expected["quantization"]
        assert (port.index, port.dtype) == (expected["index"], np.dtype(expected["dtype"]))
        assert (port.scale, port.zero_point) == (pytest.approx(scale or 1.0), zero_point)
        assert port.shape == tuple(expected["shape"])


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x10\0\0\0TFL3" + bytes(40)])
def test_what_is_no_tflite_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(content)
    with pytest.raises(MeasurementError, match=r"other\.tflite cannot be read as a TFLite file"):
        read_ports(path)


def test_images_of_another_shape_are_refused_before_they_are_written_anywhere() -> None:
    port = Port(index=0, dtype=np.dtype(np.float32), scale=1.0, zero_point=0, shape=(1, 8, 8, 3))
    port.check_taken(np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(MeasurementError, match=r"\(2, 8, 8, 3\): its input is \(1, 8, 8, 3\)"):
        port.check_taken(np.zeros((2, 8, 8, 3), np.uint8))
