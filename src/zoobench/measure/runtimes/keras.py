"""How does Keras run its own model file? The one module of this floor that imports TensorFlow."""

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from zoobench.errors import MeasurementError
from zoobench.measure.custom_objects import CUSTOM_OBJECTS, FLAG, VARIABLE, custom_objects
from zoobench.system.files import check_archive


class KerasSession:
    """A loaded Keras model, called as an application calls it: `Model.__call__` on a batch of images.

    `call` takes float32 pixels and gives a tensor of probabilities.
    """

    def __init__(self, call: Callable[[tf.Tensor], tf.Tensor]) -> None:
        self.threads_reported: int | None = tf.config.threading.get_intra_op_parallelism_threads()
        self._call = call
        self._images = tf.zeros((0,))
        self._result = np.zeros((0, 0), np.float32)

    def load(self, images: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> None:
        """Puts images [n, height, width, 3] in place: raw pixels or real values."""
        self._images = tf.constant(images, tf.float32)

    def invoke(self) -> None:
        """Runs the model and waits for its numbers: reading them is what makes an eager call finish."""
        try:
            self._result = self._call(self._images).numpy()
        except (tf.errors.OpError, ValueError) as error:
            raise MeasurementError(f"Keras failed to run the model: {error}") from error

    def read(self) -> npt.NDArray[np.float32]:
        """Returns the result as [n, outputs] float32."""
        return np.asarray(self._result, np.float32)


@contextmanager
def open_session(path: Path, *, threads: int) -> Iterator[KerasSession]:
    """Opens a `.keras` file, custom code refused, on the number of threads that TensorFlow has in this process."""
    yield KerasSession(partial(_loaded(path, threads=threads), training=False))


@contextmanager
def open_graph_session(path: Path, *, threads: int) -> Iterator[KerasSession]:
    """Does the same as a TensorFlow graph, for batches of any size: the same predictions, several times faster."""
    model = _loaded(path, threads=threads)
    pixels = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    yield KerasSession(tf.function(partial(model, training=False), input_signature=[pixels]))


def _loaded(path: Path, *, threads: int) -> keras.Model:
    """Loads a model after setting TensorFlow's pools, which it takes only before its first operation in a process."""
    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError as error:
        if (running := threading.get_intra_op_parallelism_threads()) != threads:
            raise MeasurementError(
                f"TensorFlow already runs on {running} threads in this process and cannot change to {threads}; run "
                f"pytest once for each number: --zoo-threads {threads}"
            ) from error
    known = custom_objects()
    try:
        check_archive(path)
        return keras.saving.load_model(path, custom_objects=known, compile=False, safe_mode=True)
    except Exception as error:  # layers of the user's own are foreign code, which may fail with anything
        raise MeasurementError(f"Keras cannot open {path}: {_needed(path) or error}") from error


def _needed(path: Path) -> str:
    """Returns what to do where a file needs modules that nobody named, '' where that is not why it does not open."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = ",".join(json.loads(archive.read("metadata.json")).get(CUSTOM_OBJECTS, {}))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return ""
    if not names or os.environ.get(VARIABLE):
        return ""
    return f"it needs layers of the user's own; name their modules, as {FLAG} {names} or {VARIABLE}={names}"
