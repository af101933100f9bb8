"""Does LiteRT take raw pixels and give real numbers, whatever number types the file has?"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packages import put
from zoobench.errors import MeasurementError
from zoobench.matrix.runtimes import RUNTIMES
from zoobench.measure.runtimes import open_session
from zoobench.tflite.ports import Port

STEP = 1 / 256
"""Between two neighbouring quantized probabilities."""
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 24, 24, 3), np.uint8)


def port(dtype: str, *, scale: float = 1.0, zero_point: int = 0) -> Port:
    return Port(index=0, dtype=np.dtype(dtype), scale=scale, zero_point=zero_point)


def pixels(*values: int) -> npt.NDArray[np.uint8]:
    return np.array(values, np.uint8)


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ({"dtype": "float32"}, (0, 128, 255), [0.0, 128.0, 255.0]),
        ({"dtype": "int8", "zero_point": -128}, (0, 128, 255), [-128, 0, 127]),
        # of 0, 1.5, 2.5 and 127.5, halves go to the even number
        ({"dtype": "int8", "scale": 2.0, "zero_point": -100}, (0, 3, 5, 255), [-100, -98, -98, 28]),
        ({"dtype": "int8", "scale": 0.5}, (255,), [127]),  # 510 does not fit
        ({"dtype": "uint8", "zero_point": 3}, (0, 255), [3, 255]),
    ],
)
def test_pixels_are_divided_by_the_scale_shifted_rounded_and_kept_within_the_type(
    kind: dict[str, Any], values: tuple[int, ...], expected: list[float]
) -> None:
    stored = port(**kind).stored(pixels(*values))
    assert stored.dtype == np.dtype(kind["dtype"])
    assert stored.tolist() == expected


def test_an_unsigned_tensor_in_units_of_pixels_takes_them_without_a_copy() -> None:
    images = pixels(0, 128, 255)
    assert port("uint8").stored(images) is images


@pytest.mark.parametrize(
    ("kind", "stored", "expected"),
    [
        ({"dtype": "uint8", "scale": STEP}, [0, 64, 255], [0.0, 0.25, 0.99609375]),
        ({"dtype": "int8", "scale": STEP, "zero_point": -128}, [-128, 0, 127], [0.0, 0.5, 0.99609375]),
        ({"dtype": "float32"}, [0.25], [0.25]),
    ],
)
def test_quantized_numbers_become_real_ones(kind: dict[str, Any], stored: list[float], expected: list[float]) -> None:
    real = port(**kind).real(np.array([stored], kind["dtype"]))
    assert real.dtype == np.float32
    assert real.tolist() == [expected]


@given(
    dtype=st.sampled_from(["uint8", "int8", "int16"]),
    scale=st.floats(1.0, 8.0),
    values=st.lists(st.integers(0, 255), min_size=1),
)
def test_a_pixel_comes_back_to_within_half_a_step(dtype: str, scale: float, values: list[int]) -> None:
    entry = port(dtype, scale=scale, zero_point=int(np.iinfo(dtype).min))
    returned = entry.real(entry.stored(pixels(*values)))
    np.testing.assert_allclose(returned, values, atol=scale / 2 + 0.01)


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"\x1c\0\0\0TFL3" + b"\xff" * 100])
def test_a_file_that_is_no_model_is_a_measurement_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MeasurementError) as caught, open_session(path, runtime="litert", threads=1):
        pass
    assert str(caught.value).startswith(f"LiteRT cannot open {path}: ")


def test_an_unknown_runtime_is_named_beside_the_known_ones_and_who_asked(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match=r"onnx \(did you mean onnxruntime\?\); known are litert") as caught:
        open_session(tmp_path, runtime="onnx", threads=1)
    assert str(caught.value).endswith(f"({sys.executable})")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import no_such_library", "litert needs no_such_library, which is not installed: pip install "),
        ("raise ImportError('libmissing.so: no such file')", "is installed but cannot be imported: libmissing.so"),
    ],
)
def test_a_runtime_that_cannot_be_imported_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "broken_runtime.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(RUNTIMES, "litert", replace(RUNTIMES["litert"], module="broken_runtime"))
    with pytest.raises(MeasurementError) as caught:
        open_session(tmp_path, runtime="litert", threads=1)
    assert told in str(caught.value)


@pytest.fixture(scope="module")
def contents() -> dict[str, bytes]:
    """A tiny classifier in float32, and in integers by the number type of its input and output."""
    from networks import tiny_features, tiny_head  # TensorFlow
    from zoobench.build import conversion
    from zoobench.tflite.edit import joined

    float32 = joined(conversion.float32(tiny_features()), conversion.float32(tiny_head()))
    calibrated = conversion.calibrated(float32, lambda: [image[None] for image in IMAGES])
    integers = {io: conversion.integer(calibrated, io=io) for io in ("float32", "uint8", "int8")}
    return {"float": float32, **integers}


def answers(path: Path, content: bytes, *, threads: int = 1) -> npt.NDArray[np.float32]:
    """Runs all images through a file one by one; each answer stays what it was when the next is run."""
    path.write_bytes(content)
    rows = []
    with open_session(path, runtime="litert", threads=threads) as session:
        for image in IMAGES:
            session.load(image[None])
            session.invoke()
            rows.append(session.read())
    assert all(row.dtype == np.float32 and row.shape == (1, 3) for row in rows)
    return np.concatenate(rows)


@pytest.mark.slow
def test_a_float_file_answers_as_keras_does_on_any_number_of_threads(
    contents: dict[str, bytes], tmp_path: Path
) -> None:
    from networks import tiny_features, tiny_head

    found = answers(tmp_path / "model.tflite", contents["float"])
    assert np.ptp(found, axis=0).min() > 0.01, "the network answers the same to everything"
    expected = np.asarray(tiny_head()(tiny_features()(IMAGES.astype(np.float32))))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(answers(tmp_path / "model.tflite", contents["float"], threads=2), found, atol=1e-6)


@pytest.mark.slow
def test_integer_files_answer_nearly_as_the_float_one_in_whole_steps_whatever_their_edges(
    contents: dict[str, bytes], tmp_path: Path
) -> None:
    found = {name: answers(tmp_path / "model.tflite", content) for name, content in contents.items()}
    np.testing.assert_allclose(found["float32"], found["float"], atol=0.05)
    np.testing.assert_array_equal(found["float32"] / STEP, np.rint(found["float32"] / STEP))
    np.testing.assert_array_equal(found["uint8"], found["float32"])
    np.testing.assert_array_equal(found["int8"], found["float32"])


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_a_measurement_error(contents: dict[str, bytes], tmp_path: Path, share: float) -> None:
    content, path = contents["float"], tmp_path / "cut.tflite"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(MeasurementError, match=r"LiteRT cannot open .*cut\.tflite"):
        open_session(path, runtime="litert", threads=1).__enter__()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        ("open_session = 3", "has no function fast_sessions.open_session(path, *, threads)"),
        ("import no_such_library", "needs no_such_library, which is not installed: pip install zoobench-fast"),
    ],
)
def test_a_runtime_of_a_package_that_cannot_be_used_is_told_with_it(beside_us: Path, text: str, told: str) -> None:
    row = """from zoobench.matrix.runtimes import Runtime
FAST = Runtime(name="fast", module="fast_sessions", packages=(), libraries=(), install="zoobench-fast")"""
    modules = {"fast_runtime.py": row, "fast_sessions.py": text}
    put(beside_us, "zoobench-fast", entry_points={"zoobench.runtimes": "fast = fast_runtime:FAST"}, modules=modules)
    with pytest.raises(MeasurementError, match=r"^the runtime fast ") as caught:
        open_session(beside_us, runtime="fast", threads=1)
    assert told in str(caught.value)
