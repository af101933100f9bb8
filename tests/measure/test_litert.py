"""Does LiteRT take raw pixels and give real numbers, whatever number types the file has?"""

import sys
from collections.abc import Callable
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
from zoobench.measure.runtimes import litert, open_session
from zoobench.measure.runtimes.litert import Port

SIDE = 32
CLASSES = 3
STEP = 1 / 256
"""Between two neighbouring quantized probabilities."""
IMAGES = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 3), np.uint8)


def port(dtype: str, *, scale: float = 1.0, zero_point: int = 0) -> Port:
    return Port(index=0, dtype=np.dtype(dtype), scale=scale, zero_point=zero_point)


def pixels(*values: int) -> npt.NDArray[np.uint8]:
    return np.array(values, np.uint8)


def test_a_float_tensor_takes_pixels_as_they_are() -> None:
    stored = port("float32").stored(pixels(0, 128, 255))
    assert stored.dtype == np.float32
    assert stored.tolist() == [0.0, 128.0, 255.0]


def test_an_unsigned_tensor_in_units_of_pixels_takes_them_without_a_copy() -> None:
    images = pixels(0, 128, 255)
    assert port("uint8").stored(images) is images


def test_a_signed_tensor_is_shifted_by_its_zero_point() -> None:
    stored = port("int8", zero_point=-128).stored(pixels(0, 128, 255))
    assert stored.dtype == np.int8
    assert stored.tolist() == [-128, 0, 127]


def test_pixels_are_divided_by_the_scale_rounded_and_kept_within_the_type() -> None:
    stored = port("int8", scale=2.0, zero_point=-100).stored(pixels(0, 3, 5, 255))
    assert stored.tolist() == [-100, -98, -98, 28]  # of 0, 1.5, 2.5 and 127.5, halves go to the even number
    assert port("int8", scale=0.5).stored(pixels(255)).tolist() == [127]  # 510 does not fit
    assert port("uint8", scale=1.0, zero_point=3).stored(pixels(0, 255)).tolist() == [3, 255]


def test_quantized_numbers_become_real_ones() -> None:
    real = port("uint8", scale=STEP, zero_point=0).real(np.array([[0, 64, 255]], np.uint8))
    assert real.dtype == np.float32
    assert real.tolist() == [[0.0, 0.25, 0.99609375]]
    assert port("int8", scale=STEP, zero_point=-128).real(np.array([-128, 0, 127], np.int8)).tolist() == [
        0.0,
        0.5,
        0.99609375,
    ]


def test_real_numbers_stay_what_they_are() -> None:
    assert port("float32").real(np.array([0.25], np.float32)).tolist() == [0.25]


@given(
    dtype=st.sampled_from(["uint8", "int8", "int16"]),
    scale=st.floats(1.0, 8.0),
    values=st.lists(st.integers(0, 255), min_size=1),
)
def test_a_pixel_comes_back_to_within_half_a_step(dtype: str, scale: float, values: list[int]) -> None:
    entry = port(dtype, scale=scale, zero_point=int(np.iinfo(dtype).min))
    returned = entry.real(entry.stored(pixels(*values)))
    np.testing.assert_allclose(returned, values, atol=scale / 2 + 0.01)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x1c\0\0\0TFL3" + b"\xff" * 100])
def test_a_file_that_is_no_model_is_a_measurement_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(MeasurementError) as caught, open_session(path, runtime="litert", threads=1):
        pass
    assert str(caught.value).startswith(f"LiteRT cannot open {path}: ")


def test_a_missing_file_is_a_measurement_error(tmp_path: Path) -> None:
    with (
        pytest.raises(MeasurementError, match=r"LiteRT cannot open .*none\.tflite"),
        open_session(tmp_path / "none.tflite", runtime="litert", threads=1),
    ):
        pass


def test_an_unknown_runtime_is_named_beside_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError) as caught:
        open_session(tmp_path, runtime="onnx", threads=1)
    assert str(caught.value) == (
        "unknown runtime: onnx; known are litert, keras, keras_graph, litert_compiled, openvino, onnxruntime; what "
        f"else adds one is not installed in this environment ({sys.executable})"
    )


def test_a_runtime_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(RUNTIMES, "keras", replace(RUNTIMES["keras"], module="no_such_library.runtime"))
    with pytest.raises(MeasurementError) as caught:
        open_session(tmp_path, runtime="keras", threads=1)
    assert str(caught.value) == (
        "the runtime keras needs no_such_library, which is not installed: pip install 'zoobench[build]'"
    )


def test_a_model_with_two_outputs_is_no_classifier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    detail = {"index": 0, "dtype": np.float32, "quantization": (0.0, 0)}

    class TwoOutputs:
        """An interpreter of such a model."""

        def __init__(self, **_options: object) -> None: ...
        def allocate_tensors(self) -> None: ...
        def get_input_details(self) -> list[dict[str, Any]]:
            return [detail]

        def get_output_details(self) -> list[dict[str, Any]]:
            return [detail, detail]

    monkeypatch.setattr(litert, "Interpreter", TwoOutputs)
    with (
        pytest.raises(MeasurementError, match="the model has 2 inputs or outputs; an image classifier has one of each"),
        open_session(tmp_path, runtime="litert", threads=1),
    ):
        pass


@pytest.fixture(scope="session")
def network() -> Any:
    """A tiny Keras classifier of 32 x 32 pixels that does not answer the same to everything."""
    import keras

    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )


@pytest.fixture(scope="session")
def files(network: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The network as TFLite files: `float32`, and integer ones by the number type of their input and output."""
    from zoobench.build import conversion

    float32 = conversion.float32(network)
    calibrated = conversion.calibrated(float32, lambda: [image[None] for image in IMAGES])
    contents = {
        "float32": float32,
        "fallback": conversion.integer(calibrated, io="float32"),
        "uint8": conversion.integer(calibrated, io="uint8"),
        "int8": conversion.integer(calibrated, io="int8"),
    }
    folder = tmp_path_factory.mktemp("models")
    for name, content in contents.items():
        (folder / f"{name}.tflite").write_bytes(content)
    return {name: folder / f"{name}.tflite" for name in contents}


Answers = Callable[..., npt.NDArray[np.float32]]


@pytest.fixture(scope="session")
def answers(files: dict[str, Path]) -> Answers:
    """Runs all images through a file one by one."""

    def run(name: str, *, threads: int = 1) -> npt.NDArray[np.float32]:
        with open_session(files[name], runtime="litert", threads=threads) as session:
            rows = []
            for image in IMAGES:
                session.load(image[None])
                session.invoke()
                rows.append(session.read())
        return np.concatenate(rows)

    return run


@pytest.mark.slow
def test_a_float_file_answers_as_keras_does(network: Any, answers: Answers) -> None:
    found = answers("float32")
    assert found.shape == (len(IMAGES), CLASSES)
    assert found.dtype == np.float32
    assert np.ptp(found, axis=0).min() > 0.01, "the network answers the same to everything"
    np.testing.assert_allclose(found, np.asarray(network(IMAGES.astype(np.float32))), atol=1e-5)


@pytest.mark.slow
def test_the_number_of_threads_does_not_change_the_answers(answers: Answers) -> None:
    np.testing.assert_allclose(answers("float32", threads=2), answers("float32"), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fallback", "uint8", "int8"])
def test_an_integer_file_answers_nearly_as_the_float_one_in_whole_steps(name: str, answers: Answers) -> None:
    found = answers(name)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, answers("float32"), atol=0.05)
    np.testing.assert_array_equal(found / STEP, np.rint(found / STEP))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["uint8", "int8"])
def test_the_number_type_of_input_and_output_does_not_change_the_answers(name: str, answers: Answers) -> None:
    np.testing.assert_array_equal(answers(name), answers("fallback"))


@pytest.mark.slow
def test_an_answer_stays_what_it_was_when_the_next_image_is_run(files: dict[str, Path]) -> None:
    with open_session(files["float32"], runtime="litert", threads=1) as session:
        session.load(IMAGES[:1])
        session.invoke()
        first = session.read()
        kept = first.copy()
        session.load(IMAGES[1:2])
        session.invoke()
        session.read()
    np.testing.assert_array_equal(first, kept)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_a_measurement_error(files: dict[str, Path], tmp_path: Path, share: float) -> None:
    content = files["float32"].read_bytes()
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(content[: int(share * len(content))])
    with (
        pytest.raises(MeasurementError, match=r"LiteRT cannot open .*cut\.tflite"),
        open_session(cut, runtime="litert", threads=1),
    ):
        pass


def test_a_runtime_that_cannot_be_imported_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken_runtime.py").write_text("raise ImportError('libmissing.so: cannot open shared object file')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(RUNTIMES, "litert", replace(RUNTIMES["litert"], module="broken_runtime"))
    with pytest.raises(MeasurementError, match=r"litert is installed but cannot be imported: libmissing\.so"):
        open_session(tmp_path, runtime="litert", threads=1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        ("open_session = 3", "has no function fast_sessions.open_session(path, *, threads)"),
        ("import no_such_library", "needs no_such_library, which is not installed: pip install 'zoobench-fast'"),
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
