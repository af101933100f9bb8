"""Does Keras run its own file on the threads asked for, and refuse what it should?"""

import zipfile
from collections.abc import Sequence
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


def outcomes(attempts: Sequence[tuple[Path, int]]) -> list[Outcome]:
    """Opens files on numbers of threads in turn; returns the answers to the images, or why there are none."""
    return [outcome(path, threads) for path, threads in attempts]


def outcome(path: Path, threads: int) -> Outcome:
    try:
        with open_session(path, runtime="keras", threads=threads) as session:
            session.load(IMAGES)
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
def found(folder: Path) -> dict[tuple[str, int], Outcome]:
    """What came of each attempt, in one process in which TensorFlow did nothing before."""
    names = ("good", "lambda", "damaged", "cut", "text", "missing", "escaping")
    attempts = [(folder / f"{name}.keras", 1) for name in names] + [(folder / "good.keras", 2)]
    return {
        (path.stem, threads): one
        for (path, threads), one in zip(attempts, in_fresh_process(outcomes, attempts), strict=True)
    }


def test_a_keras_file_answers_as_the_model_that_was_saved_without_its_dropout(
    found: dict[tuple[str, int], Outcome], network: Any
) -> None:
    answers = found["good", 1]
    assert isinstance(answers, np.ndarray)
    assert answers.shape == (3, 4)
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, np.asarray(network(IMAGES.astype(np.float32), training=False)), atol=1e-5)


def test_a_second_number_of_threads_in_one_process_is_refused(found: dict[tuple[str, int], Outcome]) -> None:
    assert found["good", 2] == (
        "TensorFlow already runs on 1 threads in this process and cannot change to 2; "
        "run pytest once for each number: --zoo-threads 2"
    )


def test_a_file_that_brings_its_own_code_is_refused(found: dict[tuple[str, int], Outcome], folder: Path) -> None:
    refusal = found["lambda", 1]
    assert isinstance(refusal, str)
    assert refusal.startswith(f"Keras cannot open {folder / 'lambda.keras'}: ")
    assert "Lambda" in refusal


@pytest.mark.parametrize("name", ["damaged", "cut", "text", "missing", "escaping"])
def test_a_file_that_is_not_whole_is_a_measurement_error(
    found: dict[tuple[str, int], Outcome], folder: Path, name: str
) -> None:
    refusal = found[name, 1]
    assert isinstance(refusal, str)
    assert refusal.startswith(f"Keras cannot open {folder / name}.keras: ")


def in_a_graph(path: Path, counts: Sequence[int]) -> list[npt.NDArray[np.float32]]:
    """Answers the first of the images, as many as each count says, by one open session."""
    found = []
    with open_answering_session(path, runtime="keras", threads=1) as session:
        for count in counts:
            session.load(IMAGES[:count])
            session.invoke()
            found.append(session.read())
    return found


def test_a_graph_answers_batches_of_any_size_as_the_model_does(
    folder: Path, found: dict[tuple[str, int], Outcome]
) -> None:
    three, one = in_fresh_process(in_a_graph, folder / "good.keras", (3, 1))
    np.testing.assert_allclose(three, found["good", 1], atol=1e-6)
    np.testing.assert_allclose(one, three[:1], atol=1e-6)
