"""How does Keras run its own model file? The one module of this floor that imports TensorFlow."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from zoobench.archive import check_archive
from zoobench.errors import MeasurementError


class KerasSession:
    """A loaded Keras model, called eagerly as an application calls it: `Model.__call__` on a batch of images."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._images = tf.zeros((0,))
        self._result = np.zeros((0, 0), np.float32)

    def load(self, images: npt.NDArray[np.uint8]) -> None:
        """Puts raw pixels [n, height, width, 3] in place."""
        self._images = tf.constant(images, tf.float32)

    def invoke(self) -> None:
        """Runs the model and waits for its numbers: reading them is what makes an eager call finish."""
        try:
            self._result = self._model(self._images, training=False).numpy()
        except (tf.errors.OpError, ValueError) as error:
            raise MeasurementError(f"Keras failed to run the model: {error}") from error

    def read(self) -> npt.NDArray[np.float32]:
        """Returns the result as [n, outputs] float32."""
        return self._result


@contextmanager
def open_session(path: Path, *, threads: int) -> Iterator[KerasSession]:
    """Opens a `.keras` file, custom code refused, on a number of threads.

    Raises:
        MeasurementError: If TensorFlow already runs on another number of threads, or the file cannot be loaded.
    """
    _set_threads(threads)
    try:
        check_archive(path)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise MeasurementError(f"Keras cannot open {path}: {error}") from error
    yield KerasSession(model)


def _set_threads(threads: int) -> None:
    """Sets TensorFlow's pools; it takes them only before its first operation in a process."""
    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError as error:
        if threading.get_intra_op_parallelism_threads() != threads:
            raise MeasurementError(
                f"TensorFlow already runs on {threading.get_intra_op_parallelism_threads()} threads in this process "
                f"and cannot change to {threads}; run pytest once for each number: --zoo-threads {threads}"
            ) from error
