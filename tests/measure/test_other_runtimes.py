"""Do other runtimes give the answers that LiteRT gives to the same file, on the threads that they were asked for?"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from modelfiles import labelled
from tflitefiles import edited, with_open_batch
from zoobench.errors import MeasurementError
from zoobench.matrix.runtimes import RUNTIMES
from zoobench.measure.runtimes import open_session

OTHERS = ("litert_compiled", "openvino", "onnxruntime")
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 1, 24, 24, 3), np.uint8)


@pytest.fixture(autouse=True, scope="module")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def skip_without(runtime: str) -> None:
    if RUNTIMES[runtime].missing:
        pytest.skip(RUNTIMES[runtime].unavailable_reason)


def answers(path: Path, runtime: str, *, threads: int = 1) -> np.ndarray:
    with open_session(path, runtime=runtime, threads=threads) as session:
        found = []
        for image in IMAGES:
            session.load(image)
            session.invoke()
            found.append(session.read().copy())
    return np.concatenate(found)


@pytest.mark.parametrize(
    ("label", "runtime"),
    [
        *((label, runtime) for label in ("float32", "dynamic_range", "float_fallback") for runtime in OTHERS[:2]),
        *(("integer_only", runtime) for runtime in OTHERS),
    ],
)
def test_the_answers_are_litert_s_but_for_rounding(label: str, runtime: str, tmp_path: Path) -> None:
    skip_without(runtime)
    path = tmp_path / "model.tflite"
    path.write_bytes(labelled(label))
    expected, found = answers(path, "litert"), answers(path, runtime)
    assert found.shape == expected.shape
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-5 if label == "float32" else 0.06)


@pytest.mark.parametrize("threads", [1, 2])
def test_openvino_says_on_how_many_threads_it_runs(threads: int, tmp_path: Path) -> None:
    skip_without("openvino")
    path = tmp_path / "model.tflite"
    path.write_bytes(labelled("float32"))
    with open_session(path, runtime="openvino", threads=threads) as session:
        assert session.threads_reported == threads


@pytest.mark.parametrize("runtime", OTHERS)
def test_a_file_that_is_no_model_is_refused(runtime: str, tmp_path: Path) -> None:
    skip_without(runtime)
    path = tmp_path / "model.tflite"
    path.write_bytes(b"no model")
    with (
        pytest.raises(MeasurementError, match=r"(cannot (open|compile) .*model\.tflite|model\.tflite cannot be read)"),
        open_session(path, runtime=runtime, threads=1),
    ):
        pass


@pytest.mark.parametrize("runtime", OTHERS)
def test_images_of_another_size_are_refused(runtime: str, tmp_path: Path) -> None:
    skip_without(runtime)
    path = tmp_path / "model.tflite"
    path.write_bytes(labelled("integer_only"))  # whose ONNX form is kept already
    with (
        open_session(path, runtime=runtime, threads=1) as session,
        pytest.raises(MeasurementError, match="does not take"),
    ):
        session.load(np.zeros((1, 16, 16, 3), np.uint8))


@pytest.mark.parametrize("runtime", [*OTHERS[:2], pytest.param(OTHERS[2], marks=pytest.mark.slow)])
def test_a_file_of_any_batch_is_run_on_one_image(runtime: str, tmp_path: Path) -> None:
    skip_without(runtime)
    path = tmp_path / "model.tflite"
    path.write_bytes(edited(labelled("float32"), with_open_batch))
    found = answers(path, runtime)
    assert found.shape == (3, 3)
    assert found == pytest.approx(answers(path, "litert"), abs=1e-5)
