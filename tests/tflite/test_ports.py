"""Is it decided in one place, for all runtimes, what a file is given and what is read of it?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from messages import message_of
from modelfiles import labelled
from tflitefiles import tiny, written
from zoobench.errors import MeasurementError
from zoobench.matrix.runtimes import RUNTIMES
from zoobench.measure.runtimes import open_session
from zoobench.tflite.ports import (
    Port,
    closest_range,
    pixel_range_held,
    pixel_range_taken,
    read_all_ports,
    read_ports,
    sole_input,
)
from zoobench.tflite.read import Graph, Operator, read_graphs, with_open_sides

RUNNING = ("litert", "litert_compiled", "openvino")


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
        assert (port.shape, port.name) == (tuple(expected["shape"]), expected["name"])


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


def test_real_numbers_are_stored_like_pixels_are() -> None:
    port = Port(index=0, dtype=np.dtype(np.int8), scale=1 / 255, zero_point=-128)
    assert port.stored(np.array([0.0, 0.6, 1.0], np.float32)).tolist() == [-128, 25, 127]
    unsigned = Port(index=0, dtype=np.dtype(np.uint8), scale=1.0, zero_point=0)
    assert unsigned.stored(np.array([0.2, 254.6])).tolist() == [0, 255]


@pytest.mark.parametrize("runtime", RUNNING)
@pytest.mark.parametrize("shape", [(-1, 4, 4, 3), (-1, 6, 4, 1), (-1, 3, 4, 4), (-1, 7), (1, 5)])
def test_an_open_batch_is_one_whatever_the_other_dimensions_are(
    shape: tuple[int, ...], runtime: str, tmp_path: Path
) -> None:
    if RUNTIMES[runtime].missing:
        pytest.skip(RUNTIMES[runtime].unavailable_reason)
    path = tmp_path / "model.tflite"
    path.write_bytes(written(tiny(shape)))
    values = np.random.default_rng(0).normal(size=(1, *shape[1:])).astype(np.float32)
    with open_session(path, runtime=runtime, threads=1) as session:
        session.load(values)
        session.invoke()
        np.testing.assert_array_equal(session.read(), np.maximum(values, 0))


@pytest.mark.parametrize("runtime", RUNNING)
def test_an_open_height_is_refused_with_the_shape(runtime: str, tmp_path: Path) -> None:
    told = refused(tmp_path, written(tiny((-1, -1, -1, 3))), runtime)
    assert told.startswith("the model's input input0 is [1, ?, ?, 3]: a dimension other than the batch is left open")


@pytest.mark.parametrize("runtime", RUNNING)
def test_several_inputs_are_refused_by_name_and_several_outputs_where_one_is_read(runtime: str, tmp_path: Path) -> None:
    told = refused(tmp_path, written(tiny(inputs=2)), runtime)
    assert told.startswith("the model has 2 inputs: input0 [1, 4, 4, 3], input1 [1, 4, 4, 3]; ")
    path = tmp_path / "model.tflite"
    path.write_bytes(written(tiny(outputs=2)))
    with open_session(path, runtime=runtime, threads=1) as session:
        session.load(np.zeros((1, 4, 4, 3), np.uint8))
        session.invoke()
        told = message_of(MeasurementError, session.read)
    assert told.startswith("the model has 2 outputs: relu_out [1, 4, 4, 3], neg_out [1, 4, 4, 3]; ")
    assert message_of(MeasurementError, lambda: read_ports(path)) == told


@pytest.mark.parametrize("runtime", RUNNING)
def test_a_file_of_several_signatures_is_not_run_as_if_it_had_one(runtime: str, tmp_path: Path) -> None:
    told = refused(tmp_path, written(tiny(signatures=("classify", "embed"))), runtime)
    assert told.startswith("the model has 2 signatures: classify, embed; ")


def test_numbers_that_cannot_be_given_are_named(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(written(tiny((1,), kind="string")))
    assert "holds string" in message_of(MeasurementError, lambda: read_all_ports(path))


@pytest.mark.parametrize(
    ("kind", "scale", "zero_point", "held"),
    [
        ("uint8", 1 / 255, 0, (0, 1)),
        ("int8", 1 / 255, -128, (0, 1)),
        ("int8", 1 / 127.5, -1, (-127 / 127.5, 128 / 127.5)),
        ("uint8", 1.0, 0, (0, 255)),
        ("int8", 1.0, -128, (0, 255)),
        ("uint8", None, 0, (0, 255)),
        ("float32", None, 0, None),
        ("int64", None, 0, None),
    ],
)
def test_an_integer_input_holds_the_pixels_between_its_lowest_and_highest_number(
    kind: str, scale: float | None, zero_point: int, held: Sequence[float] | None, tmp_path: Path
) -> None:
    content = written(tiny(kind=kind, scale=scale, zero_point=zero_point))
    (graph,) = read_graphs(content)
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    ((port,), _) = read_all_ports(path)
    expected = None if held is None else pytest.approx(held, abs=1e-5)
    assert (pixel_range_held(graph.tensors[0]), pixel_range_held(port)) == (expected, expected)


@pytest.mark.parametrize(("between", "is_seen"), [("TRANSPOSE", True), ("PAD", True), ("MUL", False)])
def test_what_a_float_input_is_quantized_to_is_seen_behind_what_moves_it(between: str, is_seen: bool) -> None:
    (graph,) = read_graphs(written(tiny()))
    image = graph.tensors[0]
    stored = replace(image, type="int8", scale=1 / 255, zero_point=-128)
    operators = [
        Operator(name=name, custom=False, inputs=(place, -1), outputs=(place + 1,))
        for place, name in enumerate((between, "QUANTIZE"))
    ]
    graph = Graph(tensors=(image, image, stored), operators=tuple(operators), inputs=(0,), outputs=(2,))
    assert pixel_range_taken(graph) == (pytest.approx((0, 1)) if is_seen else None)
    assert pixel_range_taken(replace(graph, inputs=())) is None


@pytest.mark.parametrize(
    ("held", "pixels"),
    [
        ((0, 255), "0..255"),
        ((0, 0.98), "0..1"),
        ((-127 / 127.5, 128 / 127.5), "-1..1"),
        ((-2.12, 2.64), "imagenet-torch"),
        ((-123.7, 151.1), "imagenet-caffe"),
        ((0, 25.5), None),
        ((-127 * 0.0078, 128 * 0.0078), "-1..1"),
        ((-128 * 0.0075, 127 * 0.0075), "-1..1"),  # what it was calibrated on does not fill the range
        ((0, 255 * 0.00392), "0..1"),
        ((0, 255 * 0.94), "0..255"),
        ((0, 0.2), None),
        ((-0.5, 0.5), None),
        ((-0.485, 0.594), None),  # 0..1 less the means of torch
        ((-128, 127), None),  # 0..255 less 128
        ((-1.99, 2.12), None),  # CIFAR's means and deviations
        ((-128 / 127, 1), None),  # 8 bits with zero in the middle: of 0 to 1 or of -1 to 1
        ((-128 * 255 / 127, 255), "0..255"),
        ((-128 / 128, 127 / 128), "-1..1"),
        ((-255.01, 255), "0..255"),  # as 16 bits hold it
        ((-1.00003, 1), None),  # of 0 to 1 or of -1 to 1
    ],
)
def test_the_range_that_an_input_was_quantized_for_is_known_by_its_ends(
    held: tuple[float, float], pixels: str | None
) -> None:
    assert closest_range(held) == pixels


@pytest.mark.parametrize(
    ("run", "named", "shape"),
    [((1, 4), (-1, 4), (-1, 4)), ((1, 4), (), (1, 4)), ((1, 4), (-5, 7), (-1, 4)), ((1, 4), (-1, 4, 9), (1, 4))],
)
def test_a_dimension_is_open_where_its_signature_says_so_and_else_what_is_run(
    run: tuple[int, ...], named: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    assert with_open_sides(run, named) == shape


def test_an_input_beyond_all_memory_is_refused() -> None:
    port = Port(index=0, dtype=np.dtype(np.float32), scale=1.0, zero_point=0, shape=(1, 2_000_000_000, 4, 3))
    assert "24,000,000,000 numbers" in message_of(MeasurementError, lambda: sole_input([port]))


def refused(folder: Path, content: bytes, runtime: str) -> str:
    if RUNTIMES[runtime].missing:
        pytest.skip(RUNTIMES[runtime].unavailable_reason)
    path = folder / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(MeasurementError) as caught, open_session(path, runtime=runtime, threads=1):
        pass
    return str(caught.value)
