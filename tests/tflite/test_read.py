"""Is every file either read or refused, whatever is wrong with it?"""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelfiles import labelled
from zoobench.errors import MeasurementError, ModelError
from zoobench.tflite.contract import labels_met, plain, read_contract
from zoobench.tflite.read import Port, read_graphs, read_ports

fuzzing = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
some_label = st.sampled_from(["float32", "dynamic_range_int4_block", "weight_only_int8", "integer_only"])
shares = st.floats(0, 1, exclude_max=True)
changes = st.lists(st.tuples(shares, st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255)), max_size=4)


def refusal(content: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        read_graphs(content)
    return str(caught.value)


def read_or_refused(content: bytes) -> None:
    """Fails on any other error; a contract that is read can be judged and written down."""
    try:
        contract = read_contract(content)
    except ModelError as error:
        text = str(error)
    else:
        plain(contract)
        labels_met(contract)
        return
    assert text.startswith(("this is not a TFLite file: ", "this TFLite file is cut off, damaged or too new: "))


@pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\x03\x04 a .keras file", b"\x89PNG\r\n\x1a\n", b"TFL3" * 9])
def test_a_file_that_is_not_tflite_is_refused(content: bytes) -> None:
    text = refusal(content)
    assert text.startswith(f"this is not a TFLite file: bytes 4 to 7 are {content[4:8]!r}") or b"TFL3" in content[4:8]


def test_the_identifier_alone_makes_no_model_and_nothing_else_is_printed_of_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert refusal(b"\x08\x00\x00\x00TFL3").startswith("this TFLite file is cut off, damaged or too new: LiteRT says: ")
    assert capfd.readouterr() == ("", "")


def test_a_model_without_a_graph_is_refused() -> None:
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [], [], []
    assert "this TFLite file is cut off, damaged or too new: " in refusal(
        bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    )


@fuzzing
@given(some_label, shares)
def test_a_truncated_file_is_refused_wherever_it_is_cut(label: str, share: float) -> None:
    content = labelled(label)
    refusal(content[: int(share * len(content))])


@fuzzing
@given(some_label, changes)
def test_a_damaged_file_is_read_or_refused(label: str, damage: list[tuple[float, int]]) -> None:
    content = bytearray(labelled(label))
    for share, value in damage:
        content[int(share * len(content))] = value
    read_or_refused(bytes(content))


@fuzzing
@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_are_read_or_refused(noise: bytes, has_identifier: bool) -> None:
    read_or_refused(noise[:4] + b"TFL3" + noise[4:] if has_identifier else noise)


def test_the_file_is_left_as_it_was() -> None:
    content = bytes(bytearray(labelled("float32")))
    read_graphs(content)
    assert content == labelled("float32")


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
