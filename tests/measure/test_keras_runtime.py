"""Does Keras run its own file on the threads asked for, and refuse what it should?"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from zoobench.errors import MeasurementError
from zoobench.measure.runtimes import open_answering_session, open_session
from zoobench.system.processes import in_fresh_process

pytestmark = pytest.mark.slow
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
Outcome = npt.NDArray[np.float32] | str


def outcomes(folder: Path) -> dict[str, Outcome]:
    """Returns what comes of each file in this process, of one on a second number of threads, and of it as a graph."""
    found = {path.stem: outcome(path) for path in (*sorted(folder.iterdir()), folder / "missing.keras")}
    good = folder / "good.keras"
    graph = {f"{count} in a graph": outcome(good, count=count, opener=open_answering_session) for count in (3, 1)}
    return found | graph | {"two threads": outcome(good, threads=2)}


def outcome(path: Path, *, threads: int = 1, count: int = 3, opener: Any = open_session) -> Outcome:
    """Returns the answers to so many of the images, or why there are none."""
    try:
        with opener(path, runtime="keras", threads=threads) as session:
            session.load(IMAGES[:count])
            session.invoke()
            return session.read()
    except MeasurementError as error:
        return str(error)


@pytest.fixture(scope="module")
def network() -> Any:
    """A classifier that behaves otherwise in training: its dropout would blot out most of the image."""
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Dropout(0.9), layers.Flatten(), layers.Dense(4, activation="softmax")]
    )


@pytest.fixture(scope="module")
def folder(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keras files, good and bad."""
    import keras

    folder = tmp_path_factory.mktemp("keras")
    network.save(folder / "good.keras")
    keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Lambda(lambda images: images)]).save(
        folder / "lambda.keras"
    )
    content = (folder / "good.keras").read_bytes()
    middle = len(content) // 2
    (folder / "damaged.keras").write_bytes(content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :])
    (folder / "cut.keras").write_bytes(content[:middle])
    (folder / "text.keras").write_bytes(b"no model")
    (folder / "escaping.keras").write_bytes(content)
    with zipfile.ZipFile(folder / "escaping.keras", "a") as archive:
        archive.writestr("../evil.txt", "here I am")
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Outcome]:
    """What came of each, in one process in which TensorFlow did nothing before."""
    return in_fresh_process(outcomes, folder)


def test_a_keras_file_answers_as_the_model_that_was_saved_without_its_dropout(
    found: dict[str, Outcome], network: Any
) -> None:
    answers = found["good"]
    assert isinstance(answers, np.ndarray)
    assert answers.shape == (3, 4)
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, np.asarray(network(IMAGES.astype(np.float32), training=False)), atol=1e-5)


def test_a_graph_answers_batches_of_any_size_as_the_model_does(found: dict[str, Outcome]) -> None:
    np.testing.assert_allclose(found["3 in a graph"], found["good"], atol=1e-6)
    np.testing.assert_allclose(found["1 in a graph"], found["3 in a graph"][:1], atol=1e-6)


def test_a_second_number_of_threads_in_one_process_is_refused(found: dict[str, Outcome]) -> None:
    assert found["two threads"] == (
        "TensorFlow already runs on 1 threads in this process and cannot change to 2; "
        "run pytest once for each number: --zoo-threads 2"
    )


@pytest.mark.parametrize("name", ["lambda", "damaged", "cut", "text", "missing", "escaping"])
def test_a_file_that_is_not_whole_or_brings_its_own_code_is_refused(
    found: dict[str, Outcome], folder: Path, name: str
) -> None:
    refusal = found[name]
    assert isinstance(refusal, str)
    assert refusal.startswith(f"Keras cannot open {folder / name}.keras: ")
    assert ("Lambda" in refusal) is (name == "lambda")
